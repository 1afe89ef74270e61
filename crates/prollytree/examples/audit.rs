//! An audit log: proofs that a range is complete, and of all that changed between two states.

use prollytree::storage::InMemoryNodeStorage;
use prollytree::tree::{Snapshot, Value, verify_diff, verify_range};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let entries =
        (0..1_000).map(|i| (format!("2026-11-{:02}/{i:04}", 1 + i / 40), format!("event {i}")));
    let monday = Snapshot::from_sorted(InMemoryNodeStorage::new(), Default::default(), entries)?;
    let event = Some(Value::Inline(b"event 1000".to_vec()));
    let tuesday = monday.apply([(b"2026-11-26/1000".to_vec(), event)])?;

    // The log's keeper sends bytes; the auditor has two root hashes from an earlier, trusted moment.
    let (root_monday, root_tuesday) = (monday.root(), tuesday.root());
    let day = &b"2026-11-03/"[..]..&b"2026-11-04/"[..];
    let complete = tuesday.prove_range(day.clone())?;
    let changed = monday.prove_diff(&tuesday, ..)?;

    let events = verify_range(&root_tuesday, day, complete.as_bytes())?;
    println!("on the third there were exactly {} events", events.len());
    assert_eq!(events.len(), 40);

    let changes = verify_diff(&root_monday, &root_tuesday, .., changed.as_bytes())?;
    println!("since monday exactly {} thing changed", changes.len());
    assert_eq!(changes.len(), 1);
    assert!(changes[0].before.is_none(), "nothing old was touched");
    Ok(())
}
