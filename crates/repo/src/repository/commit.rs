//! Making commits.

use super::{Head, Repository, Transition};
use crate::backend::Backend;
use crate::commit::{Commit, Maps};
use crate::error::RepoError;
use crate::id::CommitId;
use crate::identity::Identity;

/// How a commit is made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CommitOptions {
    /// What the commit is about.
    pub message: String,
    /// Makes a commit even if it changes nothing.
    pub allow_empty: bool,
    /// The author, if it is not the repository's [identity](Repository::identity).
    pub author: Option<Identity>,
}

impl<B: Backend> Repository<B> {
    /// Commits the working state, all maps together.
    ///
    /// # Errors
    /// [`RepoError::NothingToCommit`]; an operation is under way; the head or the working state was
    /// changed by someone else (retryable); or the backend fails.
    pub fn commit(&mut self, message: impl Into<String>) -> Result<CommitId, RepoError> {
        self.commit_with(CommitOptions { message: message.into(), ..CommitOptions::default() })
    }

    /// As [`commit`](Self::commit), with a choice of author, and of commits that change nothing.
    ///
    /// # Errors
    /// As [`commit`](Self::commit).
    pub fn commit_with(&mut self, options: CommitOptions) -> Result<CommitId, RepoError> {
        self.require_no_operation()?;
        let maps = self.working.maps()?;
        if maps == self.seen.tip_maps && !options.allow_empty {
            return Err(RepoError::NothingToCommit);
        }
        let author = options.author.map_or_else(|| self.identity(), Ok)?;
        let parents: Vec<_> = self.seen.tip.into_iter().collect();
        let what = if parents.is_empty() { "commit (initial)" } else { "commit" };
        self.commit_maps(maps, parents, author, options.message, what)
    }

    /// Writes a commit and moves the head to it; the working state is clean then, and no operation
    /// under way.
    pub(super) fn commit_maps(
        &mut self,
        maps: Maps,
        parents: Vec<CommitId>,
        author: Identity,
        message: String,
        what: &str,
    ) -> Result<CommitId, RepoError> {
        let commit = Commit { maps, parents, author, time: self.now(), message };
        let id = self.backend.write_commit(&commit)?;
        let why = format!("{what}: {}", commit.title());
        self.advance(id, commit.maps, &why)?;
        Ok(id)
    }

    /// Moves the head, the branch with it if one is checked out, to a commit with this content.
    pub(super) fn advance(&mut self, id: CommitId, maps: Maps, why: &str) -> Result<(), RepoError> {
        let head = match &self.seen.head {
            Head::Branch(name) => Head::Branch(name.clone()),
            Head::Detached(_) => Head::Detached(id),
        };
        self.transition(Transition { head, tip: Some(id), maps, operation: None, why })
    }
}
