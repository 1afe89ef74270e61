//! Three-way merge.
//!
//! Where only one side left the base, that side's leaves are taken over unread; keys are compared only
//! in ranges that both sides changed. The result is `ours` with edits, so it is canonical as every
//! edited tree is.

use std::cmp::Ordering;
use std::collections::VecDeque;
use std::ops::Bound;

use crate::diff::{Difference, Points};
use crate::divergence::{Divergence, Divergences};
use crate::edit::{Edit, Span, With};
use crate::error::TreeError;
use crate::snapshot::Snapshot;
use crate::storage::NodeStorage;
use crate::value::Value;

/// A key that both sides changed, each to something else. `None` means that the key does not exist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conflict {
    /// The key.
    pub key: Vec<u8>,
    /// Its value in the base.
    pub base: Option<Value>,
    /// Its value on our side.
    pub ours: Option<Value>,
    /// Its value on their side.
    pub theirs: Option<Value>,
}

/// One of the two sides of a merge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The side that the merge goes into.
    Ours,
    /// The side that is merged in.
    Theirs,
}

/// What becomes of a conflict.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Resolution {
    /// The value of one side.
    Take(Side),
    /// Another value.
    Value(Value),
    /// The key is removed.
    Delete,
    /// Left open: reported in [`Merge::conflicts`], and `ours` stays in the tree.
    Conflict,
}

/// A range of keys, the start exclusive, the end inclusive; `None` where it is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyRange<'a> {
    /// The last key before the range.
    pub behind: Option<&'a [u8]>,
    /// The last key of the range.
    pub up_to: Option<&'a [u8]>,
}

/// Decides conflicts.
pub trait Resolver {
    /// Decides one key.
    fn resolve(&mut self, conflict: &Conflict) -> Resolution;

    /// Decides a whole range that both sides changed, without a look at its keys: the range then is
    /// as that side has it, one-sided changes of the other side included. `None`, the default, goes on
    /// key by key.
    fn resolve_range(&mut self, range: KeyRange<'_>) -> Option<Side> {
        _ = range;
        None
    }
}

impl<F: FnMut(&Conflict) -> Resolution> Resolver for F {
    fn resolve(&mut self, conflict: &Conflict) -> Resolution {
        self(conflict)
    }
}

/// Decides every conflict for one side.
impl Resolver for Side {
    fn resolve(&mut self, _conflict: &Conflict) -> Resolution {
        Resolution::Take(*self)
    }
}

/// Leaves every conflict open, to be reported.
#[derive(Clone, Copy, Debug, Default)]
pub struct CollectConflicts;

impl Resolver for CollectConflicts {
    fn resolve(&mut self, _conflict: &Conflict) -> Resolution {
        Resolution::Conflict
    }
}

/// The outcome of a merge.
#[derive(Clone, Debug)]
pub struct Merge<S> {
    /// The merged tree.
    pub snapshot: Snapshot<S>,
    /// The conflicts that the resolver left open, in key order.
    pub conflicts: Vec<Conflict>,
}

/// Merges the changes from `base` to `theirs` into `ours`, all in one storage.
///
/// O(changed nodes), independent of the size of the trees.
///
/// # Errors
/// The trees have different configurations, a node is missing or damaged, or the storage fails.
pub fn merge<S: NodeStorage + Clone>(
    base: &Snapshot<S>,
    ours: &Snapshot<S>,
    theirs: &Snapshot<S>,
    resolver: &mut dyn Resolver,
) -> Result<Merge<S>, TreeError> {
    if base.config != ours.config || base.config != theirs.config {
        return Err(TreeError::ConfigMismatch);
    }
    let done =
        |snapshot: &Snapshot<S>| Ok(Merge { snapshot: snapshot.clone(), conflicts: Vec::new() });
    if base.root() == theirs.root() || ours.root() == theirs.root() {
        return done(ours);
    }
    if base.root() == ours.root() {
        return done(theirs);
    }
    let mut merger = Merger {
        storage: &base.storage,
        ours: OurChanges::new(base, ours)?,
        edits: Vec::new(),
        conflicts: Vec::new(),
        resolver,
    };
    let mut their_runs = divergences(base, theirs)?;
    while let Some(run) = their_runs.next()? {
        merger.merge_run(run)?;
    }
    let root = ours.edited(&merger.edits)?;
    Ok(Merge { snapshot: ours.with_root(root), conflicts: merger.conflicts })
}

fn divergences<'s, S: NodeStorage>(
    base: &'s Snapshot<S>,
    side: &'s Snapshot<S>,
) -> Result<Divergences<'s, S, S>, TreeError> {
    Divergences::new((&base.storage, &base.root), (&side.storage, &side.root), &[])
}

