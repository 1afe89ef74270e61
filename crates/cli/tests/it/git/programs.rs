//! The program under its other names, and what `prolly git` sets up.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use prollytree_tree::{InMemoryNodeStorage, Locator, Node, NodeStorage, ProllyTree};

use super::{commit, in_git};
use crate::support::{Ran, Sandbox};

/// Puts the program into the folder `bin`, where links beside it harm nobody.
pub(super) fn put_program(sandbox: &Sandbox) {
    fs::create_dir(sandbox.path("bin")).unwrap();
    let (from, to) = (env!("CARGO_BIN_EXE_prolly"), sandbox.path("bin/prolly"));
    if fs::hard_link(from, &to).is_err() {
        // Copied by another process: one that is forked meanwhile would keep the file open for
        // writing, and nothing could run it.
        assert!(Command::new("cp").arg(from).arg(&to).status().unwrap().success());
    }
}

/// Runs a program of the folder `bin`.
pub(super) fn run(sandbox: &Sandbox, program: &str, arguments: &[&str]) -> Ran {
    sandbox.ran(sandbox.prepared(sandbox.path("bin").join(program), arguments))
}

#[test]
fn as_git_prolly_it_is_the_same_program() {
    let sandbox = Sandbox::new();
    fs::create_dir(sandbox.path("bin")).unwrap();
    symlink(env!("CARGO_BIN_EXE_prolly"), sandbox.path("bin/git-prolly")).unwrap();
    assert_eq!(sandbox.git(&["prolly", "set", "k", "v"]), sandbox.ok(&["set", "k", "v"]));
    assert_eq!(sandbox.git(&["prolly", "get", "k"]), "v");
    let help = sandbox.git(&["prolly", "help"]);
    assert!(help.contains("Usage: git prolly [OPTIONS] [COMMAND]"), "{help}");
    let help = sandbox.git(&["prolly", "get", "--help"]);
    assert!(help.contains("Usage: git prolly get"), "{help}");
}

#[test]
fn as_git_merge_prolly_it_is_the_strategy() {
    let sandbox = Sandbox::empty();
    fs::create_dir(sandbox.path("bin")).unwrap();
    symlink(env!("CARGO_BIN_EXE_prolly"), sandbox.path("bin/git-merge-prolly")).unwrap();
    let run = |arguments: &[&str]| run(&sandbox, "git-merge-prolly", arguments);
    // Git takes 2 for "cannot do this merge", and goes back.
    let no_repository = run(&["1234", "--", "HEAD", "5678"]);
    assert_eq!(no_repository.code, Some(2), "{no_repository:?}");
    assert!(no_repository.err.contains("error: "), "{no_repository:?}");
    let octopus = run(&["1234", "--", "HEAD", "5678", "9abc"]);
    assert_eq!(octopus.code, Some(2), "{octopus:?}");
    assert!(octopus.err.contains("a merge takes one other commit, not 2"), "{octopus:?}");
    for arguments in [&["1234"][..], &["--", "HEAD"], &["--option", "1234", "--", "HEAD", "56"]] {
        let wrong = run(arguments);
        assert_eq!(wrong.code, Some(2), "{wrong:?}");
        assert!(wrong.err.contains("Usage: "), "{wrong:?}");
    }
}

#[test]
fn links_are_made_once() {
    let sandbox = Sandbox::empty();
    put_program(&sandbox);
    let made = run(&sandbox, "prolly", &["git", "install"]);
    insta::assert_snapshot!("install_links", made.transcript());
    for name in ["git-prolly", "git-merge-prolly"] {
        let link = sandbox.path("bin").join(name);
        assert_eq!(fs::read_link(link).unwrap(), Path::new("prolly"));
    }
    // From the link, as `git prolly git install` does.
    let again = run(&sandbox, "git-prolly", &["git", "install"]);
    insta::assert_snapshot!("install_links_again", again.transcript());
    assert!(sandbox.git(&["prolly", "git", "install", "--json"]).contains("\"in_path\":true"));
}

#[test]
fn links_are_mended_and_files_are_kept() {
    let sandbox = Sandbox::empty();
    put_program(&sandbox);
    symlink("gone", sandbox.path("bin/git-prolly")).unwrap();
    sandbox.write("bin/git-merge-prolly", "mine");
    let refused = run(&sandbox, "prolly", &["git", "install"]);
    assert_eq!(refused.code, Some(3), "{refused:?}");
    assert!(refused.err.contains("git-merge-prolly"), "{refused:?}");
    assert_eq!(sandbox.read("bin/git-merge-prolly"), "mine");
    assert_eq!(fs::read_link(sandbox.path("bin/git-prolly")).unwrap(), Path::new("prolly"));
}

