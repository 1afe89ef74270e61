//! What can go wrong with a repository in Git.

use std::error::Error as StdError;
use std::io;
use std::path::{Path, PathBuf};

use prollytree_repo::{BackendError, CommitId, NameError, RefName, RepoError};
use prollytree_tree::Hash;

use crate::leaf::LeafError;
use crate::listing::ListingError;

/// An operation on a Git repository that failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GitError {
    /// There is no data set here.
    #[error("there is no data set in {}", .path.display())]
    NotADataSet {
        /// The folder.
        path: PathBuf,
    },
    /// The root of a repository that holds something else.
    #[error("{} is the root of a Git repository that holds something else; name a folder inside it", .path.display())]
    ForeignRepository {
        /// The folder.
        path: PathBuf,
    },
    /// A folder cannot be named inside a Git repository.
    #[error("{} cannot be a folder of a Git repository", .path.display())]
    BadFolder {
        /// The folder.
        path: PathBuf,
    },
    /// Something stands where a data set has its maps, and would be lost.
    #[error("{} is there already; a data set needs a folder without it", .path.display())]
    Occupied {
        /// What stands in the way.
        path: PathBuf,
    },
    /// A branch is checked out in another working tree of the repository.
    #[error("branch {name} is checked out in another working tree, {}", .git_dir.display())]
    CheckedOut {
        /// The branch.
        name: RefName,
        /// The Git folder of that working tree.
        git_dir: PathBuf,
    },
    /// The repository keeps its refs in a way that this version cannot read.
    #[error("the repository in {} keeps its refs as {format}, which this version cannot read; `git refs migrate --ref-format=files` changes that", .path.display())]
    RefFormat {
        /// The repository.
        path: PathBuf,
        /// The format of its refs.
        format: String,
    },
    /// A ref leads to another one, that to a third, and so on without an end.
    #[error("ref {name} leads to no object: refs lead to one another")]
    RefCycle {
        /// The first ref.
        name: String,
    },
    /// An object is not in the repository.
    #[error("Git object {id} is missing from the repository")]
    MissingObject {
        /// The object.
        id: String,
    },
    /// A commit lies behind the boundary of a shallow clone.
    #[error("commit {id} is not in this shallow clone; `git fetch --unshallow` brings it")]
    Shallow {
        /// The commit.
        id: CommitId,
    },
    /// An object is not what its name or its place says.
    #[error("Git object {id} is damaged: it is not {expected}")]
    Damaged {
        /// The object.
        id: String,
        /// What it must be.
        expected: &'static str,
    },
    /// A leaf cannot be read.
    #[error("the leaf in Git object {id} cannot be read")]
    Leaf {
        /// The blob.
        id: String,
        /// What is wrong.
        source: LeafError,
    },
    /// The list of a version's maps cannot be read.
    #[error("the file PROLLY in Git object {id} cannot be read")]
    Listing {
        /// The blob.
        id: String,
        /// What is wrong.
        source: ListingError,
    },
    /// A part of a tree is not what the tree says: somebody changed it with other tools.
    #[error("Git object {id} does not hold what the tree calls {hash}")]
    Mismatch {
        /// The object.
        id: String,
        /// What was asked for.
        hash: Hash,
    },
    /// A part of a tree that is to be committed is nowhere to be found.
    #[error("{hash}, which is to be committed, is missing from the repository")]
    Missing {
        /// The part.
        hash: Hash,
    },
    /// Files beside the data set were changed on both sides of a merge.
    #[error(
        "{path} was changed on both sides; merge with `git merge` and the prolly merge strategy"
    )]
    FilesConflict {
        /// The file, in the repository.
        path: String,
    },
    /// The commit was made, but Git's index or the working tree could not follow.
    #[error(
        "commit {commit} is made, but the working tree could not follow yet; the next change of the data set tries again"
    )]
    WorkingTree {
        /// The commit.
        commit: String,
        /// Why.
        source: Box<GitError>,
    },
    /// The `git` program cannot be run.
    #[error("cannot run `git {command}`: is Git installed?")]
    Program {
        /// The arguments.
        command: String,
        /// Why.
        source: io::Error,
    },
    /// The `git` program failed.
    #[error("`git {command}` failed{}", .message.as_deref().map(|message| format!(": {message}")).unwrap_or_default())]
    ProgramFailed {
        /// The arguments.
        command: String,
        /// What it said, unless it was said where the user sees it.
        message: Option<String>,
    },
    /// A file cannot be read or written.
    #[error("cannot {action} {}", .path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// Why it failed.
        source: io::Error,
    },
    /// Git's library failed.
    #[error("cannot {action}")]
    Git {
        /// What was tried.
        action: &'static str,
        /// Why it failed.
        source: Box<dyn StdError + Send + Sync>,
    },
    /// A name breaks a rule.
    #[error(transparent)]
    Name(#[from] NameError),
    /// The repository failed.
    #[error(transparent)]
    Repo(#[from] RepoError),
}

impl GitError {
    /// Whether an object is missing or is not what it must be: another copy may be intact.
    pub(crate) fn is_damage(&self) -> bool {
        matches!(
            self,
            Self::MissingObject { .. }
                | Self::Damaged { .. }
                | Self::Leaf { .. }
                | Self::Listing { .. }
                | Self::Mismatch { .. }
        )
    }

    /// Wraps an error of Git's library.
    pub(crate) fn gix(
        action: &'static str,
        source: impl Into<Box<dyn StdError + Send + Sync>>,
    ) -> Self {
        Self::Git { action, source: source.into() }
    }

    /// Wraps an error of another library.
    pub(crate) fn internal(
        action: &'static str,
        source: impl StdError + Send + Sync + 'static,
    ) -> Self {
        Self::Git { action, source: Box::new(source) }
    }
}

impl From<GitError> for BackendError {
    fn from(error: GitError) -> Self {
        Self::storage(error)
    }
}

/// Tells what was done to which file when it failed.
pub(crate) fn io_error(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> GitError {
    let path = path.to_owned();
    move |source| GitError::Io { action, path, source }
}
