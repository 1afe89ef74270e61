//! What can go wrong with a repository.

use prollytree_tree::TreeError;

use crate::backend::BackendError;
use crate::id::CommitId;
use crate::identity::IdentityError;
use crate::name::{MapName, NameError, RefName};
use crate::operation::OperationKind;

/// An operation on a repository that failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RepoError {
    /// There is no repository in the backend.
    #[error("there is no repository here")]
    NotARepository,
    /// There is a repository in the backend already.
    #[error("there is a repository here already")]
    AlreadyARepository,
    /// The head, or another ref that was to change, was moved by someone else. Nothing is lost:
    /// [refresh](crate::Repository::refresh) and try again.
    #[error("{name} was moved by someone else, from {} to {}", short(*expected), short(*found))]
    HeadMoved {
        /// The ref that moved: a branch, a tag, or `HEAD`.
        name: RefName,
        /// Where this handle last saw it.
        expected: Option<CommitId>,
        /// Where it is now.
        found: Option<CommitId>,
    },
    /// Uncommitted changes or the operation under way were changed by someone else. Nothing is lost:
    /// [refresh](crate::Repository::refresh) and try again.
    #[error("the working state was changed by someone else")]
    WorkingMoved,
    /// There is nothing to commit.
    #[error("nothing to commit")]
    NothingToCommit,
    /// There are uncommitted changes, and the operation would lose or mix them.
    #[error("there are uncommitted changes in {}", list(maps))]
    Uncommitted {
        /// The maps that have changes.
        maps: Vec<MapName>,
    },
    /// Uncommitted changes cannot be carried over: the target changed the same keys.
    #[error("{count} uncommitted changes conflict with the target, the first in map {map} on key {}", key.escape_ascii())]
    CarryConflict {
        /// How many.
        count: usize,
        /// The map of the first.
        map: MapName,
        /// The key of the first.
        key: Vec<u8>,
    },
    /// A merge, cherry-pick or revert waits to be continued or aborted.
    #[error("a {kind} is under way")]
    OperationUnderWay {
        /// What is under way.
        kind: OperationKind,
    },
    /// No merge, cherry-pick or revert is under way.
    #[error("no merge, cherry-pick or revert is under way")]
    NoOperation,
    /// Conflicts are still open.
    #[error("{count} conflicts are not resolved")]
    Unresolved {
        /// How many.
        count: u64,
    },
    /// There is no conflict on a key.
    #[error("there is no conflict in map {map} on key {}", key.escape_ascii())]
    NoConflict {
        /// The map.
        map: MapName,
        /// The key.
        key: Vec<u8>,
    },
    /// Both sides changed tables, and nobody who knows tables was there to merge them.
    #[error("map {map} belongs to tables, which cannot be merged key by key: merge with SQL")]
    Tables {
        /// A map that both changed, or, if there is none, that the other side changed.
        map: MapName,
    },
    /// An [adjuster](crate::Adjust) failed.
    #[error(transparent)]
    Adjust(Box<dyn std::error::Error + Send + Sync>),
    /// A revision names nothing.
    #[error("revision {revision:?} names nothing: {reason}")]
    UnknownRevision {
        /// The revision.
        revision: String,
        /// Why.
        reason: &'static str,
    },
    /// A revision could mean several commits.
    #[error("revision {revision:?} is ambiguous: {}", list(candidates))]
    AmbiguousRevision {
        /// The revision.
        revision: String,
        /// What it could mean: ids, or full names of refs.
        candidates: Vec<String>,
    },
    /// The branch has no commit yet.
    #[error("{name} has no commit yet")]
    Unborn {
        /// The branch.
        name: RefName,
    },
    /// There is no such ref.
    #[error("{name} does not exist")]
    NoRef {
        /// The ref.
        name: RefName,
    },
    /// There is such a ref already.
    #[error("{name} exists already")]
    RefExists {
        /// The ref.
        name: RefName,
    },
    /// Two refs cannot exist side by side: one would be a folder of the other, which Git refuses.
    #[error("{name} cannot exist beside {other}")]
    RefClash {
        /// The ref that was asked for.
        name: RefName,
        /// The ref that is there.
        other: RefName,
    },
    /// The branch is checked out.
    #[error("{name} is checked out")]
    CheckedOut {
        /// The branch.
        name: RefName,
    },
    /// A branch has commits that no other branch or tag and not `HEAD` leads to.
    #[error("{name} is not merged: its commit {tip} would be lost")]
    NotMerged {
        /// The branch.
        name: RefName,
        /// Its commit.
        tip: CommitId,
    },
    /// A commit that is needed is not stored.
    #[error("commit {id} is missing from the storage")]
    MissingCommit {
        /// The commit.
        id: CommitId,
    },
    /// A commit says a number of entries that its map does not have.
    #[error("map {map} has {found} entries, but {expected} are recorded")]
    BadCount {
        /// The map.
        map: MapName,
        /// What is recorded.
        expected: u64,
        /// What is there.
        found: u64,
    },
    /// The merge cannot be done by moving the branch forward.
    #[error("the branches have diverged, a fast-forward is not possible")]
    NotFastForward,
    /// Two commits have no ancestor in common.
    #[error("commits {} and {} have no common ancestor", .0.short(), .1.short())]
    Unrelated(CommitId, CommitId),
    /// A commit with several parents needs a choice of one, or a choice was made that is not there.
    #[error("commit {} has {parents} parents: choose one of them", id.short())]
    Mainline {
        /// The commit.
        id: CommitId,
        /// How many parents it has.
        parents: usize,
    },
    /// A name breaks a rule.
    #[error(transparent)]
    Name(#[from] NameError),
    /// An identity breaks a rule.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// A tree failed.
    #[error(transparent)]
    Tree(#[from] TreeError),
    /// The backend failed.
    #[error(transparent)]
    Backend(#[from] BackendError),
}

impl RepoError {
    /// Whether the operation may succeed after [`Repository::refresh`](crate::Repository::refresh).
    pub fn is_retryable(&self) -> bool {
        matches!(self, Self::HeadMoved { .. } | Self::WorkingMoved)
    }
}

fn short(id: Option<CommitId>) -> String {
    id.map_or_else(|| "nothing".to_owned(), |id| id.short())
}

fn list<T: ToString>(items: &[T]) -> String {
    items.iter().map(T::to_string).collect::<Vec<_>>().join(", ")
}
