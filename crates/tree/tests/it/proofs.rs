//! Proofs against the model: complete, sound under every mutation, and refused for another statement.

use std::ops::Bound;

use prollytree_tree::{
    Difference, Hash, InMemoryNodeStorage, Limits, ProllyTree, Proof, ProofError, Snapshot,
    Statement, TreeConfig, TreeError, Value, Verified, store_reader, verify, verify_diff,
    verify_key, verify_keys, verify_prefix, verify_range, verify_value,
};
use proptest::prelude::*;

use crate::model::{self, Map};

type Tree = Snapshot<InMemoryNodeStorage<32>>;
type Entries = Vec<(Vec<u8>, Value)>;

/// What a proof should show for a value of the model.
fn value_of(bytes: &[u8]) -> Value {
    store_reader(&InMemoryNodeStorage::new(), bytes).unwrap()
}

fn answer(map: &Map, key: &[u8]) -> Verified {
    map.get(key).map_or(Verified::Absent, |value| Verified::Present(value_of(value)))
}

fn in_range(map: &Map, range: (Bound<&[u8]>, Bound<&[u8]>)) -> Entries {
    let inside = map.iter().filter(|(key, _)| {
        let behind_start = match range.0 {
            Bound::Included(start) => key.as_slice() >= start,
            Bound::Excluded(start) => key.as_slice() > start,
            Bound::Unbounded => true,
        };
        let before_end = match range.1 {
            Bound::Included(end) => key.as_slice() <= end,
            Bound::Excluded(end) => key.as_slice() < end,
            Bound::Unbounded => true,
        };
        behind_start && before_end
    });
    inside.map(|(key, value)| (key.clone(), value_of(value))).collect()
}

fn bound() -> impl Strategy<Value = Bound<Vec<u8>>> {
    prop_oneof![
        4 => model::key().prop_map(Bound::Included),
        3 => model::key().prop_map(Bound::Excluded),
        1 => Just(Bound::Unbounded),
    ]
}

fn diff(
    before: &Tree,
    after: &Tree,
    range: (Bound<&[u8]>, Bound<&[u8]>),
    proof: &[u8],
) -> Result<Vec<Difference>, ProofError> {
    verify_diff(&before.root(), &after.root(), range, proof)
}

fn borrow(bound: &Bound<Vec<u8>>) -> Bound<&[u8]> {
    match bound {
        Bound::Included(key) => Bound::Included(key),
        Bound::Excluded(key) => Bound::Excluded(key),
        Bound::Unbounded => Bound::Unbounded,
    }
}

