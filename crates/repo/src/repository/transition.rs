//! The refs that a handle depends on: how it sees them, and the one way in which it changes them.

use prollytree_tree::{Hash, TreeConfig};

use super::{Head, OPERATION, Repository, WORKING, commit_maps, read_state};
use crate::adjust::{KeyByKey, Versions};
use crate::backend::{Backend, BackendError, RefUpdate, RefValue, need_record, write_record};
use crate::commit::Maps;
use crate::error::RepoError;
use crate::id::CommitId;
use crate::log::peel;
use crate::merge::{merge_maps, ours_win};
use crate::name::RefName;
use crate::operation::Operation;
use crate::working::WorkingRecord;

/// The refs as this handle saw them last.
pub(super) struct Seen {
    pub(super) head: Head,
    pub(super) tip: Option<CommitId>,
    pub(super) tip_maps: Maps,
    /// The working state: a record, unless it is as the tip.
    pub(super) working: Option<Hash>,
    pub(super) operation: Option<(Hash, Operation)>,
}

/// What an operation changes, all in one step.
pub(super) struct Transition<'a> {
    pub(super) head: Head,
    pub(super) tip: Option<CommitId>,
    /// What the working state becomes.
    pub(super) maps: Maps,
    pub(super) operation: Option<Operation>,
    /// What the logs say.
    pub(super) why: &'a str,
}

impl<B: Backend> Repository<B> {
    /// Whether nobody else moved what this handle depends on since it looked last: the head, the
    /// branch, what was saved. Reads refs only, so it is much cheaper than
    /// [`refresh`](Self::refresh).
    ///
    /// # Errors
    /// The backend fails or is damaged.
    pub fn is_current(&self) -> Result<bool, RepoError> {
        let Glance { head, tip, working, operation } = Glance::read(&self.backend)?;
        let seen = &self.seen;
        Ok(head == seen.head
            && tip == seen.tip
            && working == seen.working
            && operation == seen.operation.as_ref().map(|(id, _)| *id))
    }

    /// The transition that changes nothing.
    pub(super) fn stay(&self) -> Transition<'static> {
        Transition {
            head: self.seen.head.clone(),
            tip: self.seen.tip,
            maps: self.seen.tip_maps.clone(),
            operation: self.operation().cloned(),
            why: "",
        }
    }

    /// The one way in which the head, the working state and the operation change: together.
    pub(super) fn transition(&mut self, to: Transition<'_>) -> Result<(), RepoError> {
        let tip_maps = match to.tip {
            tip if tip == self.seen.tip => self.seen.tip_maps.clone(),
            Some(tip) => self.read_commit(&tip)?.maps,
            None => Maps::new(),
        };
        let working = if to.maps == tip_maps {
            None
        } else {
            let record = WorkingRecord { base: to.tip, maps: to.maps.clone() };
            Some(write_record(&self.backend, record.encode())?)
        };
        let operation = match to.operation {
            Some(operation) => Some((write_record(&self.backend, operation.encode())?, operation)),
            None => None,
        };
        let next = Seen { head: to.head, tip: to.tip, tip_maps, working, operation };
        self.move_refs(&self.backend, &self.updates(&next), to.why)?;
        self.seen = next;
        self.working.replace(to.maps);
        Ok(())
    }

    /// The ref updates from what this handle saw to something else.
    fn updates(&self, next: &Seen) -> Vec<RefUpdate> {
        let record = |id: Option<Hash>| id.map(RefValue::Record);
        let mut updates = vec![
            RefUpdate {
                name: RefName::head(),
                expected: Some(self.seen.head.value()),
                new: Some(next.head.value()),
            },
            RefUpdate {
                name: RefName::state(WORKING),
                expected: record(self.seen.working),
                new: record(next.working),
            },
            RefUpdate {
                name: RefName::state(OPERATION),
                expected: record(self.seen.operation.as_ref().map(|(id, _)| *id)),
                new: record(next.operation.as_ref().map(|(id, _)| *id)),
            },
        ];
        let commit = |id: Option<CommitId>| id.map(RefValue::Commit);
        match (&self.seen.head, &next.head) {
            (Head::Branch(old), Head::Branch(new)) if old == new => updates.push(RefUpdate {
                name: new.clone(),
                expected: commit(self.seen.tip),
                new: commit(next.tip),
            }),
            // A checkout demands that the branch stays where it was seen.
            (_, Head::Branch(new)) => updates.push(RefUpdate {
                name: new.clone(),
                expected: commit(next.tip),
                new: commit(next.tip),
            }),
            (_, Head::Detached(_)) => {}
        }
        updates
    }

    /// Moves refs, and tells a lost race from other failures.
    pub(super) fn move_refs(
        &self,
        backend: &B,
        updates: &[RefUpdate],
        why: &str,
    ) -> Result<(), RepoError> {
        match backend.move_refs(updates, &self.reason(why)?) {
            Err(BackendError::Conflict { name, current }) if name.is_logged() => {
                let expected = updates.iter().find(|update| update.name == name);
                let expected = expected.and_then(|update| update.expected.clone());
                let (expected, found) = (peel(backend, expected)?, peel(backend, current)?);
                Err(RepoError::HeadMoved { name, expected, found })
            }
            Err(BackendError::Conflict { .. }) => Err(RepoError::WorkingMoved),
            result => Ok(result?),
        }
    }
}

/// What the refs say, all at one time.
#[derive(PartialEq, Eq)]
struct Glance {
    head: Head,
    tip: Option<CommitId>,
    working: Option<Hash>,
    operation: Option<Hash>,
}

impl Glance {
    fn read<B: Backend>(backend: &B) -> Result<Self, RepoError> {
        let head = match backend.read_ref(&RefName::head())? {
            None => return Err(RepoError::NotARepository),
            Some(RefValue::Symbolic(name)) => Head::Branch(name),
            Some(RefValue::Commit(id)) => Head::Detached(id),
            Some(_) => return Err(BackendError::BadRef { name: "HEAD".to_owned() }.into()),
        };
        Ok(Self {
            tip: peel(backend, Some(head.value()))?,
            head,
            working: read_state(backend, WORKING)?,
            operation: read_state(backend, OPERATION)?,
        })
    }

    /// Reads until nobody changed a ref between two looks at it.
    fn take<B: Backend>(backend: &B) -> Result<Self, RepoError> {
        let mut glance = Self::read(backend)?;
        loop {
            let again = Self::read(backend)?;
            if again == glance {
                return Ok(glance);
            }
            glance = again;
        }
    }
}

/// Reads the refs, and the working state as it continues the tip.
pub(super) fn look<B: Backend>(backend: &B, config: TreeConfig) -> Result<(Seen, Maps), RepoError> {
    let Glance { head, tip, working, operation } = Glance::take(backend)?;
    let tip_maps = commit_maps(backend, tip)?;
    let operation = match operation {
        Some(id) => Some((id, need_record(backend, &id, Operation::decode)?)),
        None => None,
    };
    let saved = match working {
        Some(id) => Some(need_record(backend, &id, WorkingRecord::decode)?),
        None => None,
    };
    let maps = match saved {
        None => tip_maps.clone(),
        Some(saved) if saved.base == tip => saved.maps,
        // Someone moved the branch under saved changes: they continue the new tip.
        Some(saved) => {
            let base = commit_maps(backend, saved.base)?;
            let versions = Versions::descending(&base, &saved.maps, &tip_maps);
            merge_maps(backend, config, versions, &mut ours_win, &mut KeyByKey)?.maps
        }
    };
    Ok((Seen { head, tip, tip_maps, working, operation }, maps))
}
