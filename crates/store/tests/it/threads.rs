//! Several threads and handles at once.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;

use prollytree_store::{Expected, Store, StoreError, StoreOptions};
use prollytree_tree::{Hash, Locator, NodeStorage};

use crate::collect::{Lists, is_whole, put_list};
use crate::support::{put_leaf, set, update};

fn small() -> StoreOptions {
    let mut options = StoreOptions::default();
    options.segment_bytes = 60_000;
    options.checkpoint_bytes = 5000;
    options
}

/// Adds one to the counter that a ref holds, as often as it takes.
fn increment(store: &Store) {
    loop {
        let now = store.get_ref("counter").unwrap();
        let next = now.as_deref().map_or(0, count) + 1;
        let expected = now.map_or(Expected::Absent, |value| Expected::Is(value.to_vec()));
        match store.commit(&update("counter", expected, Some(&next.to_le_bytes()))) {
            Ok(_) => return,
            Err(StoreError::Conflict { .. }) => {}
            Err(error) => panic!("{error}"),
        }
    }
}

fn count(bytes: &[u8]) -> u64 {
    u64::from_le_bytes(bytes.try_into().unwrap())
}

#[test]
fn no_increment_is_lost_between_handles_and_threads() {
    const ROUNDS: u64 = 50;
    let dir = tempfile::tempdir().unwrap();
    let first = Store::create(dir.path(), small()).unwrap();
    let second = Store::open(dir.path(), small()).unwrap();
    thread::scope(|scope| {
        for store in [&first, &first, &second, &second] {
            let store = store.session();
            scope.spawn(move || (0..ROUNDS).for_each(|_| increment(&store)));
        }
    });
    for store in [&first, &second, &Store::open(dir.path(), small()).unwrap()] {
        assert_eq!(count(&store.get_ref("counter").unwrap().unwrap()), 4 * ROUNDS);
    }
}

#[test]
fn readers_see_whole_commits_while_writers_write_and_garbage_is_collected() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::create(dir.path(), small()).unwrap();
    let list = put_list(&store, 0..4);
    let both = |list: &Hash| {
        let mut transaction = update("left", Expected::Any, Some(list.as_bytes()));
        transaction.updates.extend(update("right", Expected::Any, Some(list.as_bytes())).updates);
        transaction
    };
    store.commit(&both(&list)).unwrap();
    let done = AtomicBool::new(false);
    let reads = AtomicU64::new(0);
    thread::scope(|scope| {
        for i in 0..8 {
            // Half the readers have a handle of their own, as another process has.
            let reader =
                if i % 2 == 0 { store.clone() } else { Store::open(dir.path(), small()).unwrap() };
            let (done, reads) = (&done, &reads);
            scope.spawn(move || {
                while !done.load(Ordering::Relaxed) {
                    let refs = reader.refs().unwrap();
                    assert_eq!(refs["left"], refs["right"]);
                    let list = Hash::from_slice(&refs["left"]).unwrap();
                    // Nothing keeps what these refs lead to, if they have changed by now.
                    if !is_whole(&reader, &list).unwrap() {
                        assert_ne!(reader.get_ref("left").unwrap().unwrap(), refs["left"]);
                    }
                    reads.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        let mut version = 0u64;
        while version < 150 || reads.load(Ordering::Relaxed) < 100 {
            version += 1;
            let list = put_list(&store, version * 2..version * 2 + 4);
            store.commit(&both(&list)).unwrap();
            if version.is_multiple_of(20) {
                store.collect(Lists).unwrap().run().unwrap();
            }
        }
        done.store(true, Ordering::Relaxed);
    });
    assert_eq!(store.check().unwrap().problems, []);
}

#[test]
fn a_commit_of_one_session_takes_nothing_of_another() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::create(dir.path(), small()).unwrap();
    let other = store.session();
    let list = put_list(&other, 0..3);
    set(&store, "main", b"1").unwrap();
    assert!(!is_whole(&Store::open(dir.path(), small()).unwrap(), &list).unwrap());
    set(&other, "main", list.as_bytes()).unwrap();
    assert!(is_whole(&Store::open(dir.path(), small()).unwrap(), &list).unwrap());
}

#[test]
fn a_session_does_not_build_on_what_another_did_not_commit() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::create(dir.path(), small()).unwrap();
    let other = store.session();
    let (hash, _) = put_leaf(&other, &[(b"k", b"v")]);
    assert!(other.read_node(&hash, Locator::NONE).unwrap().is_some());
    assert!(store.read_node(&hash, Locator::NONE).unwrap().is_none());
    set(&other, "main", hash.as_bytes()).unwrap();
    assert!(store.read_node(&hash, Locator::NONE).unwrap().is_some());
}

#[test]
#[cfg(unix)]
fn a_store_that_cannot_be_written_to_is_read() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    let list = {
        let store = Store::create(dir.path(), small()).unwrap();
        let list = put_list(&store, 0..3);
        set(&store, "main", list.as_bytes()).unwrap();
        list
    };
    for entry in std::fs::read_dir(dir.path()).unwrap() {
        let path = entry.unwrap().path();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o444)).unwrap();
    }
    std::fs::set_permissions(dir.path(), std::fs::Permissions::from_mode(0o555)).unwrap();
    let store = Store::open_read_only(dir.path(), small()).unwrap();
    assert!(is_whole(&store, &list).unwrap());
    assert!(matches!(set(&store, "main", b""), Err(StoreError::ReadOnly { .. })));
    assert!(store.check().unwrap().problems.is_empty());
    std::fs::set_permissions(dir.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
}
