use std::ops::{Deref, DerefMut};

use prollytree_repo::{
    Choice, CommitOptions, ManualClock, MapName, MergeOptions, MergeOutcome, Options, RepoError,
    Repository, Strategy,
};
use prollytree_tree::{Resolution, Side, Value, Verified, verify_key};
use tempfile::TempDir;

use super::{GitVersionedKvStore, KeyStatus};
use crate::{GitError, InitOptions};

/// A store in a folder that lives as long.
struct Scratch {
    store: GitVersionedKvStore,
    _folder: TempDir,
}

impl Deref for Scratch {
    type Target = GitVersionedKvStore;

    fn deref(&self) -> &GitVersionedKvStore {
        &self.store
    }
}

impl DerefMut for Scratch {
    fn deref_mut(&mut self) -> &mut GitVersionedKvStore {
        &mut self.store
    }
}

fn empty() -> Scratch {
    let folder = tempfile::tempdir().unwrap();
    // Whatever the machine prefers.
    let options = InitOptions { default_branch: Some("main".to_owned()), ..InitOptions::default() };
    let store = GitVersionedKvStore::init_with(folder.path(), &options).unwrap();
    Scratch { store, _folder: folder }
}

/// A store with one commit of these keys.
fn committed(entries: &[(&str, &str)]) -> Scratch {
    let mut scratch = empty();
    for (key, value) in entries {
        scratch.set(*key, *value).unwrap();
    }
    scratch.commit("first").unwrap();
    scratch
}

/// Another handle on the same data set.
fn another(store: &GitVersionedKvStore) -> GitVersionedKvStore {
    let clock = ManualClock::new(1_000, 1);
    let repo = Repository::open(
        store.repository().backend().clone(),
        Options::default().with_author_name("Other").with_clock(clock),
    );
    GitVersionedKvStore::from(repo.unwrap())
}

fn get(store: &GitVersionedKvStore, key: &str) -> Option<String> {
    store.get(key.as_bytes()).unwrap().map(|value| String::from_utf8(value).unwrap())
}

fn titles(store: &GitVersionedKvStore) -> Vec<String> {
    let log = store.log(usize::MAX).unwrap();
    log.iter().map(|(_, commit)| commit.title().to_owned()).collect()
}

/// The error of a repository that an operation ended with.
fn refusal<T>(result: Result<T, GitError>) -> RepoError {
    match result {
        Err(GitError::Repo(error)) => error,
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("it was not refused"),
    }
}

fn feature_program(store: &mut GitVersionedKvStore) -> Option<Vec<u8>> {
    store.set(b"config/api_key", b"secret123").unwrap();
    store.set(b"config/timeout", b"30").unwrap();
    store.commit("Update API configuration").unwrap();
    store.checkout_new_branch("feature/new-settings").unwrap();
    store.set(b"config/timeout", b"60").unwrap();
    store.commit("Increase timeout").unwrap();
    store.checkout("main").unwrap();
    store.get(b"config/timeout").unwrap()
}

#[test]
fn the_same_program_again_changes_nothing() {
    let mut store = empty();
    assert_eq!(feature_program(&mut store), Some(b"30".to_vec()));
    let branches = store.branches().unwrap();
    assert_eq!(branches.len(), 2);
    assert_eq!(feature_program(&mut store), Some(b"30".to_vec()));
    assert_eq!(store.branches().unwrap(), branches);
    assert_eq!(titles(&store), ["Update API configuration"]);
    assert_eq!(store.get_at("feature/new-settings", b"config/timeout").unwrap().unwrap(), b"60");
}

#[test]
fn a_commit_of_nothing_answers_with_the_tip() {
    let mut store = empty();
    assert!(matches!(refusal(store.commit("nothing")), RepoError::NothingToCommit));
    assert_eq!(titles(&store), [""; 0]);
    store.set("a", "1").unwrap();
    let first = store.commit("first").unwrap();
    store.set("a", "1").unwrap();
    assert_eq!(store.commit("again").unwrap(), first);
    let options = CommitOptions { allow_empty: true, ..CommitOptions::default() };
    assert_ne!(store.commit_with(options).unwrap(), first);
}

#[test]
fn edits_are_read_in_order_before_they_are_committed() {
    let mut store = committed(&[("b", "1"), ("p/2", "2")]);
    store.set("a", "0").unwrap();
    store.set("p/1", "1").unwrap();
    assert!(store.delete(b"b").unwrap());
    assert!(!store.delete(b"none").unwrap());
    assert_eq!((store.len().unwrap(), store.is_empty().unwrap()), (3, false));
    assert_eq!(store.keys().unwrap(), [&b"a"[..], b"p/1", b"p/2"]);
    let entry = |key: &str, value: &str| (key.as_bytes().to_vec(), value.as_bytes().to_vec());
    assert_eq!(store.prefix(b"p/").unwrap(), [entry("p/1", "1"), entry("p/2", "2")]);
    assert_eq!(store.range(..&b"p/2"[..]).unwrap(), [entry("a", "0"), entry("p/1", "1")]);
    assert!(store.contains_key(b"p/1").unwrap() && !store.contains_key(b"b").unwrap());
}

