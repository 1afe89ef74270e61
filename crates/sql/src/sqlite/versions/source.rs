//! Where relations find versions: a database that others change meanwhile.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use prollytree_repo::{
    Backend, CommitId, MapName, MapRoot, Maps, RepoError, Repository, Timestamp,
};

use crate::catalog::{Catalog, catalog_map};
use crate::database::Database;
use crate::error::SqlError;
use crate::text;
use crate::value::Value;
use crate::version::Version;

/// A database that a connection shares with the relations in it.
pub(crate) trait Holder<B>: Send + Sync {
    /// The database, for a short while: never while rows are given to SQLite, which may ask for others
    /// in between.
    fn database(&self) -> MutexGuard<'_, Database<B>>;
}

impl<B: Backend> Holder<B> for Mutex<Database<B>> {
    fn database(&self) -> MutexGuard<'_, Database<B>> {
        self.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The revision that means what is not committed yet. A branch of this name is `refs/heads/WORKING`.
pub(super) const WORKING: &str = "WORKING";
pub(super) const HEAD: &str = "HEAD";

/// The commit of a revision, or the newest one of a time along first parents.
///
/// # Errors
/// It is neither, or the backend fails.
pub(crate) fn resolve<B: Backend>(
    repo: &Repository<B>,
    revision: &str,
) -> Result<CommitId, SqlError> {
    match repo.resolve(revision) {
        Err(RepoError::UnknownRevision { .. }) if revision.parse::<Timestamp>().is_ok() => {
            Ok(repo.resolve(&format!("HEAD@{{{revision}}}"))?)
        }
        found => Ok(found?),
    }
}

/// What relations read: the versions of a database.
pub(super) struct Versions<B> {
    holder: Arc<dyn Holder<B>>,
    /// The catalogs that were read last. Most commits have that of their parents.
    catalogs: Mutex<VecDeque<(Option<MapRoot>, Arc<Catalog>)>>,
    catalog_map: MapName,
}

/// How many catalogs are kept.
const KEPT: usize = 8;

impl<B: Backend + 'static> Versions<B> {
    pub(super) fn new(holder: Arc<dyn Holder<B>>) -> Result<Self, SqlError> {
        Ok(Self { holder, catalogs: Mutex::default(), catalog_map: catalog_map()? })
    }

    /// The database, for a short while.
    pub(super) fn database(&self) -> MutexGuard<'_, Database<B>> {
        self.holder.database()
    }

    /// The tables of a revision: of a commit, or what is not committed yet. A branch without a commit
    /// has none.
    pub(super) fn at(&self, revision: &str) -> Result<Version<B>, SqlError> {
        if revision == WORKING {
            return self.database().current();
        }
        let (backend, maps) = {
            let database = self.database();
            let repo = database.repository();
            let maps = match start(repo, revision)? {
                Some(id) => repo.read_commit(&id)?.maps,
                None => Maps::new(),
            };
            (repo.backend().clone(), maps)
        };
        self.of_maps(&backend, maps)
    }

    /// The tables in the maps of a version.
    pub(super) fn of_maps(&self, backend: &B, maps: Maps) -> Result<Version<B>, SqlError> {
        let root = maps.get(&self.catalog_map).copied();
        let mut catalogs = self.catalogs.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, catalog)) = catalogs.iter().find(|(known, _)| *known == root) {
            return Ok(Version::with_catalog(backend.clone(), maps, catalog.clone()));
        }
        let version = Version::open(backend.clone(), maps)?;
        catalogs.truncate(KEPT - 1);
        catalogs.push_front((root, version.catalog().clone()));
        Ok(version)
    }
}

/// The commit that a walk over the history starts from; `None` on a branch without one.
pub(super) fn start<B: Backend>(
    repo: &Repository<B>,
    revision: &str,
) -> Result<Option<CommitId>, SqlError> {
    if revision == HEAD { Ok(repo.tip()) } else { resolve(repo, revision).map(Some) }
}

/// A revision as it is given to a function.
pub(super) fn revision_of(argument: Option<&Value>, default: &'static str) -> String {
    match argument {
        None | Some(Value::Null) => default.to_owned(),
        Some(value) => text::show(value),
    }
}
