//! Branches.

use super::{Head, Repository};
use crate::backend::{Backend, BackendError, RefUpdate, RefValue};
use crate::error::RepoError;
use crate::graph::Ancestors;
use crate::id::CommitId;
use crate::log::peel;
use crate::name::RefName;

/// A branch and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Branch {
    /// Its ref.
    pub name: RefName,
    /// Its newest commit.
    pub tip: CommitId,
}

impl<B: Backend> Repository<B> {
    /// All branches that have commits, in the order of their names.
    ///
    /// # Errors
    /// The backend fails or is damaged.
    pub fn branches(&self) -> Result<Vec<Branch>, RepoError> {
        let refs = self.backend.list_refs(RefName::BRANCHES)?;
        let branches = refs.into_iter().map(|(name, value)| match value {
            RefValue::Commit(tip) => Ok(Branch { name, tip }),
            _ => Err(BackendError::BadRef { name: name.as_str().to_owned() }.into()),
        });
        branches.collect()
    }

    /// The name of the branch that is checked out; `None` while `HEAD` is detached.
    pub fn current_branch(&self) -> Option<&str> {
        match &self.seen.head {
            Head::Branch(name) => name.as_branch(),
            Head::Detached(_) => None,
        }
    }

    /// Makes a branch at a commit, and leaves checked out what is.
    ///
    /// # Errors
    /// The name is bad or taken, or the backend fails.
    pub fn create_branch(&mut self, name: &str, at: &CommitId) -> Result<(), RepoError> {
        let name = RefName::branch(name)?;
        self.read_commit(at)?;
        self.require_free(&name, RefName::BRANCHES)?;
        let why = format!("branch: created at {}", at.short());
        self.change_ref(&self.backend.session(), &name, None, Some(RefValue::Commit(*at)), &why)
    }

    /// Deletes a branch; its log stays until it is pruned.
    ///
    /// # Errors
    /// The branch does not exist, is checked out, or, unless `force` is set, has commits that
    /// nothing else leads to; someone else moved the head (retryable); or the backend fails.
    pub fn delete_branch(&mut self, name: &str, force: bool) -> Result<CommitId, RepoError> {
        let name = RefName::branch(name)?;
        if self.seen.head == Head::Branch(name.clone()) {
            return Err(RepoError::CheckedOut { name });
        }
        let tip = self.need_branch(&name)?;
        if !force && !self.is_kept_without(&name, tip)? {
            return Err(RepoError::NotMerged { name, tip });
        }
        let gone = RefUpdate { name, expected: Some(RefValue::Commit(tip)), new: None };
        let updates = [gone, self.head_stays()];
        self.move_refs(&self.backend.session(), &updates, "branch: deleted")?;
        Ok(tip)
    }

    /// Gives a branch another name; it stays checked out if it is.
    ///
    /// # Errors
    /// The branch does not exist, the new name is bad or taken, someone else moved the head
    /// (retryable), or the backend fails.
    pub fn rename_branch(&mut self, from: &str, to: &str) -> Result<(), RepoError> {
        let (from, to) = (RefName::branch(from)?, RefName::branch(to)?);
        let is_head = self.seen.head == Head::Branch(from.clone());
        let tip = match self.need_branch(&from) {
            Err(RepoError::NoRef { .. }) if is_head => None,
            tip => Some(RefValue::Commit(tip?)),
        };
        if from == to {
            return Ok(());
        }
        self.require_free(&to, RefName::BRANCHES)?;
        let mut head = self.head_stays();
        if is_head {
            head.new = Some(RefValue::Symbolic(to.clone()));
        }
        let updates = [
            RefUpdate { name: from.clone(), expected: tip.clone(), new: None },
            RefUpdate { name: to.clone(), expected: None, new: tip },
            head,
        ];
        let why = format!("branch: renamed {} to {}", from.short(), to.short());
        self.move_refs(&self.backend.session(), &updates, &why)?;
        if is_head {
            self.seen.head = Head::Branch(to);
        }
        Ok(())
    }

    /// Demands that nobody checked out something else meanwhile: a branch that is checked out must
    /// not vanish.
    fn head_stays(&self) -> RefUpdate {
        let head = Some(self.seen.head.value());
        RefUpdate { name: RefName::head(), expected: head.clone(), new: head }
    }

    /// Where a branch stands.
    pub(super) fn need_branch(&self, name: &RefName) -> Result<CommitId, RepoError> {
        match self.backend.read_ref(name)? {
            Some(RefValue::Commit(id)) => Ok(id),
            Some(_) => Err(BackendError::BadRef { name: name.as_str().to_owned() }.into()),
            None => Err(RepoError::NoRef { name: name.clone() }),
        }
    }

    /// Refuses a name that is taken, or that makes a folder of a ref.
    pub(super) fn require_free(&self, name: &RefName, kind: &str) -> Result<(), RepoError> {
        let folder = |folder: &RefName, inside: &RefName| {
            let rest = inside.as_str().strip_prefix(folder.as_str());
            rest.is_some_and(|rest| rest.starts_with('/'))
        };
        for (other, _) in self.backend.list_refs(kind)? {
            if other == *name {
                return Err(RepoError::RefExists { name: name.clone() });
            }
            if folder(&other, name) || folder(name, &other) {
                return Err(RepoError::RefClash { name: name.clone(), other });
            }
        }
        Ok(())
    }

    /// Changes one ref that is not checked out, in a session of its own.
    pub(super) fn change_ref(
        &self,
        backend: &B,
        name: &RefName,
        expected: Option<RefValue>,
        new: Option<RefValue>,
        why: &str,
    ) -> Result<(), RepoError> {
        self.move_refs(backend, &[RefUpdate { name: name.clone(), expected, new }], why)
    }

    /// Whether something else than a branch leads to its tip.
    fn is_kept_without(&self, name: &RefName, tip: CommitId) -> Result<bool, RepoError> {
        let branches = self.backend.list_refs(RefName::BRANCHES)?;
        let tags = self.backend.list_refs(RefName::TAGS)?;
        let refs = branches.into_iter().chain(tags).filter(|(other, _)| other != name);
        let tips = refs.map(|(_, value)| peel(&self.backend, Some(value)));
        let tips = tips.chain([Ok(self.seen.tip)]).collect::<Result<Vec<_>, _>>()?;
        for commit in Ancestors::new(self.backend.clone(), tips.into_iter().flatten())? {
            if commit?.0 == tip {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