#[test]
fn status_names_what_became_of_each_key_until_it_is_discarded() {
    let mut store = committed(&[("changed", "1"), ("kept", "1"), ("removed", "1")]);
    store.set("changed", "2").unwrap();
    store.set("kept", "2").unwrap();
    store.set("kept", "1").unwrap();
    store.set("added", "1").unwrap();
    store.delete(b"removed").unwrap();
    let status = [
        (b"added".to_vec(), KeyStatus::Added),
        (b"changed".to_vec(), KeyStatus::Changed),
        (b"removed".to_vec(), KeyStatus::Removed),
    ];
    assert_eq!(store.status().unwrap(), status);
    store.discard().unwrap();
    assert_eq!(store.status().unwrap(), []);
    assert_eq!(get(&store, "changed").as_deref(), Some("1"));
}

#[test]
fn saved_edits_are_there_for_another_handle_and_others_are_not() {
    let mut store = committed(&[("a", "1")]);
    store.set("saved", "1").unwrap();
    store.save().unwrap();
    store.set("unsaved", "1").unwrap();
    let other = another(&store);
    assert_eq!(get(&other, "saved").as_deref(), Some("1"));
    assert_eq!(get(&other, "unsaved"), None);
}

#[test]
fn commits_of_two_handles_are_both_kept() {
    let mut one = committed(&[("a", "1")]);
    let mut two = another(&one);
    for i in 0..3 {
        one.set(format!("one/{i}"), "1").unwrap();
        two.set(format!("two/{i}"), "2").unwrap();
        one.commit(format!("one {i}")).unwrap();
        two.commit(format!("two {i}")).unwrap();
    }
    assert_eq!(titles(&two).len(), 7);
    assert_eq!((two.prefix(b"one/").unwrap().len(), two.prefix(b"two/").unwrap().len()), (3, 3));
    two.set("saved", "2").unwrap();
    two.save().unwrap();
    one.set("late", "1").unwrap();
    one.save().unwrap();
    assert_eq!((get(&one, "saved"), get(&one, "late")), (Some("2".into()), Some("1".into())));
}

#[test]
fn a_commit_never_lands_on_a_branch_that_another_handle_checked_out() {
    let mut store = committed(&[("a", "1")]);
    let main = store.resolve("main").unwrap();
    let mut other = another(&store);
    store.set("mine", "1").unwrap();
    other.checkout_new_branch("theirs").unwrap();
    for _ in 0..2 {
        assert!(matches!(refusal(store.commit("mine")), RepoError::HeadMoved { .. }));
        assert!(matches!(refusal(store.save()), RepoError::HeadMoved { .. }));
    }
    assert_eq!(get(&store, "mine").as_deref(), Some("1"));
    for branch in store.branches().unwrap() {
        assert_eq!(branch.tip, main, "{}", branch.name);
    }
    // A new branch is a choice: the edits come along to it.
    store.checkout_new_branch("mine").unwrap();
    store.commit("mine").unwrap();
    assert_eq!(store.current_branch(), Some("mine"));
    assert_eq!(store.resolve("mine~1").unwrap(), main);
    assert_eq!(store.resolve("theirs").unwrap(), main);
}

#[test]
fn a_checkout_refuses_to_leave_edits_behind() {
    let mut store = committed(&[("a", "1")]);
    store.create_branch("other").unwrap();
    store.set("a", "2").unwrap();
    for target in ["other", "HEAD"] {
        assert!(matches!(refusal(store.checkout(target)), RepoError::Uncommitted { .. }));
    }
    assert_eq!((store.current_branch(), get(&store, "a")), (Some("main"), Some("2".into())));
    store.discard().unwrap();
    store.checkout("other").unwrap();
    assert_eq!(store.current_branch(), Some("other"));
    assert!(matches!(refusal(store.checkout("none")), RepoError::UnknownRevision { .. }));
}