proptest! {
    #[test]
    fn a_proof_shows_exactly_what_the_tree_holds(
        config in model::config(),
        map in model::map(150),
        probes in prop::collection::vec(model::key(), 1..6),
        ranges in prop::collection::vec((bound(), bound()), 1..5),
    ) {
        let tree = model::build(&map, config);
        let root = tree.root();
        let mut expected = Vec::new();
        for key in &probes {
            let proof = tree.prove_key(key).unwrap();
            prop_assert_eq!(verify_key(&root, key, proof.as_bytes()), Ok(answer(&map, key)));
            if let Some(bytes) = map.get(key) {
                prop_assert_eq!(verify_value(&root, key, bytes, proof.as_bytes()), Ok(()));
            }
            prop_assert_eq!(
                verify_value(&root, key, b"another value", proof.as_bytes()),
                Err(ProofError::ValueMismatch)
            );
            expected.push((key.clone(), answer(&map, key)));

            let proof = tree.prove_prefix(key).unwrap();
            let mut with_prefix = in_range(&map, (Bound::Unbounded, Bound::Unbounded));
            with_prefix.retain(|(other, _)| other.starts_with(key));
            prop_assert_eq!(verify_prefix(&root, key, proof.as_bytes()), Ok(with_prefix));
        }
        let proof = tree.prove_keys(&probes).unwrap();
        prop_assert_eq!(verify_keys(&root, &probes, proof.as_bytes()), Ok(expected));
        for (start, end) in &ranges {
            let range = (borrow(start), borrow(end));
            if Statement::range(range).is_empty() {
                prop_assert!(matches!(tree.prove_range(range), Err(TreeError::EmptyStatement)));
                continue;
            }
            let proof = tree.prove_range(range).unwrap();
            prop_assert_eq!(verify_range(&root, range, proof.as_bytes()), Ok(in_range(&map, range)));
        }
    }

    #[test]
    fn a_proof_of_a_difference_shows_all_of_it(
        config in model::config(),
        map in model::map(150),
        changes in prop::collection::vec((model::key(), prop::option::of(model::value())), 0..12),
        bounds in (bound(), bound()),
    ) {
        let before = model::build(&map, config);
        let mut changed = map;
        for (key, value) in changes {
            match value {
                Some(value) => changed.insert(key, value),
                None => changed.remove(&key),
            };
        }
        let after = model::build(&changed, config);
        let range = (borrow(&bounds.0), borrow(&bounds.1));
        for range in [range, (Bound::Unbounded, Bound::Unbounded)] {
            if Statement::range(range).is_empty() {
                continue;
            }
            let proof = before.prove_diff(&after, range).unwrap();
            let verified = diff(&before, &after, range, proof.as_bytes());
            let expected: Vec<_> = before.diff(&after, range).unwrap().map(Result::unwrap).collect();
            prop_assert_eq!(verified, Ok(expected));
        }
    }

    /// A proof of one statement either is refused for another, or truly proves that one as well.
    #[test]
    fn a_proof_never_proves_what_is_false(
        config in model::config(),
        map in model::map(120),
        (proved, claimed) in (model::key(), model::key()),
        bounds in (bound(), bound()),
    ) {
        let tree = model::build(&map, config);
        let root = tree.root();
        let range = (borrow(&bounds.0), borrow(&bounds.1));
        let mut proofs = vec![tree.prove_key(&proved).unwrap(), tree.prove_prefix(&proved).unwrap()];
        proofs.extend(tree.prove_range(range));
        for proof in proofs {
            if let Ok(verified) = verify_key(&root, &claimed, proof.as_bytes()) {
                prop_assert_eq!(verified, answer(&map, &claimed));
            }
            if let Ok(entries) = verify_range(&root, range, proof.as_bytes()) {
                prop_assert_eq!(entries, in_range(&map, range));
            }
        }
    }

    #[test]
    fn arbitrary_bytes_are_refused(
        mut bytes in prop::collection::vec(prop_oneof![Just(0u8), Just(1), 2u8..8, any::<u8>()], 0..300),
        key in model::key(),
    ) {
        bytes.splice(..0, *b"PPRF\x01\x01");
        let root = Snapshot::empty(InMemoryNodeStorage::new(), TreeConfig::default()).root();
        let _refused = verify_range(&root, .., &bytes);
        // The empty tree's proof is the one that is short enough to be found by chance.
        prop_assert_eq!(verify_key(&root, &key, &bytes).is_ok(), bytes[6..] == [0, 0]);
    }
}

/// A tree in which every shape of part occurs, with a large value and a large key.
fn sample() -> (Map, Tree) {
    let mut map: Map =
        (0..50u32).map(|i| (format!("key {i:03}").into_bytes(), vec![i as u8; 9])).collect();
    map.insert(Vec::new(), b"empty key".to_vec());
    map.insert(b"key 030/long".to_vec(), vec![7; 1500]);
    map.insert(vec![b'l'; 300], Vec::new());
    let config = TreeConfig::default().with_targets(128, 128).unwrap();
    let tree = model::build(&map, config);
    assert!(tree.height() > 2);
    (map, tree)
}

fn statements() -> Vec<Statement> {
    let range = |start: &'static [u8], end: &'static [u8]| Statement::range(start..end);
    vec![
        Statement::key(b"key 017"),
        Statement::key(b"key 017/absent"),
        Statement::key(b"key 030/long"),
        Statement::key(b""),
        Statement::key(b"zzz"),
        Statement::keys([&b"key 003"[..], b"key 04", b"key 040", b"zzz"]),
        range(b"key 020", b"key 031"),
        range(b"key 0201", b"key 0202"),
        Statement::prefix(b"key 03"),
        Statement::prefix(&[b'l'; 299]),
        Statement::range(..),
    ]
}

#[test]
fn every_changed_byte_is_refused() {
    let (_, tree) = sample();
    for statement in statements() {
        let proof = tree.prove(&statement).unwrap().into_bytes();
        assert_only(&proof, |bytes| {
            verify(&tree.root(), &statement, bytes, &Limits::default()).is_ok()
        });
    }
}

#[test]
fn every_changed_byte_of_a_difference_is_refused() {
    let (mut map, before) = sample();
    map.insert(b"key 017".to_vec(), b"changed".to_vec());
    map.remove(b"key 030".as_slice());
    map.insert(b"key 0401".to_vec(), b"added".to_vec());
    let after = model::build(&map, *before.config());
    let all = (Bound::Unbounded, Bound::Unbounded);
    let some = (Bound::Included(&b"key 02"[..]), Bound::Excluded(&b"key 04"[..]));
    for (before, after, range) in
        [(&before, &after, all), (&after, &before, some), (&before, &before, all)]
    {
        let proof = before.prove_diff(after, range).unwrap().into_bytes();
        assert_only(&proof, |bytes| diff(before, after, range, bytes).is_ok());
    }
}

