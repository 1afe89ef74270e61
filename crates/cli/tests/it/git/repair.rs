//! Checks and collections of garbage in Git.

use std::fs;
use std::path::PathBuf;

use super::{commit, in_git};
use crate::support::Sandbox;

/// The packs of the repository.
fn packs(sandbox: &Sandbox) -> Vec<PathBuf> {
    let folder = fs::read_dir(sandbox.path(".git/objects/pack")).unwrap();
    let files = folder.map(|entry| entry.unwrap().path());
    files.filter(|path| path.extension().is_some_and(|end| end == "pack")).collect()
}

#[test]
fn collections_keep_what_branches_lead_to() {
    let sandbox = in_git();
    for i in 0..10 {
        commit(&sandbox, ".", "Next", &[("k", &i.to_string())]);
    }
    sandbox.ok(&["set", "uncommitted", "v"]);
    let ran = sandbox.run(&["gc", "--days", "0"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(ran.text().contains("log entries"), "{ran:?}");
    sandbox.git(&["gc", "--quiet", "--prune=now"]);
    assert_eq!(packs(&sandbox).len(), 1);
    assert_eq!(sandbox.ok(&["get", "uncommitted"]), "v");
    assert_eq!(sandbox.ok(&["get", "k", "--at", "HEAD~9"]), "0");
    let document = &sandbox.json(&["gc"])[0];
    assert_eq!(document["dropped_log_entries"], 0);
}

#[test]
fn damage_is_found() {
    let sandbox = in_git();
    commit(&sandbox, ".", "First", &[("k", "v")]);
    let sound = sandbox.ok(&["check"]);
    assert!(sound.contains("no damage"), "{sound}");
    assert_eq!(sandbox.ok(&["check", "--trees"]), sound);
    assert_eq!(sandbox.json(&["check"])[0]["sound"], true);
    for pack in packs(&sandbox) {
        let mut bytes = fs::read(&pack).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 0xff;
        fs::remove_file(&pack).unwrap();
        fs::write(&pack, bytes).unwrap();
    }
    let check = sandbox.run(&["check", "--json"]);
    assert_eq!(check.code, Some(1), "{check:?}");
    let report: serde_json::Value = serde_json::from_slice(&check.out).unwrap();
    assert_eq!(report["sound"], false);
    assert!(report["problems"][0]["what"].as_str().unwrap().contains("git fsck"), "{report}");
    assert!(sandbox.run(&["check"]).text().contains("damaged: git fsck"));
}

#[test]
fn rescues_are_left_to_git() {
    let sandbox = in_git();
    let refused = sandbox.run(&["salvage", ".", "copy"]);
    assert_eq!(refused.code, Some(2), "{refused:?}");
    assert!(refused.err.contains("git fsck"), "{refused:?}");
    assert!(!sandbox.path("copy").exists());
}

#[test]
fn a_count_that_is_not_the_tree_s_is_found() {
    let sandbox = in_git();
    commit(&sandbox, ".", "First", &[("k", "v")]);
    let list = sandbox.path("PROLLY");
    let text = fs::read_to_string(&list).unwrap();
    fs::write(&list, text.replacen(" 1 4096", " 2 4096", 1)).unwrap();
    sandbox.git(&["commit", "--quiet", "--all", "--message", "by hand"]);
    let checked = sandbox.run(&["check"]);
    assert_eq!(checked.code, Some(1), "{checked:?}");
    assert!(
        checked.text().contains("map default has 1 entries, but 2 are recorded"),
        "{checked:?}"
    );
}

#[test]
fn a_branch_that_was_changed_by_hand_is_found_beside_one_with_the_same_roots() {
    let sandbox = in_git();
    commit(&sandbox, ".", "First", &[("k", "v")]);
    sandbox.git(&["checkout", "--quiet", "-b", "changed"]);
    sandbox.git(&["sparse-checkout", "disable"]);
    fs::write(sandbox.path("maps/default/l"), "k\tother\n").unwrap();
    sandbox.git(&["commit", "--quiet", "--all", "--message", "by hand"]);
    sandbox.git(&["checkout", "--quiet", "main"]);
    let checked = sandbox.run(&["check"]);
    assert_eq!(checked.code, Some(1), "{checked:?}");
    assert!(checked.text().contains("does not hold what the tree calls"), "{checked:?}");
    assert_eq!(sandbox.ok(&["get", "k"]), "v");
}
