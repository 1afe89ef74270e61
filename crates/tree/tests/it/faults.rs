//! Storages that fail or lie on one call: an error, never a panic, and the next try works.

use std::fmt::Debug;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use prollytree_tree::{
    BlobReader, CollectConflicts, Hash, InMemoryNodeStorage, Locator, Node, NodeStorage,
    ObjectKind, Patch, ProllyTree, Snapshot, Statement, TreeConfig, TreeError, Value, check_tree,
    merge, store_reader,
};

#[derive(Debug, thiserror::Error)]
#[error("call {0} failed")]
struct Injected(usize);

/// What becomes of the chosen call.
#[derive(Clone, Copy, Debug)]
enum Fault {
    Fails,
    /// A read finds nothing.
    Forgets,
    /// A read returns another node, or another object of the kind, of those that were written.
    Returns(usize),
}

#[derive(Clone)]
struct Faulty(Arc<State>);

struct State {
    inner: InMemoryNodeStorage<32>,
    fault: Fault,
    /// Which call the fault hits.
    at: usize,
    calls: AtomicUsize,
    nodes: Mutex<Vec<Node>>,
    objects: Mutex<Vec<(ObjectKind, Arc<[u8]>)>>,
}

impl Faulty {
    fn new(fault: Fault, at: usize) -> Self {
        Self(Arc::new(State {
            inner: InMemoryNodeStorage::new(),
            fault,
            at,
            calls: AtomicUsize::new(0),
            nodes: Mutex::default(),
            objects: Mutex::default(),
        }))
    }

    fn was_hit(&self) -> bool {
        self.0.calls.load(Ordering::Relaxed) > self.0.at
    }

    /// The fault, if it hits this call.
    fn call(&self) -> Result<Option<Fault>, Injected> {
        let State { fault, at, calls, .. } = &*self.0;
        let hits = calls.fetch_add(1, Ordering::Relaxed) == *at;
        match fault {
            Fault::Fails if hits => Err(Injected(*at)),
            fault => Ok(hits.then_some(*fault)),
        }
    }
}

impl NodeStorage for Faulty {
    type Error = Injected;

    fn read_node(&self, hash: &Hash, at: Locator) -> Result<Option<Node>, Injected> {
        match self.call()? {
            Some(Fault::Forgets) => Ok(None),
            Some(Fault::Returns(i)) => {
                let nodes = self.0.nodes.lock().unwrap();
                Ok(nodes.get(i.checked_rem(nodes.len()).unwrap_or(0)).cloned())
            }
            _ => Ok(self.0.inner.read_node(hash, at).unwrap()),
        }
    }

    fn write_node(&self, hash: &Hash, node: Node) -> Result<Locator, Injected> {
        self.call()?;
        self.0.nodes.lock().unwrap().push(node.clone());
        Ok(self.0.inner.write_node(hash, node).unwrap())
    }

    fn read_object(&self, kind: ObjectKind, hash: &Hash) -> Result<Option<Arc<[u8]>>, Injected> {
        match self.call()? {
            Some(Fault::Forgets) => Ok(None),
            Some(Fault::Returns(i)) => {
                let objects = self.0.objects.lock().unwrap();
                let of_kind = objects.iter().filter(|(of, _)| *of == kind).map(|(_, bytes)| bytes);
                Ok(of_kind.cycle().nth(i).cloned())
            }
            _ => Ok(self.0.inner.read_object(kind, hash).unwrap()),
        }
    }

    fn write_object(&self, kind: ObjectKind, hash: &Hash, bytes: &[u8]) -> Result<(), Injected> {
        self.call()?;
        self.0.objects.lock().unwrap().push((kind, bytes.into()));
        self.0.inner.write_object(kind, hash, bytes).unwrap();
        Ok(())
    }
}

/// Runs a step, and once more if it failed as injected; a step that was lied to may fail otherwise.
struct Steps {
    storage: Faulty,
    seen: Vec<String>,
}

impl Steps {
    fn step<T: Debug>(
        &mut self,
        mut step: impl FnMut() -> Result<T, TreeError>,
    ) -> Result<T, TreeError> {
        let result = match (step(), self.storage.0.fault) {
            (Err(error), Fault::Fails) => {
                assert!(matches!(error, TreeError::Storage { .. }), "{error}");
                step()
            }
            (result, _) => result,
        };
        if let Ok(value) = &result {
            self.seen.push(format!("{value:?}"));
        }
        result
    }
}

