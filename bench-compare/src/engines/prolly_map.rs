//! The crate `prolly-map`, with its `MemStore` and its default configuration.
//!
//! The merge row has it twice: its `merge`, and the same merge put together by hand
//! from its `diff`, `get_many` and `batch`, which turned out to be much faster.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use prolly::{
    BatchOp, Config, Diff, KeyProof, MemStore, Mutation, Prolly, SortedBatchBuilder, Store, Tree,
};

use crate::data::{Entry, Key, touch};
use crate::engine::{Engine, Map, Named, Outcome, Root, Scan, Version};
use crate::measure::Budget;
use crate::rows::Row;

/// The engine.
#[derive(Clone, Copy)]
pub(super) enum ProllyMap {
    /// Everything by the operation of that name.
    AsOffered,
    /// The merge by hand, and nothing else.
    MergeByHand,
}

impl Named for ProllyMap {
    fn id(&self) -> &'static str {
        "prolly-map"
    }

    fn title(&self) -> &'static str {
        match self {
            Self::AsOffered => "prolly-map 0.7.2",
            Self::MergeByHand => "prolly-map 0.7.2, by hand",
        }
    }

    fn note(&self, row: Row) -> Option<&'static str> {
        match row {
            Row::Merge if matches!(self, Self::MergeByHand) => Some("`diff`, `get_many`, `batch`"),
            Row::Stream => Some("through its `WriteSession`, which hashes at the flush"),
            Row::Lookup | Row::Scan => Some("one `ReadSession` for the whole round"),
            Row::Merge => Some("its `merge`; its own parts are faster, see by hand"),
            Row::Proof => Some("a proof is the encoded nodes of the path"),
            _ => None,
        }
    }
}

impl Engine for ProllyMap {
    fn takes_part(&self, row: Row) -> bool {
        matches!(self, Self::AsOffered) || row == Row::Merge
    }

    fn empty(&self) -> Outcome<Box<dyn Map>> {
        Ok(Box::new(ProllyMapMap::new(*self, MemStore::new(), |_| None)))
    }

    fn build(&self, sorted: &[Entry]) -> Outcome<Box<dyn Map>> {
        let mut map = ProllyMapMap::new(*self, MemStore::new(), |_| None);
        map.tree = build_tree(&map.store, sorted)?;
        Ok(Box::new(map))
    }

    fn build_counting(&self, sorted: &[Entry]) -> Outcome<Option<Box<dyn Map>>> {
        let mut map =
            ProllyMapMap::new(*self, CountingStore::default(), |store| Some(store.seen().bytes));
        map.tree = build_tree(&map.store, sorted)?;
        Ok(Some(Box::new(map)))
    }
}

/// Builds a tree with the streaming builder, the fastest of the three on offer.
pub(super) fn build_tree<S>(store: &Arc<S>, sorted: &[Entry]) -> Outcome<Tree>
where
    S: Store,
    S::Error: Send + Sync,
{
    let mut builder = SortedBatchBuilder::new(store.clone(), Config::default());
    for entry in sorted {
        builder.add(entry.key.to_vec(), entry.value.to_vec())?;
    }
    Ok(builder.build()?)
}

struct ProllyMapMap<S: Store> {
    engine: ProllyMap,
    store: Arc<S>,
    manager: Prolly<Arc<S>>,
    tree: Tree,
    staged: Vec<Mutation>,
    versions: Vec<Tree>,
    bytes_written: fn(&S) -> Option<u64>,
}

impl<S: Store> ProllyMapMap<S> {
    fn new(engine: ProllyMap, store: S, bytes_written: fn(&S) -> Option<u64>) -> Self {
        let store = Arc::new(store);
        let manager = Prolly::new(store.clone(), Config::default());
        let tree = manager.create();
        Self {
            engine,
            store,
            manager,
            tree,
            staged: Vec::new(),
            versions: Vec::new(),
            bytes_written,
        }
    }

    /// Applies what is staged, by the point operations when it is one change.
    fn flush(&mut self) -> Outcome<()> {
        self.tree = match (self.staged.pop(), self.staged.is_empty()) {
            (None, _) => return Ok(()),
            (Some(Mutation::Upsert { key, val }), true) => {
                self.manager.put(&self.tree, key, val)?
            }
            (Some(Mutation::Delete { key }), true) => self.manager.delete(&self.tree, &key)?,
            (Some(last), _) => {
                self.staged.push(last);
                self.manager.batch(&self.tree, std::mem::take(&mut self.staged))?
            }
        };
        Ok(())
    }

    fn merge_by_hand(&mut self, base: Version, theirs: Version) -> Outcome<Option<usize>> {
        let changes = self.manager.diff(&self.versions[base.0], &self.versions[theirs.0])?;
        let keys: Vec<_> = changes.iter().map(Diff::key).collect();
        let ours = self.manager.get_many(&self.tree, &keys)?;
        let mut mutations = Vec::with_capacity(changes.len());
        for (change, ours) in changes.iter().zip(ours) {
            let (base, theirs) = sides(change);
            if ours.as_ref() == base {
                mutations.push(mutation(change.key(), theirs));
            } else if ours.as_ref() != theirs {
                return Ok(Some(1));
            }
        }
        self.tree = self.manager.batch(&self.tree, mutations)?;
        Ok(Some(0))
    }
}

/// The values of a difference, before and after.
fn sides(change: &Diff) -> (Option<&Vec<u8>>, Option<&Vec<u8>>) {
    match change {
        Diff::Added { val, .. } => (None, Some(val)),
        Diff::Removed { val, .. } => (Some(val), None),
        Diff::Changed { old, new, .. } => (Some(old), Some(new)),
    }
}

