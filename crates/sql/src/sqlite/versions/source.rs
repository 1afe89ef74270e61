//! Where relations find versions: a database that others change meanwhile.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use prollytree_repo::{Backend, CommitId, Maps, RepoError, Repository, Timestamp};

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

/// As relations keep it.
pub(super) type Source<B> = Arc<dyn Holder<B>>;

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

/// The tables of a revision: of a commit, or what is not committed yet.
pub(super) fn version<B: Backend + 'static>(
    source: &dyn Holder<B>,
    revision: &str,
) -> Result<Version<B>, SqlError> {
    let mut database = source.database();
    if revision == WORKING {
        return database.current();
    }
    let repo = database.repository();
    let maps = repo.read_commit(&resolve(repo, revision)?)?.maps;
    Version::open(repo.backend().clone(), maps)
}

/// The content of a revision, if there is one: a branch without a commit is empty.
pub(super) fn maps<B: Backend + 'static>(
    source: &dyn Holder<B>,
    revision: &str,
) -> Result<Maps, SqlError> {
    let mut database = source.database();
    if revision == WORKING {
        return Ok(database.current()?.maps().clone());
    }
    let repo = database.repository();
    if revision == HEAD && repo.tip().is_none() {
        return Ok(Maps::new());
    }
    Ok(repo.read_commit(&resolve(repo, revision)?)?.maps)
}

/// The commit that a walk over the history starts from; `None` on a branch without one.
pub(super) fn start<B: Backend + 'static>(
    source: &dyn Holder<B>,
    revision: &str,
) -> Result<Option<CommitId>, SqlError> {
    let database = source.database();
    let repo = database.repository();
    if revision == HEAD {
        return Ok(repo.tip());
    }
    resolve(repo, revision).map(Some)
}

/// A revision as it is given to a function.
pub(super) fn revision_of(argument: Option<&Value>, default: &'static str) -> String {
    match argument {
        None | Some(Value::Null) => default.to_owned(),
        Some(value) => text::show(value),
    }
}
