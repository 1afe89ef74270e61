//! Code beside a data set, changed by Git between commits of data, on branches and in merges.

use std::fs;

use prollytree_git::{GitError, GitVersionedKvStore};
use prollytree_repo::{Choice, MergeOutcome, Uncommitted};

use super::placement::{beside_code, status};
use super::sandbox::{Sandbox, isolated};
use super::store::{Repo, commit, content, get, map, open, try_open};

#[test]
fn commits_of_code_between_commits_of_data_are_kept() {
    isolated(|at| {
        let mut repo = beside_code(at);
        at.write("work/src/main.rs", "fn main() { one() }\n");
        at.git("work", &["commit", "--quiet", "--all", "--message", "Code 1"]);
        // A handle tells that somebody was faster, and keeps its edits.
        repo.set(&map(), "a", "2").unwrap();
        let moved = repo.commit("Too early").unwrap_err();
        assert!(moved.is_retryable(), "{moved:?}");
        repo.refresh().unwrap();
        repo.commit("Data 1").unwrap();
        // The store does this by itself.
        let mut store = GitVersionedKvStore::open(at.path("work/data")).unwrap();
        at.write("work/new.rs", "// new\n");
        at.git("work", &["add", "new.rs"]);
        at.git("work", &["commit", "--quiet", "--message", "Code 2"]);
        store.set("b", "2").unwrap();
        store.commit("Data 2").unwrap();
        assert_eq!(status(at), "");
        let titles = "Data 2\nCode 2\nData 1\nCode 1\nData\nCode";
        assert_eq!(at.git("work", &["log", "--format=%s"]), titles);
        assert_eq!(at.git("work", &["show", "HEAD:src/main.rs"]), "fn main() { one() }");
        assert_eq!(at.git("work", &["show", "HEAD:new.rs"]), "// new");
        let log = store.log(9).unwrap();
        assert_eq!(log.len(), 6);
        assert!(log[5].1.maps.is_empty(), "there was no data set then");
    });
}

#[test]
fn a_checkout_by_git_is_seen() {
    isolated(|at| {
        let mut repo = beside_code(at);
        at.git("work", &["checkout", "--quiet", "-b", "dev"]);
        at.write("work/src/main.rs", "fn main() { dev() }\n");
        at.git("work", &["commit", "--quiet", "--all", "--message", "Code of dev"]);
        repo.refresh().unwrap();
        assert_eq!(repo.current_branch(), Some("dev"));
        commit(&mut repo, &[("a", "dev")], "Data of dev");
        at.git("work", &["checkout", "--quiet", "main"]);
        let mut repo = open(&at.path("work/data"));
        assert_eq!((repo.current_branch(), get(&repo, "a").unwrap().as_str()), (Some("main"), "1"));
        commit(&mut repo, &[("b", "main")], "Data of main");
        at.git("work", &["checkout", "--quiet", "dev"]);
        repo.refresh().unwrap();
        assert_eq!(get(&repo, "a").unwrap(), "dev");
        // A branch from before the data set has none.
        at.git("work", &["checkout", "--quiet", "-b", "old", "main~2"]);
        repo.refresh().unwrap();
        assert!(repo.head_maps().is_empty());
        assert!(!at.path("work/data/PROLLY").exists());
        commit(&mut repo, &[("a", "old")], "A new beginning");
        assert_eq!(status(at), "");
        assert_eq!(content(&at.path("work/data")).len(), 3);
    });
}

/// Two branches with different data, and code that a function changed on each.
fn diverged(at: &Sandbox, main: impl Fn(&Sandbox), dev: impl Fn(&Sandbox)) -> Repo {
    let mut repo = beside_code(at);
    let tip = repo.tip().unwrap();
    repo.create_branch("dev", &tip).unwrap();
    let change = |change: &dyn Fn(&Sandbox)| {
        change(at);
        at.git("work", &["add", "src"]);
        at.git("work", &["commit", "--quiet", "--allow-empty", "--message", "Code"]);
    };
    change(&main);
    repo.refresh().unwrap();
    commit(&mut repo, &[("a", "main")], "Data of main");
    repo.checkout("dev", Uncommitted::Refuse).unwrap();
    change(&dev);
    repo.refresh().unwrap();
    commit(&mut repo, &[("b", "dev")], "Data of dev");
    repo.checkout("main", Uncommitted::Refuse).unwrap();
    repo
}

fn writes<'a>(file: &'a str, text: &'a str) -> impl Fn(&Sandbox) + 'a {
    move |at| at.write(&format!("work/{file}"), text)
}

fn nothing(_: &Sandbox) {}

fn is_merged(at: &Sandbox, repo: &mut Repo) {
    let merged = repo.merge("dev", Default::default()).unwrap();
    assert!(matches!(merged, MergeOutcome::Merged(_)), "{merged:?}");
    assert_eq!([get(repo, "a").unwrap(), get(repo, "b").unwrap()], ["main", "dev"]);
    assert_eq!(status(at), "");
    assert_eq!(at.git("work", &["rev-list", "--parents", "-1", "HEAD"]).split(' ').count(), 3);
}

