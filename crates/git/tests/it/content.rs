//! What one handle, snapshot or version must not do to another.

use std::path::Path;
use std::process::Command;

use prollytree_git::{GitBackend, GitVersionedKvStore, InitOptions};
use prollytree_repo::{
    Backend as _, Commit, CommitId, Identity, MapName, MapRoot, Maps, Options, RefName, RefUpdate,
    RefValue, Repository, Timestamp,
};
use prollytree_tree::{ProllyTree, TreeConfig};

fn git(folder: &Path, arguments: &[&str]) -> String {
    let output = Command::new("git").args(arguments).current_dir(folder).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "git {arguments:?}: {said}");
    String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
}

fn backend(folder: &Path) -> GitBackend {
    let mut options = InitOptions::default();
    options.default_branch = Some("main".to_owned());
    let backend = GitBackend::init(folder, &options).unwrap();
    Repository::init(backend.clone(), Options::default()).unwrap();
    backend
}

/// Writes a map through a handle, and the commit of it.
fn commit(backend: &GitBackend, key: &str, parents: Vec<CommitId>) -> CommitId {
    let mut tree = ProllyTree::new(backend.clone(), TreeConfig::default());
    tree.try_insert(key.as_bytes().to_vec(), b"value".to_vec()).unwrap();
    let tree = tree.try_snapshot().unwrap().clone();
    let map = MapRoot { root: tree.root(), count: tree.len(), config: *tree.config() };
    let commit = Commit {
        maps: Maps::from([(MapName::default(), map)]),
        parents,
        author: Identity::default(),
        time: Timestamp::utc(0),
        message: key.to_owned(),
    };
    backend.write_commit(&commit).unwrap()
}

fn advance(backend: &GitBackend, expected: Option<CommitId>, new: CommitId) {
    let update = RefUpdate {
        name: RefName::branch("main").unwrap(),
        expected: expected.map(RefValue::Commit),
        new: Some(RefValue::Commit(new)),
    };
    backend.update_refs(&[update]).unwrap();
}

#[test]
fn handles_take_turns_at_committing() {
    let folder = tempfile::tempdir().unwrap();
    let one = backend(folder.path());
    let two = one.clone();
    let first = commit(&one, "first", Vec::new());
    advance(&one, None, first);
    let second = commit(&two, "second", vec![first]);
    advance(&two, Some(first), second);
    let third = commit(&one, "third", vec![second]);
    advance(&one, Some(second), third);
    git(folder.path(), &["fsck", "--full", "--strict"]);
    assert_eq!(git(folder.path(), &["rev-list", "--count", "main"]), "3");
}

/// Makes a branch whose version has one file of `main` changed, and everything else the same.
fn change_by_hand(folder: &Path, branch: &str, path: &str, content: &[u8]) {
    let file = folder.join("changed");
    std::fs::write(&file, content).unwrap();
    git(folder, &["read-tree", "main"]);
    let blob = git(folder, &["hash-object", "-w", "changed"]);
    git(folder, &["update-index", "--cacheinfo", &format!("100644,{blob},{path}")]);
    let tree = git(folder, &["write-tree"]);
    let identity = ["-c", "user.name=Git", "-c", "user.email=git@example.org"];
    let commit = [&identity[..], &["commit-tree", "-p", "main", "-m", "by hand", &tree]].concat();
    let commit = git(folder, &commit);
    git(folder, &["update-ref", &format!("refs/heads/{branch}"), &commit]);
}

#[test]
fn what_was_changed_by_hand_on_a_branch_does_not_hide_what_others_have() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let mut options = InitOptions::default();
    options.default_branch = Some("main".to_owned());
    options.bare = true;
    let mut store = GitVersionedKvStore::init_with(folder, &options).unwrap();
    for i in 0..1000 {
        store.set(format!("{i:04}"), format!("value {i}")).unwrap();
    }
    store.set("large", vec![b'x'; 2000]).unwrap();
    store.commit("first").unwrap();
    let tips = |store: &GitVersionedKvStore| -> Vec<_> {
        store.branches().unwrap().into_iter().map(|branch| branch.tip).collect()
    };
    let backend = store.repository().backend();
    assert!(backend.check_versions(tips(&store)).unwrap().is_empty());

    let files = git(folder, &["ls-tree", "-r", "--name-only", "main"]);
    let find = |what: &dyn Fn(&str) -> bool| files.lines().find(|path| what(path)).unwrap();
    let leaf = find(&|path| path.ends_with("maps/default/l"));
    let value = find(&|path| path.contains("/v-large"));
    let text = git(folder, &["show", &format!("main:{leaf}")]);
    change_by_hand(folder, "leaf", leaf, text.replace("value", "other").as_bytes());
    change_by_hand(folder, "value", value, b"other");
    for branch in ["leaf", "value"] {
        git(folder, &["symbolic-ref", "HEAD", &format!("refs/heads/{branch}")]);
        let store = GitVersionedKvStore::open(folder).unwrap();
        assert_eq!(store.get_at("main", b"0000").unwrap().unwrap(), b"value 0");
        assert_eq!(store.get_at("main", b"large").unwrap().unwrap(), vec![b'x'; 2000]);
        let bad = store.repository().backend().check_versions(tips(&store)).unwrap();
        assert_eq!(bad.len(), 2, "{bad:?}");
    }
}

#[test]
fn a_long_chain_of_tags_is_followed() {
    const TAGS: usize = 5_000;
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let mut store = GitVersionedKvStore::init(folder).unwrap();
    store.set("a", "1").unwrap();
    let tip = store.commit("first").unwrap();
    let (mut stream, mut deletions) = (String::new(), String::new());
    let mut from = tip.to_string();
    for i in 1..=TAGS {
        let tagger = "tagger Git <git@example.org> 0 +0000";
        stream += &format!("tag {i}\nmark :{i}\nfrom {from}\n{tagger}\ndata 0\n");
        from = format!(":{i}");
        // The last one holds the others.
        deletions += &if i < TAGS { format!("delete refs/tags/{i}\n") } else { String::new() };
    }
    feed(folder, &["fast-import", "--quiet"], &stream);
    feed(folder, &["update-ref", "--stdin"], &deletions);
    let tags = store.tags().unwrap();
    assert_eq!((tags.len(), tags[0].target), (1, tip));
}

fn feed(folder: &Path, arguments: &[&str], input: &str) {
    let file = folder.join("input");
    std::fs::write(&file, input).unwrap();
    let input = std::fs::File::open(&file).unwrap();
    let status = Command::new("git").args(arguments).stdin(input).current_dir(folder).status();
    assert!(status.unwrap().success());
}
