use super::*;

fn commit() -> Commit {
    let map = |byte, count, config| MapRoot { root: Hash::from_bytes([byte; 32]), count, config };
    let small = TreeConfig::default().with_targets(64, 128).unwrap().with_salt(7);
    Commit {
        maps: Maps::from([
            (MapName::default(), map(1, 10, TreeConfig::default())),
            (MapName::new("users").unwrap(), map(2, u64::MAX, small)),
        ]),
        parents: vec![Hash::from_bytes([3; 32]).into(), Hash::from_bytes([4; 32]).into()],
        author: Identity::new("Ada", "ada@example.org").unwrap(),
        time: Timestamp { seconds: -1, offset_minutes: -90 },
        message: "title\n\nbody".to_owned(),
    }
}

#[test]
fn commits_survive_the_way_through_bytes() {
    let bytes = commit().encode().unwrap();
    assert_eq!(Commit::decode(&bytes).unwrap(), commit());
    assert_eq!(commit().title(), "title");
}

#[test]
fn a_commit_has_one_encoding() {
    let bytes = commit().encode().unwrap();
    for len in 0..bytes.len() {
        assert!(Commit::decode(&bytes[..len]).is_err(), "cut at {len}");
    }
    assert_eq!(Commit::decode(&[&bytes[..], &[0]].concat()), Err(RecordError::Trailing));
    for at in 0..bytes.len() {
        for bit in 0..8 {
            let mut flipped = bytes.clone();
            flipped[at] ^= 1 << bit;
            if let Ok(other) = Commit::decode(&flipped) {
                assert_ne!(other, commit());
                assert_eq!(other.encode().unwrap(), flipped);
            }
        }
    }
}

#[test]
fn what_a_commit_cannot_hold_is_refused() {
    let null = Commit { message: "\0".to_owned(), ..commit() };
    assert_eq!(null.encode(), Err(RecordError::Field { field: "message" }));
    let long = Commit { message: "x".repeat(1 << 20), ..commit() };
    assert!(matches!(long.encode(), Err(RecordError::TooLong { field: "record", .. })));
    let author = Identity { name: "a<b".to_owned(), email: String::new() };
    assert_eq!(Commit { author, ..commit() }.encode(), Err(RecordError::Field { field: "author" }));
    let foreign = CommitId::from_slice(&[1; 20]).unwrap();
    assert_eq!(
        Commit { parents: vec![foreign], ..commit() }.encode(),
        Err(RecordError::ForeignId { id: foreign })
    );
}

/// The format is frozen: a change here would rename every commit that exists.
#[test]
fn the_bytes_and_the_name_of_a_commit_stay() {
    let bytes = commit().encode().unwrap();
    let hash = prollytree_tree::ObjectKind::Record.hash(&bytes).unwrap();
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    // Put together by hand from spec/FORMAT.md.
    let expected = concat!(
        "0101020003030303030303030303030303030303030303030303030303030303",
        "0303030304040404040404040404040404040404040404040404040404040404",
        "040404040200070064656661756c740001010101010101010101010101010101",
        "010101010101010101010101010101010a000000000000000500757365727301",
        "4000000080000000070000000000000002020202020202020202020202020202",
        "02020202020202020202020202020202ffffffffffffffff03004164610f0061",
        "6461406578616d706c652e6f7267ffffffffffffffffa6ff0b0000007469746c",
        "650a0a626f6479",
    );
    assert_eq!(hex, expected);
    assert_eq!(hash.to_hex(), "db18870c1b0bbff3e93ada79f39185d506397c22003cb243009c37f852d033f8");
}
