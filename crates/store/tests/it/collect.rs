//! Collection of garbage.

use prollytree_store::{
    Expected, Progress, Refs, Store, StoreError, StoreOptions, Trace, TraceError,
};
use prollytree_tree::{Hash, NodeStorage, ObjectKind};

use crate::support::{content, get, set, update};

/// Refs hold a chunk list's name; a chunk list here is names of chunks, a chunk refers to nothing.
pub(crate) struct Lists;

impl Trace for Lists {
    fn roots(&self, refs: &Refs) -> Result<Vec<(ObjectKind, Hash)>, TraceError> {
        refs.values()
            .map(|value| Ok((ObjectKind::ChunkList, Hash::from_slice(value).ok_or("no hash")?)))
            .collect()
    }

    fn children(
        &self,
        kind: ObjectKind,
        bytes: &[u8],
    ) -> Result<Vec<(ObjectKind, Hash)>, TraceError> {
        if kind != ObjectKind::ChunkList {
            return Ok(Vec::new());
        }
        let names = bytes.chunks(32).map(|name| Hash::from_slice(name).ok_or("no hash"));
        names.map(|name| Ok((ObjectKind::Chunk, name?))).collect()
    }
}

/// Writes a list of chunks and returns its name.
pub(crate) fn put_list(store: &Store, seeds: impl IntoIterator<Item = u64>) -> Hash {
    try_put_list(store, seeds).unwrap()
}

/// Writes a list of chunks and returns its name, if the store lets it.
pub(crate) fn try_put_list(
    store: &Store,
    seeds: impl IntoIterator<Item = u64>,
) -> Result<Hash, StoreError> {
    let mut list = Vec::new();
    for seed in seeds {
        let bytes = content(seed, 300);
        let hash = ObjectKind::Chunk.hash(&bytes).unwrap();
        store.write_object(ObjectKind::Chunk, &hash, &bytes)?;
        list.extend(hash.as_bytes());
    }
    let hash = ObjectKind::ChunkList.hash(&list).unwrap();
    store.write_object(ObjectKind::ChunkList, &hash, &list)?;
    Ok(hash)
}

/// Whether a list and all its chunks are there.
pub(crate) fn is_whole(store: &Store, list: &Hash) -> Result<bool, StoreError> {
    let Some(bytes) = store.read_object(ObjectKind::ChunkList, list)? else { return Ok(false) };
    for name in bytes.chunks(32) {
        if get(store, &Hash::from_slice(name).unwrap())?.is_none() {
            return Ok(false);
        }
    }
    Ok(true)
}

fn small() -> StoreOptions {
    let mut options = StoreOptions::default();
    options.segment_bytes = 10_000;
    options.checkpoint_bytes = 2000;
    options.cache_bytes = 0;
    options
}

fn size(dir: &std::path::Path) -> u64 {
    std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().metadata().unwrap().len()).sum()
}

/// A store with a hundred versions of a ref, of which each shares half with the one before.
fn history(dir: &std::path::Path) -> (Store, Vec<Hash>) {
    let store = Store::create(dir, small()).unwrap();
    let mut lists = Vec::new();
    for version in 0..100 {
        let list = put_list(&store, version * 5..version * 5 + 10);
        set(&store, "main", list.as_bytes()).unwrap();
        lists.push(list);
    }
    (store, lists)
}

#[test]
fn only_what_refs_lead_to_stays_and_the_files_shrink() {
    let dir = tempfile::tempdir().unwrap();
    let (store, lists) = history(dir.path());
    set(&store, "old", lists[50].as_bytes()).unwrap();
    let before = size(dir.path());
    let done = store.collect(Lists).unwrap().run().unwrap();
    assert!(done.dropped_segments > 10, "{done:?}");
    assert_eq!(done.live_objects, 22);
    assert!(size(dir.path()) < before / 5);
    for store in [store, Store::open(dir.path(), small()).unwrap()] {
        assert!(is_whole(&store, &lists[99]).unwrap() && is_whole(&store, &lists[50]).unwrap());
        assert!(!is_whole(&store, &lists[10]).unwrap());
        assert_eq!(&*store.get_ref("main").unwrap().unwrap(), lists[99].as_bytes());
    }
}

#[test]
fn a_reader_of_another_handle_goes_on_and_commits_go_through_between_steps() {
    let dir = tempfile::tempdir().unwrap();
    let (store, lists) = history(dir.path());
    let reader = Store::open(dir.path(), small()).unwrap();
    let mut collection = store.collect(Lists).unwrap();
    let mut version = 1000;
    let mut list = lists[99];
    while collection.step(500).unwrap() == Progress::More {
        assert!(is_whole(&reader, &lists[99]).unwrap());
        if version < 1020 {
            list = put_list(&reader, version * 5..version * 5 + 10);
            set(&reader, "main", list.as_bytes()).unwrap();
            set(&reader, "first", lists[99].as_bytes()).unwrap();
            version += 1;
        }
    }
    for store in [&store, &reader, &Store::open(dir.path(), small()).unwrap()] {
        assert!(is_whole(store, &lists[99]).unwrap());
        assert!(is_whole(store, &list).unwrap());
    }
}

