//! What changes a repository, beside what `git` and others do to it meanwhile.

use std::fs;
use std::path::{Path, PathBuf};

use prollytree_git::{GitError, GitVersionedKvStore, StrategyOutcome, merge_strategy};

use crate::kv::{git, init};

/// A repository with a file of code, and a data set with one commit in its folder `data`.
fn beside_code(root: &Path) -> GitVersionedKvStore {
    git(root, &["init", "--quiet", "--initial-branch=main"]);
    fs::write(root.join("code"), numbers("1", "20")).unwrap();
    git(root, &["add", "."]);
    git(root, &["commit", "--quiet", "--message=code"]);
    let mut store = init(&root.join("data"));
    store.set("a", "1").unwrap();
    store.commit("data").unwrap();
    store
}

/// The numbers to 20, line by line, with another first and last line.
fn numbers(first: &str, last: &str) -> String {
    let middle: Vec<_> = (2..20).map(|n| n.to_string()).collect();
    format!("{first}\n{}\n{last}\n", middle.join("\n"))
}

fn linked(root: &Path, name: &str) -> PathBuf {
    let path = root.with_file_name(name);
    git(root, &["worktree", "add", "--quiet", path.to_str().unwrap(), "-b", name]);
    path
}

#[test]
fn saved_edits_survive_a_collection_of_garbage_in_another_working_tree() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("root");
    fs::create_dir(&root).unwrap();
    let mut main = beside_code(&root);
    let side = linked(&root, "side");
    let mut other = GitVersionedKvStore::open(side.join("data")).unwrap();
    for (n, store) in [&mut main, &mut other].into_iter().enumerate() {
        store.set("saved", n.to_string()).unwrap();
        store.save().unwrap();
    }
    drop((main, other));
    for place in [&root, &side] {
        git(place, &["gc", "--quiet", "--prune=now"]);
        for (n, place) in [&root, &side].into_iter().enumerate() {
            let mut store = GitVersionedKvStore::open(place.join("data")).unwrap();
            assert_eq!(store.get(b"saved").unwrap(), Some(n.to_string().into()));
            assert_eq!(store.status().unwrap().len(), 1);
        }
    }
    let mut store = GitVersionedKvStore::open(side.join("data")).unwrap();
    store.commit("saved").unwrap();
    assert!(store.status().unwrap().is_empty());
    // What is saved no more leaves no ref behind.
    let left = git(&root, &["for-each-ref", "--format=%(refname)", "refs/prolly/"]);
    assert_eq!(left, "refs/prolly/main/d-data/working");
    git(&root, &["fsck", "--full", "--strict"]);
}

#[test]
fn a_branch_is_checked_out_in_one_working_tree_only() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("root");
    fs::create_dir(&root).unwrap();
    let mut main = beside_code(&root);
    let side = linked(&root, "side");
    let mut other = GitVersionedKvStore::open(side.join("data")).unwrap();
    assert!(other.checkout("main").is_err());
    assert!(main.checkout("side").is_err());
    assert!(main.repository_mut().delete_branch("side", true).is_err());
    assert_eq!(git(&side, &["branch", "--show-current"]), "side");
    assert_eq!(git(&side, &["status", "--porcelain"]), "");
    git(&root, &["worktree", "remove", "--force", side.to_str().unwrap()]);
    main.checkout("side").unwrap();
}

#[test]
fn a_writer_that_died_is_followed_in_its_own_working_tree() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("root");
    fs::create_dir(&root).unwrap();
    let main = beside_code(&root);
    drop(main);
    let side = linked(&root, "side");
    let mut other = GitVersionedKvStore::open(side.join("data")).unwrap();
    other.set("saved", "1").unwrap();
    other.save().unwrap();
    drop(other);
    // As if it had died before the ref changed.
    let name = "refs/prolly/w-side/d-data/working";
    let record = git(&side, &["rev-parse", name]);
    git(&side, &["update-ref", "-d", name]);
    let lock = root.join(".git/prolly/lock");
    fs::write(&lock, format!("prolly 1\nin w-side\nstate {name} - {record}\nend\n")).unwrap();

    let mut main = GitVersionedKvStore::open(root.join("data")).unwrap();
    main.set("b", "1").unwrap();
    main.commit("b").unwrap();
    assert_eq!(fs::read_to_string(&lock).unwrap(), "");
    assert!(!main.contains_key(b"saved").unwrap());
    let other = GitVersionedKvStore::open(side.join("data")).unwrap();
    assert!(other.contains_key(b"saved").unwrap());

    // As if it had died when it had moved its branch, with the index not brought along.
    let old = git(&side, &["rev-parse", "HEAD"]);
    let new = git(&root, &["rev-parse", "main"]);
    git(&side, &["update-ref", "refs/heads/side", &new]);
    let intent = format!("checkout HEAD {old} {new}\nref refs/heads/side {old} {new}\n");
    fs::write(&lock, format!("prolly 1\nin w-side\n{intent}end\n")).unwrap();
    // It was still writing the lock.
    fs::write(root.join(".git/refs/heads/side.lock"), &new).unwrap();
    main.set("c", "1").unwrap();
    main.commit("c").unwrap();
    assert_eq!(git(&side, &["status", "--porcelain"]), "");
    assert_eq!(git(&root, &["status", "--porcelain"]), "");
    git(&side, &["commit", "--quiet", "--allow-empty", "--message=not locked"]);
}