#[test]
fn a_revision_is_checked_out_without_a_branch() {
    let mut store = committed(&[("a", "1")]);
    store.set("a", "2").unwrap();
    let second = store.commit("second").unwrap();
    store.checkout("HEAD~1").unwrap();
    assert_eq!((store.current_branch(), get(&store, "a")), (None, Some("1".into())));
    store.set("b", "1").unwrap();
    let detached = store.commit("detached").unwrap();
    assert_eq!(store.resolve("HEAD").unwrap(), detached);
    assert_eq!(store.resolve("main").unwrap(), second);
    store.checkout_new_branch("kept").unwrap();
    assert_eq!(store.resolve("kept").unwrap(), detached);
}

#[test]
fn a_new_branch_takes_edits_along_and_never_moves_one_that_exists() {
    let mut store = committed(&[("a", "1"), ("b", "1")]);
    let first = store.resolve("HEAD").unwrap();
    store.set("a", "2").unwrap();
    store.checkout_new_branch("other").unwrap();
    assert_eq!(get(&store, "a").as_deref(), Some("2"));
    let other = store.commit("other").unwrap();
    store.checkout("main").unwrap();
    assert!(matches!(refusal(store.create_branch("other")), RepoError::RefExists { .. }));

    store.set("b", "2").unwrap();
    store.checkout_new_branch("other").unwrap();
    assert_eq!(store.resolve("HEAD").unwrap(), other);
    assert_eq!((get(&store, "a"), get(&store, "b")), (Some("2".into()), Some("2".into())));
    store.checkout_new_branch("main").unwrap();
    assert_eq!((get(&store, "a"), get(&store, "b")), (Some("1".into()), Some("2".into())));
    store.set("a", "3").unwrap();
    let refused = refusal(store.checkout_new_branch("other"));
    assert!(matches!(refused, RepoError::CarryConflict { count: 1, .. }), "{refused}");
    assert_eq!((store.current_branch(), get(&store, "a")), (Some("main"), Some("3".into())));
    assert_eq!(store.resolve("main").unwrap(), first);
}

#[test]
fn a_branch_without_commits_takes_a_new_name() {
    let mut store = empty();
    assert!(matches!(refusal(store.create_branch("early")), RepoError::Unborn { .. }));
    store.set("a", "1").unwrap();
    store.checkout_new_branch("trunk").unwrap();
    store.checkout_new_branch("trunk").unwrap();
    store.commit("first").unwrap();
    assert_eq!(store.current_branch(), Some("trunk"));
    assert_eq!(store.branches().unwrap().len(), 1);
}

#[test]
fn branches_are_deleted_only_if_nothing_is_lost() {
    let mut store = committed(&[("a", "1")]);
    store.create_branch("merged").unwrap();
    let tip = store.resolve("merged").unwrap();
    assert_eq!(store.delete_branch("merged").unwrap(), tip);
    store.checkout_new_branch("ahead").unwrap();
    assert!(matches!(refusal(store.delete_branch("ahead")), RepoError::CheckedOut { .. }));
    store.set("a", "2").unwrap();
    store.commit("ahead").unwrap();
    store.checkout("main").unwrap();
    assert!(matches!(refusal(store.delete_branch("ahead")), RepoError::NotMerged { .. }));
    assert!(matches!(refusal(store.create_branch("../evil")), RepoError::Name(_)));
    assert!(matches!(refusal(store.checkout_new_branch("-x")), RepoError::Name(_)));
}

#[test]
fn old_versions_stay_readable() {
    let mut store = committed(&[("a", "1"), ("b", "1")]);
    store.create_tag("v1", None).unwrap();
    store.create_tag("v1-signed-off", Some("Ready")).unwrap();
    assert!(matches!(refusal(store.create_tag("v1", None)), RepoError::RefExists { .. }));
    store.set("a", "2").unwrap();
    store.delete(b"b").unwrap();
    store.commit("second").unwrap();
    store.set("c", "3").unwrap();
    let third = store.commit("third").unwrap();

    assert_eq!(store.tags().unwrap().len(), 2);
    assert_eq!(store.get_at("v1", b"a").unwrap().unwrap(), b"1");
    assert_eq!(store.get_at("HEAD~1", b"b").unwrap(), None);
    assert_eq!(store.snapshot_at("v1-signed-off").unwrap().len(), 2);
    let diff = store.diff("v1", "HEAD").unwrap();
    let keys: Vec<_> = diff.iter().map(|difference| difference.key.as_slice()).collect();
    assert_eq!(keys, [b"a", b"b", b"c"]);
    assert_eq!(diff[1].before, Some(Value::Inline(b"1".to_vec())));
    assert_eq!(diff[1].after, None);
    assert_eq!(store.log(1).unwrap()[0].0, third);
    let history = store.history(b"b").unwrap().map(|version| {
        let version = version.unwrap();
        (version.commit.message, version.value.is_some())
    });
    let expected = [("second".to_owned(), false), ("first".to_owned(), true)];
    assert_eq!(history.collect::<Vec<_>>(), expected);
}

