use super::*;
use proptest::prelude::*;
use std::collections::BTreeMap;

fn leaf(entries: &BTreeMap<Vec<u8>, Vec<u8>>) -> Node {
    let mut run = Run::default();
    for (key, value) in entries {
        run.push(key, &[], &Payload::Value(ValueRef::Inline(value)));
    }
    run.node(0, entries.len())
}

fn inner(keys: &BTreeMap<Vec<u8>, u32>) -> Node {
    let mut run = Run::default();
    for (key, &seed) in keys {
        run.push(key, &[], &Payload::Child(child(seed)));
    }
    run.node(3, keys.len())
}

fn child(seed: u32) -> Child {
    let hash = Hash::from_bytes(*blake3::hash(&seed.to_le_bytes()).as_bytes());
    let count = u64::from(seed) + 1;
    Child { hash, count, natural: seed.is_multiple_of(3), locator: Locator(seed.into()) }
}

fn entries() -> impl Strategy<Value = BTreeMap<Vec<u8>, Vec<u8>>> {
    let bytes = |max| prop::collection::vec(any::<u8>(), 0..max);
    prop::collection::btree_map(bytes(20), bytes(150), 0..60)
}

proptest! {
    #[test]
    fn leaves_round_trip(entries in entries(), probe in prop::collection::vec(any::<u8>(), 0..5)) {
        let node = leaf(&entries);
        let read = Node::decode(node.bytes()).unwrap();
        prop_assert_eq!(read.bytes(), node.bytes());
        prop_assert_eq!(read.hash(), node.hash());
        prop_assert_eq!(read.count(), entries.len() as u64);
        for (i, (key, value)) in entries.iter().enumerate() {
            prop_assert_eq!(&read.key(i), key);
            prop_assert_eq!(read.value(i), ValueRef::Inline(value));
            prop_assert_eq!(read.search(key), Ok(i));
        }
        let below = entries.range(..probe.clone()).count();
        prop_assert_eq!(read.lower_bound(&probe), below);
    }

    #[test]
    fn inner_nodes_round_trip(keys in prop::collection::btree_map(
        prop::collection::vec(any::<u8>(), 0..20), 0u32..1000, 1..50)
    ) {
        let node = inner(&keys);
        let read = Node::decode(node.bytes()).unwrap();
        prop_assert_eq!(read.hash(), node.hash());
        let mut total = 0;
        for (i, &seed) in keys.values().enumerate() {
            prop_assert_eq!(node.child(i), child(seed));
            prop_assert_eq!(read.child(i), Child { locator: Locator::NONE, ..child(seed) });
            prop_assert_eq!(read.child_of_rank(total), i);
            total += u64::from(seed) + 1;
            prop_assert_eq!(read.child_of_rank(total - 1), i);
        }
        prop_assert_eq!(read.count(), total);
    }

    /// What decodes is canonical: rebuilding it from its entries gives the same bytes.
    #[test]
    fn mutants_are_refused_or_canonical(
        entries in entries(), at in any::<prop::sample::Index>(), byte in any::<u8>(), cut in any::<bool>()
    ) {
        let mut bytes = leaf(&entries).bytes().to_vec();
        let at = at.index(bytes.len());
        if cut { bytes.truncate(at) } else { bytes[at] = byte }
        if let Ok(node) = Node::decode(bytes) {
            let mut run = Run::default();
            for i in 0..node.len() {
                run.push(&node.key(i), &[], &node.payload(i));
            }
            let rebuilt = run.node(node.level(), node.len());
            prop_assert_eq!(rebuilt.bytes(), node.bytes());
        }
    }

    #[test]
    fn arbitrary_bytes_never_panic(mut bytes in prop::collection::vec(any::<u8>(), 0..200), level in 0u8..3) {
        if bytes.len() > 6 {
            let header = [1, level, bytes[2] % 8, 0, bytes[4] % 4, 0];
            bytes[..6].copy_from_slice(&header);
        }
        if let Ok(node) = Node::decode(bytes) {
            node.hash();
            node.children().count();
            node.blobs().count();
        }
    }
}