#[test]
fn what_is_in_the_way_of_the_maps_is_not_destroyed() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    git(root, &["init", "--quiet", "--initial-branch=main"]);
    fs::create_dir_all(root.join("game/maps")).unwrap();
    fs::write(root.join("game/maps/level"), "1").unwrap();
    git(root, &["add", "."]);
    git(root, &["commit", "--quiet", "--message=game"]);
    let made = GitVersionedKvStore::init(root.join("game"));
    assert!(matches!(made, Err(GitError::Occupied { .. })));
    // In the version, but not in the working tree.
    fs::rename(root.join("game/maps"), root.join("elsewhere")).unwrap();
    let mut store = GitVersionedKvStore::init(root.join("game")).unwrap();
    store.set("a", "1").unwrap();
    assert!(store.commit("over it").is_err());
    assert_eq!(git(root, &["ls-files"]), "game/maps/level");
}

#[test]
fn no_data_set_is_made_in_the_maps_of_another() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = init(folder.path());
    store.set("a", "1").unwrap();
    store.commit("first").unwrap();
    for inside in ["maps", "maps/default", "maps/new"] {
        let made = GitVersionedKvStore::init(folder.path().join(inside));
        assert!(matches!(made, Err(GitError::BadFolder { .. })));
    }
}

#[test]
fn a_copied_working_tree_is_committed_to() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = beside_code(folder.path());
    // As a copy, or a backup that came back: the same bytes in another file.
    let file = folder.path().join("data/PROLLY");
    let bytes = fs::read(&file).unwrap();
    fs::remove_file(&file).unwrap();
    fs::write(&file, bytes).unwrap();
    store.set("b", "1").unwrap();
    store.commit("second").unwrap();
    assert_eq!(git(folder.path(), &["status", "--porcelain"]), "");
    // What was changed is not overwritten.
    fs::write(&file, "changed").unwrap();
    store.set("c", "1").unwrap();
    assert!(store.commit("third").is_err());
    assert_eq!(fs::read_to_string(&file).unwrap(), "changed");
    assert_eq!(git(folder.path(), &["log", "-1", "--format=%s"]), "second");
}

#[test]
fn an_index_that_is_locked_for_a_moment_is_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = beside_code(folder.path());
    let lock = folder.path().join(".git/index.lock");
    fs::write(&lock, "").unwrap();
    store.set("b", "1").unwrap();
    let (started, wait) = std::sync::mpsc::channel();
    std::thread::scope(|scope| {
        let commit = scope.spawn(move || {
            started.send(()).unwrap();
            store.commit("second")
        });
        wait.recv().unwrap();
        fs::remove_file(&lock).unwrap();
        commit.join().unwrap().unwrap();
    });
    assert_eq!(git(folder.path(), &["status", "--porcelain"]), "");
}

#[test]
fn refs_that_lead_in_a_circle_lead_nowhere() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = init(folder.path());
    store.set("a", "1").unwrap();
    store.commit("first").unwrap();
    git(folder.path(), &["symbolic-ref", "refs/heads/x", "refs/heads/y"]);
    git(folder.path(), &["symbolic-ref", "refs/heads/y", "refs/heads/x"]);
    git(folder.path(), &["symbolic-ref", "HEAD", "refs/heads/x"]);
    // Whatever it says, it says something.
    _ = GitVersionedKvStore::open(folder.path()).map(drop);
    git(folder.path(), &["symbolic-ref", "HEAD", "refs/heads/main"]);
    let store = GitVersionedKvStore::open(folder.path()).unwrap();
    assert_eq!(store.get(b"a").unwrap().unwrap(), b"1");
}

/// Commits a change of the code on a branch, and one of the data on top.
fn change(root: &Path, store: &mut GitVersionedKvStore, code: &str, key: &str) {
    fs::write(root.join("code"), code).unwrap();
    git(root, &["commit", "--quiet", "--all", "--message", key]);
    store.refresh().unwrap();
    store.set(key, "1").unwrap();
    store.commit(key).unwrap();
}