type Entries = Vec<(Vec<u8>, Vec<u8>)>;

fn config() -> TreeConfig {
    TreeConfig::default().with_targets(128, 128).unwrap()
}

fn entries() -> Entries {
    let large = |i: u32| if i == 30 { vec![5; 300_000] } else { vec![i as u8; i as usize % 7] };
    (0..60u32).map(|i| (i.to_be_bytes().to_vec(), large(i))).collect()
}

fn put(i: u32, value: &[u8]) -> (Vec<u8>, Option<Value>) {
    (i.to_be_bytes().to_vec(), Some(Value::Inline(value.to_vec())))
}

/// Everything that a storage is needed for, each step tried again where it failed.
fn workload(storage: &Faulty) -> Result<Vec<String>, TreeError> {
    let mut steps = Steps { storage: storage.clone(), seen: Vec::new() };
    let base = Mutex::new(None);
    steps.step(|| {
        let tree = Snapshot::from_sorted(storage.clone(), config(), entries())?;
        Ok(base.lock().unwrap().insert(tree).root())
    })?;
    let base = base.into_inner().unwrap().unwrap();
    reads(&mut steps, &base)?;
    let mut versions = Vec::new();
    for i in [3u32, 40] {
        let edits = [put(i, b"changed"), put(i + 20, b"as well")];
        steps.step(|| {
            versions.push(base.apply(edits.clone())?);
            Ok(versions.last().map(Snapshot::root))
        })?;
    }
    let (ours, theirs) = (&versions[0], &versions[1]);
    comparisons(&mut steps, &base, ours, theirs)?;
    buffered(&mut steps, &base)?;
    Ok(steps.seen)
}

fn reads(steps: &mut Steps, tree: &Snapshot<Faulty>) -> Result<(), TreeError> {
    let key = 37u32.to_be_bytes();
    let key = key.as_slice();
    steps.step(|| Ok(Snapshot::open(tree.storage().clone(), config(), tree.root())?.len()))?;
    steps.step(|| tree.get(key))?;
    steps.step(|| tree.contains(key))?;
    steps.step(|| tree.rank(key))?;
    steps.step(|| tree.select(44))?;
    steps.step(|| tree.last())?;
    steps.step(|| tree.range(key..)?.collect::<Result<Entries, _>>())?;
    steps.step(|| {
        tree.prefix(&key[..3])?.rev().map(|entry| Ok(entry?.0)).collect::<Result<Vec<_>, _>>()
    })?;
    steps.step(|| {
        let mut sum = 0;
        tree.for_each(.., |_, value| sum += value.len())?;
        Ok(sum)
    })?;
    steps.step(|| Ok(tree.stats()?.nodes()))?;
    steps.step(|| tree.picture(2))?;
    steps.step(|| check_tree(tree.storage(), &config(), tree.root()))?;
    let mut cursor = tree.cursor().or_else(|_| tree.cursor())?;
    steps.step(|| cursor.seek(key))?;
    while steps.step(|| Ok(cursor.previous()?.map(|entry| entry.key().to_vec())))?.is_some() {}
    while steps.step(|| Ok(cursor.next()?.map(|entry| entry.key().to_vec())))?.is_some() {}
    assert_eq!(cursor.rank(), tree.len(), "every entry was lent once");
    let large = steps.step(|| tree.get_value(&30u32.to_be_bytes()))?;
    if let Some(Value::Blob(blob)) = large {
        let mut reader = BlobReader::new(tree.storage(), blob);
        while let Some(chunk) = steps.step(|| Ok(reader.next_chunk()?.map(|chunk| chunk.len())))? {
            assert!(chunk > 0);
        }
    }
    Ok(())
}

fn comparisons(
    steps: &mut Steps,
    base: &Snapshot<Faulty>,
    ours: &Snapshot<Faulty>,
    theirs: &Snapshot<Faulty>,
) -> Result<(), TreeError> {
    let key = 23u32.to_be_bytes();
    let key = key.as_slice();
    steps.step(|| ours.diff(theirs, ..)?.collect::<Result<Vec<_>, _>>())?;
    steps.step(|| ours.diff(theirs, key..)?.collect::<Result<Vec<_>, _>>())?;
    steps.step(|| ours.sharing_with(theirs))?;
    steps.step(|| {
        let merged = merge(base, ours, theirs, &mut CollectConflicts)?;
        Ok((merged.snapshot.root(), merged.conflicts.len()))
    })?;
    steps.step(|| Patch::between(base, theirs))?;
    steps.step(|| {
        let patch = Patch::between(base, theirs)?.inverted();
        Ok(patch.apply_with(theirs, &mut CollectConflicts)?.root())
    })?;
    steps.step(|| base.prove_key(key))?;
    steps.step(|| base.prove(&Statement::keys([key, b"absent"])))?;
    steps.step(|| base.prove_range(..key))?;
    steps.step(|| ours.prove_diff(theirs, ..))?;
    steps.step(|| Ok(base.delete_range(key..)?.root()))?;
    Ok(())
}

