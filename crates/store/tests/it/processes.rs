//! Several processes: the test program starts itself again.

use std::process::{Child, Command, Stdio};

use prollytree_store::{Expected, Refs, Store, StoreError, StoreOptions, Trace, TraceError};
use prollytree_tree::{Hash, ObjectKind};

use crate::collect::{Lists, is_whole, put_list};
use crate::support::update;

const DIR: &str = "PROLLYTREE_STORE_TEST_DIR";
const ROUNDS: &str = "PROLLYTREE_STORE_TEST_ROUNDS";

fn small() -> StoreOptions {
    let mut options = StoreOptions::default();
    options.segment_bytes = 40_000;
    options.checkpoint_bytes = 4000;
    options
}

/// What a started process does: it increments a counter.
#[test]
#[ignore = "a part of the other tests here"]
fn child() {
    let store = Store::open(std::env::var(DIR).unwrap(), small()).unwrap();
    let rounds: u64 = std::env::var(ROUNDS).unwrap().parse().unwrap();
    for _ in 0..rounds {
        increment(&store);
    }
}

/// Adds one to the counter, and sets the ref "list" to a list that belongs to its value.
fn increment(store: &Store) {
    loop {
        let now = store.get_ref("counter").unwrap();
        let count = now.as_deref().map_or(0, |value| u64::from_le_bytes(value.try_into().unwrap()));
        let list = put_list(store, count..count + 10);
        let is_now = now.map_or(Expected::Absent, |value| Expected::Is(value.to_vec()));
        let mut transaction = update("counter", is_now, Some(&(count + 1).to_le_bytes()));
        transaction.updates.extend(update("list", Expected::Any, Some(list.as_bytes())).updates);
        match store.commit(&transaction) {
            Ok(_) => return,
            Err(StoreError::Conflict { .. } | StoreError::Collected { .. }) => {}
            Err(error) => panic!("{error}"),
        }
    }
}

fn start(dir: &std::path::Path, rounds: u64) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "processes::child", "--ignored", "--nocapture"])
        .env(DIR, dir)
        .env(ROUNDS, rounds.to_string())
        .stdout(Stdio::null())
        .spawn()
        .unwrap()
}

fn count(store: &Store) -> u64 {
    let value = store.get_ref("counter").unwrap();
    value.map_or(0, |value| u64::from_le_bytes((*value).try_into().unwrap()))
}

/// Follows the ref "list", and not the counter.
struct OnlyList;

impl Trace for OnlyList {
    fn roots(&self, refs: &Refs) -> Result<Vec<(ObjectKind, Hash)>, TraceError> {
        let mut refs = refs.clone();
        refs.remove("counter");
        Lists.roots(&refs)
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
fn no_increment_is_lost_between_processes_that_share_a_store_with_a_collector() {
    const EACH: u64 = 60;
    let dir = tempfile::tempdir().unwrap();
    let store = Store::create(dir.path(), small()).unwrap();
    let mut children = [start(dir.path(), EACH), start(dir.path(), EACH)];
    let mut last = 0;
    while last < 2 * EACH {
        let now = count(&store);
        assert!(now >= last);
        last = now;
        store.collect(OnlyList).unwrap().run().unwrap();
        // No child may end before its work is done.
        for child in &mut children {
            assert!(child.try_wait().unwrap().is_none_or(|status| status.success()));
        }
    }
    assert!(children.iter_mut().all(|child| child.wait().unwrap().success()));
    assert_eq!(count(&store), 2 * EACH);
    assert_eq!(store.check().unwrap().problems, []);
}

#[test]
fn a_killed_process_leaves_a_store_that_opens_by_itself() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::create(dir.path(), small()).unwrap();
    let mut last = 0;
    for round in 0..20 {
        let mut child = start(dir.path(), u64::MAX);
        // Killed once it has made some commits, more each time.
        while count(&store) < last + 1 + round % 7 {
            assert!(child.try_wait().unwrap().is_none(), "the child ended by itself");
        }
        child.kill().unwrap();
        child.wait().unwrap();
        let again = Store::open(dir.path(), small()).unwrap();
        assert!(count(&again) >= count(&store));
        last = count(&again);
        let list = again.get_ref("list").unwrap().unwrap();
        assert!(is_whole(&again, &Hash::from_slice(&list).unwrap()).unwrap());
        increment(&again);
        last += 1;
    }
    assert_eq!(store.check().unwrap().problems, []);
}
