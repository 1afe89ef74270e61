//! Collection of garbage, in bounded steps, beside readers and writers.
//!
//! What the refs and the pins lead to is marked. The segments with the most garbage are chosen, and
//! what is live in them is appended again like any batch; then a new manifest drops them. One
//! invariant makes that safe: whatever the index finds has all that it refers to, but for what no
//! commit ever needed. So what stays in a segment that is kept is marked as live too, garbage or not,
//! and so is all that is appended while the collection runs.

mod copy;
mod finish;
mod mark;

use std::collections::{BTreeSet, HashMap, HashSet};

use prollytree_tree::{Hash, Locator, ObjectKind};

use crate::append::Content;
use crate::dir::File;
use crate::error::StoreError;
use crate::lock::{lock, read};
use crate::options::Durability;
use crate::pin::Needs;
use crate::store::Store;
use crate::tail::Tail;
use crate::vfs::OpenMode;
use crate::view::{Refs, View};

const LOCK_NAME: &str = "COLLECT";

/// Why a tracer cannot tell what something refers to.
pub type TraceError = Box<dyn std::error::Error + Send + Sync>;

/// Knows what refs and objects refer to. What it leaves out is lost.
pub trait Trace {
    /// What the refs refer to.
    ///
    /// # Errors
    /// A value that cannot be read; the collection ends, and drops nothing.
    fn roots(&self, refs: &Refs) -> Result<Vec<(ObjectKind, Hash)>, TraceError>;

    /// What an object refers to: a node to its children and large values, a chunk list to its
    /// parts, a record as the layer above says.
    ///
    /// # Errors
    /// Bytes that cannot be read; the collection ends, and drops nothing.
    fn children(
        &self,
        kind: ObjectKind,
        bytes: &[u8],
    ) -> Result<Vec<(ObjectKind, Hash)>, TraceError>;
}

/// What a step of a collection left to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// More steps are needed.
    More,
    /// The collection is complete.
    Done(Collected),
}

/// What a collection did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Collected {
    /// How many objects were found to be live.
    pub live_objects: u64,
    /// How many of them were copied.
    pub copied_objects: u64,
    /// How many bytes were copied.
    pub copied_bytes: u64,
    /// How many segments were dropped.
    pub dropped_segments: u64,
    /// How many bytes the dropped segments had.
    pub dropped_bytes: u64,
}

/// A collection that is under way. Dropping it abandons it, which does no harm.
///
/// It keeps the names of all that is live in memory, about a hundred bytes each.
pub struct Collection<T> {
    store: Store,
    trace: T,
    /// Holds the lock that keeps other collections away.
    _lock: File,
    phase: Phase,
    /// The segments that may be dropped: ended before the collection began, and not pinned.
    candidates: BTreeSet<u32>,
    /// Those of them that will be.
    victims: BTreeSet<u32>,
    /// What is live, where it lies, and the length of its record.
    live: HashMap<(ObjectKind, Hash), (Locator, u64)>,
    /// What is live and was not traced yet.
    grey: Vec<Grey>,
    /// The kept segments that had ended when they were last looked at: nothing new is in them.
    settled: BTreeSet<u32>,
    /// What is traced of the kept segments that had not.
    traced: HashSet<(u32, u32)>,
    /// Records of kept segments that are to be traced, whether they are live or not.
    kept: Vec<(u32, u32)>,
    /// What is live in the victims.
    to_copy: Vec<(ObjectKind, Hash)>,
    done: Collected,
}

/// An object that is to be kept, and what it refers to with it.
struct Grey {
    kind: ObjectKind,
    hash: Hash,
    /// Whether a ref or a pin leads to it. What only garbage leads to may be missing: what a failed
    /// commit wrote is appended by the next one, though its parts may have been collected meanwhile.
    needed: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// Marking what the refs and pins lead to.
    Mark,
    /// Marking what the kept segments lead to, and copying.
    Copy,
    Done,
}

impl Store {
    /// Begins a collection of what neither refs nor pins lead to.
    ///
    /// What handles of this or another process wrote and did not commit yet stays, or their commit
    /// fails with [`Collected`](StoreError::Collected) and can be done again. A snapshot that is read
    /// while nothing leads to it must be [pinned](Self::pin).
    ///
    /// # Errors
    /// [`Collecting`](StoreError::Collecting) if another collection is running; I/O errors and
    /// damage.
    pub fn collect<T: Trace>(&self, trace: T) -> Result<Collection<T>, StoreError> {
        self.writable()?;
        let dir = &self.shared.dir;
        let collecting = dir.open(LOCK_NAME, OpenMode::CreateMissing)?;
        if !collecting.try_lock()? {
            return Err(StoreError::Collecting { path: dir.path("") });
        }
        let mut tail = lock(&self.shared.tail);
        let _lock = self.lock_store()?;
        self.ready(&mut tail)?;
        finish::remove_leftovers(&tail)?;
        if !tail.full {
            let content = Content { items: &[], refs: Vec::new(), last: true };
            let (view, options) = (&self.shared.view, &self.shared.options);
            tail.append(view, content, Durability::Buffered, options)?;
        }
        let needs = Needs::read(dir)?;
        let view = read(&self.shared.view).clone();
        let mut collection = Collection {
            store: self.clone(),
            trace,
            _lock: collecting,
            phase: Phase::Mark,
            candidates: candidates(&tail, &view, needs.since)?,
            victims: BTreeSet::new(),
            live: HashMap::new(),
            grey: Vec::new(),
            settled: BTreeSet::new(),
            traced: HashSet::new(),
            kept: Vec::new(),
            to_copy: Vec::new(),
            done: Collected::default(),
        };
        collection.find_roots(&view)?;
        Ok(collection)
    }
}

/// The segments that ended at or before a sequence.
fn candidates(tail: &Tail, view: &View, since: u64) -> Result<BTreeSet<u32>, StoreError> {
    let mut found = BTreeSet::new();
    for entry in &tail.manifest.segments {
        let last = match (entry.last, view.segment(entry.number)) {
            (Some((at, _)), Some(segment)) => segment.read_header(at)?.0.sequence,
            _ => tail.sequence,
        };
        if last <= since {
            found.insert(entry.number);
        }
    }
    Ok(found)
}

impl<T: Trace> Collection<T> {
    /// Goes on with the collection, reading and copying about as many bytes as the budget says.
    ///
    /// Writers wait for a part of a step at most, and readers for none.
    ///
    /// # Errors
    /// I/O errors, damage, objects that are missing and those that cannot be traced. Nothing is
    /// dropped then.
    pub fn step(&mut self, budget: u64) -> Result<Progress, StoreError> {
        let mut budget = budget.clamp(1, self.store.shared.options.pending_bytes.max(1));
        let marked = self.phase == Phase::Done || self.mark(&mut budget)?;
        match self.phase {
            Phase::Mark | Phase::Copy if !marked => {}
            Phase::Mark => self.choose_victims()?,
            Phase::Copy if !self.to_copy.is_empty() => self.copy(budget)?,
            Phase::Copy => self.finish(budget)?,
            Phase::Done => {}
        }
        Ok(if self.phase == Phase::Done { Progress::Done(self.done) } else { Progress::More })
    }

    /// Runs the collection to its end in steps of a mebibyte.
    ///
    /// # Errors
    /// Those of [`step`](Self::step).
    pub fn run(mut self) -> Result<Collected, StoreError> {
        const STEP: u64 = 1 << 20;
        loop {
            if let Progress::Done(collected) = self.step(STEP)? {
                return Ok(collected);
            }
        }
    }

    fn view(&self) -> View {
        read(&self.store.shared.view).clone()
    }
}
