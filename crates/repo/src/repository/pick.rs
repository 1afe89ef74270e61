//! Making the changes of another commit again, or taking them back.

use super::Repository;
use super::merge::{Applied, Changes, Strategy};
use crate::adjust::{Adjust, RefuseTables};
use crate::backend::Backend;
use crate::commit::{Commit, Maps};
use crate::error::RepoError;
use crate::id::CommitId;
use crate::operation::OperationKind;

/// What a cherry-pick or a revert did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PickOutcome {
    /// A commit was made.
    Committed(CommitId),
    /// This many conflicts were recorded; resolve them, then continue or abort.
    Conflicts(u64),
}

impl<B: Backend> Repository<B> {
    /// Makes the changes of another commit again, on top of what is checked out.
    ///
    /// `mainline` chooses the parent, from 1 on, that the changes of a merge commit are told from.
    ///
    /// # Errors
    /// [`RepoError::NothingToCommit`] if the changes are there already; uncommitted changes or an
    /// operation under way; a merge commit without a choice of parent; both sides changed tables; someone
    /// else moved the head (retryable); or the backend fails.
    pub fn cherry_pick(
        &mut self,
        id: &CommitId,
        mainline: Option<usize>,
        strategy: Strategy<'_>,
    ) -> Result<PickOutcome, RepoError> {
        self.cherry_pick_adjusted(id, mainline, strategy, &mut RefuseTables)
    }

    /// As [`cherry_pick`](Self::cherry_pick), with an adjuster that merges the maps that it owns.
    ///
    /// # Errors
    /// As [`cherry_pick`](Self::cherry_pick), or the adjuster fails.
    pub fn cherry_pick_adjusted(
        &mut self,
        id: &CommitId,
        mainline: Option<usize>,
        strategy: Strategy<'_>,
        adjust: &mut dyn Adjust,
    ) -> Result<PickOutcome, RepoError> {
        self.require_no_operation()?;
        self.require_clean()?;
        let commit = self.read_commit(id)?;
        let changes = Changes {
            kind: OperationKind::CherryPick,
            other: *id,
            base: &self.parent_maps(id, &commit, mainline)?,
            ours_descends: self.descends_from(parent_of(id, &commit, mainline)?)?,
            theirs_descends: true,
            theirs: &commit.maps,
            message: commit.message.clone(),
            author: commit.author.clone(),
        };
        self.make(changes, strategy, adjust).map(PickOutcome::from)
    }

    /// Takes the changes of a commit back, in a new commit on top of what is checked out.
    ///
    /// `mainline` as in [`cherry_pick`](Self::cherry_pick).
    ///
    /// # Errors
    /// As [`cherry_pick`](Self::cherry_pick).
    pub fn revert(
        &mut self,
        id: &CommitId,
        mainline: Option<usize>,
        strategy: Strategy<'_>,
    ) -> Result<PickOutcome, RepoError> {
        self.revert_adjusted(id, mainline, strategy, &mut RefuseTables)
    }

    /// As [`revert`](Self::revert), with an adjuster that merges the maps that it owns.
    ///
    /// # Errors
    /// As [`revert`](Self::revert), or the adjuster fails.
    pub fn revert_adjusted(
        &mut self,
        id: &CommitId,
        mainline: Option<usize>,
        strategy: Strategy<'_>,
        adjust: &mut dyn Adjust,
    ) -> Result<PickOutcome, RepoError> {
        self.require_no_operation()?;
        self.require_clean()?;
        let commit = self.read_commit(id)?;
        let changes = Changes {
            kind: OperationKind::Revert,
            other: *id,
            base: &commit.maps,
            ours_descends: self.descends_from(Some(*id))?,
            theirs_descends: true,
            theirs: &self.parent_maps(id, &commit, mainline)?,
            message: format!("Revert \"{}\"\n\nThis reverts commit {id}.", commit.title()),
            author: self.identity()?,
        };
        self.make(changes, strategy, adjust).map(PickOutcome::from)
    }

    /// The content that the changes of a commit are told from: that of its parent.
    pub(super) fn parent_maps(
        &self,
        id: &CommitId,
        commit: &Commit,
        mainline: Option<usize>,
    ) -> Result<Maps, RepoError> {
        match parent_of(id, commit, mainline)? {
            None => Ok(Maps::new()),
            Some(parent) => Ok(self.read_commit(&parent)?.maps),
        }
    }

    /// Whether what is checked out was made from a commit; all is made from nothing.
    fn descends_from(&self, base: Option<CommitId>) -> Result<bool, RepoError> {
        match (self.seen.tip, base) {
            (Some(tip), Some(base)) => Ok(self.merge_bases(tip, base)?.contains(&base)),
            (_, base) => Ok(base.is_none()),
        }
    }
}

/// The parent that the changes of a commit are told from, if it has one.
fn parent_of(
    id: &CommitId,
    commit: &Commit,
    mainline: Option<usize>,
) -> Result<Option<CommitId>, RepoError> {
    let parent = match (&commit.parents[..], mainline) {
        ([], None) => return Ok(None),
        ([only], None) => Some(only),
        (parents, Some(n)) => n.checked_sub(1).and_then(|n| parents.get(n)),
        (_, None) => None,
    };
    let parents = commit.parents.len();
    parent.copied().map(Some).ok_or(RepoError::Mainline { id: *id, parents })
}

impl From<Applied> for PickOutcome {
    fn from(applied: Applied) -> Self {
        match applied {
            Applied::Committed(id) => Self::Committed(id),
            Applied::Conflicts(count) => Self::Conflicts(count),
        }
    }
}
