//! Every verb does in Git what it does in a native store.

use crate::support::{Ran, Sandbox, without_hashes};

/// The first second of the session; each command is one later, so that the order of commits does
/// not depend on their names.
const BEGIN: u64 = 1_769_860_800;

/// A session with every verb. What it prints may differ only in the names of commits.
const SESSION: &[&[&str]] = &[
    &["status"],
    &["log"],
    &["commit", "-m", "Nothing"],
    &["import", "people.csv"],
    &["status"],
    &["commit", "-m", "Import people"],
    &["list"],
    &["export", "--format", "csv"],
    &["list", "--keys", "--reverse", "-n", "2"],
    // Branches that change the same key.
    &["checkout", "-b", "dev"],
    &["set", "1", r#"{"id":"1","name":"Alice","age":"31"}"#],
    &["set", "4", r#"{"id":"4","name":"Dan","age":"20"}"#],
    &["diff"],
    &["commit", "-m", "Alice had a birthday"],
    &["checkout", "main"],
    &["set", "1", r#"{"id":"1","name":"Alicia","age":"30"}"#],
    &["delete", "3"],
    &["commit", "-m", "Alice is called Alicia"],
    &["diff", "main", "dev"],
    &["diff", "main..dev", "--stat"],
    &["branch"],
    &["merge", "dev"],
    &["status"],
    &["status", "--json"],
    &["merge", "--continue"],
    &["resolve", "1", "--theirs"],
    &["merge", "--continue"],
    &["log", "--oneline", "--graph"],
    &["log", "--json"],
    &["show"],
    &["show", "dev"],
    &["blame", "1"],
    &["history", "1"],
    // Revisions and tags.
    &["tag", "v1", "dev", "-m", "First"],
    &["tag", "light"],
    &["tag"],
    &["tag", "-d", "light"],
    &["list", "--at", "HEAD~1"],
    &["list", "--at", "HEAD^2"],
    &["list", "--at", "main@{1}"],
    &["list", "--at", "v1"],
    &["list", "--at", "refs/heads/dev"],
    &["list", "--at", "nowhere"],
    &["stats"],
    &["stats", "--at", "v1", "--shared-with", "main"],
    // Uncommitted changes, carried and dropped.
    &["set", "9", "nine"],
    &["checkout", "dev"],
    &["checkout", "dev", "--carry"],
    &["get", "9"],
    &["checkout", "-", "--discard"],
    &["get", "9"],
    // A deletion against a change is a conflict.
    &["checkout", "-b", "gone"],
    &["delete", "4"],
    &["commit", "-m", "Dan left"],
    &["checkout", "main"],
    &["set", "4", "Daniel"],
    &["commit", "-m", "Dan is called Daniel"],
    &["merge", "gone"],
    &["merge", "--abort"],
    &["status"],
    &["merge", "gone", "--theirs"],
    // Single commits.
    &["checkout", "-b", "fix", "v1"],
    &["set", "5", "five"],
    &["commit", "-m", "Five"],
    &["checkout", "main"],
    &["cherry-pick", "fix"],
    &["revert", "HEAD"],
    &["reset", "HEAD~1"],
    &["status"],
    &["reset", "--hard"],
    &["get", "5"],
    &["log", "--oneline"],
    // On no branch.
    &["checkout", "HEAD~1"],
    &["set", "d", "detached"],
    &["commit", "-m", "On no branch"],
    &["status"],
    &["checkout", "main"],
    &["get", "d"],
    // Branches made, renamed and deleted.
    &["branch", "old", "HEAD~1"],
    &["branch", "old"],
    &["branch", "a..b"],
    &["branch", "old", "-m", "older"],
    &["branch", "-d", "older"],
    &["branch", "-d", "fix"],
    &["branch", "-D", "fix"],
    &["branch"],
    // Maps, large values, settings, proofs.
    &["set", "k", "v", "--map", "other"],
    &["set", "large", "--file", "large"],
    &["set", "--hex", "00ff", "ff00"],
    &["status"],
    &["commit", "-m", "Maps"],
    &["list"],
    &["list", "--maps", "--json"],
    &["get", "large"],
    &["config", "user.name", "Ada"],
    &["config"],
    &["commit", "--allow-empty", "-m", "By Ada"],
    &["log", "-n", "1"],
    &["prove", "1", "-o", "proof"],
    &["prove", "--diff", "v1", "main", "-o", "difference"],
    &["log", "--key", "1"],
];

fn run(sandbox: &Sandbox, seconds: u64, arguments: &[&str]) -> Ran {
    let mut command = sandbox.command(arguments);
    command.env("PROLLY_AUTHOR_DATE", format!("@{seconds}"));
    sandbox.ran(command)
}

#[test]
fn both_storages_do_the_same() {
    let (native, git) = (Sandbox::new(), super::in_git());
    let large: Vec<u8> = (0..300_000u32).map(|i| (i.wrapping_mul(i) >> 5) as u8).collect();
    for sandbox in [&native, &git] {
        sandbox.write("people.csv", "id,name,age\n3,Carol,31\n1,Alice,30\n2,\"Bob, Jr.\",40\n");
        sandbox.write("large", &large);
    }
    for (seconds, arguments) in (BEGIN..).zip(SESSION) {
        let (expected, found) = (run(&native, seconds, arguments), run(&git, seconds, arguments));
        assert_eq!(found.code, expected.code, "{arguments:?}: {expected:?} {found:?}");
        let text = |ran: &Ran| without_hashes(&String::from_utf8_lossy(&ran.out));
        assert_eq!(text(&found), text(&expected), "{arguments:?}");
        assert_eq!(without_hashes(&found.err), without_hashes(&expected.err), "{arguments:?}");
    }
    // The same content has the same roots, and proofs from one storage hold for the other.
    let roots = |sandbox: &Sandbox| sandbox.json(&["list", "--maps"]);
    assert_eq!(roots(&native), roots(&git));
    for proof in ["proof", "difference"] {
        let bytes = |sandbox: &Sandbox| std::fs::read(sandbox.path(proof)).unwrap();
        assert!(bytes(&native) == bytes(&git), "{proof}");
    }
    assert!(git.ok(&["check"]).contains("no damage"));
}
