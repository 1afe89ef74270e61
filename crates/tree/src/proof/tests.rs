//! Trees that nobody should build: what they can and cannot make a proof, a check or a read say.

use super::format::Kind;
use super::prove::Prover;
use super::*;
use crate::check::check_tree;
use crate::config::TreeConfig;
use crate::hash::Hash;
use crate::memory::InMemoryNodeStorage;
use crate::merge::{CollectConflicts, merge};
use crate::node::{Child, MAX_COUNT, Node, Payload, Run};
use crate::storage::Locator;
use crate::value::{Value, ValueRef};

type Storage = InMemoryNodeStorage<32>;

/// Builds trees by hand, whatever they are worth.
struct Forge {
    storage: Storage,
}

/// A child with the key under which its parent files it.
type Filed = (&'static [u8], Child);

impl Forge {
    fn new() -> Self {
        Self { storage: Storage::new() }
    }

    fn leaf(&self, keys: &[&[u8]]) -> Child {
        let mut run = Run::default();
        for key in keys {
            run.push(key, &[], &Payload::Value(ValueRef::Inline(b"value")));
        }
        self.store(run.node(0, keys.len()))
    }

    fn inner(&self, level: u8, children: &[Filed]) -> Child {
        let mut run = Run::default();
        for (key, child) in children {
            run.push(key, &[], &Payload::Child(*child));
        }
        self.store(run.node(level, children.len()))
    }

    fn store(&self, node: Node) -> Child {
        // What is not even a node is refused before it is stored anywhere.
        assert!(Node::decode(node.bytes()).is_ok());
        let (hash, count) = (node.hash(), node.count());
        let Ok(locator) = self.storage.write_node(&hash, node);
        Child { hash, count, natural: false, locator }
    }
}

/// Every tree in the list is refused by the check. No read or proof of it panics or runs for ever,
/// and what can be proved about a key is the same in every proof.
#[test]
fn dishonest_trees_are_refused() {
    for (what, forge, root) in dishonest_trees() {
        let config = TreeConfig::default();
        let checked = check_tree(&forge.storage, &config, root.hash);
        assert!(checked.is_err(), "{what}: {checked:?}");
        let tree = Snapshot::open(forge.storage.clone(), config, root.hash).unwrap();
        let whole = tree.prove_range(..).map(|proof| {
            let shown = verify_range(&root.hash, .., proof.as_bytes());
            shown.map(|entries| entries.into_iter().map(|(key, _)| key).collect::<Vec<_>>())
        });
        for key in [&b""[..], b"a", b"b", b"bb", b"c", b"d", b"e", b"f", b"z"] {
            let _any =
                (tree.get(key), tree.rank(key), tree.range(key..).map(|r| r.take(99).count()));
            let Ok(proof) = tree.prove_key(key) else { continue };
            let shown = verify_key(&root.hash, key, proof.as_bytes());
            if let (Ok(shown), Ok(Ok(keys))) = (shown, &whole) {
                let listed = keys.iter().any(|listed| listed == key);
                assert_eq!(shown != Verified::Absent, listed, "{what}: {key:?}");
            }
        }
    }
}

/// Whoever edits or compares such a tree gets an error or another such tree, but no panic and no
/// endless loop.
#[test]
fn edits_of_dishonest_trees_end() {
    let value = Some(Value::Inline(vec![9; 30]));
    let numbers = (0..500u32).step_by(45).map(|i| i.to_be_bytes().to_vec());
    let letters = [&b""[..], b"a", b"b", b"bb", b"c", b"d", b"e", b"f", b"z"].map(<[u8]>::to_vec);
    let mut keys: Vec<Vec<u8>> = numbers.chain(letters).collect();
    keys.sort();
    let edits = || keys.iter().map(|key| (key.clone(), value.clone()));
    let small = TreeConfig::default().with_targets(64, 64).unwrap();
    for config in [small, TreeConfig::default()] {
        for (_, Forge { storage }, root) in dishonest_trees() {
            let tree = Snapshot::open(storage.clone(), config, root.hash).unwrap();
            for key in &keys {
                let _any = tree.apply([(key.clone(), value.clone())]);
                let _any = tree.apply([(key.clone(), None)]);
                let _any = tree.delete_range(key.as_slice()..);
            }
            let _any = tree.apply(edits());
            let other = Snapshot::from_sorted(storage, config, [("b", "1"), ("e", "2")]).unwrap();
            let edited = other.apply(edits()).unwrap();
            let _any = merge(&other, &tree, &edited, &mut CollectConflicts);
            let _any = merge(&tree, &other, &edited, &mut CollectConflicts);
        }
    }
}

/// Nodes that overlap give keys out of order when they are cut anew.
#[test]
fn overlapping_nodes_are_an_error_when_they_are_edited() {
    let forge = Forge::new();
    let root =
        forge.inner(1, &[(b"aa2", forge.leaf(&[b"aa1", b"b"])), (b"aa4", forge.leaf(&[b"aa3"]))]);
    let tree = Snapshot::open(forge.storage.clone(), TreeConfig::default(), root.hash).unwrap();
    let edited = tree.apply([(b"aa0".to_vec(), Some(Value::Inline(Vec::new())))]);
    assert!(matches!(edited, Err(TreeError::Disorder { level: 0 })), "{edited:?}");
}

/// A tree that claims as many entries as there can be has no room for one more.
#[test]
fn more_entries_than_can_be_counted_are_an_error() {
    let (forge, root) = changed_tree(|children| {
        let last = children.len() - 1;
        let before: u64 = children[..last].iter().map(|(_, child)| child.count).sum();
        children[last].1.count = MAX_COUNT - before;
    });
    let tree = Snapshot::open(forge.storage.clone(), TreeConfig::default(), root.hash).unwrap();
    assert_eq!(tree.len(), MAX_COUNT);
    let edited = tree.apply([(b"\0\0\0\0\0".to_vec(), Some(Value::Inline(Vec::new())))]);
    assert!(matches!(edited, Err(TreeError::TooManyEntries)), "{edited:?}");
}

fn dishonest_trees() -> Vec<(&'static str, Forge, Child)> {
    let mut trees = Vec::new();
    let mut add = |what, build: &dyn Fn(&Forge) -> Child| {
        let forge = Forge::new();
        let root = build(&forge);
        trees.push((what, forge, root));
    };
    add("children in the wrong order", &|f| {
        f.inner(1, &[(b"b", f.leaf(&[b"c", b"d"])), (b"d", f.leaf(&[b"a", b"b"]))])
    });
    add("children that overlap", &|f| {
        f.inner(1, &[(b"c", f.leaf(&[b"a", b"c"])), (b"d", f.leaf(&[b"b", b"d"]))])
    });
    add("the same key in two children", &|f| {
        f.inner(1, &[(b"b", f.leaf(&[b"a", b"b"])), (b"c", f.leaf(&[b"b", b"c"]))])
    });
    add("a child under a greater key", &|f| {
        f.inner(1, &[(b"bb", f.leaf(&[b"a", b"b"])), (b"d", f.leaf(&[b"c", b"d"]))])
    });
    add("a child under a smaller key", &|f| {
        f.inner(1, &[(b"a", f.leaf(&[b"a", b"b"])), (b"d", f.leaf(&[b"c", b"d"]))])
    });
    add("the last child under a greater key", &|f| {
        f.inner(1, &[(b"b", f.leaf(&[b"a", b"b"])), (b"e", f.leaf(&[b"c", b"d"]))])
    });
    add("the last child under a smaller key", &|f| {
        f.inner(1, &[(b"b", f.leaf(&[b"a", b"b"])), (b"c", f.leaf(&[b"c", b"d"]))])
    });
    add("a count too high", &|f| {
        let child = f.leaf(&[b"a", b"b"]);
        f.inner(1, &[(b"b", Child { count: 3, ..child }), (b"d", f.leaf(&[b"c", b"d"]))])
    });
    add("a count too low", &|f| {
        let child = f.leaf(&[b"a", b"b"]);
        f.inner(1, &[(b"b", Child { count: 1, ..child }), (b"d", f.leaf(&[b"c", b"d"]))])
    });
    add("counts that only add up", &|f| {
        let (left, right) = (f.leaf(&[b"a", b"b"]), f.leaf(&[b"c", b"d"]));
        f.inner(1, &[(b"b", Child { count: 1, ..left }), (b"d", Child { count: 3, ..right })])
    });
    add("a level left out", &|f| {
        f.inner(2, &[(b"b", f.leaf(&[b"a", b"b"])), (b"d", f.leaf(&[b"c", b"d"]))])
    });
    add("a level too many", &|f| {
        let child = f.inner(1, &[(b"b", f.leaf(&[b"a", b"b"]))]);
        f.inner(1, &[(b"b", child), (b"d", f.leaf(&[b"c", b"d"]))])
    });
    add("one child shared by two entries", &|f| {
        let shared = f.leaf(&[b"a", b"b"]);
        f.inner(1, &[(b"b", shared), (b"d", shared)])
    });
    add("a tower of shared children", &|f| {
        let mut child = f.leaf(&[b"b"]);
        for level in 1..40 {
            child = f.inner(level, &[(b"a", child), (b"b", child)]);
        }
        child
    });
    add("a tower of single children", &|f| {
        (1..=63).fold(f.leaf(&[b"a", b"b"]), |child, level| f.inner(level, &[(b"b", child)]))
    });
    add("a tower of single children beside a leaf", &|f| {
        let chain = |keys: &[&[u8]], last| {
            (1..9).fold(f.leaf(keys), |child, level| f.inner(level, &[(last, child)]))
        };
        f.inner(9, &[(b"b", chain(&[b"a", b"b"], b"b")), (b"d", chain(&[b"c", b"d"], b"d"))])
    });
    add("a root with one child", &|f| f.inner(1, &[(b"b", f.leaf(&[b"a", b"b"]))]));
    add("leaves cut too early", &|f| {
        f.inner(1, &[(b"b", f.leaf(&[b"a", b"b"])), (b"d", f.leaf(&[b"c", b"d"]))])
    });
    add("a leaf cut too late", &|f| {
        let mut run = Run::default();
        for i in 0..200u32 {
            run.push(&i.to_be_bytes(), &[], &Payload::Value(ValueRef::Inline(&[7; 100])));
        }
        f.store(run.node(0, 200))
    });
    add("a child that is the empty tree", &|f| {
        let empty = f.leaf(&[]);
        f.inner(1, &[(b"b", f.leaf(&[b"a", b"b"])), (b"c", Child { count: 1, ..empty })])
    });
    add("a child that is missing", &|f| {
        let hash = Hash::from_bytes([7; 32]);
        let missing = Child { hash, count: 2, natural: true, locator: Locator::NONE };
        f.inner(1, &[(b"b", f.leaf(&[b"a", b"b"])), (b"d", missing)])
    });
    for (what, change) in changed_children() {
        let (forge, root) = changed_tree(change);
        trees.push((what, forge, root));
    }
    trees
}

type Change = fn(&mut Vec<(Vec<u8>, Child)>);

fn changed_children() -> [(&'static str, Change); 3] {
    [
        ("a natural end denied", |children| {
            let at = children.iter().position(|(_, child)| child.natural).unwrap();
            children[at].1.natural = false;
        }),
        ("a natural end claimed", |children| {
            let last = children.len() - 1;
            children[last].1.natural ^= true;
        }),
        ("two children swapped", |children| {
            let (first, second) = (children[0].1, children[1].1);
            (children[0].1, children[1].1) = (second, first);
        }),
    ]
}

/// An honest tree of two levels, but for a change in its root.
fn changed_tree(change: Change) -> (Forge, Child) {
    let forge = Forge::new();
    let entries = (0..500u32).map(|i| (i.to_be_bytes(), [7u8; 20]));
    let honest =
        Snapshot::from_sorted(forge.storage.clone(), TreeConfig::default(), entries).unwrap();
    assert_eq!(honest.height(), 2);
    check_tree(&forge.storage, honest.config(), honest.root()).unwrap();
    let node = &honest.root.node;
    let mut children: Vec<_> = (0..node.len()).map(|i| (node.key(i), node.child(i))).collect();
    change(&mut children);
    let mut run = Run::default();
    for (key, child) in &children {
        run.push(key, &[], &Payload::Child(*child));
    }
    let root = forge.store(run.node(1, children.len()));
    (forge, root)
}

/// For one root and one key there is one answer, even when the prover lies about where to look.
#[test]
fn a_dishonest_tree_cannot_answer_twice() {
    let forge = Forge::new();
    // "b" lies to the right of the separator "b": no path leads to it.
    let root = forge.inner(1, &[(b"b", forge.leaf(&[b"a"])), (b"d", forge.leaf(&[b"b", b"d"]))]);
    let tree = Snapshot::open(forge.storage.clone(), TreeConfig::default(), root.hash).unwrap();
    assert!(tree.prove_key(b"b").is_err());
    assert!(tree.prove_range(..).is_err());
    // What a prover without scruples would send is refused as well.
    let statement = Statement::key(b"b");
    for shown in [Statement::key(b"b"), Statement::key(b"c"), Statement::range(..)] {
        let bytes = prove_anyway(&tree, &shown);
        assert!(verify(&root.hash, &statement, &bytes, &Limits::default()).is_err());
    }
}

/// As the prover, without its checks.
fn prove_anyway(tree: &Snapshot<Storage>, statement: &Statement) -> Vec<u8> {
    let mut out = Kind::Tree.header().to_vec();
    let _result = Prover::new(&tree.storage, statement, Kind::Tree, &[], &mut out).root(&tree.root);
    out
}

/// Leaving out a part in which the trees differ, or leaving it out of one tree only.
#[test]
fn a_difference_cannot_be_hidden() {
    let build = |changed: u32| {
        let value = |i| if i == changed { b"new" } else { b"old" };
        let entries = (0..300u32).map(|i| (i.to_be_bytes(), value(i)));
        let config = TreeConfig::default().with_targets(256, 256).unwrap();
        Snapshot::from_sorted(Storage::new(), config, entries).unwrap()
    };
    let (before, after) = (build(1000), build(100));
    let statement = Statement::range(..);
    let same = |tree: &Snapshot<Storage>| {
        let sides = ((&tree.storage, &tree.root), (&tree.storage, &tree.root));
        equal::equal_parts(sides.0, sides.1, &statement).unwrap()
    };
    let (all_before, all_after) = (same(&before), same(&after));
    let honest = equal::equal_parts(
        (&before.storage, &before.root),
        (&after.storage, &after.root),
        &statement,
    )
    .unwrap();
    for (left_out, out_of_after) in
        [(&all_before, &all_after), (&all_before, &honest), (&honest, &all_after)]
    {
        let mut bytes = Kind::Diff.header().to_vec();
        for (tree, equal) in [(&before, left_out), (&after, out_of_after)] {
            Prover::new(&tree.storage, &statement, Kind::Diff, equal, &mut bytes)
                .root(&tree.root)
                .unwrap();
        }
        let verified = verify_diff(&before.root(), &after.root(), .., &bytes);
        assert_eq!(verified, Err(ProofError::UnequalParts));
    }
}

/// The deepest proof there can be, verified on a small stack.
#[test]
fn deep_proofs_need_little_stack() {
    let forge = Forge::new();
    // The first child of every node is the next node, so that the path turns left at every pair.
    let wide = |first: Child, level: u8| {
        let other = Child { hash: Hash::from_bytes([1; 32]), count: 1, ..first };
        let mut run = Run::default();
        run.push(&[level], &[], &Payload::Child(first));
        for i in 0..900u16 {
            run.push(&[level], &i.to_be_bytes(), &Payload::Child(other));
        }
        run.push(&[level + 1], &[], &Payload::Child(other));
        forge.store(run.node(level, 902))
    };
    let root = (1..=63).fold(forge.leaf(&[b"\x01"]), wide);
    let tree = Snapshot::open(forge.storage.clone(), TreeConfig::default(), root.hash).unwrap();
    let check = move || {
        let proof = tree.prove_key(b"\x01").unwrap();
        let shown = verify_key(&root.hash, b"\x01", proof.as_bytes()).unwrap();
        assert_eq!(shown, Verified::Present(Value::Inline(b"value".to_vec())));
    };
    std::thread::Builder::new().stack_size(2 << 20).spawn(check).unwrap().join().unwrap();
}
