use super::*;
use crate::memory::InMemoryNodeStorage;
use proptest::prelude::*;

fn patch() -> impl Strategy<Value = Patch> {
    let value = || prop::option::of(prop::collection::vec(any::<u8>(), 0..5));
    let key = prop::collection::vec(any::<u8>(), 0..4);
    prop::collection::btree_map(key, (value(), value()), 0..8).prop_map(|entries| {
        let inline = |value: Option<Vec<u8>>| value.map(Value::Inline);
        let differences = entries.into_iter().filter(|(_, (before, after))| before != after).map(
            |(key, (before, after))| Difference {
                key,
                before: inline(before),
                after: inline(after),
            },
        );
        Patch::new(differences.collect()).unwrap()
    })
}

proptest! {
    #[test]
    fn bytes_round_trip_and_have_one_encoding(
        patch in patch(), at in any::<prop::sample::Index>(), flip in 1u8..=255,
    ) {
        let mut bytes = patch.to_bytes();
        prop_assert_eq!(&Patch::from_bytes(&bytes).unwrap(), &patch);
        prop_assert!(Patch::from_bytes(&bytes[..at.index(bytes.len())]).is_err());
        let at = at.index(bytes.len());
        bytes[at] ^= flip;
        if let Ok(other) = Patch::from_bytes(&bytes) {
            prop_assert_eq!(other.to_bytes(), bytes);
        }
    }
}

#[test]
fn a_patch_that_does_not_fit_says_where() {
    let tree = |entries: &[(&str, &str)]| {
        Snapshot::from_sorted(
            InMemoryNodeStorage::new(),
            Default::default(),
            entries.iter().copied(),
        )
        .unwrap()
    };
    let (before, after) = (tree(&[("a", "1"), ("b", "2")]), tree(&[("a", "9"), ("b", "3")]));
    let patch = Patch::between(&before, &after).unwrap();
    // One key is already as the patch makes it, the other is something else altogether.
    let elsewhere = tree(&[("a", "9"), ("b", "x"), ("c", "4")]);
    let ApplyError::Conflicts { conflicts } = patch.apply_to(&elsewhere).unwrap_err() else {
        panic!("the patch cannot fit")
    };
    let inline = |text: &str| Some(Value::Inline(text.into()));
    let conflict =
        Conflict { key: b"b".to_vec(), base: inline("2"), ours: inline("x"), theirs: inline("3") };
    assert_eq!(conflicts, [conflict]);
    let forced = patch.apply_with(&elsewhere, &mut Side::Theirs).unwrap();
    assert_eq!(forced.root(), tree(&[("a", "9"), ("b", "3"), ("c", "4")]).root());
}

#[test]
fn unsorted_differences_are_refused() {
    let difference = |key: &str| Difference {
        key: key.into(),
        before: None,
        after: Some(Value::Inline(vec![])),
    };
    let error = Patch::new(vec![difference("b"), difference("a")]).unwrap_err();
    assert!(matches!(error, TreeError::Unsorted { position: 1 }));
}

#[test]
fn a_patch_holds_nothing_that_its_bytes_cannot() {
    let difference = |key: &[u8], before, after| Difference { key: key.to_vec(), before, after };
    let inline = |len| Some(Value::Inline(vec![7; len]));
    let differences = vec![
        difference(b"a", None, inline(5_000)),
        difference(b"b", inline(3), inline(3)),
        difference(b"c", None, None),
    ];
    let patch = Patch::new(differences).unwrap();
    assert_eq!(patch.differences().len(), 1);
    assert!(matches!(patch.differences()[0].after, Some(Value::Blob(_))));
    assert_eq!(Patch::from_bytes(&patch.to_bytes()).unwrap(), patch);
    assert!(Patch::new(vec![difference(&[0; 4097], None, inline(1))]).is_err());
}
