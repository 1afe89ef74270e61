//! Merging another commit into what is checked out.

use prollytree_tree::{Conflict, Resolution, Side};

use super::{Repository, Transition};
use crate::adjust::{Adjust, RefuseTables, Versions};
use crate::backend::Backend;
use crate::commit::Maps;
use crate::error::RepoError;
use crate::graph;
use crate::id::CommitId;
use crate::identity::Identity;
use crate::merge::{ConflictResolver, MergedMaps, merge_maps};
use crate::name::{MapName, RefName};
use crate::operation::{Operation, OperationKind};

/// How deep bases are merged with bases of their own; below, the oldest stands for all.
const MAX_BASE_DEPTH: u32 = 16;

/// Whether a merge may just move the branch forward.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FastForward {
    /// Where possible.
    #[default]
    Allow,
    /// Never: a merge always makes a commit.
    Never,
    /// Only: what cannot be done by a move is refused.
    Only,
}

/// What is done about conflicts: keys that both sides changed, each to something else.
#[derive(Default)]
pub enum Strategy<'r> {
    /// Records them, to be resolved, and the operation then continued or aborted.
    #[default]
    Record,
    /// Keeps what is checked out.
    Ours,
    /// Takes what is merged in.
    Theirs,
    /// Asks; what is answered by [`Resolution::Conflict`] is recorded.
    Ask(&'r mut ConflictResolver<'r>),
}

/// How a merge is made.
#[derive(Default)]
pub struct MergeOptions<'r> {
    /// The message of the merge commit, if it is not to be `Merge branch 'name'`.
    pub message: Option<String>,
    /// Whether the branch may just move forward.
    pub fast_forward: FastForward,
    /// What is done about conflicts.
    pub strategy: Strategy<'r>,
    /// Merges even if the two have no common ancestor.
    pub allow_unrelated: bool,
}

/// What a merge did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MergeOutcome {
    /// Nothing: the other commit was merged before.
    AlreadyUpToDate,
    /// The branch moved forward to this commit.
    FastForward(CommitId),
    /// A merge commit was made.
    Merged(CommitId),
    /// This many conflicts were recorded; resolve them, then continue or abort.
    Conflicts(u64),
}

/// Changes that are to be made on top of what is checked out.
pub(super) struct Changes<'a> {
    pub(super) kind: OperationKind,
    pub(super) other: CommitId,
    pub(super) base: &'a Maps,
    /// As in [`Versions`].
    pub(super) ours_descends: bool,
    pub(super) theirs_descends: bool,
    pub(super) theirs: &'a Maps,
    pub(super) message: String,
    pub(super) author: Identity,
}

/// What making changes led to.
pub(super) enum Applied {
    Committed(CommitId),
    Conflicts(u64),
}

impl<B: Backend> Repository<B> {
    /// Merges a revision into what is checked out.
    ///
    /// Where there are several best common ancestors (the branches were merged crosswise before), they
    /// are merged with each other first, oldest first, and the result is the base; keys on which they
    /// conflict have there the value of their own base.
    ///
    /// # Errors
    /// Uncommitted changes or an operation under way, a revision that names nothing, unrelated
    /// histories, both sides changed tables, someone else moved the head (retryable), or the backend
    /// fails.
    pub fn merge(
        &mut self,
        revision: &str,
        options: MergeOptions<'_>,
    ) -> Result<MergeOutcome, RepoError> {
        self.merge_adjusted(revision, options, &mut RefuseTables)
    }