#[test]
fn a_store_without_commits_has_no_history() {
    let store = empty();
    assert_eq!(store.history(b"a").unwrap().count(), 0);
    assert!(matches!(refusal(store.get_at("HEAD", b"a")), RepoError::Unborn { .. }));
}

/// A store on `main`, and a branch `other` that set `both` to something else.
fn diverged() -> Scratch {
    let mut store = committed(&[("both", "0")]);
    store.checkout_new_branch("other").unwrap();
    store.set("both", "theirs").unwrap();
    store.set("other", "1").unwrap();
    store.commit("other").unwrap();
    store.checkout("main").unwrap();
    store.set("both", "ours").unwrap();
    store.commit("main").unwrap();
    store
}

#[test]
fn a_merge_goes_forward_or_makes_a_commit_or_records_conflicts() {
    let mut store = diverged();
    store.checkout_new_branch("behind").unwrap();
    store.checkout("main").unwrap();
    store.set("more", "1").unwrap();
    let more = store.commit("more").unwrap();
    store.checkout("behind").unwrap();
    assert_eq!(store.merge("main").unwrap(), MergeOutcome::FastForward(more));
    assert_eq!(store.merge("main").unwrap(), MergeOutcome::AlreadyUpToDate);

    assert_eq!(store.merge("other").unwrap(), MergeOutcome::Conflicts(1));
    assert_eq!(store.conflicts().unwrap()[0].1.key, b"both");
    assert!(matches!(refusal(store.commit("early")), RepoError::OperationUnderWay { .. }));
    let refused = refusal(store.checkout_new_branch("aside"));
    assert!(matches!(refused, RepoError::OperationUnderWay { .. }));
    assert!(store.branches().unwrap().iter().all(|branch| branch.name.short() != "aside"));
    store.abort_operation().unwrap();
    assert_eq!(get(&store, "other"), None);

    store.merge("other").unwrap();
    assert!(matches!(refusal(store.continue_operation(None)), RepoError::Unresolved { count: 1 }));
    store.resolve_conflict(b"both", &Choice::Value(b"settled".to_vec())).unwrap();
    let merged = store.continue_operation(None).unwrap();
    assert_eq!(store.log(1).unwrap()[0].1.parents.len(), 2);
    assert_eq!(store.resolve("behind").unwrap(), merged);
    assert_eq!(
        (get(&store, "both"), get(&store, "other")),
        (Some("settled".into()), Some("1".into()))
    );
}

#[test]
fn a_merge_asks_again_if_someone_else_commits_meanwhile() {
    let mut store = diverged();
    let mut faster = another(&store);
    faster.set("faster", "1").unwrap();
    faster.commit("faster").unwrap();
    let mut asked = Vec::new();
    let mut theirs_win = |_: &MapName, conflict: &prollytree_tree::Conflict| {
        asked.push(conflict.key.clone());
        Resolution::Take(Side::Theirs)
    };
    let options =
        MergeOptions { strategy: Strategy::Ask(&mut theirs_win), ..MergeOptions::default() };
    let outcome = store.merge_with("other", options).unwrap();
    assert!(matches!(outcome, MergeOutcome::Merged(_)));
    assert_eq!(asked, [b"both", b"both"]);
    assert_eq!(
        (get(&store, "both"), get(&store, "faster")),
        (Some("theirs".into()), Some("1".into()))
    );
}

#[test]
fn a_proof_speaks_of_the_root() {
    let mut store = committed(&[("a", "1")]);
    store.set("b", "2").unwrap();
    let root = store.root().unwrap();
    let proof = store.prove(b"b").unwrap();
    assert!(matches!(verify_key(&root, b"b", proof.as_bytes()), Ok(Verified::Present(_))));
    let proof = store.prove(b"c").unwrap();
    assert!(matches!(verify_key(&root, b"c", proof.as_bytes()), Ok(Verified::Absent)));
}

#[test]
fn another_map_is_another_space_of_keys_in_the_same_commits() {
    let users = MapName::new("users").unwrap();
    let Scratch { mut store, _folder } = committed(&[("a", "1")]);
    store.set("a", "2").unwrap();
    let mut store = store.with_map(users.clone());
    assert_eq!((store.map(), get(&store, "a")), (&users, None));
    store.set("a", "user").unwrap();
    assert_eq!(store.status().unwrap().len(), 1);
    store.commit("both").unwrap();
    assert_eq!(store.history(b"a").unwrap().count(), 1);
    let store = store.with_map(MapName::default());
    assert_eq!(get(&store, "a").as_deref(), Some("2"));
    assert_eq!(store.diff("HEAD~1", "HEAD").unwrap().len(), 1);
}
