use std::panic::{AssertUnwindSafe, catch_unwind};

use prollytree_repo::RepoError;

use super::ThreadSafeGitVersionedKvStore;
use crate::{GitError, InitOptions, KeyStatus};

fn store(folder: &tempfile::TempDir) -> ThreadSafeGitVersionedKvStore {
    // Whatever the machine prefers.
    let options = InitOptions { default_branch: Some("main".to_owned()), ..InitOptions::default() };
    ThreadSafeGitVersionedKvStore::init_with(folder.path(), &options).unwrap()
}

#[test]
fn threads_may_share_it() {
    fn shared<T: Clone + Send + Sync + 'static>() {}
    shared::<ThreadSafeGitVersionedKvStore>();
}

#[test]
fn what_many_threads_commit_is_all_there() {
    const THREADS: usize = 4;
    const COMMITS: usize = 8;
    let folder = tempfile::tempdir().unwrap();
    let store = store(&folder);
    std::thread::scope(|scope| {
        for thread in 0..THREADS {
            let store = store.clone();
            scope.spawn(move || {
                for i in 0..COMMITS {
                    let key = format!("{thread}/{i}");
                    store.set(key.as_str(), "1").unwrap();
                    store.commit(key.as_str()).unwrap();
                    // Whoever committed it, it is committed now.
                    assert!(store.get_at("HEAD", key.as_bytes()).unwrap().is_some());
                }
            });
        }
    });
    assert_eq!(store.len().unwrap(), (THREADS * COMMITS) as u64);
    assert_eq!(store.status().unwrap(), []);
    assert_eq!(store.snapshot_at("main").unwrap().root(), store.root().unwrap());
}

#[test]
fn steps_of_several_operations_do_not_mix() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(&folder);
    store.set("count", "0").unwrap();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..25 {
                    store.with(|store| {
                        let count = store.get(b"count").unwrap().unwrap();
                        let count: u32 = String::from_utf8(count).unwrap().parse().unwrap();
                        store.set("count", (count + 1).to_string()).unwrap();
                    });
                }
            });
        }
    });
    assert_eq!(store.get(b"count").unwrap().unwrap(), b"100");
}

#[test]
fn committed_versions_are_read_while_the_store_is_busy() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(&folder);
    store.set("a", "1").unwrap();
    let first = store.commit("first").unwrap();
    let snapshot = store.snapshot().unwrap();
    let reader = store.clone();
    // A method that took the lock would wait here for ever.
    store.with(|busy| {
        busy.set("a", "2").unwrap();
        assert_eq!(reader.resolve("HEAD").unwrap(), first);
        assert_eq!(reader.get_at("main", b"a").unwrap().unwrap(), b"1");
        assert_eq!(reader.log(9).unwrap().len(), 1);
        assert_eq!(reader.history(b"a").unwrap().count(), 1);
        assert_eq!(reader.snapshot_at("HEAD").unwrap().len(), 1);
        busy.commit("second").unwrap();
        assert_eq!(reader.diff("HEAD~1", "HEAD").unwrap().len(), 1);
    });
    assert_eq!(snapshot.get(b"a").unwrap().unwrap(), b"1");
    assert_eq!(store.get(b"a").unwrap().unwrap(), b"2");
}

#[test]
fn a_panic_of_one_thread_leaves_the_store_to_the_others() {
    let folder = tempfile::tempdir().unwrap();
    let store = store(&folder);
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        store.with(|store| {
            store.set("made", "1").unwrap();
            panic!("in the middle");
        })
    }));
    assert!(panicked.is_err());
    assert_eq!(store.status().unwrap(), [(b"made".to_vec(), KeyStatus::Added)]);
    store.set("later", "1").unwrap();
    store.commit("both").unwrap();
    assert_eq!(store.keys().unwrap(), [&b"later"[..], b"made"]);
}

#[test]
fn clones_have_one_branch_checked_out() {
    let folder = tempfile::tempdir().unwrap();
    let one = store(&folder);
    let two = one.clone();
    one.set("a", "1").unwrap();
    one.commit("first").unwrap();
    two.checkout_new_branch("side").unwrap();
    assert_eq!(one.current_branch().as_deref(), Some("side"));
    one.set("a", "2").unwrap();
    assert!(matches!(two.checkout("main"), Err(GitError::Repo(RepoError::Uncommitted { .. }))));
    two.discard().unwrap();
    assert_eq!(one.get(b"a").unwrap().unwrap(), b"1");
}