/// Edits that wait are never lost, whatever fails.
fn buffered(steps: &mut Steps, base: &Snapshot<Faulty>) -> Result<(), TreeError> {
    let tree = Mutex::new(ProllyTree::from_snapshot(base.clone()));
    let key = |i: u32| i.to_be_bytes().to_vec();
    steps.step(|| tree.lock().unwrap().try_insert(key(100), vec![9; 70_000]))?;
    steps.step(|| tree.lock().unwrap().try_insert(key(7), b"new".to_vec()))?;
    steps.step(|| tree.lock().unwrap().try_delete(&key(12)))?;
    steps.step(|| tree.lock().unwrap().try_update(key(50), b"newer".to_vec()))?;
    let waiting = tree.lock().unwrap().pending_len();
    steps.step(|| {
        let mut tree = tree.lock().unwrap();
        let flushed = tree.try_root_hash();
        assert_eq!(tree.pending_len(), if flushed.is_ok() { 0 } else { waiting });
        flushed
    })?;
    steps.step(|| tree.lock().unwrap().try_find(&key(100)))?;
    steps.step(|| tree.lock().unwrap().try_insert(key(8), b"kept".to_vec()))?;
    let bounds = key(10)..key(20);
    steps.step(|| {
        tree.lock().unwrap().try_delete_range(bounds.start.as_slice()..bounds.end.as_slice())
    })?;
    steps.step(|| tree.lock().unwrap().try_find(&key(8)))?;
    steps.step(|| tree.lock().unwrap().try_root_hash())?;
    let storage = base.storage();
    let value = steps.step(|| store_reader(storage, &[3; 50_000][..]))?;
    steps.step(|| tree.lock().unwrap().try_insert_value(key(9), value.clone()))?;
    steps.step(|| tree.lock().unwrap().try_root_hash())?;
    Ok(())
}

#[test]
fn every_call_that_fails_is_an_error_and_the_next_try_works() {
    let expected = workload(&Faulty::new(Fault::Fails, usize::MAX)).unwrap();
    for at in 0.. {
        let storage = Faulty::new(Fault::Fails, at);
        let seen = workload(&storage).unwrap();
        assert!(seen == expected, "call {at}: another outcome after a failure");
        if !storage.was_hit() {
            return;
        }
    }
}

#[test]
fn a_storage_that_forgets_is_an_error_and_one_that_lies_no_panic() {
    let honest = Faulty::new(Fault::Fails, usize::MAX);
    let expected = workload(&honest).unwrap();
    let calls = honest.0.calls.load(Ordering::Relaxed);
    for at in 0..calls {
        match workload(&Faulty::new(Fault::Forgets, at)) {
            // A write cannot forget.
            Ok(seen) => assert_eq!(seen, expected, "call {at}"),
            Err(error) => assert!(
                matches!(error, TreeError::MissingNode { .. } | TreeError::MissingObject { .. }),
                "call {at}: {error}"
            ),
        }
        for which in [at % 11, 11 + at % 17] {
            drop(workload(&Faulty::new(Fault::Returns(which), at)));
        }
    }
}

#[test]
fn a_thread_that_fails_fails_the_build() {
    let threads = NonZeroUsize::new(3).unwrap();
    let entries: Vec<_> = (0..13_000u32).map(|i| (i.to_be_bytes(), [7; 9])).collect();
    for at in [0, 5, 20, 40, 60] {
        let storage = Faulty::new(Fault::Fails, at);
        let config = TreeConfig::default();
        let built = Snapshot::from_sorted_parallel(storage.clone(), config, &entries, threads);
        assert_eq!(built.is_err(), storage.was_hit(), "call {at}");
        Snapshot::from_sorted_parallel(storage, config, &entries, threads).unwrap();
    }
}