/// Asserts that these bytes are accepted, and nothing that differs from them in some bytes.
fn assert_only(proof: &[u8], accepted: impl Fn(&[u8]) -> bool) {
    assert!(accepted(proof));
    for at in 0..proof.len() {
        let mut mutant = proof.to_vec();
        for pattern in [0x01, 0x02, 0x04, 0x80, 0x7f, 0xff] {
            mutant[at] = proof[at] ^ pattern;
            assert!(!accepted(&mutant), "byte {at} ^ {pattern:#x}");
        }
        assert!(!accepted(&proof[..at]), "cut to {at} bytes");
        mutant.remove(at);
        assert!(!accepted(&mutant), "byte {at} removed");
        for byte in [0, 1, 0x80, proof[at]] {
            let mut mutant = proof.to_vec();
            mutant.insert(at, byte);
            assert!(!accepted(&mutant), "byte inserted at {at}");
        }
    }
    for extra in [&[0][..], &[1], proof] {
        assert!(!accepted(&[proof, extra].concat()), "bytes appended");
    }
}

#[test]
fn pieces_of_other_proofs_are_refused() {
    let (mut map, tree) = sample();
    let config = *tree.config();
    map.insert(b"key 017".to_vec(), b"forged".to_vec());
    let other = model::build(&map, config);
    let honest = tree.prove_key(b"key 017").unwrap().into_bytes();
    let limits = Limits::default();
    for donor in [other.prove_key(b"key 017"), tree.prove_key(b"key 018"), tree.prove_range(..)] {
        let donor = donor.unwrap().into_bytes();
        for at in 0..honest.len().min(donor.len()) {
            let head_of_donor = [&donor[..at], &honest[at..]].concat();
            let tail_of_donor = [&honest[..at], &donor[at..]].concat();
            for bytes in [head_of_donor, tail_of_donor] {
                let verified = verify(&tree.root(), &Statement::key(b"key 017"), &bytes, &limits);
                assert!(bytes == honest || verified.is_err(), "spliced at {at}");
            }
        }
    }
    let forged = other.prove_key(b"key 017").unwrap();
    assert!(matches!(
        verify_key(&tree.root(), b"key 017", forged.as_bytes()),
        Err(ProofError::RootMismatch { .. })
    ));
}

#[test]
fn the_empty_tree_holds_nothing() {
    let tree = Snapshot::empty(InMemoryNodeStorage::new(), TreeConfig::default());
    let proof = tree.prove_key(b"a").unwrap();
    assert_eq!(verify_key(&tree.root(), b"a", proof.as_bytes()), Ok(Verified::Absent));
    assert_eq!(verify_range(&tree.root(), .., proof.as_bytes()), Ok(Vec::new()));
    let (_, full) = sample();
    assert!(verify_key(&full.root(), b"zzz", proof.as_bytes()).is_err());
}

#[test]
fn a_statement_about_nothing_is_refused() {
    let (_, tree) = sample();
    let proof = tree.prove_key(b"a").unwrap();
    let nothing: [&[u8]; 0] = [];
    assert!(matches!(tree.prove_keys(nothing), Err(TreeError::EmptyStatement)));
    assert_eq!(
        verify_keys(&tree.root(), &nothing, proof.as_bytes()),
        Err(ProofError::EmptyStatement)
    );
    let range = (Bound::Included(b"b".as_slice()), Bound::Excluded(b"b".as_slice()));
    assert_eq!(
        verify_range(&tree.root(), range, proof.as_bytes()),
        Err(ProofError::EmptyStatement)
    );
}

#[test]
fn keys_come_back_in_the_order_of_the_question() {
    let (map, tree) = sample();
    let keys = [&b"key 040"[..], b"none", b"key 003", b"key 040"];
    let proof = tree.prove_keys(keys).unwrap();
    let verified = verify_keys(&tree.root(), &keys, proof.as_bytes()).unwrap();
    let expected = keys.map(|key| (key.to_vec(), answer(&map, key)));
    assert_eq!(verified, expected);
}

