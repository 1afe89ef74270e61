//! The one way in which refs change: objects first, then all refs, then the working tree.

use std::collections::HashSet;
use std::time::Duration;

use gix::lock::acquire::Fail;
use gix::refs::transaction::{Change, LogChange, PreviousValue, RefEdit, RefLog};
use gix::refs::{FullName, Target};
use prollytree_repo::{BackendError, Reason, RefName, RefUpdate, RefValue};

use crate::backend::GitBackend;
use crate::error::{GitError, io_error};
use crate::lock::{Intent, Lock};
use crate::pack::{self, Packed};
use crate::refs::Kept;
use crate::working_tree::{Checkout, Plan};

/// How long a ref is waited for that another program holds.
pub(crate) const PATIENCE: Fail = Fail::AfterDurationWithBackoff(Duration::from_secs(2));
/// How often refs are tried to be changed that are as expected, and yet are found not to be.
const TRIES: usize = 5;

/// A change of a ref of Git.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Edit {
    pub(crate) name: String,
    pub(crate) old: Option<Target>,
    pub(crate) new: Option<Target>,
    /// Whether this is one of our own records, which change after all others.
    pub(crate) state: bool,
}

impl GitBackend {
    /// Changes refs, all or none, and logs the moves if there is a reason.
    pub(crate) fn update(
        &self,
        updates: &[RefUpdate],
        reason: Option<&Reason>,
    ) -> Result<(), BackendError> {
        let lock = Lock::acquire(self)?;
        // First what the refs are, then whether that is expected: what others do in between shows,
        // here or when the refs are locked.
        let found = updates.iter().map(|update| self.found_at(update));
        let found = found.collect::<Result<Vec<_>, _>>()?;
        for RefUpdate { name, expected, .. } in updates {
            let current = self.value(name)?;
            if current != *expected {
                return Err(BackendError::Conflict { name: name.clone(), current });
            }
        }
        let changed = updates.iter().zip(found);
        let changed = changed.filter(|(update, _)| update.expected != update.new);
        let edits = changed.map(|(update, old)| self.edit(update, old));
        let edits = edits.collect::<Result<Vec<_>, _>>()?;
        let edits: Vec<_> = edits.into_iter().flatten().collect();
        for edit in &edits {
            self.require_not_elsewhere(edit)?;
            self.require_stored(edit)?;
        }
        let marks = updates.iter().any(|update| {
            update.name == RefName::head() && update.expected.is_none() && update.new.is_some()
        });
        let checkout = self.checkout_of(updates)?;
        let moves = reason.map(|_| self.moves(updates)).transpose()?.unwrap_or_default();
        let (intent, plan) = self.write(&lock, &edits, checkout, &|| match reason {
            Some(reason) => self.log_moves(&moves, reason),
            None => Ok(()),
        })?;
        if marks {
            self.mark()?;
        }
        if updates.iter().any(brings_content) {
            self.renew();
        }
        // Where the working tree cannot follow now, the intent stays, and the next writer tries again.
        plan.map_or(Ok(()), |plan| self.follow(plan))?;
        intent.map_or(Ok(()), Intent::finish)?;
        self.tidy(&lock)?;
        Ok(())
    }

    /// What the ref of an update holds in Git.
    fn found_at(&self, update: &RefUpdate) -> Result<Option<Target>, GitError> {
        match self.kept(&update.name) {
            Kept::Git(name) | Kept::State(name) => self.target(&name),
            Kept::Log => Ok(None),
        }
    }

    fn edit(&self, update: &RefUpdate, old: Option<Target>) -> Result<Option<Edit>, GitError> {
        let (name, state) = match self.kept(&update.name) {
            Kept::Git(name) => (name, false),
            Kept::State(name) => (name, true),
            Kept::Log => return Ok(None),
        };
        if name == "HEAD" && update.expected.is_none() && !self.owns_repository() {
            // A data set in a folder begins on the branch that is checked out, whatever it is.
            return Ok(None);
        }
        let new = update.new.as_ref().map(|value| self.target_for(value)).transpose()?;
        Ok((old != new).then_some(Edit { name, old, new, state }))
    }

