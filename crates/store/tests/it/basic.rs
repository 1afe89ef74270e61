//! One handle, no faults.

use prollytree_store::{Expected, Store, StoreError, StoreOptions, Transaction};
use prollytree_tree::{Locator, NodeStorage, ObjectKind};

use crate::support::{content, get, put, put_leaf, set, update};

fn small() -> StoreOptions {
    let mut options = StoreOptions::default();
    options.segment_bytes = 8192;
    options.checkpoint_bytes = 1024;
    options
}

#[test]
fn what_is_committed_is_there_after_opening_again() {
    let dir = tempfile::tempdir().unwrap();
    let mut hashes = Vec::new();
    {
        let store = Store::create(dir.path(), small()).unwrap();
        for i in 0..100 {
            hashes.push(put(&store, &content(i, 300)));
            set(&store, "main", &i.to_le_bytes()).unwrap();
        }
    }
    let store = Store::open(dir.path(), small()).unwrap();
    assert_eq!(&*store.get_ref("main").unwrap().unwrap(), 99u64.to_le_bytes());
    for (i, hash) in hashes.iter().enumerate() {
        assert_eq!(&*get(&store, hash).unwrap().unwrap(), content(i as u64, 300));
    }
    assert_eq!(store.sequence().unwrap(), 101);
}

#[test]
fn what_is_not_committed_is_readable_and_then_gone() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::create(dir.path(), small()).unwrap();
    let hash = put(&store, b"pending");
    let (leaf, at) = put_leaf(&store, &[(b"key", b"value")]);
    assert_eq!(&*get(&store, &hash).unwrap().unwrap(), b"pending");
    assert!(store.read_node(&leaf, at).unwrap().is_some());
    let again = Store::open(dir.path(), small()).unwrap();
    assert_eq!(get(&again, &hash).unwrap(), None);
    assert!(again.read_node(&leaf, Locator::NONE).unwrap().is_none());
}

#[test]
fn refs_change_only_from_what_is_expected() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::create(dir.path(), small()).unwrap();
    store.commit(&update("a/b", Expected::Absent, Some(b"1"))).unwrap();
    let hash = put(&store, b"kept for the retry");
    let error = store.commit(&update("a/b", Expected::Is(b"0".to_vec()), Some(b"2")));
    assert!(matches!(error, Err(StoreError::Conflict { name, current })
        if name == "a/b" && current.as_deref() == Some(b"1")));
    let error = store.commit(&update("a/b", Expected::Absent, Some(b"2")));
    assert!(matches!(error, Err(StoreError::Conflict { .. })));
    store.commit(&update("a/b", Expected::Is(b"1".to_vec()), None)).unwrap();
    assert_eq!(store.get_ref("a/b").unwrap(), None);
    let again = Store::open(dir.path(), small()).unwrap();
    assert!(get(&again, &hash).unwrap().is_some());
    assert!(again.refs().unwrap().is_empty());
}

#[test]
fn names_that_git_refuses_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::create(dir.path(), small()).unwrap();
    let long = "x".repeat(201);
    let bad = [
        "", "/", "a//b", "a/", "/a", ".a", "a/.b", "a..b", "a.lock", "a.lock/b", "a b", "a~", "a^",
        "a:b", "a?", "a*", "a[", "a\\b", "a\n", "a\0", "a\x7f", "@", "a@{b", "a.", "../../x",
        &long,
    ];
    for name in bad {
        assert!(matches!(set(&store, name, b""), Err(StoreError::RefName { .. })), "{name:?}");
    }
    for name in ["a", "refs/heads/main", "é", "a@b", "a.b", &long[1..]] {
        set(&store, name, b"").unwrap();
    }
    let big = vec![0; (1 << 16) + 1];
    assert!(matches!(set(&store, "a", &big), Err(StoreError::RefValueTooLong { .. })));
    set(&store, "a", &big[1..]).unwrap();
}

#[test]
fn a_commit_without_content_appends_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::create(dir.path(), small()).unwrap();
    set(&store, "a", b"1").unwrap();
    assert_eq!(set(&store, "a", b"1").unwrap(), 2);
    assert_eq!(store.commit(&Transaction::default()).unwrap(), 2);
}

#[test]
fn what_is_stored_is_not_stored_twice() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::create(dir.path(), small()).unwrap();
    let size = || std::fs::metadata(dir.path().join("seg-00000000")).unwrap().len();
    put(&store, &content(1, 500));
    set(&store, "a", b"1").unwrap();
    let before = size();
    put(&store, &content(1, 500));
    set(&store, "a", b"2").unwrap();
    assert!(size() < before + 300);
}

#[test]
fn an_object_that_a_commit_requires_must_be_there() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::create(dir.path(), small()).unwrap();
    let hash = ObjectKind::Chunk.hash(b"absent").unwrap();
    let requires = vec![(ObjectKind::Chunk, hash)];
    let transaction = Transaction { requires, ..update("a", Expected::Any, Some(b"1")) };
    let error = store.commit(&transaction);
    assert!(matches!(error, Err(StoreError::Missing { hash: missing, .. }) if missing == hash));
    put(&store, b"absent");
    store.commit(&transaction).unwrap();
}

#[test]
fn more_than_the_budget_is_written_out_before_the_commit() {
    let dir = tempfile::tempdir().unwrap();
    let mut options = small();
    options.pending_bytes = 2000;
    let store = Store::create(dir.path(), options).unwrap();
    let hashes: Vec<_> = (0..50).map(|i| put(&store, &content(i, 400))).collect();
    assert!(store.sequence().unwrap() > 5);
    set(&store, "a", b"1").unwrap();
    let again = Store::open(dir.path(), small()).unwrap();
    assert!(hashes.iter().all(|hash| get(&again, hash).unwrap().is_some()));
}

#[test]
fn only_a_store_is_opened_and_only_once_created() {
    let dir = tempfile::tempdir().unwrap();
    assert!(matches!(Store::open(dir.path(), small()), Err(StoreError::NotAStore { .. })));
    Store::create(dir.path().join("deep/er"), small()).unwrap();
    let error = Store::create(dir.path().join("deep/er"), small());
    assert!(matches!(error, Err(StoreError::AlreadyExists { .. })));
}
