//! The bytes of a store, which no change of the code may change.

use std::sync::Arc;

use prollytree_store::sim::SimVfs;
use prollytree_store::{Store, StoreOptions};

use crate::collect::put_list;
use crate::support::{put_leaf, set};

/// What each file of the sample hashes to. A change here is a change of the format: stores that
/// exist would no longer open.
const SUMS: [(&str, &str); 5] = [
    ("LOCK", "af1349b9f5f9a1a6"),
    ("MANIFEST", "c09f3bd8974cd2de"),
    ("SYNCED", "39f084e952fc6ee4"),
    ("seg-00000000", "3201a71795690181"),
    ("seg-00000001", "006f219b6f740c95"),
];

#[test]
fn the_bytes_of_a_store_are_as_they_always_were() {
    let disk = SimVfs::new();
    let mut options = StoreOptions::default();
    options.segment_bytes = 3000;
    options.checkpoint_bytes = 1000;
    let store = Store::create_on(Arc::new(disk.clone()), options).unwrap();
    put_leaf(&store, &[(b"key", b"value"), (b"kez", b"")]);
    for version in 0..4 {
        let list = put_list(&store, version * 10..version * 10 + 4);
        set(&store, &format!("ref/{version}"), list.as_bytes()).unwrap();
    }
    let sums: Vec<_> = prollytree_store::Vfs::list(&disk)
        .unwrap()
        .into_iter()
        .map(|name| {
            let sum = blake3::hash(&disk.content(&name).unwrap()).to_hex()[..16].to_owned();
            (name, sum)
        })
        .collect();
    let expected = SUMS.map(|(name, sum)| (name.to_owned(), sum.to_owned()));
    assert_eq!(sums, expected);
}