#[test]
fn a_strategy_that_git_refuses_is_no_merge_with_conflicts() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    let mut store = beside_code(root);
    store.checkout_new_branch("side").unwrap();
    change(root, &mut store, &numbers("theirs", "20"), "side");
    store.checkout("main").unwrap();
    fs::write(root.join("more"), "").unwrap();
    git(root, &["add", "more"]);
    git(root, &["commit", "--quiet", "--message=more"]);
    let base = git(root, &["merge-base", "main", "side"]);
    fs::write(root.join("code"), numbers("1", "dirty")).unwrap();
    let before = git(root, &["status", "--porcelain"]);
    let merge = || merge_strategy(root, std::slice::from_ref(&base), "HEAD", &["side".to_owned()]);
    assert!(matches!(merge(), Err(GitError::ProgramFailed { .. })));
    assert_eq!(git(root, &["status", "--porcelain"]), before);
    git(root, &["checkout", "--quiet", "code"]);
    assert_eq!(merge().unwrap(), StrategyOutcome::Merged);
    assert_eq!(fs::read_to_string(root.join("code")).unwrap(), numbers("theirs", "20"));
}

#[test]
fn files_beside_a_crosswise_merge_are_not_merged_from_one_ancestor() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    let mut store = beside_code(root);
    git(root, &["branch", "side"]);
    change(root, &mut store, &numbers("ours", "20"), "ours");
    let ours = git(root, &["rev-parse", "HEAD"]);
    store.checkout("side").unwrap();
    change(root, &mut store, &numbers("theirs", "20"), "theirs");
    let theirs = git(root, &["rev-parse", "HEAD"]);
    // Each side takes the data of the other, and keeps its own code.
    for (branch, other) in [("side", &ours), ("main", &theirs)] {
        git(root, &["checkout", "--quiet", branch]);
        git(root, &["merge", "--quiet", "--strategy=ours", "--message=crosswise", other]);
    }
    store.refresh().unwrap();
    let error = store.merge("side").unwrap_err();
    let conflict = chain(&error).any(|error| {
        matches!(error.downcast_ref::<GitError>(), Some(GitError::FilesConflict { .. }))
    });
    assert!(conflict, "from either ancestor one side is unchanged: {error:?}");
    assert_eq!(git(root, &["status", "--porcelain"]), "");
}

fn chain<'e>(
    error: &'e (dyn std::error::Error + 'static),
) -> impl Iterator<Item = &'e (dyn std::error::Error + 'static)> {
    std::iter::successors(Some(error), |error| error.source())
}

#[test]
fn no_branch_is_made_at_a_commit_that_was_collected() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = init(folder.path());
    store.set("a", "1").unwrap();
    store.commit("first").unwrap();
    store.checkout_new_branch("side").unwrap();
    store.set("b", "1").unwrap();
    let gone = store.commit("second").unwrap();
    store.checkout("main").unwrap();
    store.repository_mut().delete_branch("side", true).unwrap();
    git(folder.path(), &["reflog", "expire", "--all", "--expire=now", "--expire-unreachable=now"]);
    git(folder.path(), &["gc", "--quiet", "--prune=now"]);
    assert!(store.repository_mut().create_branch("again", &gone).is_err());
    git(folder.path(), &["fsck", "--full", "--strict"]);
    store.set("c", "1").unwrap();
    store.commit("third").unwrap();
}

#[test]
fn deleted_branches_undo_no_commit_that_git_packs_meanwhile() {
    use std::sync::atomic::{AtomicBool, Ordering};
    const COMMITS: usize = 200;
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    let mut store = init(root);
    git(root, &["config", "core.fsync", "none"]);
    store.set("a", "1").unwrap();
    let tip = store.commit("first").unwrap();
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let until_done = |work: &mut dyn FnMut(usize)| {
            (0..).take_while(|_| !done.load(Ordering::Relaxed)).for_each(work);
        };
        scope.spawn(move || {
            until_done(&mut |_| {
                // It finds locks of ours now and then.
                let mut pack = std::process::Command::new("git");
                _ = pack.args(["pack-refs", "--all"]).current_dir(root).output().unwrap();
            });
        });
        scope.spawn(move || {
            let mut store = GitVersionedKvStore::open(root).unwrap();
            until_done(&mut |n| {
                let repo = store.repository_mut();
                _ = repo.create_branch(&format!("b{}", n % 50), &tip);
                _ = repo.delete_branch(&format!("b{}", (n + 25) % 50), true);
            });
        });
        let mut made = 1;
        for _ in 0..2 * COMMITS {
            store.set("n", made.to_string()).unwrap();
            // A ref that is packed just now may be refused; what is acknowledged stays.
            made += usize::from(store.commit(made.to_string()).is_ok());
            if made > COMMITS {
                break;
            }
        }
        done.store(true, Ordering::Relaxed);
        assert!(made > COMMITS, "{made}");
        assert_eq!(git(root, &["rev-list", "--count", "main"]), made.to_string());
    });
}