#[test]
fn what_is_pinned_stays() {
    let dir = tempfile::tempdir().unwrap();
    let (store, lists) = history(dir.path());
    let other = Store::open(dir.path(), small()).unwrap();
    let pin = other.pin(&[(ObjectKind::ChunkList, lists[3])]).unwrap();
    store.collect(Lists).unwrap().run().unwrap();
    assert!(is_whole(&other, &lists[3]).unwrap());
    drop(pin);
    store.collect(Lists).unwrap().run().unwrap();
    assert!(!is_whole(&store, &lists[3]).unwrap());
    assert!(matches!(
        other.pin(&[(ObjectKind::ChunkList, lists[3])]),
        Err(StoreError::Missing { .. })
    ));
}

#[test]
fn what_a_session_spilled_stays() {
    let dir = tempfile::tempdir().unwrap();
    let (store, _) = history(dir.path());
    let mut options = small();
    options.pending_bytes = 1000;
    let other = Store::open(dir.path(), options).unwrap();
    let list = put_list(&other, 5000..5100);
    store.collect(Lists).unwrap().run().unwrap();
    set(&other, "imported", list.as_bytes()).unwrap();
    assert!(is_whole(&store, &list).unwrap());
    assert!(is_whole(&Store::open(dir.path(), small()).unwrap(), &list).unwrap());
}

#[test]
fn a_commit_that_builds_on_what_was_collected_fails_and_can_be_retried() {
    let dir = tempfile::tempdir().unwrap();
    let (store, lists) = history(dir.path());
    let other = Store::open(dir.path(), small()).unwrap();
    // Already stored, so not written again: the session relies on it.
    let list = put_list(&other, 10 * 5..10 * 5 + 10);
    assert_eq!(list, lists[10]);
    store.collect(Lists).unwrap().run().unwrap();
    let transaction = update("revived", Expected::Absent, Some(list.as_bytes()));
    assert!(matches!(other.commit(&transaction), Err(StoreError::Collected { .. })));
    assert_eq!(other.get_ref("revived").unwrap(), None);
    put_list(&other, 10 * 5..10 * 5 + 10);
    other.commit(&transaction).unwrap();
    assert!(is_whole(&store, &list).unwrap());
}

#[test]
fn one_collection_at_a_time() {
    let dir = tempfile::tempdir().unwrap();
    let (store, _) = history(dir.path());
    let collection = store.collect(Lists).unwrap();
    assert!(matches!(store.collect(Lists), Err(StoreError::Collecting { .. })));
    drop(collection);
    store.collect(Lists).unwrap().run().unwrap();
}

/// Collects garbage just when a check begins to follow what the refs lead to.
struct CollectsFirst<'a>(&'a Store);

impl Trace for CollectsFirst<'_> {
    fn roots(&self, refs: &Refs) -> Result<Vec<(ObjectKind, Hash)>, TraceError> {
        set(self.0, "main", put_list(self.0, 9000..9010).as_bytes())?;
        self.0.collect(Lists)?.run()?;
        Lists.roots(refs)
    }

    fn children(
        &self,
        kind: ObjectKind,
        bytes: &[u8],
    ) -> Result<Vec<(ObjectKind, Hash)>, TraceError> {
        Lists.children(kind, bytes)
    }
}

#[test]
fn a_check_misses_nothing_that_is_collected_meanwhile() {
    let dir = tempfile::tempdir().unwrap();
    let (store, _) = history(dir.path());
    let other = Store::open(dir.path(), small()).unwrap();
    let report = other.check_reachable(&CollectsFirst(&store)).unwrap();
    assert_eq!((report.objects, report.problems), (11, vec![]));
}

#[test]
fn what_a_failed_commit_leaves_stops_no_collection() {
    let dir = tempfile::tempdir().unwrap();
    let (store, _) = history(dir.path());
    let other = Store::open(dir.path(), small()).unwrap();
    // A list of chunks that no ref leads to any more: by itself, the store cannot know that they are
    // its parts. It waits for a commit while the chunks are collected.
    let name = |seed| *ObjectKind::Chunk.hash(&content(seed, 300)).unwrap().as_bytes();
    let parts: Vec<u8> = (20..25u64).flat_map(name).collect();
    let list = ObjectKind::Record.hash(&parts).unwrap();
    other.write_object(ObjectKind::Record, &list, &parts).unwrap();
    store.collect(Records).unwrap().run().unwrap();
    // With so much that is live beside it that its segment is kept.
    set(&other, "main", put_list(&other, 2000..2100).as_bytes()).unwrap();
    for _ in 0..2 {
        store.collect(Records).unwrap().run().unwrap();
    }
    assert!(store.contains(ObjectKind::Record, &list).unwrap());
    assert!(store.check_reachable(&Records).unwrap().problems.is_empty());
}

/// As [`Lists`], with records that are lists too.
struct Records;

impl Trace for Records {
    fn roots(&self, refs: &Refs) -> Result<Vec<(ObjectKind, Hash)>, TraceError> {
        Lists.roots(refs)
    }

    fn children(
        &self,
        kind: ObjectKind,
        bytes: &[u8],
    ) -> Result<Vec<(ObjectKind, Hash)>, TraceError> {
        match kind {
            ObjectKind::Record => Lists.children(ObjectKind::ChunkList, bytes),
            kind => Lists.children(kind, bytes),
        }
    }
}