    /// As [`merge`](Self::merge), with an adjuster that merges the maps that it owns.
    ///
    /// # Errors
    /// As [`merge`](Self::merge), or the adjuster fails.
    pub fn merge_adjusted(
        &mut self,
        revision: &str,
        options: MergeOptions<'_>,
        adjust: &mut dyn Adjust,
    ) -> Result<MergeOutcome, RepoError> {
        self.require_no_operation()?;
        self.require_clean()?;
        let theirs = self.resolve(revision)?;
        let Some(ours) = self.seen.tip else {
            return self.fast_forward(revision, theirs);
        };
        let bases = self.merge_bases(ours, theirs)?;
        if bases.contains(&theirs) {
            return Ok(MergeOutcome::AlreadyUpToDate);
        }
        if bases.contains(&ours) && options.fast_forward != FastForward::Never {
            return self.fast_forward(revision, theirs);
        }
        if options.fast_forward == FastForward::Only {
            return Err(RepoError::NotFastForward);
        }
        if bases.is_empty() && !options.allow_unrelated {
            return Err(RepoError::Unrelated(ours, theirs));
        }
        let changes = Changes {
            kind: OperationKind::Merge,
            other: theirs,
            base: &self.base_maps(&bases, 0, adjust)?,
            ours_descends: bases.len() < 2,
            theirs_descends: bases.len() < 2,
            theirs: &self.read_commit(&theirs)?.maps,
            message: options.message.map_or_else(|| self.merge_message(revision), Ok)?,
            author: self.identity()?,
        };
        Ok(match self.make(changes, options.strategy, adjust)? {
            Applied::Committed(id) => MergeOutcome::Merged(id),
            Applied::Conflicts(count) => MergeOutcome::Conflicts(count),
        })
    }

    /// What a merge of `theirs` into `ours` would give, from these bases. Nothing is committed.
    ///
    /// # Errors
    /// Both sides changed tables, a commit is missing or damaged, or the backend fails.
    pub fn preview_merge(
        &self,
        bases: &[CommitId],
        ours: &CommitId,
        theirs: &CommitId,
        resolver: &mut ConflictResolver<'_>,
    ) -> Result<MergedMaps, RepoError> {
        self.preview_merge_adjusted(bases, ours, theirs, resolver, &mut RefuseTables)
    }

    /// As [`preview_merge`](Self::preview_merge), with an adjuster that merges the maps that it owns.
    ///
    /// # Errors
    /// As [`preview_merge`](Self::preview_merge), or the adjuster fails.
    pub fn preview_merge_adjusted(
        &self,
        bases: &[CommitId],
        ours: &CommitId,
        theirs: &CommitId,
        resolver: &mut ConflictResolver<'_>,
        adjust: &mut dyn Adjust,
    ) -> Result<MergedMaps, RepoError> {
        let (base, config) = (self.base_maps(bases, 0, adjust)?, self.options.tree_config);
        let ours = self.read_commit(ours)?.maps;
        let theirs = self.read_commit(theirs)?.maps;
        let (ours_descends, theirs_descends) = (bases.len() < 2, bases.len() < 2);
        let versions = Versions {
            ours_descends,
            theirs_descends,
            ..Versions::descending(&base, &ours, &theirs)
        };
        merge_maps(&self.backend, config, versions, resolver, adjust)
    }

    /// The best common ancestors of two commits, oldest first; none if their histories are unrelated.
    ///
    /// # Errors
    /// A commit is missing or damaged, or the backend fails.
    pub fn merge_bases(
        &self,
        ours: CommitId,
        theirs: CommitId,
    ) -> Result<Vec<CommitId>, RepoError> {
        graph::merge_bases(&self.backend, ours, theirs)
    }

    fn fast_forward(&mut self, revision: &str, to: CommitId) -> Result<MergeOutcome, RepoError> {
        let maps = self.read_commit(&to)?.maps;
        self.advance(to, maps, &format!("merge {revision}: fast-forward"))?;
        Ok(MergeOutcome::FastForward(to))
    }

    fn merge_message(&self, revision: &str) -> Result<String, RepoError> {
        let branch = RefName::branch(revision).ok();
        let is_branch = match &branch {
            Some(name) => self.backend.read_ref(name)?.is_some(),
            None => false,
        };
        let kind = if is_branch { "branch" } else { "commit" };
        Ok(format!("Merge {kind} '{revision}'"))
    }

