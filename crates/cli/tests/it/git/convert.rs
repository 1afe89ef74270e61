//! Stores copied between the storages.

use crate::main_job::diverged;
use crate::support::{Sandbox, without_hashes};

/// A store with merges, tags and uncommitted changes.
fn full() -> Sandbox {
    let sandbox = diverged();
    sandbox.ok(&["merge", "dev", "--theirs"]);
    sandbox.ok(&["tag", "v1", "dev", "-m", "First"]);
    sandbox.ok(&["set", "k", "v", "--map", "other"]);
    sandbox.write("large", vec![b'x'; 100_000]);
    sandbox.ok(&["set", "large", "--file", "large"]);
    sandbox.ok(&["commit", "-m", "Maps"]);
    sandbox.ok(&["set", "draft", "1"]);
    sandbox
}

#[test]
fn a_store_goes_to_git_and_back() {
    let sandbox = full();
    let said = sandbox.ok(&["convert", ".", "git", "--git"]);
    assert!(said.starts_with("Copied 5 commits, "), "{said}");
    assert!(said.ends_with(" and 3 refs to git\nUncommitted changes were not copied\n"), "{said}");
    let document = &sandbox.json(&["convert", "git", "back"])[0];
    assert_eq!(document["commits"], 5);
    assert_eq!(document["uncommitted_left_behind"], false);

    let commands: [&[&str]; 7] = [
        &["log", "--graph"],
        &["branch"],
        &["tag"],
        &["show", "HEAD~1"],
        &["list", "--at", "HEAD"],
        &["stats", "--at", "HEAD"],
        &["get", "large", "--at", "HEAD"],
    ];
    for command in commands {
        let expected = without_hashes(&sandbox.ok(command));
        for copy in ["git", "back"] {
            let found = sandbox.ok(&[&["-C", copy], command].concat());
            assert_eq!(without_hashes(&found), expected, "{copy}: {command:?}");
        }
    }
    // Native commits have the same names again, and every version the same roots.
    assert_eq!(sandbox.json(&["-C", "back", "log"]), sandbox.json(&["log"]));
    let roots = |folder: &str| {
        let log = sandbox.json(&["-C", folder, "log"]);
        log.iter().map(|commit| commit["maps"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(roots("git"), roots("."));
    assert_eq!(sandbox.run(&["-C", "git", "get", "draft"]).code, Some(1));
    assert!(sandbox.ok(&["-C", "git", "status"]).ends_with("Nothing to commit\n"));
    assert_eq!(sandbox.git(&["-C", "git", "status", "--porcelain"]), "");
    sandbox.git(&["-C", "git", "fsck", "--full", "--strict"]);
    assert!(sandbox.ok(&["-C", "git", "check"]).contains("no damage"));
    assert!(sandbox.ok(&["-C", "back", "check", "--trees"]).contains("no damage"));
}

#[test]
fn a_copy_has_a_repository_of_its_own() {
    let sandbox = full();
    sandbox.git(&["init", "--quiet"]);
    sandbox.ok(&["convert", ".prolly", "inside", "--git"]);
    assert!(sandbox.path("inside/.git").is_dir());
    sandbox.ok(&["convert", ".", "bare.git", "--git", "--bare"]);
    assert_eq!(sandbox.git(&["-C", "bare.git", "rev-parse", "--is-bare-repository"]), "true\n");
    assert_eq!(sandbox.git(&["-C", "bare.git", "log", "-1", "--format=%s"]), "Maps\n");
}

#[test]
fn a_copy_overwrites_nothing() {
    let sandbox = full();
    sandbox.ok(&["convert", ".", "git", "--git"]);
    sandbox.ok(&["convert", ".", "native"]);
    let cases: [&[&str]; 6] =
        [&["git", "--git"], &["git"], &["native"], &["native", "--git"], &["."], &[".", "--git"]];
    for target in cases {
        let refused = sandbox.run(&[&["convert", "."], target].concat());
        assert_eq!(refused.code, Some(3), "{target:?}: {refused:?}");
        assert!(refused.err.contains("already"), "{target:?}: {refused:?}");
    }
    assert_eq!(sandbox.run(&["convert", "missing", "copy"]).code, Some(2));
    assert_eq!(sandbox.run(&["convert", "git/maps", "copy"]).code, Some(2));
    assert_eq!(sandbox.ok(&["get", "draft"]), "1");
}
