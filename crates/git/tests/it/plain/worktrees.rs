//! Working trees that `git worktree` adds.

use super::placement::{beside_code, code};
use super::sandbox::{Sandbox, isolated};
use super::store::{commit, content, get, history, init, map, open};

#[test]
fn each_working_tree_has_its_own_branch_and_edits() {
    isolated(|at| {
        let mut main = history(&at.path("data"));
        at.git("data", &["worktree", "add", "--quiet", "../second", "dev"]);
        let mut dev = open(&at.path("second"));
        assert_eq!([main.current_branch(), dev.current_branch()], [Some("main"), Some("dev")]);
        assert_eq!(
            [get(&main, "key/00300"), get(&dev, "key/00300")],
            [Some("value 300".to_owned()), None]
        );

        // Saved edits are of one working tree.
        dev.set(&map(), "saved", "in the second").unwrap();
        dev.save().unwrap();
        main.refresh().unwrap();
        assert_eq!(get(&main, "saved"), None);
        let tip = commit(&mut main, &[("both", "on main")], "On main");
        assert_eq!(at.git("data", &["rev-parse", "HEAD"]), tip);
        drop(dev);
        let mut dev = open(&at.path("second"));
        assert_eq!(get(&dev, "saved").unwrap(), "in the second");
        let tip = commit(&mut dev, &[("both", "on dev")], "On dev");
        assert_eq!(at.git("second", &["rev-parse", "HEAD"]), tip);
        assert_eq!(at.git("data", &["rev-parse", "dev"]), tip);
        for folder in ["data", "second"] {
            assert_eq!(at.git(folder, &["status", "--porcelain"]), "", "{folder}");
        }

        let all = content(&at.path("data"));
        assert_eq!(content(&at.path("second")), all);
        at.git("data", &["gc", "--quiet", "--prune=now"]);
        assert_eq!(content(&at.path("second")), all);
        at.fsck("second");
        at.git("data", &["worktree", "remove", "../second"]);
        assert_eq!(content(&at.path("data")), all);
    });
}

/// Saves edits in one working tree, and collects garbage in another.
fn saved_edits_stay(at: &Sandbox, saved: &str, collected: &str) {
    let mut repo = init(&at.path("data"));
    commit(&mut repo, &[("a", "1")], "First");
    at.git("data", &["worktree", "add", "--quiet", "-b", "dev", "../second"]);
    let mut repo = open(&at.path(saved));
    repo.set(&map(), "saved", vec![1; 100_000]).unwrap();
    repo.save().unwrap();
    drop(repo);
    at.git(collected, &["gc", "--quiet", "--prune=now"]);
    let repo = open(&at.path(saved));
    assert_eq!(repo.get(&map(), b"saved").unwrap().unwrap(), vec![1; 100_000]);
}

#[test]
fn a_collection_of_garbage_in_the_first_working_tree_takes_no_saved_edit_of_another() {
    isolated(|at| saved_edits_stay(at, "second", "data"));
}

#[test]
fn a_collection_of_garbage_in_another_working_tree_takes_no_saved_edit_of_the_first() {
    isolated(|at| saved_edits_stay(at, "data", "second"));
}

#[test]
fn a_branch_that_another_working_tree_has_checked_out_can_move_there() {
    isolated(|at| {
        let mut repo = init(&at.path("data"));
        commit(&mut repo, &[("a", "1")], "First");
        at.git("data", &["worktree", "add", "--quiet", "--detach", "../second"]);
        let mut second = open(&at.path("second"));
        assert_eq!(second.current_branch(), None);
        let tip = commit(&mut second, &[("a", "2")], "Detached");
        assert_eq!(at.git("second", &["rev-parse", "HEAD"]), tip);
        assert_ne!(at.git("data", &["rev-parse", "HEAD"]), tip);
        repo.merge(&tip, Default::default()).unwrap();
        assert_eq!(get(&repo, "a").unwrap(), "2");
        assert_eq!(at.git("data", &["status", "--porcelain"]), "");
    });
}

#[test]
fn a_data_set_beside_code_is_in_every_working_tree() {
    isolated(|at| {
        let mut main = beside_code(at);
        at.git("work", &["worktree", "add", "--quiet", "-b", "dev", "../second"]);
        let mut dev = open(&at.path("second/data"));
        at.write("second/src/main.rs", "fn main() { edited() }\n");
        commit(&mut dev, &[("a", "dev")], "On dev");
        commit(&mut main, &[("b", "main")], "On main");
        assert_eq!(at.git("work", &["status", "--porcelain"]), "");
        assert_eq!(at.git("second", &["status", "--porcelain"]), " M src/main.rs");
        main.merge("dev", Default::default()).unwrap();
        assert_eq!([get(&main, "a").unwrap(), get(&main, "b").unwrap()], ["dev", "main"]);
        assert_eq!(content(&at.path("second/data")), content(&at.path("work/data")));
    });
}

#[test]
fn a_data_set_can_be_a_submodule() {
    isolated(|at| {
        drop(history(&at.path("data")));
        code(at);
        let allow = ["-c", "protocol.file.allow=always"];
        at.git("work", &[&allow[..], &["submodule", "--quiet", "add", "../data", "sub"]].concat());
        at.git("work", &["commit", "--quiet", "--message", "A submodule"]);
        let mut repo = open(&at.path("work/sub"));
        let tip = commit(&mut repo, &[("key/00001", "in the submodule")], "In the submodule");
        assert_eq!(at.git("work/sub", &["rev-parse", "HEAD"]), tip);
        assert_eq!(at.git("work/sub", &["status", "--porcelain"]), "");
        assert_eq!(at.git("work", &["status", "--porcelain"]), " M sub");
        at.git("work", &["commit", "--quiet", "--all", "--message", "Newer"]);
        at.git("work/sub", &["push", "--quiet", "origin", "HEAD:refs/heads/pushed"]);
        assert_eq!(content(&at.path("data"))["pushed"], content(&at.path("work/sub"))["main"]);
    });
}
