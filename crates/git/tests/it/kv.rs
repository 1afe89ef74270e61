use std::path::Path;
use std::process::Command;

use prollytree_git::{GitError, GitVersionedKvStore, InitOptions, ThreadSafeGitVersionedKvStore};

/// Makes or opens a data set whose first branch is `main`, whatever the machine prefers.
pub(crate) fn init(folder: &Path) -> GitVersionedKvStore {
    let mut options = InitOptions::default();
    options.default_branch = Some("main".to_owned());
    GitVersionedKvStore::init_with(folder, &options).unwrap()
}

/// What `git` says, run in a folder on a machine without configuration.
pub(crate) fn git(folder: &Path, arguments: &[&str]) -> String {
    let output = Command::new("git")
        .args(arguments)
        .current_dir(folder)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_AUTHOR_NAME", "Git")
        .env("GIT_AUTHOR_EMAIL", "git@example.org")
        .env("GIT_COMMITTER_NAME", "Git")
        .env("GIT_COMMITTER_EMAIL", "git@example.org")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "git {arguments:?}: {said}");
    String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
}

fn program(folder: &Path) {
    let mut store = init(folder);
    store.set(b"config/api_key", b"secret123").unwrap();
    store.set(b"config/timeout", b"30").unwrap();
    store.commit("Update API configuration").unwrap();
    store.checkout_new_branch("feature/new-settings").unwrap();
    store.set(b"config/timeout", b"60").unwrap();
    store.commit("Increase timeout").unwrap();
    store.checkout("main").unwrap();
    assert_eq!(store.get(b"config/timeout").unwrap().unwrap(), b"30");
}

#[test]
fn a_folder_without_a_data_set_is_not_opened() {
    let folder = tempfile::tempdir().unwrap();
    let opened = GitVersionedKvStore::open(folder.path());
    assert!(matches!(opened, Err(GitError::NotADataSet { .. })));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn a_program_runs_again_on_what_it_made() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().join("my-data");
    program(&folder);
    let refs = git(&folder, &["for-each-ref", "refs/heads"]);
    program(&folder);
    assert_eq!(git(&folder, &["for-each-ref", "refs/heads"]), refs);
    assert_eq!(
        git(&folder, &["log", "--format=%s", "feature/new-settings"]),
        "Increase timeout\nUpdate API configuration"
    );
    assert_eq!(git(&folder, &["log", "--format=%s"]), "Update API configuration");
    assert_eq!(git(&folder, &["status", "--porcelain"]), "");
}

#[test]
fn saved_edits_survive_a_restart_and_others_do_not() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = init(folder.path());
    store.set("committed", "1").unwrap();
    store.commit("first").unwrap();
    store.set("saved", "1").unwrap();
    store.delete(b"committed").unwrap();
    store.save().unwrap();
    store.set("unsaved", "1").unwrap();
    drop(store);

    let mut store = GitVersionedKvStore::open(folder.path()).unwrap();
    assert_eq!(store.keys().unwrap(), [b"saved"]);
    assert_eq!(store.status().unwrap().len(), 2);
    store.discard().unwrap();
    drop(store);
    let mut store = GitVersionedKvStore::open(folder.path()).unwrap();
    assert_eq!(store.keys().unwrap(), [b"committed"]);
}

#[test]
fn handles_of_one_folder_lose_no_commit() {
    const HANDLES: usize = 4;
    const COMMITS: usize = 10;
    let folder = tempfile::tempdir().unwrap();
    init(folder.path());
    std::thread::scope(|scope| {
        for handle in 0..HANDLES {
            let folder = folder.path();
            scope.spawn(move || {
                let mut store = GitVersionedKvStore::open(folder).unwrap();
                for i in 0..COMMITS {
                    let key = format!("{handle}/{i}");
                    store.set(key.as_str(), "1").unwrap();
                    store.commit(key.as_str()).unwrap();
                }
            });
        }
    });
    let store = ThreadSafeGitVersionedKvStore::open(folder.path()).unwrap();
    assert_eq!(store.len().unwrap(), (HANDLES * COMMITS) as u64);
    let count = (HANDLES * COMMITS).to_string();
    assert_eq!(git(folder.path(), &["rev-list", "--count", "main"]), count);
    git(folder.path(), &["fsck", "--full", "--strict"]);
}

#[test]
fn what_git_does_meanwhile_is_seen() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = init(folder.path());
    store.set("a", "1").unwrap();
    let first = store.commit("first").unwrap();
    assert_eq!(git(folder.path(), &["rev-parse", "HEAD"]), first.to_string());
    git(folder.path(), &["commit", "--quiet", "--allow-empty", "--message", "by git"]);
    git(folder.path(), &["tag", "by-git"]);
    store.set("b", "1").unwrap();
    store.commit("second").unwrap();
    let log = store.log(9).unwrap();
    let titles: Vec<_> = log.iter().map(|(_, commit)| commit.title()).collect();
    assert_eq!(titles, ["second", "by git", "first"]);
    assert_eq!(store.resolve("by-git").unwrap(), log[1].0);
    git(folder.path(), &["branch", "by-git-too", "HEAD~1"]);
    store.checkout("by-git-too").unwrap();
    assert_eq!(git(folder.path(), &["branch", "--show-current"]), "by-git-too");
    assert!(!store.contains_key(b"b").unwrap());
}

#[test]
fn a_clone_has_every_key_after_a_collection_of_garbage() {
    let folder = tempfile::tempdir().unwrap();
    let (from, to) = (folder.path().join("from"), folder.path().join("to"));
    let mut store = init(&from);
    for i in 0..2_000 {
        store.set(format!("key/{i:04}"), format!("value {i}")).unwrap();
    }
    store.commit("first").unwrap();
    store.set("key/1000", "another").unwrap();
    store.commit("second").unwrap();
    let root = store.root().unwrap();
    let url = format!("file://{}", from.display());
    git(folder.path(), &["clone", "--quiet", &url, "to"]);
    for folder in [&from, &to] {
        git(folder, &["gc", "--quiet", "--prune=now"]);
        let mut store = GitVersionedKvStore::open(folder).unwrap();
        assert_eq!(store.root().unwrap(), root);
        assert_eq!(store.keys().unwrap().len(), 2_000);
        assert_eq!(store.get_at("HEAD~1", b"key/1000").unwrap().unwrap(), b"value 1000");
    }
}

#[test]
fn a_bare_repository_is_a_store_too() {
    let folder = tempfile::tempdir().unwrap();
    let mut options = InitOptions::default();
    options.bare = true;
    let mut store = GitVersionedKvStore::init_with(folder.path(), &options).unwrap();
    store.set("a", "1").unwrap();
    store.commit("first").unwrap();
    drop(store);
    assert_eq!(git(folder.path(), &["rev-parse", "--is-bare-repository"]), "true");
    let store = GitVersionedKvStore::open(folder.path()).unwrap();
    assert_eq!(store.get(b"a").unwrap().unwrap(), b"1");
}
