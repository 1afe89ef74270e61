//! Branches and tags, and what is checked out.

use prollytree_repo::{
    Branch, CommitId, Head, RefName, RepoError, Repository, TagRef, Uncommitted,
};

use super::GitVersionedKvStore;
use crate::{GitBackend, GitError};

impl GitVersionedKvStore {
    /// Checks out a branch, or any other revision with `HEAD` detached.
    ///
    /// # Errors
    /// The revision names nothing, there are edits that are in no commit ([`RepoError::Uncommitted`]), a
    /// merge is under way, or the repository cannot be written.
    pub fn checkout(&mut self, revision: &str) -> Result<(), GitError> {
        self.switch(|repo| repo.checkout(revision, Uncommitted::Refuse))
    }

    /// Makes a branch at the commit that is checked out, and checks it out. A branch that exists is
    /// checked out as it is, and never moved. Edits that are in no commit come along.
    ///
    /// # Errors
    /// The name is bad, the branch exists and changed the same keys as the edits
    /// ([`RepoError::CarryConflict`]), a merge is under way, or the repository cannot be written.
    pub fn checkout_new_branch(&mut self, name: &str) -> Result<(), GitError> {
        let branch = RefName::branch(name).map_err(RepoError::from)?;
        self.switch(|repo| begin_branch(repo, name, &branch))
    }

    /// Makes a branch at the commit that is checked out, and leaves checked out what is.
    ///
    /// # Errors
    /// The name is bad or taken ([`RepoError::RefExists`]), there is no commit yet, or the repository
    /// cannot be written.
    pub fn create_branch(&mut self, name: &str) -> Result<(), GitError> {
        Ok(self.retry(|repo| {
            let tip = repo.resolve("HEAD")?;
            repo.create_branch(name, &tip)
        })?)
    }

    /// Deletes a branch whose commits something else leads to, and tells where it stood.
    ///
    /// # Errors
    /// The branch does not exist, is checked out, or holds commits that would be lost
    /// ([`RepoError::NotMerged`]), or the repository cannot be written.
    pub fn delete_branch(&mut self, name: &str) -> Result<CommitId, GitError> {
        Ok(self.retry(|repo| repo.delete_branch(name, false))?)
    }

    /// The branch that is checked out; `None` while `HEAD` is detached.
    pub fn current_branch(&self) -> Option<&str> {
        self.repo.current_branch()
    }

    /// All branches that have commits, in the order of their names.
    ///
    /// # Errors
    /// The repository is damaged or cannot be read.
    pub fn branches(&self) -> Result<Vec<Branch>, GitError> {
        Ok(self.repo.branches()?)
    }

    /// Names the commit that is checked out; annotated with who, when and why if there is a message.
    ///
    /// # Errors
    /// The name is bad or taken, there is no commit yet, or the repository cannot be written.
    pub fn create_tag(&mut self, name: &str, message: Option<&str>) -> Result<(), GitError> {
        self.retry(|repo| {
            let tip = repo.resolve("HEAD")?;
            repo.create_tag(name, &tip, message)
        })?;
        Ok(())
    }

    /// All tags, in the order of their names.
    ///
    /// # Errors
    /// The repository is damaged or cannot be read.
    pub fn tags(&self) -> Result<Vec<TagRef>, GitError> {
        Ok(self.repo.tags()?)
    }

    /// Checks something out, also if someone else was faster with a checkout of their own.
    fn switch(
        &mut self,
        mut operation: impl FnMut(&mut Repository<GitBackend>) -> Result<(), RepoError>,
    ) -> Result<(), GitError> {
        match self.retry(&mut operation) {
            Err(error) if error.is_retryable() => {
                self.repo.refresh()?;
                Ok(self.retry(operation)?)
            }
            result => Ok(result?),
        }
    }
}

fn begin_branch(
    repo: &mut Repository<GitBackend>,
    name: &str,
    branch: &RefName,
) -> Result<(), RepoError> {
    // Asked first, so that a refusal leaves no branch behind.
    if let Some(operation) = repo.operation() {
        return Err(RepoError::OperationUnderWay { kind: operation.kind });
    }
    let made = match (repo.head().clone(), repo.tip()) {
        (_, Some(tip)) => repo.create_branch(name, &tip),
        // Without a commit a branch has nothing to stand at: the one that waits for its first commit
        // takes the name.
        (Head::Branch(unborn), None) => match repo.rename_branch(unborn.short(), name) {
            Err(error) => Err(error),
            Ok(()) => return Ok(()),
        },
        (Head::Detached(id), None) => return Err(RepoError::MissingCommit { id }),
    };
    match made {
        Err(RepoError::RefExists { .. }) => {}
        made => made?,
    }
    repo.checkout_branch(branch, Uncommitted::Carry)
}
