//! What every [`NodeStorage`] must do, as a suite that any implementation can run.
//!
//! ```
//! use prollytree_store::conformance;
//! use prollytree_tree::InMemoryNodeStorage;
//!
//! conformance::check(InMemoryNodeStorage::<32>::new);
//! ```

#![expect(clippy::expect_used, reason = "a test suite: it fails by panicking")]

use std::thread;

use prollytree_tree::{
    Hash, InMemoryNodeStorage, Locator, Node, NodeStorage, ObjectKind, Snapshot, TreeConfig, Value,
};

const OBJECT_KINDS: [ObjectKind; 3] =
    [ObjectKind::Chunk, ObjectKind::ChunkList, ObjectKind::Record];

/// Runs the suite on empty storages.
///
/// # Panics
/// If an implementation does not keep the contract of [`NodeStorage`].
pub fn check<S: NodeStorage + Clone>(empty: impl Fn() -> S) {
    absent_objects_are_none(&empty());
    objects_are_read_as_written(&empty());
    nodes_are_read_whatever_the_locator(&empty());
    trees_have_the_roots_and_entries_of_trees_in_memory(&empty());
    threads_share_a_storage(&empty());
}

/// An object of any kind that was never written is `None`, and no error.
fn absent_objects_are_none<S: NodeStorage>(storage: &S) {
    let absent = Hash::from_bytes([7; 32]);
    for at in [Locator::NONE, Locator(0), Locator(1 << 40)] {
        let node = storage.read_node(&absent, at).expect("absence is no error");
        assert!(node.is_none(), "a node that was never written");
    }
    for kind in OBJECT_KINDS {
        let object = storage.read_object(kind, &absent).expect("absence is no error");
        assert!(object.is_none(), "a {kind} that was never written");
    }
}

/// What is written is there at once, under its own kind only, however often it is written.
fn objects_are_read_as_written<S: NodeStorage>(storage: &S) {
    let contents = [Vec::new(), vec![0], b"some bytes".to_vec(), vec![0xab; 300_000]];
    for kind in OBJECT_KINDS {
        for bytes in &contents {
            let hash = name(kind, bytes);
            for _ in 0..2 {
                storage.write_object(kind, &hash, bytes).expect("a write");
                let read = storage.read_object(kind, &hash).expect("a read");
                assert_eq!(read.as_deref(), Some(&bytes[..]), "a {kind} as it was written");
            }
            for other in OBJECT_KINDS.into_iter().filter(|other| *other > kind) {
                let read = storage.read_object(other, &hash).expect("a read");
                assert!(read.is_none(), "a {kind} read as a {other}");
            }
        }
    }
}

/// A node is found by its hash, with the locator that the write gave, with none, with another
/// node's, and with nonsense; and so are its children, with the locators that it carries.
fn nodes_are_read_whatever_the_locator<S: NodeStorage + Clone>(storage: &S) {
    let tree = tree(storage, 0..500);
    let root = storage.read_node(&tree.root(), Locator::NONE).expect("a read").expect("the root");
    let children: Vec<_> = root.children().collect();
    assert!(children.len() > 1, "an inner root");
    for (i, child) in children.iter().enumerate() {
        let other = children[(i + 1) % children.len()].locator;
        for at in
            [child.locator, Locator::NONE, other, Locator(0), Locator(12_345), Locator(1 << 60)]
        {
            let node = storage.read_node(&child.hash, at).expect("a read").expect("a child");
            assert_eq!(node.hash(), child.hash, "a child as it was written");
        }
        let written = storage.read_node(&child.hash, child.locator).expect("a read");
        let written = written.expect("a child");
        let copy = Node::decode(written.bytes()).expect("a stored node");
        let at = storage.write_node(&child.hash, copy).expect("a second write");
        assert!(storage.read_node(&child.hash, at).expect("a read").is_some());
    }
}

/// Trees built here and there, changed here and there, are the same.
fn trees_have_the_roots_and_entries_of_trees_in_memory<S: NodeStorage + Clone>(storage: &S) {
    let memory = InMemoryNodeStorage::<32>::new();
    let (here, there) = (tree(storage, 0..3000), tree(&memory, 0..3000));
    assert_eq!(here.root(), there.root(), "equal trees have equal roots");
    let edits = || (0..3000).step_by(7).map(|i| (key(i), (i % 2 == 0).then(|| value(i + 1))));
    let here = here.apply(edits()).expect("edits");
    let there = there.apply(edits()).expect("edits");
    assert_eq!(here.root(), there.root(), "equal trees have equal roots");
    let again = Snapshot::open(storage.clone(), small(), here.root()).expect("the root is stored");
    for i in 0..3000 {
        let (found, expected) = (again.get(&key(i)), there.get(&key(i)));
        assert_eq!(found.expect("a read"), expected.expect("a read"), "key {i}");
    }
}

/// Threads write and read at once, and each reads what it wrote.
fn threads_share_a_storage<S: NodeStorage + Clone>(storage: &S) {
    thread::scope(|scope| {
        for i in 0..4 {
            scope.spawn(move || {
                let tree = tree(storage, i * 100..i * 100 + 300);
                for i in i * 100..i * 100 + 300 {
                    assert!(tree.get(&key(i)).expect("a read").is_some(), "key {i}");
                }
            });
        }
    });
}

fn name(kind: ObjectKind, bytes: &[u8]) -> Hash {
    kind.hash(bytes).expect("every kind but a node is named by its bytes")
}

/// Small nodes, so that few entries make a deep tree.
fn small() -> TreeConfig {
    TreeConfig::default().with_targets(256, 256).expect("valid targets")
}

fn key(i: u32) -> Vec<u8> {
    format!("key {i:08}").into_bytes()
}

/// Every hundredth value is large enough to be stored out of line.
fn value(i: u32) -> Value {
    let len = if i.is_multiple_of(100) { 20_000 } else { i as usize % 50 };
    Value::Inline(vec![i as u8; len])
}

fn tree<S: NodeStorage + Clone>(storage: &S, range: std::ops::Range<u32>) -> Snapshot<S> {
    let entries = range.map(|i| (key(i), Some(value(i))));
    Snapshot::empty(storage.clone(), small()).apply(entries).expect("a tree is built")
}