#[test]
fn settings_need_a_data_set() {
    let sandbox = Sandbox::empty();
    let refused = sandbox.run(&["git", "install", "--no-links"]);
    assert_eq!(refused.code, Some(2), "{refused:?}");
    sandbox.ok(&["init"]);
    let refused = sandbox.run(&["git", "install", "--no-links"]);
    assert_eq!(refused.code, Some(2), "{refused:?}");
    assert!(refused.err.contains("needs a data set in Git"), "{refused:?}");
}

#[test]
fn settings_are_made_in_the_repository() {
    let sandbox = in_git();
    let setting = |name| sandbox.git(&["config", "--local", "--get-all", name]);
    for _ in 0..2 {
        sandbox.ok(&["git", "install", "--no-links"]);
        let program = env!("CARGO_BIN_EXE_prolly");
        assert_eq!(setting("diff.prolly.textconv"), format!("{program} git textconv\n"));
        assert_eq!(setting("pull.twohead"), "prolly\n");
    }
    assert_eq!(sandbox.git(&["config", "--default", "", "diff.prolly.cachetextconv"]), "\n");

    let sandbox = Sandbox::empty();
    sandbox.git(&["init", "--quiet"]);
    sandbox.ok(&["init", "--git", "data"]);
    sandbox.ok(&["-C", "data", "git", "install", "--no-links"]);
    // Code is merged as ever.
    assert_eq!(sandbox.git(&["config", "--default", "", "pull.twohead"]), "\n");
}

fn root_of(entries: impl Iterator<Item = (Vec<u8>, Vec<u8>)>) -> Node {
    let mut tree = ProllyTree::new(InMemoryNodeStorage::<32>::new(), Default::default());
    entries.for_each(|(key, value)| tree.insert(key, value));
    let root = tree.root_hash();
    tree.storage().read_node(&root, Locator::NONE).unwrap().unwrap()
}

#[test]
fn nodes_are_shown_as_lines() {
    let sandbox = Sandbox::empty();
    let shown = |bytes: &[u8]| {
        sandbox.write("node", bytes);
        sandbox.ok(&["git", "textconv", "node"])
    };
    let entries =
        [(&b"a\tb"[..], &b"x\\y\n"[..]), (b"k\x00", b"\xff\r"), (b"large", &[b'x'; 5000])];
    let leaf = root_of(entries.iter().map(|(key, value)| (key.to_vec(), value.to_vec())));
    insta::assert_snapshot!("textconv_leaf", shown(leaf.bytes()));

    let numbers = (0..5000u32).map(|i| (format!("key {i:05}").into_bytes(), vec![b'v'; 20]));
    let inner = root_of(numbers);
    let lines = shown(inner.bytes());
    let lines: Vec<Vec<_>> = lines.lines().map(|line| line.split('\t').collect()).collect();
    assert_eq!(lines.len(), inner.len());
    let counts = lines.iter().map(|line| line[0].parse::<u64>().unwrap());
    assert_eq!(counts.sum::<u64>(), 5000);
    for (line, child) in lines.iter().zip(inner.children()) {
        assert_eq!(line[1], &child.hash.to_hex()[..16]);
    }
    assert_eq!(lines.last().unwrap()[2], "key 04999");

    for other in [&b""[..], b"some text", b"\x01\xff binary", &leaf.bytes()[1..]] {
        sandbox.write("node", other);
        assert_eq!(sandbox.run(&["git", "textconv", "node"]).out, other);
    }
    assert_eq!(sandbox.run(&["git", "textconv", "missing"]).code, Some(3));
}

#[test]
fn git_shows_keys_and_values() {
    let sandbox = in_git();
    sandbox.ok(&["git", "install", "--no-links"]);
    let rows: String = (0..3000).map(|i| format!("key {i}\tvalue {i}\n")).collect();
    sandbox.write("rows.kv", rows);
    sandbox.ok(&["import", "rows.kv"]);
    sandbox.ok(&["commit", "-m", "Rows"]);
    commit(&sandbox, ".", "Change", &[("key 7", "changed")]);
    let shown = sandbox.git(&["show", "HEAD"]);
    assert!(
        shown.contains("\n-key 7\tvalue 7\n") && shown.contains("\n+key 7\tchanged\n"),
        "{shown}"
    );
    assert!(!shown.contains("Binary files"), "{shown}");

    sandbox.ok(&["set", "--hex", "6b", "ff00"]);
    sandbox.ok(&["commit", "-m", "Binary"]);
    let shown = sandbox.git(&["diff", "HEAD~1", "HEAD"]);
    assert!(shown.contains("\n+k\t\\xff\\x00\n"), "{shown}");
    assert!(!shown.contains("Binary files"), "{shown}");
}
