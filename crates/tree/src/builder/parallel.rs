//! Builds a tree on several threads.

use std::num::NonZeroUsize;
use std::thread;

use super::check_key;
use crate::blob::store_value;
use crate::chunker::{Chunker, Item};
use crate::config::TreeConfig;
use crate::edit::{Root, grow};
use crate::error::TreeError;
use crate::node::Payload;
use crate::path::load;
use crate::snapshot::Snapshot;
use crate::storage::NodeStorage;

/// Something that has a key and a value, such as a pair of them.
pub trait AsEntry {
    /// The key.
    fn key(&self) -> &[u8];

    /// The value.
    fn value(&self) -> &[u8];
}

impl<K: AsRef<[u8]>, V: AsRef<[u8]>> AsEntry for (K, V) {
    fn key(&self) -> &[u8] {
        self.0.as_ref()
    }

    fn value(&self) -> &[u8] {
        self.1.as_ref()
    }
}

/// Below so many entries a thread, starting threads costs more than they save.
const MIN_ENTRIES: usize = 4096;

impl<S: NodeStorage> Snapshot<S> {
    /// Builds a tree from entries in strictly ascending key order, on up to `threads` threads.
    ///
    /// The leaves are cut and hashed in as many stretches as there are threads, each from an arbitrary
    /// start; where two stretches meet, entries are cut anew until both agree on a boundary. So a few
    /// nodes per thread are written in vain.
    ///
    /// # Errors
    /// Keys out of order or too long, or the storage fails.
    pub fn from_sorted_parallel<E: AsEntry + Sync>(
        storage: S,
        config: TreeConfig,
        entries: &[E],
        threads: NonZeroUsize,
    ) -> Result<Self, TreeError> {
        let stretch = entries.len().div_ceil(threads.get()).max(MIN_ENTRIES);
        if stretch >= entries.len() {
            let pairs = entries.iter().map(|entry| (entry.key(), entry.value()));
            return Self::from_sorted(storage, config, pairs);
        }
        let root = build(&storage, &config, entries, stretch)?;
        Ok(Self { storage, config, root })
    }

    /// Builds a tree from entries in any order, on up to `threads` threads; of entries with equal keys the
    /// last one counts.
    ///
    /// O(entries · log entries) for sorting.
    ///
    /// # Errors
    /// Keys too long, or the storage fails.
    pub fn from_unsorted<E: AsEntry + Sync>(
        storage: S,
        config: TreeConfig,
        mut entries: Vec<E>,
        threads: NonZeroUsize,
    ) -> Result<Self, TreeError> {
        // The sort is stable, so the last of equal keys is the last that was given.
        entries.sort_by(|a, b| a.key().cmp(b.key()));
        entries.reverse();
        entries.dedup_by(|a, b| a.key() == b.key());
        entries.reverse();
        Self::from_sorted_parallel(storage, config, &entries, threads)
    }
}

fn build<S: NodeStorage, E: AsEntry + Sync>(
    storage: &S,
    config: &TreeConfig,
    entries: &[E],
    stretch: usize,
) -> Result<Root, TreeError> {
    let stretches = thread::scope(|scope| {
        let starts: Vec<_> = (0..entries.len()).step_by(stretch).collect();
        let workers = starts.into_iter().map(|start| {
            let work = move || leaves(storage, config, entries, start, stretch);
            // A system that refuses a thread only makes the build slower.
            thread::Builder::new().spawn_scoped(scope, work).map_err(|_refused| start)
        });
        // All are started before the first is waited for.
        let workers: Vec<_> = workers.collect();
        let finish = |worker: Result<thread::ScopedJoinHandle<'_, _>, usize>| match worker {
            Ok(worker) => worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)),
            Err(start) => leaves(storage, config, entries, start, stretch),
        };
        workers.into_iter().map(finish).collect::<Result<Vec<_>, TreeError>>()
    })?;
    let mut chunker = Chunker::new(storage, config, 0);
    for item in stretches.iter().flatten() {
        if !chunker.adopt(item)? {
            let leaf = load(storage, &item.child, 0)?;
            chunker.push_from(&leaf, 0..leaf.len())?;
        }
    }
    grow(storage, config, 0, chunker.finish()?)
}

/// The leaves of one stretch, as if the tree began there.
fn leaves<S: NodeStorage, E: AsEntry>(
    storage: &S,
    config: &TreeConfig,
    entries: &[E],
    start: usize,
    stretch: usize,
) -> Result<Vec<Item>, TreeError> {
    let end = entries.len().min(start + stretch);
    let mut chunker = Chunker::new(storage, config, 0);
    let mut last = start.checked_sub(1).map(|i| entries[i].key());
    for (position, entry) in entries.iter().enumerate().take(end).skip(start) {
        let key = entry.key();
        check_key(key)?;
        if last.is_some_and(|last| last >= key) {
            return Err(TreeError::Unsorted { position });
        }
        last = Some(key);
        chunker.push_sorted(key, &[], &Payload::Value(store_value(storage, entry.value())?))?;
    }
    chunker.finish()
}