    fn target_for(&self, value: &RefValue) -> Result<Target, GitError> {
        let object = |id: &[u8]| {
            let id = self.object_id(id).map(Target::Object);
            id.ok_or_else(|| GitError::MissingObject { id: format!("{value:?}") })
        };
        match value {
            RefValue::Commit(id) => object(id.as_bytes()),
            RefValue::Tag(id) => object(id.as_bytes()),
            RefValue::Symbolic(name) => full_name(name.as_str()).map(Target::Symbolic),
            RefValue::Record(hash) => self.put_record(hash).map(Target::Object),
        }
    }

    /// Writes what is pending as one pack, and then changes the refs; `log` runs while they are locked.
    fn write<'l>(
        &self,
        lock: &'l Lock,
        edits: &[Edit],
        checkout: Option<Checkout>,
        log: &dyn Fn() -> Result<(), GitError>,
    ) -> Result<(Option<Intent<'l>>, Option<Plan>), BackendError> {
        if edits.is_empty() {
            return Ok((None, None));
        }
        let intent = Intent::new(lock, edits, checkout.as_ref())?;
        let pack = self.write_pack()?;
        // Branches before records: a record that goes while its branch stays would be lost edits.
        let (states, refs): (Vec<_>, Vec<_>) = edits.iter().cloned().partition(|edit| edit.state);
        let mut begun = false;
        let change = || -> Result<Option<Plan>, GitError> {
            let plan = checkout.map(|checkout| self.plan(checkout)).transpose()?;
            self.change_refs(&refs, log)?;
            begun = !refs.is_empty();
            self.change_refs(&states, || Ok(()))?;
            self.sync_refs(edits)?;
            Ok(plan)
        };
        let changed = change();
        pack.into_iter().try_for_each(pack::Written::release)?;
        match changed {
            Ok(plan) => Ok((Some(intent), plan)),
            // What has begun is finished by the next writer.
            Err(error) if begun => Err(error.into()),
            Err(error) => {
                intent.finish()?;
                Err(self.conflict_or(edits, error))
            }
        }
    }

    /// Tells a ref that somebody moved from other failures.
    fn conflict_or(&self, edits: &[Edit], error: GitError) -> BackendError {
        for edit in edits {
            let Ok(current) = self.target(&edit.name) else { continue };
            if current == edit.old {
                continue;
            }
            if let Ok(name) = RefName::parse(&edit.name)
                && let Ok(current) = self.value(&name)
            {
                return BackendError::Conflict { name, current };
            }
        }
        error.into()
    }

    pub(crate) fn write_pack(&self) -> Result<Option<pack::Written>, GitError> {
        self.pending().pack(|contents| {
            let mut seen = HashSet::new();
            let objects = contents.iter().flat_map(|content| {
                content.packed().filter_map(|id| Some((id, content.git.get(id)?)))
            });
            let objects = objects.filter(|(id, _)| seen.insert(**id));
            let objects = objects.map(|(id, (kind, data))| Packed { id: *id, kind: *kind, data });
            let objects: Vec<_> = objects.collect();
            if objects.is_empty() {
                return Ok(None);
            }
            let shared = &self.shared;
            let (dir, durable) = (&shared.objects_dir, shared.sync.packs);
            pack::write(dir, shared.hash, &objects, crate::lock::OWNER, durable).map(Some)
        })
    }

    /// One transaction of refs: all are locked and compared, then `before` runs, then all change.
    pub(crate) fn change_refs(
        &self,
        edits: &[Edit],
        before: impl FnOnce() -> Result<(), GitError>,
    ) -> Result<(), GitError> {
        if edits.is_empty() {
            return before();
        }
        // To take a packed ref away, Git's library (gix 0.90) writes the others anew as they were before
        // it had the lock, and so undoes what `git pack-refs` did meanwhile.
        let is_packed = self.shared.common_dir.join("packed-refs").exists();
        let (gone, edits): (Vec<_>, Vec<_>) =
            edits.iter().partition(|edit| is_packed && edit.new.is_none());
        let written: Vec<_> = edits.iter().filter(|edit| edit.new.is_some()).collect();
        let changes = edits.iter().map(|edit| ref_edit(edit)).collect::<Result<Vec<_>, _>>()?;
        let mut refs = self.shared.pool.with(|repository| repository.refs.clone());
        // Git's library logs no move of a symbolic ref; all logs are written by us, see `reflog`.
        refs.write_reflog = gix::refs::store::WriteReflog::Disable;
        let failed = |source| GitError::gix("change the refs", source);
        let mut tries = 0;
        let prepared = loop {
            match refs.transaction().prepare(changes.clone(), PATIENCE, PATIENCE) {
                Ok(prepared) => break prepared,
                // While `git pack-refs` moves a ref from its file, Git's library finds what the file of
                // all refs said before.
                Err(source)
                    if tries < TRIES && !source.is_retryable() && self.are_as_found(&edits)? =>
                {
                    tries += 1;
                }
                Err(source) => return Err(failed(source)),
            }
        };
        before()?;
        if self.shared.sync.refs {
            written.iter().try_for_each(|edit| self.sync_lock(&edit.name))?;
        }
        prepared.commit(None).map_err(failed)?;
        gone.into_iter().try_for_each(|edit| self.delete_by_git(edit))
    }

    /// Whether refs still are what edits expect.
    fn are_as_found(&self, edits: &[&Edit]) -> Result<bool, GitError> {
        for edit in edits {
            if self.target(&edit.name)? != edit.old {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn delete_by_git(&self, edit: &Edit) -> Result<(), GitError> {
        let arguments = ["update-ref", "--no-deref", "-d", &edit.name];
        match &edit.old {
            Some(Target::Object(id)) => {
                self.ask_git(&[&arguments[..], &[&id.to_string()]].concat())
            }
            _ => self.ask_git(&arguments),
        }
        .map(drop)
    }

    /// Makes the content of a ref durable before it takes its place: after a power cut an empty file
    /// could stand where the old content was.
    fn sync_lock(&self, name: &str) -> Result<(), GitError> {
        let path = self.lock_path(name);
        match std::fs::File::open(&path).and_then(|file| file.sync_all()) {
            // The library writes none for what changes nothing.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
            synced => synced.map_err(io_error("sync", &path)),
        }
    }

    /// Makes the places of changed refs durable, with the folders that were made for them.
    fn sync_refs(&self, edits: &[Edit]) -> Result<(), GitError> {
        if !self.shared.sync.refs {
            return Ok(());
        }
        for edit in edits {
            let path = self.ref_path(&edit.name);
            let depth = edit.name.matches('/').count().max(1);
            for dir in path.ancestors().skip(1).take(depth).filter(|dir| dir.is_dir()) {
                pack::sync_dir(dir)?;
            }
        }
        Ok(())
    }
}

fn ref_edit(edit: &Edit) -> Result<RefEdit, GitError> {
    let name = full_name(&edit.name)?;
    let expected = match &edit.old {
        Some(old) => PreviousValue::MustExistAndMatch(old.clone()),
        None => PreviousValue::MustNotExist,
    };
    let change = match &edit.new {
        Some(new) => Change::Update { log: LogChange::default(), expected, new: new.clone() },
        None => Change::Delete { expected, log: RefLog::AndReference },
    };
    Ok(RefEdit { change, name, deref: false })
}

fn full_name(name: &str) -> Result<FullName, GitError> {
    FullName::try_from(name).map_err(|source| GitError::gix("name a ref", source))
}

/// Whether an update leads to something that may be new.
fn brings_content(update: &RefUpdate) -> bool {
    let content =
        matches!(update.new, Some(RefValue::Commit(_) | RefValue::Tag(_) | RefValue::Record(_)));
    content && update.expected != update.new
}
