//! Making edits durable or dropping them, beside others who do the same.

use prollytree_repo::{
    Backend, CommitId, CommitOptions, Head, RefName, RefValue, RepoError, Repository,
};

use super::GitVersionedKvStore;
use crate::{GitBackend, GitError};

/// How often an operation is tried. Each failed try is a success of someone else; so many in a row
/// mean that something is wrong.
const TRIES: usize = 1000;

impl GitVersionedKvStore {
    /// Commits all edits, those of other maps included. Without any, no commit is made, and the answer
    /// is the one that is checked out.
    ///
    /// # Errors
    /// [`RepoError::NothingToCommit`] if there is nothing to commit and no commit yet; a merge is under
    /// way; someone checked out something else; or the repository cannot be written. The edits stay.
    pub fn commit(&mut self, message: impl Into<String>) -> Result<CommitId, GitError> {
        self.commit_with(CommitOptions { message: message.into(), ..CommitOptions::default() })
    }

    /// As [`commit`](Self::commit), with a choice of author, and of commits that change nothing.
    ///
    /// # Errors
    /// As [`commit`](Self::commit).
    pub fn commit_with(&mut self, options: CommitOptions) -> Result<CommitId, GitError> {
        match self.retry(|repo| repo.commit_with(options.clone())) {
            Err(RepoError::NothingToCommit) => {
                Ok(self.repo.tip().ok_or(RepoError::NothingToCommit)?)
            }
            made => Ok(made?),
        }
    }

    /// Makes all edits durable without a commit, so that they are there when the data set is opened
    /// again.
    ///
    /// # Errors
    /// Someone checked out something else, or the repository cannot be written. The edits stay.
    pub fn save(&mut self) -> Result<(), GitError> {
        Ok(self.retry(Repository::save)?)
    }

    /// Drops all edits since the commit that is checked out, the saved ones and those of other maps
    /// included; a merge under way is dropped with them.
    ///
    /// # Errors
    /// Someone else saved edits or checked out something else meanwhile, which this handle has not
    /// seen: [`refresh`](Self::refresh) before dropping them too. Or the repository cannot be written.
    pub fn discard(&mut self) -> Result<(), GitError> {
        Ok(self.repo.discard()?)
    }

    /// Sees what others have changed meanwhile. Edits of this handle stay, and win over changes that
    /// others saved or committed to the same keys.
    ///
    /// # Errors
    /// The repository is damaged or cannot be read.
    pub fn refresh(&mut self) -> Result<(), GitError> {
        Ok(self.repo.refresh()?)
    }

    /// Runs an operation again while others get in its way, unless one of them checked out something
    /// else: the operation was not meant for that.
    pub(super) fn retry<T>(
        &mut self,
        mut operation: impl FnMut(&mut Repository<GitBackend>) -> Result<T, RepoError>,
    ) -> Result<T, RepoError> {
        for _ in 1..TRIES {
            match operation(&mut self.repo) {
                Err(error) if error.is_retryable() && self.head_stays()? => self.repo.refresh()?,
                result => return result,
            }
        }
        operation(&mut self.repo)
    }

    /// Whether what is checked out is still what this handle saw.
    fn head_stays(&self) -> Result<bool, RepoError> {
        let seen = match self.repo.head() {
            Head::Branch(name) => RefValue::Symbolic(name.clone()),
            Head::Detached(id) => RefValue::Commit(*id),
        };
        Ok(self.repo.backend().read_ref(&RefName::head())? == Some(seen))
    }
}
