//! Choosing what is checked out.

use prollytree_tree::Resolution;

use super::{Head, Repository, Transition};
use crate::adjust::{RefuseTables, Versions};
use crate::backend::Backend;
use crate::commit::Maps;
use crate::error::RepoError;
use crate::id::CommitId;
use crate::merge::merge_maps;
use crate::name::{MapName, RefName};

/// What a checkout does with uncommitted changes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Uncommitted {
    /// Refuses to go on.
    #[default]
    Refuse,
    /// Takes them along, and refuses if the target changed the same keys.
    Carry,
    /// Drops them.
    Discard,
}

impl<B: Backend> Repository<B> {
    /// Checks out a branch, or any other revision with `HEAD` detached.
    ///
    /// # Errors
    /// The revision names nothing, there are uncommitted changes that stand in the way, an operation
    /// is under way, someone else moved the head (retryable), or the backend fails.
    pub fn checkout(&mut self, revision: &str, changes: Uncommitted) -> Result<(), RepoError> {
        let branch = RefName::branch(revision).ok();
        let branch = branch.or_else(|| RefName::parse(revision).ok().filter(is_branch));
        let branch = match branch {
            Some(name) if self.backend.read_ref(&name)?.is_some() => Some(name),
            _ => match self.previous(revision)? {
                Some(Head::Branch(name)) => Some(name),
                _ => None,
            },
        };
        match branch {
            Some(name) => self.checkout_branch(&name, changes),
            None => {
                let id = self.resolve(revision)?;
                self.switch(Head::Detached(id), id, changes)
            }
        }
    }

    /// Checks out a commit with `HEAD` detached.
    ///
    /// # Errors
    /// As [`checkout`](Self::checkout).
    pub fn checkout_detached(
        &mut self,
        id: &CommitId,
        changes: Uncommitted,
    ) -> Result<(), RepoError> {
        self.switch(Head::Detached(*id), *id, changes)
    }

    /// Checks out a branch by its ref.
    ///
    /// # Errors
    /// As [`checkout`](Self::checkout).
    pub fn checkout_branch(
        &mut self,
        name: &RefName,
        changes: Uncommitted,
    ) -> Result<(), RepoError> {
        let tip = self.need_branch(name)?;
        self.switch(Head::Branch(name.clone()), tip, changes)
    }

    fn switch(&mut self, head: Head, tip: CommitId, changes: Uncommitted) -> Result<(), RepoError> {
        self.require_no_operation()?;
        let target = self.read_commit(&tip)?.maps;
        let maps = match changes {
            Uncommitted::Refuse => {
                self.require_clean()?;
                target
            }
            Uncommitted::Carry => self.carried(&target)?,
            Uncommitted::Discard => target,
        };
        let name = |head: &Head| match head {
            Head::Branch(name) => name.short().to_owned(),
            Head::Detached(id) => id.to_string(),
        };
        let why = format!("checkout: moving from {} to {}", name(&self.seen.head), name(&head));
        self.transition(Transition { head, tip: Some(tip), maps, operation: None, why: &why })
    }

    /// The target with the uncommitted changes on top.
    fn carried(&mut self, target: &Maps) -> Result<Maps, RepoError> {
        let working = self.working.maps()?;
        let config = self.options.tree_config;
        let mut leave = |_: &MapName, _: &_| Resolution::Conflict;
        let base = &self.seen.tip_maps;
        let versions = Versions::descending(base, &working, target);
        let merged = merge_maps(&self.backend, config, versions, &mut leave, &mut RefuseTables)?;
        match merged.conflicts.first() {
            None => Ok(merged.maps),
            Some((map, first)) => Err(RepoError::CarryConflict {
                count: merged.conflicts.len(),
                map: map.clone(),
                key: first.key.clone(),
            }),
        }
    }
}

fn is_branch(name: &RefName) -> bool {
    name.as_branch().is_some()
}