    /// The content that a merge starts from: that of the base, or of all bases merged.
    pub(super) fn base_maps(
        &self,
        bases: &[CommitId],
        depth: u32,
        adjust: &mut dyn Adjust,
    ) -> Result<Maps, RepoError> {
        let Some((first, rest)) = bases.split_first() else { return Ok(Maps::new()) };
        let mut merged = self.read_commit(first)?.maps;
        if depth == MAX_BASE_DEPTH {
            return Ok(merged);
        }
        let mut last = *first;
        for next in rest {
            let bases = self.merge_bases(last, *next)?;
            let base = self.base_maps(&bases, depth + 1, adjust)?;
            // What was merged above is no commit.
            let descends = bases.len() < 2 && last == *first;
            let mut keep_base = |_: &MapName, conflict: &Conflict| match &conflict.base {
                Some(value) => Resolution::Value(value.clone()),
                None => Resolution::Delete,
            };
            let theirs = self.read_commit(next)?.maps;
            let config = self.options.tree_config;
            let backend = &self.backend;
            let versions = Versions {
                ours_descends: descends,
                theirs_descends: bases.len() < 2,
                for_base: true,
                ..Versions::descending(&base, &merged, &theirs)
            };
            merged = merge_maps(backend, config, versions, &mut keep_base, adjust)?.maps;
            last = *next;
        }
        Ok(merged)
    }

    /// Makes changes on top of what is checked out, and commits them unless conflicts are left.
    pub(super) fn make(
        &mut self,
        changes: Changes<'_>,
        strategy: Strategy<'_>,
        adjust: &mut dyn Adjust,
    ) -> Result<Applied, RepoError> {
        let Changes { kind, other, base, theirs, message, author, .. } = changes;
        let (ours_descends, theirs_descends) = (changes.ours_descends, changes.theirs_descends);
        let decide = |answer: Resolution| move |_: &MapName, _: &Conflict| answer.clone();
        let (mut record, mut ours, mut their) = (
            decide(Resolution::Conflict),
            decide(Resolution::Take(Side::Ours)),
            decide(Resolution::Take(Side::Theirs)),
        );
        let resolver: &mut ConflictResolver<'_> = match strategy {
            Strategy::Record => &mut record,
            Strategy::Ours => &mut ours,
            Strategy::Theirs => &mut their,
            Strategy::Ask(resolver) => resolver,
        };
        let config = self.options.tree_config;
        let tip_maps = &self.seen.tip_maps;
        let versions = Versions {
            ours_descends,
            theirs_descends,
            ..Versions::descending(base, tip_maps, theirs)
        };
        let mut merged = merge_maps(&self.backend, config, versions, resolver, adjust)?;
        // The adjuster's come behind the others, but are recorded map by map.
        merged.conflicts.sort_by(|(a, x), (b, y)| (a, &x.key).cmp(&(b, &y.key)));
        let what = kind.to_string();
        if merged.conflicts.is_empty() {
            if merged.maps == *tip_maps && kind != OperationKind::Merge {
                return Err(RepoError::NothingToCommit);
            }
            let parents = self.parents(kind, other);
            let id = self.commit_maps(merged.maps, parents, author, message, &what)?;
            return Ok(Applied::Committed(id));
        }
        let count = merged.conflicts.len() as u64;
        let conflicts = self.record_conflicts(merged.conflicts)?;
        let operation = Some(Operation { kind, other, message, author, conflicts });
        self.transition(Transition { maps: merged.maps, operation, ..self.stay() })?;
        Ok(Applied::Conflicts(count))
    }

    /// The parents of the commit that an operation makes.
    pub(super) fn parents(&self, kind: OperationKind, other: CommitId) -> Vec<CommitId> {
        let other = (kind == OperationKind::Merge).then_some(other);
        self.seen.tip.into_iter().chain(other).collect()
    }
}