#[test]
fn every_part_of_an_entry_is_in_the_name() {
    let one = |key: &[u8], value: &[u8]| leaf(&[(key.to_vec(), value.to_vec())].into()).hash();
    assert_ne!(one(b"a", b"bc"), one(b"ab", b"c"));
    assert_ne!(one(b"a", b""), one(b"a", b"\0"));
    assert_ne!(one(b"", b"a"), one(b"a", b""));
    let base: BTreeMap<_, _> = (0..9u32).map(|i| (vec![i as u8], i)).collect();
    let other = |change: fn(&mut Child)| {
        let mut run = Run::default();
        for (key, &seed) in &base {
            let mut child = child(seed);
            if seed == 4 {
                change(&mut child);
            }
            run.push(key, &[], &Payload::Child(child));
        }
        run.node(3, base.len()).hash()
    };
    let same = other(|child| child.locator = Locator(77));
    assert_eq!(same, inner(&base).hash(), "a locator is no part of the name");
    assert_ne!(same, other(|child| child.count += 1));
    assert_ne!(same, other(|child| child.natural = !child.natural));
    assert_ne!(same, other(|child| child.hash = Hash::from_bytes([9; 32])));
}

#[test]
fn partial_digests_lead_to_the_root() {
    for n in [1usize, 2, 3, 5, 8, 13, 31] {
        let entries = (0..n).map(|i| (vec![i as u8], vec![7; i])).collect();
        let node = leaf(&entries);
        let merkle = Merkle::of(&node);
        fn root(node: &Node, merkle: &Merkle, first: usize, width: usize) -> Hash {
            if width == 1 {
                return entry_digest(&node.key(first), &node.payload(first));
            }
            let half = width / 2;
            if first + half >= node.len() {
                return root(node, merkle, first, half);
            }
            let separator = node.key(first + half);
            let separator = leaf_separator(&node.key(first + half - 1), &separator).to_vec();
            let left = root(node, merkle, first, half);
            let right = root(node, merkle, first + half, half);
            assert_eq!(left, merkle.digest(first, half));
            pair_digest(0, &left, &right, &separator)
        }
        let whole = root(&node, &merkle, 0, n.next_power_of_two());
        assert_eq!(whole, merkle.digest(0, n.next_power_of_two()));
        assert_eq!(node_hash(0, n, n as u64, &whole), node.hash());
    }
}

#[test]
fn a_leaf_of_entries_is_the_node_that_its_bytes_decode_to() {
    let blob = Blob { height: 0, len: 5000, hash: Hash::from_bytes([7; 32]) };
    let entries: [(&[u8], ValueRef<'_>); 4] = [
        (b"", ValueRef::Inline(b"")),
        (b"a", ValueRef::Inline(&[0xff; 1024])),
        (b"ab", ValueRef::Blob(blob)),
        (b"b", ValueRef::Inline(b"x")),
    ];
    let node = Node::leaf(entries).unwrap();
    assert_eq!(Node::decode(node.bytes()).unwrap().hash(), node.hash());
    assert_eq!((node.len(), node.key(2)), (4, b"ab".to_vec()));

    let unsorted = [entries[1], entries[0]];
    assert_eq!(Node::leaf(unsorted).unwrap_err(), NodeError::Unsorted(1));
    let long = [(&[0u8; 4097][..], ValueRef::Inline(b""))];
    assert_eq!(Node::leaf(long).unwrap_err(), NodeError::Entry(0));
    let short = Blob { len: 10, ..blob };
    assert_eq!(Node::leaf([(&b"k"[..], ValueRef::Blob(short))]).unwrap_err(), NodeError::Entry(0));
    let keys: Vec<[u8; 2]> = (0..40u16).map(u16::to_be_bytes).collect();
    let large = keys.iter().map(|key| (&key[..], ValueRef::Inline(&[0; 1024])));
    assert_eq!(Node::leaf(large).unwrap_err(), NodeError::TooLarge);
    assert_eq!(Node::leaf([]).unwrap().hash(), Node::empty().hash());
}