#[test]
fn a_merge_takes_code_that_one_side_changed() {
    isolated(|at| {
        let mut repo = diverged(at, nothing, |at| {
            at.write("work/src/main.rs", "fn main() { dev() }\n");
            at.write("work/src/deep/er/new.rs", "// new\n");
            fs::remove_file(at.path("work/src/lib.rs")).unwrap();
        });
        is_merged(at, &mut repo);
        assert_eq!(at.read("work/src/main.rs"), "fn main() { dev() }\n");
        assert_eq!(at.git("work", &["ls-files", "src"]), "src/deep/er/new.rs\nsrc/main.rs");
        assert!(!at.path("work/src/lib.rs").exists());
    });
}

#[test]
fn a_merge_keeps_code_that_ours_changed() {
    isolated(|at| {
        let mut repo = diverged(at, writes("src/main.rs", "fn main() { ours() }\n"), nothing);
        is_merged(at, &mut repo);
        assert_eq!(at.read("work/src/main.rs"), "fn main() { ours() }\n");
    });
}

#[test]
fn a_merge_takes_different_files_of_both_sides() {
    isolated(|at| {
        let ours = writes("src/main.rs", "fn main() { ours() }\n");
        let mut repo = diverged(at, ours, writes("src/lib.rs", "//! Theirs.\n"));
        is_merged(at, &mut repo);
        assert_eq!(at.read("work/src/main.rs"), "fn main() { ours() }\n");
        assert_eq!(at.read("work/src/lib.rs"), "//! Theirs.\n");
    });
}

#[test]
fn a_merge_of_a_file_that_both_sides_changed_is_left_to_git() {
    isolated(|at| {
        let ours = writes("src/main.rs", "fn main() { ours() }\n");
        let mut repo = diverged(at, ours, writes("src/main.rs", "fn main() { theirs() }\n"));
        let head = at.git("work", &["rev-parse", "HEAD"]);
        let refused = repo.merge("dev", Default::default()).unwrap_err();
        assert!(format!("{refused:?}").contains("src/main.rs"), "{refused:?}");
        assert_eq!(at.git("work", &["rev-parse", "HEAD"]), head);
        assert_eq!(status(at), "");
        assert_eq!(at.read("work/src/main.rs"), "fn main() { ours() }\n");
        // The handle is as it was.
        assert_eq!(repo.operation(), None);
        assert_eq!(get(&repo, "a").unwrap(), "main");
        commit(&mut repo, &[("c", "1")], "Goes on");
    });
}

#[test]
fn a_clone_of_code_brings_the_data_set_along() {
    isolated(|at| {
        let repo = beside_code(at);
        let options = ["-c", "core.autocrlf=true", "-c", "core.eol=crlf"];
        at.git("", &[&options[..], &["clone", "--quiet", "work", "clone"]].concat());
        at.git("clone", &["config", "core.autocrlf", "true"]);
        let mut cloned = open(&at.path("clone/data"));
        assert_eq!(cloned.head_maps(), repo.head_maps());
        commit(&mut cloned, &[("a", "in the clone")], "In the clone");
        assert_eq!(at.git("clone", &["status", "--porcelain"]), "");
        at.git("work", &["pull", "--quiet", "--ff-only", "../clone", "main"]);
        assert_eq!(get(&open(&at.path("work/data")), "a").unwrap(), "in the clone");
        // Only the folder of the data set is one.
        for folder in ["clone", "clone/src", "clone/data/maps"] {
            let opened = try_open(&at.path(folder));
            assert!(matches!(opened, Err(GitError::NotADataSet { .. })), "{folder}");
        }
    });
}

#[test]
fn a_stash_takes_the_persons_edits_only() {
    isolated(|at| {
        let mut repo = beside_code(at);
        at.write("work/src/main.rs", "fn main() { edited() }\n");
        at.git("work", &["stash", "--quiet"]);
        commit(&mut repo, &[("a", "2")], "Data");
        at.git("work", &["stash", "pop", "--quiet"]);
        assert_eq!(status(at), " M src/main.rs");
        assert_eq!(get(&open(&at.path("work/data")), "a").unwrap(), "2");
    });
}

#[test]
fn a_merge_of_data_that_conflicts_is_no_storage_failure() {
    isolated(|at| {
        let mut repo = diverged(at, nothing, nothing);
        commit(&mut repo, &[("b", "main too")], "On main");
        let merged = repo.merge("dev", Default::default()).unwrap();
        assert_eq!(merged, MergeOutcome::Conflicts(1));
        assert_eq!(status(at), "");
        // A commit of code in between does not end the merge.
        at.write("work/src/main.rs", "fn main() { between() }\n");
        at.git("work", &["commit", "--quiet", "--all", "--message", "Between"]);
        let mut repo = open(&at.path("work/data"));
        assert_eq!(repo.conflicts().unwrap().len(), 1);
        repo.resolve_all(&Choice::Theirs).unwrap();
        repo.continue_operation(None).unwrap();
        assert_eq!([get(&repo, "a").unwrap(), get(&repo, "b").unwrap()], ["main", "dev"]);
        assert_eq!(at.git("work", &["show", "HEAD:src/main.rs"]), "fn main() { between() }");
        assert_eq!(status(at), "");
    });
}