#[test]
fn a_large_value_is_verified_against_its_bytes() {
    let bytes: Vec<u8> =
        (0..3_000_000u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let mut tree = ProllyTree::new(InMemoryNodeStorage::<32>::new(), TreeConfig::default());
    tree.insert(b"model".to_vec(), bytes.clone());
    let proof = tree.generate_proof(b"model").unwrap();
    assert!(tree.verify_proof(&proof, b"model", &bytes));
    let mut forged = bytes.clone();
    forged[1_500_000] ^= 1;
    assert!(!tree.verify_proof(&proof, b"model", &forged));
    assert!(!tree.verify_proof(&proof, b"model", &bytes[1..]));
}

#[test]
fn a_proof_holds_for_its_own_key_value_and_root_only() {
    let mut tree = ProllyTree::new(InMemoryNodeStorage::<32>::new(), TreeConfig::default());
    tree.insert(b"balance:alice".to_vec(), b"1000".to_vec());
    tree.insert(b"balance:bob".to_vec(), b"500".to_vec());
    let proof = tree.generate_proof(b"balance:alice").unwrap();
    assert!(tree.verify_proof(&proof, b"balance:alice", b"1000"));
    assert!(!tree.verify_proof(&proof, b"balance:alice", b"500"), "another key's value");
    assert!(!tree.verify_proof(&proof, b"balance:bob", b"500"), "a key that is not shown");
    let read = Proof::from_bytes(proof.as_bytes()).unwrap();
    tree.update(b"balance:alice".to_vec(), b"1100".to_vec());
    assert!(!tree.verify_proof(&read, b"balance:alice", b"1000"), "an old root");
}

/// No value of another key, and no value made up, passes for the value of a key.
#[test]
fn a_false_value_under_an_honest_root_is_refused() {
    let (map, tree) = sample();
    for (key, value) in &map {
        let proof = tree.prove_key(key).unwrap();
        for other in map.values().filter(|other| *other != value) {
            let verified = verify_value(&tree.root(), key, other, proof.as_bytes());
            assert_eq!(verified, Err(ProofError::ValueMismatch));
        }
    }
}

/// The shortest proof, "the tree is empty", proves nothing about a tree that is not.
#[test]
fn an_empty_proof_is_no_proof_of_absence() {
    let (_, tree) = sample();
    for body in [&[][..], &[0], &[0, 0], &[0, 1], &[1, 0], &[0, 1, 0, 1]] {
        let bytes = [b"PPRF\x01\x01", body].concat();
        for key in [&b"key 017"[..], b"zzz"] {
            assert!(verify_key(&tree.root(), key, &bytes).is_err(), "{body:?}");
        }
    }
}

/// Nothing is reserved or walked for entries that are claimed and not there.
#[test]
fn a_few_bytes_cannot_claim_many_entries() {
    let (_, tree) = sample();
    let huge = [0xff, 0xff, 0xff, 0xff, 0xff, 0x3f];
    let many = [0xff, 0xff, 0x03];
    let node = [&[2][..], b"\x01m", &many].concat();
    for body in [
        [&[0][..], &huge].concat(),
        [&[0][..], &many].concat(),
        [&[63][..], &huge, &many].concat(),
        [&[63][..], &huge, &many, &node.repeat(1000)].concat(),
        [&[1][..], &huge, &[1], &[0xff; 9], &[1]].concat(),
    ] {
        let bytes = [b"PPRF\x01\x01", &body[..]].concat();
        assert!(verify_range(&tree.root(), .., &bytes).is_err(), "{body:?}");
        assert!(verify_key(&tree.root(), b"key 017", &bytes).is_err(), "{body:?}");
    }
}

#[test]
fn limits_are_kept() {
    let (map, tree) = sample();
    let statement = Statement::range(..);
    let proof = tree.prove(&statement).unwrap();
    let check = |limits| verify(&tree.root(), &statement, proof.as_bytes(), &limits);
    let len = proof.as_bytes().len();
    let exact = Limits { bytes: len, entries: map.len() };
    assert!(check(exact).is_ok());
    assert_eq!(
        check(Limits { bytes: len - 1, ..exact }),
        Err(ProofError::TooLong { len, limit: len - 1 })
    );
    assert_eq!(
        check(Limits { entries: map.len() - 1, ..exact }),
        Err(ProofError::TooManyEntries { limit: map.len() - 1 })
    );
}

#[test]
fn unknown_headers_are_refused() {
    let (_, tree) = sample();
    let proof = tree.prove_key(b"a").unwrap().into_bytes();
    let root = Hash::from_bytes([0; 32]);
    for at in 0..6 {
        let mut bytes = proof.clone();
        bytes[at] ^= 8;
        assert_eq!(Proof::from_bytes(bytes.clone()), Err(ProofError::UnknownFormat));
        assert_eq!(verify_key(&root, b"a", &bytes), Err(ProofError::UnknownFormat));
    }
}