fn mutation(key: &[u8], value: Option<&Vec<u8>>) -> Mutation {
    let key = key.to_vec();
    match value {
        Some(value) => Mutation::Upsert { key, val: value.clone() },
        None => Mutation::Delete { key },
    }
}

fn upsert(entry: &Entry) -> Mutation {
    Mutation::Upsert { key: entry.key.to_vec(), val: entry.value.to_vec() }
}

impl<S> Map for ProllyMapMap<S>
where
    S: Store,
    S::Error: Send + Sync,
{
    fn put(&mut self, entry: &Entry) -> Outcome<()> {
        self.staged.push(upsert(entry));
        Ok(())
    }

    fn delete(&mut self, key: &Key) -> Outcome<()> {
        self.staged.push(Mutation::Delete { key: key.to_vec() });
        Ok(())
    }

    fn root(&mut self) -> Outcome<Option<Root>> {
        self.flush()?;
        Ok(self.tree.root.as_ref().map(|cid| cid.0))
    }

    fn put_batch(&mut self, entries: &[Entry]) -> Outcome<()> {
        self.tree = self.manager.batch(&self.tree, entries.iter().map(upsert).collect())?;
        Ok(())
    }

    fn stream(&mut self, entries: &[Entry], budget: &mut Budget) -> Outcome<usize> {
        let mut session = self.manager.write_session(self.tree.clone(), usize::MAX);
        let mut inserted = 0;
        while inserted < entries.len() && budget.allows() {
            let entry = &entries[inserted];
            session.put(entry.key.to_vec(), entry.value.to_vec())?;
            inserted += 1;
        }
        self.tree = session.flush()?;
        Ok(inserted)
    }

    fn get(&self, key: &Key) -> Outcome<u64> {
        Ok(self.manager.get_with(&self.tree, key, touch)?.unwrap_or(0))
    }

    fn get_all(&self, keys: &[Key]) -> Outcome<u64> {
        let mut session = self.manager.read(&self.tree)?;
        let mut sum = 0u64;
        for key in keys {
            sum = sum.wrapping_add(session.get_with(key, touch)?.unwrap_or(0));
        }
        Ok(sum)
    }

    fn scan(&self) -> Outcome<Scan> {
        let mut scan = Scan::default();
        let mut session = self.manager.read(&self.tree)?;
        session.scan_range(&[], None, |entry| scan.add(entry.key(), entry.value()))?;
        Ok(scan)
    }

    fn snapshot(&mut self) -> Outcome<Version> {
        self.versions.push(self.tree.clone());
        Ok(Version(self.versions.len() - 1))
    }

    fn checkout(&mut self, version: Version) -> Outcome<()> {
        self.tree = self.versions[version.0].clone();
        Ok(())
    }

    fn forget(&mut self, keep: usize) {
        self.versions.truncate(keep);
    }

    fn reopen(&mut self) -> Outcome<()> {
        self.manager = Prolly::new(self.store.clone(), Config::default());
        Ok(())
    }

    fn diff(&mut self, from: Version, to: Version) -> Outcome<Option<usize>> {
        Ok(Some(self.manager.diff(&self.versions[from.0], &self.versions[to.0])?.len()))
    }

    fn merge(&mut self, base: Version, theirs: Version) -> Outcome<Option<usize>> {
        if matches!(self.engine, ProllyMap::MergeByHand) {
            return self.merge_by_hand(base, theirs);
        }
        let (base, theirs) = (&self.versions[base.0], &self.versions[theirs.0]);
        self.tree = self.manager.merge(base, &self.tree, theirs, None)?;
        Ok(Some(0))
    }

    fn prove(&self, key: &Key) -> Outcome<Option<Vec<u8>>> {
        Ok(Some(self.manager.prove_key(&self.tree, key)?.to_bundle_bytes()?))
    }

    fn verify(&self, proof: &[u8], root: &Root, entry: &Entry) -> Outcome<bool> {
        let checked = KeyProof::from_bundle_bytes(proof)?.verify();
        Ok(checked.valid
            && checked.root.is_some_and(|cid| cid.0 == *root)
            && checked.key == entry.key
            && checked.value.as_deref() == Some(entry.value.as_slice()))
    }

    fn node_bytes_written(&self) -> Option<u64> {
        (self.bytes_written)(&self.store)
    }
}

/// A `MemStore` that counts the bytes of the distinct nodes it is given.
#[derive(Default)]
struct CountingStore {
    nodes: MemStore,
    seen: Mutex<Seen>,
}

#[derive(Default)]
struct Seen {
    keys: HashSet<Vec<u8>>,
    bytes: u64,
}

impl CountingStore {
    fn seen(&self) -> std::sync::MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn count(&self, key: &[u8], value: &[u8]) {
        let mut seen = self.seen();
        if seen.keys.insert(key.to_vec()) {
            seen.bytes += value.len() as u64;
        }
    }
}

impl Store for CountingStore {
    type Error = <MemStore as Store>::Error;

    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, Self::Error> {
        self.nodes.get(key)
    }

    fn put(&self, key: &[u8], value: &[u8]) -> Result<(), Self::Error> {
        self.count(key, value);
        self.nodes.put(key, value)
    }

    fn delete(&self, key: &[u8]) -> Result<(), Self::Error> {
        self.nodes.delete(key)
    }

    fn batch(&self, ops: &[BatchOp]) -> Result<(), Self::Error> {
        for op in ops {
            if let BatchOp::Upsert { key, value } = op {
                self.count(key, value);
            }
        }
        self.nodes.batch(ops)
    }
}
