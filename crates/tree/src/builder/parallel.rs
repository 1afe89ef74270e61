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
    pub fn from_sorted_parallel<K, V>(
        storage: S,
        config: TreeConfig,
        entries: &[(K, V)],
        threads: NonZeroUsize,
    ) -> Result<Self, TreeError>
    where
        K: AsRef<[u8]> + Sync,
        V: AsRef<[u8]> + Sync,
    {
        let stretch = entries.len().div_ceil(threads.get()).max(MIN_ENTRIES);
        if stretch >= entries.len() {
            let pairs = entries.iter().map(|(key, value)| (key, value));
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
    pub fn from_unsorted<K, V>(
        storage: S,
        config: TreeConfig,
        mut entries: Vec<(K, V)>,
        threads: NonZeroUsize,
    ) -> Result<Self, TreeError>
    where
        K: AsRef<[u8]> + Sync,
        V: AsRef<[u8]> + Sync,
    {
        // The sort is stable, so the last of equal keys is the last that was given.
        entries.sort_by(|(a, _), (b, _)| a.as_ref().cmp(b.as_ref()));
        entries.reverse();
        entries.dedup_by(|(a, _), (b, _)| (*a).as_ref() == (*b).as_ref());
        entries.reverse();
        Self::from_sorted_parallel(storage, config, &entries, threads)
    }
}

fn build<S: NodeStorage, K, V>(
    storage: &S,
    config: &TreeConfig,
    entries: &[(K, V)],
    stretch: usize,
) -> Result<Root, TreeError>
where
    K: AsRef<[u8]> + Sync,
    V: AsRef<[u8]> + Sync,
{
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
fn leaves<S: NodeStorage, K: AsRef<[u8]>, V: AsRef<[u8]>>(
    storage: &S,
    config: &TreeConfig,
    entries: &[(K, V)],
    start: usize,
    stretch: usize,
) -> Result<Vec<Item>, TreeError> {
    let end = entries.len().min(start + stretch);
    let mut chunker = Chunker::new(storage, config, 0);
    let mut last = start.checked_sub(1).map(|i| entries[i].0.as_ref());
    for (position, (key, value)) in entries.iter().enumerate().take(end).skip(start) {
        let key = key.as_ref();
        check_key(key)?;
        if last.is_some_and(|last| last >= key) {
            return Err(TreeError::Unsorted { position });
        }
        last = Some(key);
        chunker.push_sorted(key, &[], &Payload::Value(store_value(storage, value.as_ref())?))?;
    }
    chunker.finish()
}