struct Merger<'a, S> {
    storage: &'a S,
    ours: OurChanges<'a, S>,
    /// What `ours` must take over.
    edits: Vec<Edit>,
    conflicts: Vec<Conflict>,
    resolver: &'a mut dyn Resolver,
}

impl<S: NodeStorage> Merger<'_, S> {
    /// Merges one run of leaves that `theirs` changed.
    fn merge_run(&mut self, run: Divergence) -> Result<(), TreeError> {
        let side = if self.ours.touch(&run)? {
            self.resolver.resolve_range(KeyRange {
                behind: run.behind.as_deref(),
                up_to: run.up_to.as_deref(),
            })
        } else {
            Some(Side::Theirs)
        };
        match side {
            Some(Side::Theirs) => self.edits.push(splice(run)),
            Some(Side::Ours) => {}
            None => {
                let mut points = Points::new(self.storage, self.storage, run);
                while let Some(theirs) = points.next()? {
                    self.merge_key(theirs)?;
                }
            }
        }
        Ok(())
    }

    fn merge_key(&mut self, theirs: Difference) -> Result<(), TreeError> {
        let Some(ours) = self.ours.change_of(&theirs.key) else {
            self.edits.push(set(theirs.key, theirs.after));
            return Ok(());
        };
        if ours == theirs.after {
            return Ok(());
        }
        let Difference { key, before: base, after: theirs } = theirs;
        let conflict = Conflict { key, base, ours, theirs };
        match self.resolver.resolve(&conflict) {
            Resolution::Take(Side::Ours) => {}
            Resolution::Take(Side::Theirs) => self.edits.push(set(conflict.key, conflict.theirs)),
            Resolution::Value(value) => {
                let value = crate::blob::normalise(self.storage, value)?;
                self.edits.push(set(conflict.key, Some(value)));
            }
            Resolution::Delete => self.edits.push(set(conflict.key, None)),
            Resolution::Conflict => self.conflicts.push(conflict),
        }
        Ok(())
    }
}

fn set(key: Vec<u8>, value: Option<Value>) -> Edit {
    Edit { span: Span::Key(key), with: value.map_or(With::Nothing, With::Value) }
}

/// Puts their leaves in the place of whatever `ours` has in the range.
fn splice(run: Divergence) -> Edit {
    let start = run.behind.map_or_else(Vec::new, |mut key| {
        key.push(0);
        key
    });
    let end = run.up_to.map_or(Bound::Unbounded, Bound::Included);
    Edit { span: Span::Range(start, end), with: With::Leaves(run.after) }
}

/// What `ours` changed, read only as far as `theirs` meets it.
struct OurChanges<'a, S> {
    storage: &'a S,
    runs: Divergences<'a, S, S>,
    /// The next run, when it was looked at but does not lie before the present run of `theirs`.
    next: Option<Divergence>,
    /// The end of the last run whose keys were read; `None` inside if it ends with the tree.
    read_up_to: Option<Option<Vec<u8>>>,
    /// The changes of the runs that were read, from the present key on.
    changes: VecDeque<Difference>,
}

impl<'a, S: NodeStorage> OurChanges<'a, S> {
    fn new(base: &'a Snapshot<S>, ours: &'a Snapshot<S>) -> Result<Self, TreeError> {
        Ok(Self {
            storage: &base.storage,
            runs: divergences(base, ours)?,
            next: None,
            read_up_to: None,
            changes: VecDeque::new(),
        })
    }

    /// Whether `ours` changed anything in the range of a run; reads the changes if so.
    fn touch(&mut self, theirs: &Divergence) -> Result<bool, TreeError> {
        let mut touched = match (&self.read_up_to, &theirs.behind) {
            (None, _) => false,
            (Some(Some(end)), Some(behind)) => end > behind,
            (Some(_), _) => true,
        };
        loop {
            if self.next.is_none() {
                self.next = self.runs.next()?;
            }
            let Some(ours) = self.next.take() else { return Ok(touched) };
            if ours.lies_before(theirs) {
                continue;
            }
            if theirs.lies_before(&ours) {
                self.next = Some(ours);
                return Ok(touched);
            }
            touched = true;
            self.read_up_to = Some(ours.up_to.clone());
            let mut points = Points::new(self.storage, self.storage, ours);
            while let Some(change) = points.next()? {
                self.changes.push_back(change);
            }
        }
    }

    /// What `ours` changed a key to, if it changed it. Keys must be asked for in ascending order.
    fn change_of(&mut self, key: &[u8]) -> Option<Option<Value>> {
        while let Some(change) = self.changes.front() {
            match change.key.as_slice().cmp(key) {
                Ordering::Less => {
                    self.changes.pop_front();
                }
                Ordering::Equal => return Some(change.after.clone()),
                Ordering::Greater => break,
            }
        }
        None
    }
}
