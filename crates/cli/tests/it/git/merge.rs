//! `git merge` of two branches of data.

use super::programs::{put_program, run};
use super::{commit, in_git};
use crate::support::{Ran, Sandbox};

/// A data set whose branches both changed, and the program beside it.
fn diverged(ours: &[(&str, &str)], theirs: &[(&str, &str)]) -> Sandbox {
    let sandbox = in_git();
    commit(&sandbox, ".", "First", &[("k", "v"), ("other", "v")]);
    sandbox.ok(&["checkout", "-b", "dev"]);
    commit(&sandbox, ".", "Theirs", theirs);
    sandbox.ok(&["checkout", "main"]);
    commit(&sandbox, ".", "Ours", ours);
    put_program(&sandbox);
    // Not ours: `git status` shall not speak of it.
    sandbox.write(".git/info/exclude", "/bin\n");
    sandbox
}

/// Sets Git up with the program in `bin`.
fn install(sandbox: &Sandbox) {
    let installed = run(sandbox, "prolly", &["git", "install"]);
    assert_eq!(installed.code, Some(0), "{installed:?}");
}

fn git(sandbox: &Sandbox, arguments: &[&str]) -> Ran {
    sandbox.ran(sandbox.git_command(arguments))
}

#[test]
fn keys_are_merged() {
    let sandbox = diverged(&[("a", "1"), ("k", "ours")], &[("b", "1"), ("other", "theirs")]);
    install(&sandbox);
    sandbox.git(&["merge", "--no-edit", "dev"]);
    assert_eq!(sandbox.ok(&["list"]), "a\t1\nb\t1\nk\tours\nother\ttheirs\n");
    assert_eq!(sandbox.git(&["status", "--porcelain"]), "");
    let log = sandbox.json(&["log", "-n", "1"]);
    assert_eq!(log[0]["parents"].as_array().unwrap().len(), 2);
    assert_eq!(sandbox.ok(&["status"]).lines().last(), Some("Nothing to commit"));
    sandbox.ok(&["check"]);
    sandbox.git(&["fsck", "--full", "--strict"]);

    // The same content as our own merge makes, down to the roots.
    let own = diverged(&[("a", "1"), ("k", "ours")], &[("b", "1"), ("other", "theirs")]);
    own.ok(&["merge", "dev"]);
    assert_eq!(own.json(&["list", "--maps"]), sandbox.json(&["list", "--maps"]));
}

#[test]
fn a_strategy_can_be_named() {
    let sandbox = diverged(&[("a", "1")], &[("b", "1")]);
    install(&sandbox);
    sandbox.git(&["config", "--unset", "pull.twohead"]);
    sandbox.git(&["merge", "-s", "prolly", "--no-edit", "dev"]);
    assert_eq!(sandbox.ok(&["list", "--keys"]), "a\nb\nk\nother\n");
}

#[test]
fn conflicts_stop_a_merge() {
    let sandbox = diverged(&[("k", "ours"), ("a", "1")], &[("k", "theirs"), ("b", "1")]);
    install(&sandbox);
    let before = sandbox.json(&["log"]);
    let merge = git(&sandbox, &["merge", "--no-edit", "dev"]);
    assert_eq!(merge.code, Some(2), "{merge:?}");
    assert!(merge.err.contains("1 key changed on both sides: k in map default"), "{merge:?}");
    assert_eq!(sandbox.json(&["log"]), before, "nothing is committed");
    assert_eq!(sandbox.git(&["status", "--porcelain"]), "");
    assert_eq!(sandbox.ok(&["list"]), "a\t1\nk\tours\nother\tv\n");
}

#[test]
fn without_the_strategy_git_refuses() {
    let sandbox = diverged(&[("k", "ours")], &[("other", "theirs")]);
    let before = sandbox.json(&["log"]);
    let merge = git(&sandbox, &["merge", "--no-edit", "dev"]);
    assert_ne!(merge.code, Some(0), "{merge:?}");
    sandbox.git(&["merge", "--abort"]);
    assert_eq!(sandbox.json(&["log"]), before);
    assert_eq!(sandbox.git(&["status", "--porcelain"]), "");
    assert_eq!(sandbox.ok(&["list"]), "k\tours\nother\tv\n");

    // Named, but not to be found.
    let merge = git(&sandbox, &["merge", "-s", "prolly", "--no-edit", "dev"]);
    assert_ne!(merge.code, Some(0), "{merge:?}");
    assert_eq!(sandbox.json(&["log"]), before);
}
