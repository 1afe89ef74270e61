//! A repository in a durable store.

use prollytree_store::{Collection, Expected, Refs, Store, StoreError, Trace, Transaction};
use prollytree_tree::{Hash, ObjectKind};

use crate::backend::{Backend, BackendError, RefUpdate, RefValue, read_record};
use crate::error::RepoError;
use crate::name::RefName;
use crate::repository::Repository;
use crate::trace;

impl Backend for Store {
    fn read_ref(&self, name: &RefName) -> Result<Option<RefValue>, BackendError> {
        let value = self.get_ref(name.as_str()).map_err(BackendError::storage)?;
        value.map(|value| decode(name.as_str(), &value)).transpose()
    }

    fn list_refs(&self, prefix: &str) -> Result<Vec<(RefName, RefValue)>, BackendError> {
        let refs = self.refs().map_err(BackendError::storage)?;
        let matching = refs.range(prefix.to_owned()..);
        let matching = matching.take_while(|(name, _)| name.starts_with(prefix));
        let decoded = matching.map(|(name, value)| {
            let full =
                RefName::parse(name).map_err(|_| BackendError::BadRef { name: name.clone() });
            Ok((full?, decode(name, value)?))
        });
        decoded.collect()
    }

    fn update_refs(&self, updates: &[RefUpdate]) -> Result<(), BackendError> {
        let encoded = |value: &Option<RefValue>| value.as_ref().map(RefValue::encode);
        let changes = updates.iter().map(|update| prollytree_store::RefUpdate {
            name: update.name.as_str().to_owned(),
            expected: encoded(&update.expected).map_or(Expected::Absent, Expected::Is),
            new: encoded(&update.new),
        });
        let transaction = Transaction {
            updates: changes.collect(),
            requires: required(self, updates)?,
            ..Transaction::default()
        };
        match self.commit(&transaction) {
            Ok(_) => Ok(()),
            Err(StoreError::Conflict { name, current }) => {
                let full = RefName::parse(&name);
                let full = full.map_err(|_| BackendError::BadRef { name: name.clone() })?;
                let current = current.map(|value| decode(&name, &value)).transpose()?;
                Err(BackendError::Conflict { name: full, current })
            }
            Err(StoreError::Collected { kind, hash } | StoreError::Missing { kind, hash }) => {
                Err(BackendError::Collected { kind, hash })
            }
            Err(error) => Err(BackendError::storage(error)),
        }
    }

    fn session(&self) -> Self {
        Store::session(self)
    }
}

/// What must be stored for the new values to be sound: the records, and what they refer to.
///
/// A collection may have taken it since this handle saw it. The store keeps that what is stored has
/// all that it refers to, so one level is enough.
fn required(store: &Store, updates: &[RefUpdate]) -> Result<Vec<(ObjectKind, Hash)>, BackendError> {
    let mut required = Vec::new();
    for update in updates.iter().filter(|update| update.new != update.expected) {
        let Some((kind, id)) = update.new.as_ref().and_then(trace::ref_target) else { continue };
        required.push((kind, id));
        let children = read_record(store, &id, trace::record_children)?;
        required.extend(children.into_iter().flatten());
    }
    Ok(required)
}

fn decode(name: &str, value: &[u8]) -> Result<RefValue, BackendError> {
    RefValue::decode(value).ok_or_else(|| BackendError::BadRef { name: name.to_owned() })
}

/// Tells a store what the refs and objects of a repository refer to.
#[derive(Clone, Copy, Debug, Default)]
pub struct RepositoryTrace;

impl Trace for RepositoryTrace {
    fn roots(&self, refs: &Refs) -> Result<Vec<(ObjectKind, Hash)>, prollytree_store::TraceError> {
        let mut roots = Vec::new();
        for (name, value) in refs {
            roots.extend(trace::ref_target(&decode(name, value)?));
        }
        Ok(roots)
    }

    fn children(
        &self,
        kind: ObjectKind,
        bytes: &[u8],
    ) -> Result<Vec<(ObjectKind, Hash)>, prollytree_store::TraceError> {
        Ok(trace::children(kind, bytes)?)
    }
}

impl Repository<Store> {
    /// Begins a collection of garbage: of what no ref leads to, and no log entry made since
    /// `logs_since`, in seconds since 1970. Older entries are dropped first.
    ///
    /// Run the collection in [steps](Collection::step), or [to its end](Collection::run).
    ///
    /// # Errors
    /// Another collection is running, or the store fails.
    pub fn collect(&self, logs_since: i64) -> Result<Collection<RepositoryTrace>, RepoError> {
        self.backend().session().prune_logs(logs_since)?;
        let collection = self.backend().collect(RepositoryTrace);
        Ok(collection.map_err(BackendError::storage)?)
    }
}
