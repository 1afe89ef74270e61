//! A store whose bytes were changed anywhere opens or says why not, and never answers wrongly.
#![no_main]

use std::sync::{Arc, LazyLock};

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use prollytree_store::sim::SimVfs;
use prollytree_store::{Expected, RefUpdate, Store, StoreOptions, Transaction};
use prollytree_tree::{Hash, Snapshot, TreeConfig};

const FILES: [&str; 4] = ["MANIFEST", "SYNCED", "seg-00000000", "seg-00000001"];
const COMMITS: u32 = 4;

#[derive(Arbitrary, Debug)]
enum Change {
    Xor { file: u8, at: u16, with: u8 },
    Cut { file: u8, at: u16 },
    Append { file: u8, bytes: Vec<u8> },
    Copy { file: u8, from: u16, to: u16, len: u8 },
}

/// What each commit made the ref `main` name, and the entry it set last.
struct Made {
    disk: SimVfs,
    roots: Vec<Hash>,
}

static MADE: LazyLock<Made> = LazyLock::new(|| {
    let disk = SimVfs::new();
    let mut options = StoreOptions::default();
    options.segment_bytes = 8 << 10;
    let store = Store::create_on(Arc::new(disk.clone()), options).expect("an empty disk");
    let mut tree = Snapshot::empty(store.clone(), TreeConfig::default());
    let mut roots = Vec::new();
    for commit in 0..COMMITS {
        let edits = (0..60).map(|i| {
            let value = format!("value {i} of commit {commit}");
            (format!("key {i:03}").into_bytes(), Some(prollytree_tree::Value::Inline(value.into())))
        });
        tree = tree.apply(edits).expect("a sound store");
        let update = RefUpdate {
            name: "main".into(),
            expected: Expected::Any,
            new: Some(tree.root().as_bytes().to_vec()),
        };
        let transaction = Transaction { updates: vec![update], ..Transaction::default() };
        store.commit(&transaction).expect("a sound store");
        roots.push(tree.root());
    }
    Made { disk, roots }
});

fn change(content: &mut Vec<u8>, change: &Change) {
    let index = |at: u16| usize::from(at) % content.len().max(1);
    match change {
        Change::Xor { at, with, .. } => {
            let at = index(*at);
            if let Some(byte) = content.get_mut(at) {
                *byte ^= with;
            }
        }
        Change::Cut { at, .. } => content.truncate(index(*at)),
        Change::Append { bytes, .. } => content.extend(bytes),
        Change::Copy { from, to, len, .. } => {
            let (from, to) = (index(*from), index(*to));
            let len = usize::from(*len).min(content.len() - from).min(content.len() - to);
            content.copy_within(from..from + len, to);
        }
    }
}

fuzz_target!(|changes: Vec<Change>| {
    let disk = MADE.disk.copy();
    for each in changes.iter().take(8) {
        let (Change::Xor { file, .. }
        | Change::Cut { file, .. }
        | Change::Append { file, .. }
        | Change::Copy { file, .. }) = each;
        let name = FILES[usize::from(*file) % FILES.len()];
        if let Some(mut content) = disk.content(name) {
            change(&mut content, each);
            disk.set_content(name, content);
        }
    }
    let Ok(store) = Store::open_on(Arc::new(disk), StoreOptions::default()) else { return };
    let _report = store.check();
    let Ok(Some(root)) = store.get_ref("main") else { return };
    let root = Hash::from_slice(&root).expect("refs are checked against their sums");
    let commit = MADE.roots.iter().position(|made| *made == root).expect("a root that was named");
    let Ok(tree) = Snapshot::open(store, TreeConfig::default(), root) else { return };
    for i in 0..60 {
        if let Ok(value) = tree.get(format!("key {i:03}").as_bytes()) {
            assert_eq!(value, Some(format!("value {i} of commit {commit}").into_bytes()));
        }
    }
});
