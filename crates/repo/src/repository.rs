//! The repository: a backend, what is checked out, and the working state.

mod branch;
mod checkout;
mod commit;
mod config;
mod conflicts;
mod edit;
mod merge;
mod pick;
mod reset;
mod tag;
mod transition;

use prollytree_tree::{Hash, Snapshot};

use crate::adjust::{KeyByKey, Versions};
use crate::backend::{Backend, BackendError, RefUpdate, RefValue};
use crate::commit::{Commit, Maps};
use crate::config::Config;
use crate::error::RepoError;
use crate::id::CommitId;
use crate::log::Reason;
use crate::merge::{merge_maps, ours_win};
use crate::name::{MapName, RefName};
use crate::operation::Operation;
use crate::options::Options;
use crate::time::Timestamp;
use crate::working::{Working, open_map};

pub use branch::Branch;
pub use checkout::Uncommitted;
pub use commit::CommitOptions;
use config::read_config;
pub use conflicts::Choice;
pub use merge::{FastForward, MergeOptions, MergeOutcome, Strategy};
pub use pick::PickOutcome;
pub use reset::ResetMode;
pub use tag::TagRef;
use transition::{Seen, Transition, look};

/// The refs of the repository's own records.
const WORKING: &str = "working";
const OPERATION: &str = "operation";
const CONFIG: &str = "config";

/// What is checked out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Head {
    /// A branch, which may have no commit yet.
    Branch(RefName),
    /// A commit, and no branch: commits made now move only `HEAD`.
    Detached(CommitId),
}

/// Versions of named maps: commits, branches, tags, merges, and a durable working state.
///
/// A handle sees the repository as it was when it was opened or last
/// [refreshed](Self::refresh). Whatever changes refs demands that they still are as the handle saw
/// them: if someone else was faster, the operation fails with a
/// [retryable](RepoError::is_retryable) error, changes nothing, and the handle's edits stay.
pub struct Repository<B> {
    backend: B,
    options: Options,
    config: Config,
    seen: Seen,
    working: Working<B>,
}

impl<B: Backend> Repository<B> {
    /// Makes a repository in an empty backend, with an unborn default branch checked out.
    ///
    /// # Errors
    /// There is a repository already, the default branch has a bad name, or the backend fails.
    pub fn init(backend: B, options: Options) -> Result<Self, RepoError> {
        let branch = RefName::branch(&options.default_branch)?;
        let head = RefUpdate {
            name: RefName::head(),
            expected: None,
            new: Some(RefValue::Symbolic(branch)),
        };
        match backend.update_refs(&[head]) {
            Err(BackendError::Conflict { .. }) => return Err(RepoError::AlreadyARepository),
            result => result?,
        }
        Self::open(backend, options)
    }

    /// Opens a repository. Uncommitted changes that were saved are there again.
    ///
    /// # Errors
    /// There is no repository, or the backend fails or is damaged.
    pub fn open(backend: B, options: Options) -> Result<Self, RepoError> {
        let backend = backend.session();
        let (seen, maps) = look(&backend, options.tree_config)?;
        let (_, config) = read_config(&backend)?;
        let working = Working::new(maps, options.tree_config, options.pending_budget_bytes);
        Ok(Self { backend, options, config, seen, working })
    }

    /// Sees what others have changed meanwhile. Edits of this handle stay, and win over changes that
    /// others saved or committed to the same keys.
    ///
    /// # Errors
    /// The backend fails or is damaged.
    pub fn refresh(&mut self) -> Result<(), RepoError> {
        let edited = self.working.maps()?;
        let (seen, theirs) = look(&self.backend, self.options.tree_config)?;
        let (_, config) = read_config(&self.backend)?;
        let shape = self.options.tree_config;
        let base = self.working.loaded();
        let versions = Versions::descending(base, &edited, &theirs);
        let merged = merge_maps(&self.backend, shape, versions, &mut ours_win, &mut KeyByKey)?;
        (self.seen, self.config) = (seen, config);
        self.working.rebase(theirs, merged.maps);
        Ok(())
    }

    /// The backend.
    pub fn backend(&self) -> &B {
        &self.backend
    }

    /// What is checked out.
    pub fn head(&self) -> &Head {
        &self.seen.head
    }

    /// The commit that is checked out; `None` on a branch that has no commit yet.
    pub fn tip(&self) -> Option<CommitId> {
        self.seen.tip
    }

