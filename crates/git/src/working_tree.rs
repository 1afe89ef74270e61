//! The index and the working tree, after `HEAD` has moved to another commit.

use std::thread;

use gix::hash::ObjectId;
use gix::refs::Target;
use prollytree_repo::{RefName, RefUpdate, RefValue};

use crate::backend::GitBackend;
use crate::error::GitError;
use crate::index_lock;
use crate::sparse::SparseUpdate;

/// A move of `HEAD` from one commit to another.
pub(crate) struct Checkout {
    pub(crate) old: Option<ObjectId>,
    pub(crate) new: ObjectId,
}

/// How the index and the working tree follow.
pub(crate) enum Plan {
    /// By our own hand.
    Sparse(Box<SparseUpdate>),
    /// By `git read-tree`.
    Git(Checkout),
}

impl GitBackend {
    /// Where updates move `HEAD`, if there is a working tree that must follow.
    pub(crate) fn checkout_of(&self, updates: &[RefUpdate]) -> Result<Option<Checkout>, GitError> {
        if self.shared.work_dir.is_none() {
            return Ok(None);
        }
        let commit = |value: &Option<RefValue>| match value {
            Some(RefValue::Commit(id)) => self.object_id(id.as_bytes()),
            _ => None,
        };
        let update = |name: &str| updates.iter().find(|update| update.name.as_str() == name);
        let after = |name: &str| match update(name) {
            Some(update) => Ok(commit(&update.new)),
            None => match RefName::parse(name) {
                Ok(name) => self.tip_of(&name),
                Err(_) => Ok(None),
            },
        };
        let old = self.tip_of(&RefName::head())?;
        let new = match update("HEAD") {
            // A data set in a folder begins where `HEAD` is.
            Some(update) if update.expected.is_none() && !self.owns_repository() => old,
            Some(RefUpdate { new: Some(RefValue::Symbolic(name)), .. }) => after(name.as_str())?,
            Some(update) => commit(&update.new),
            None => match self.target("HEAD")? {
                Some(Target::Symbolic(name)) => after(&name.as_bstr().to_string())?,
                _ => old,
            },
        };
        Ok(new.filter(|new| old.as_ref() != Some(new)).map(|new| Checkout { old, new }))
    }

    /// Demands that the working tree can follow, that nobody changed what is to change, and finds out
    /// how.
    pub(crate) fn plan(&self, checkout: Checkout) -> Result<Plan, GitError> {
        if let Some(sparse) = self.plan_sparse(&checkout)? {
            return Ok(Plan::Sparse(Box::new(sparse)));
        }
        if self.read_tree(&checkout, &["-n"]).is_err() {
            // Git may take a file for changed that was only touched or copied: look again.
            let _tells_what_is_changed = self.ask_git(&["update-index", "-q", "--refresh"]);
            self.read_tree(&checkout, &["-n"])?;
        }
        Ok(Plan::Git(checkout))
    }

    /// Brings the index and the working tree along. What was staged stays staged, what was changed
    /// stays changed.
    pub(crate) fn follow(&self, plan: Plan) -> Result<(), GitError> {
        let (commit, followed) = match plan {
            Plan::Sparse(sparse) => (sparse.commit(), sparse.follow()),
            Plan::Git(checkout) => (checkout.new, self.read_tree(&checkout, &["-u"])),
        };
        followed.map_err(|error| GitError::WorkingTree {
            commit: commit.to_string(),
            source: Box::new(error),
        })
    }

    /// A merge of two trees leaves alone what is the same in both; a merge of one would take what
    /// was staged for a mistake.
    fn read_tree(&self, checkout: &Checkout, mode: &[&str]) -> Result<(), GitError> {
        let empty = ObjectId::empty_tree(self.shared.hash);
        let (old, new) = (checkout.old.unwrap_or(empty).to_string(), checkout.new.to_string());
        let arguments = [&["read-tree", "-m"], mode, &[&old, &new]].concat();
        let mut tries = 0;
        loop {
            match self.ask_git(&arguments) {
                // Editors ask for `git status` all the time, which locks the index for a moment.
                Err(error) if is_locked(&error) && tries < index_lock::TRIES => {
                    tries += index_lock::TRIES / 20;
                    thread::sleep(index_lock::PAUSE * (index_lock::TRIES / 20));
                }
                done => return done.map(drop),
            }
        }
    }
}

/// Whether `git` failed because another program has the index.
fn is_locked(error: &GitError) -> bool {
    let GitError::ProgramFailed { message: Some(message), .. } = error else { return false };
    message.contains("index.lock")
}
