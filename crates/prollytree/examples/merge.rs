//! Diff, three-way merge and patches.

use prollytree::storage::InMemoryNodeStorage;
use prollytree::tree::{Conflict, Patch, Resolution, Side, Snapshot, Value, merge};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let storage = InMemoryNodeStorage::new();
    let entries = (0..10_000).map(|i| (format!("item {i:05}"), format!("{i}")));
    let base = Snapshot::from_sorted(storage, Default::default(), entries)?;

    let set = |key: &str, value: &str| (key.into(), Some(Value::Inline(value.into())));
    let ours = base.apply([set("item 00001", "ours"), set("item 00500", "ours")])?;
    let theirs = base.apply([set("item 00500", "theirs"), set("item 09999", "theirs")])?;

    for difference in base.diff(&theirs, ..)? {
        let difference = difference?;
        println!("theirs changed {}", String::from_utf8_lossy(&difference.key));
    }

    // Both changed item 00500; a resolver decides each conflict.
    let mut resolver = |conflict: &Conflict| {
        println!("conflict on {}", String::from_utf8_lossy(&conflict.key));
        Resolution::Take(Side::Theirs)
    };
    let merged = merge(&base, &ours, &theirs, &mut resolver)?.snapshot;
    assert_eq!(merged.get(b"item 00001")?, Some(b"ours".to_vec()));
    assert_eq!(merged.get(b"item 00500")?, Some(b"theirs".to_vec()));

    // A patch carries the differences elsewhere, and back.
    let patch = Patch::from_bytes(&Patch::between(&ours, &merged)?.to_bytes())?;
    assert_eq!(patch.apply_to(&ours)?.root(), merged.root());
    assert_eq!(patch.inverted().apply_to(&merged)?.root(), ours.root());
    Ok(())
}