    /// The merge, cherry-pick or revert that waits to be continued or aborted.
    pub fn operation(&self) -> Option<&Operation> {
        self.seen.operation.as_ref().map(|(_, operation)| operation)
    }

    /// A commit.
    ///
    /// # Errors
    /// The commit is not stored, or the backend fails.
    pub fn read_commit(&self, id: &CommitId) -> Result<Commit, RepoError> {
        read_commit(&self.backend, id)
    }

    /// The content of the checked out commit; empty on a branch that has no commit yet.
    pub fn head_maps(&self) -> &Maps {
        &self.seen.tip_maps
    }

    /// The content of the working state.
    ///
    /// # Errors
    /// A node is missing or damaged, or the backend fails.
    pub fn working_maps(&mut self) -> Result<Maps, RepoError> {
        self.working.maps()
    }

    /// A map of a version, read-only; the empty tree if the version does not have it.
    ///
    /// # Errors
    /// The tree is missing or damaged, or the backend fails.
    pub fn open_map(&self, maps: &Maps, map: &MapName) -> Result<Snapshot<B>, RepoError> {
        open_map(&self.backend, map, maps.get(map), self.options.tree_config)
    }

    /// The maps that have uncommitted changes.
    ///
    /// # Errors
    /// As [`working_maps`](Self::working_maps).
    pub fn changed_maps(&mut self) -> Result<Vec<MapName>, RepoError> {
        let maps = self.working.maps()?;
        Ok(differing(&self.seen.tip_maps, &maps))
    }

    /// Makes the working state durable, so that it survives a restart.
    ///
    /// # Errors
    /// The working state or the head was changed by someone else (retryable), or the backend fails.
    pub fn save(&mut self) -> Result<(), RepoError> {
        let maps = self.working.maps()?;
        self.transition(Transition { maps, ..self.stay() })
    }

    /// Goes on with other content, as yet of this handle alone: to take back edits, or to move whole
    /// maps. All of it must be stored.
    pub fn set_working_maps(&mut self, maps: Maps) {
        let loaded = self.working.loaded().clone();
        self.working.rebase(loaded, maps);
    }

    fn require_clean(&mut self) -> Result<(), RepoError> {
        let maps = self.changed_maps()?;
        if maps.is_empty() { Ok(()) } else { Err(RepoError::Uncommitted { maps }) }
    }

    fn require_no_operation(&self) -> Result<(), RepoError> {
        match self.operation() {
            Some(operation) => Err(RepoError::OperationUnderWay { kind: operation.kind }),
            None => Ok(()),
        }
    }

    fn now(&self) -> Timestamp {
        self.options.clock.now()
    }

    fn reason(&self, why: &str) -> Result<Reason, RepoError> {
        Ok(Reason { who: self.identity()?, when: self.now(), why: why.to_owned() })
    }
}

impl Head {
    fn value(&self) -> RefValue {
        match self {
            Self::Branch(name) => RefValue::Symbolic(name.clone()),
            Self::Detached(id) => RefValue::Commit(*id),
        }
    }
}

fn commit_maps<B: Backend>(backend: &B, id: Option<CommitId>) -> Result<Maps, RepoError> {
    id.map_or_else(|| Ok(Maps::new()), |id| Ok(read_commit(backend, &id)?.maps))
}

pub(crate) fn read_commit<B: Backend>(backend: &B, id: &CommitId) -> Result<Commit, RepoError> {
    backend.read_commit(id)?.ok_or(RepoError::MissingCommit { id: *id })
}

fn read_state<B: Backend>(backend: &B, name: &'static str) -> Result<Option<Hash>, RepoError> {
    let name = RefName::state(name);
    match backend.read_ref(&name)? {
        None => Ok(None),
        Some(RefValue::Record(id)) => Ok(Some(id)),
        Some(_) => Err(BackendError::BadRef { name: name.as_str().to_owned() }.into()),
    }
}

/// The maps that are not the same in two versions.
pub(crate) fn differing(before: &Maps, after: &Maps) -> Vec<MapName> {
    let changed = before.keys().chain(after.keys().filter(|name| !before.contains_key(*name)));
    let mut names: Vec<_> =
        changed.filter(|name| before.get(*name) != after.get(*name)).cloned().collect();
    names.sort_unstable();
    names
}
