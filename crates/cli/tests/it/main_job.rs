//! The main job, as the README shows it.

use crate::support::Sandbox;

/// A sandbox in which two branches changed the same key.
pub(crate) fn diverged() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("people.csv", "id,name,age\n3,Carol,31\n1,Alice,30\n2,\"Bob, Jr.\",40\n");
    sandbox.ok(&["import", "people.csv"]);
    sandbox.ok(&["commit", "-m", "Import people"]);
    sandbox.ok(&["checkout", "-b", "dev"]);
    sandbox.ok(&["set", "1", r#"{"id":"1","name":"Alice","age":"31"}"#]);
    sandbox.ok(&["set", "4", r#"{"id":"4","name":"Dan","age":"20"}"#]);
    sandbox.ok(&["commit", "-m", "Alice had a birthday"]);
    sandbox.ok(&["checkout", "main"]);
    sandbox.ok(&["set", "1", r#"{"id":"1","name":"Alicia","age":"30"}"#]);
    sandbox.ok(&["delete", "3"]);
    sandbox.ok(&["commit", "-m", "Alice is called Alicia"]);
    sandbox
}

#[test]
fn branches_are_compared_merged_and_read_back() {
    let sandbox = diverged();
    insta::assert_snapshot!("diff", sandbox.ok(&["diff", "main", "dev"]));
    insta::assert_snapshot!("diff_stat", sandbox.ok(&["diff", "main..dev", "--stat"]));
    let merge = sandbox.run(&["merge", "dev"]);
    insta::assert_snapshot!("merge_conflict", merge.transcript());
    insta::assert_snapshot!("status_merging", sandbox.ok(&["status"]));
    let early = sandbox.run(&["merge", "--continue"]);
    assert_eq!(early.code, Some(3), "{early:?}");
    let value = r#"{"id":"1","name":"Alicia","age":"31"}"#;
    sandbox.ok(&["resolve", "1", "--value", value]);
    sandbox.ok(&["merge", "--continue"]);
    assert_eq!(sandbox.ok(&["get", "1"]), value);
    assert_eq!(sandbox.ok(&["list", "--keys"]), "1\n2\n4\n");
    insta::assert_snapshot!("log_graph", sandbox.ok(&["log", "--oneline", "--graph"]));
    insta::assert_snapshot!("show", sandbox.ok(&["show", "dev"]));
    insta::assert_snapshot!("history", sandbox.ok(&["history", "1"]));
    assert_eq!(sandbox.ok(&["list", "--keys", "--at", "HEAD~2"]), "1\n2\n3\n");
    let blame = sandbox.json(&["blame", "2"]);
    assert_eq!(blame[0]["message"], "Import people");
    assert_eq!(sandbox.ok(&["status"]).lines().last(), Some("Nothing to commit"));
}

#[test]
fn an_aborted_merge_changes_nothing() {
    let sandbox = diverged();
    let before = sandbox.json(&["status"]);
    assert_eq!(sandbox.run(&["merge", "dev"]).code, Some(1));
    assert_eq!(sandbox.run(&["revert", "--abort"]).code, Some(3));
    sandbox.ok(&["merge", "--abort"]);
    assert_eq!(sandbox.json(&["status"]), before);
}

#[test]
fn one_side_can_win_a_merge() {
    for (side, name) in [("--ours", "Alicia"), ("--theirs", "Alice")] {
        let sandbox = diverged();
        sandbox.ok(&["merge", "dev", side]);
        assert!(sandbox.ok(&["get", "1"]).contains(&format!("\"{name}\"")));
    }
}

#[test]
fn changes_are_picked_taken_back_and_reset() {
    let sandbox = diverged();
    assert_eq!(sandbox.run(&["cherry-pick", "dev"]).code, Some(1));
    sandbox.ok(&["resolve", "--all", "--ours"]);
    sandbox.ok(&["cherry-pick", "--continue"]);
    assert_eq!(sandbox.ok(&["list", "--keys"]), "1\n2\n4\n");
    sandbox.ok(&["revert", "HEAD"]);
    assert_eq!(sandbox.ok(&["list", "--keys"]), "1\n2\n");
    sandbox.ok(&["reset", "HEAD~2"]);
    assert_eq!(sandbox.ok(&["status"]).lines().last(), Some("Nothing to commit"));
    sandbox.ok(&["reset", "--hard", "HEAD~1"]);
    assert_eq!(sandbox.ok(&["list", "--keys"]), "1\n2\n3\n");
}

#[test]
fn uncommitted_changes_are_kept_carried_or_dropped() {
    let sandbox = diverged();
    sandbox.ok(&["set", "9", "nine"]);
    let refused = sandbox.run(&["checkout", "dev"]);
    assert_eq!(refused.code, Some(3));
    assert!(refused.err.contains("uncommitted"), "{}", refused.err);
    sandbox.ok(&["checkout", "dev", "--carry"]);
    assert_eq!(sandbox.ok(&["get", "9"]), "nine");
    sandbox.ok(&["checkout", "-", "--discard"]);
    assert_eq!(sandbox.run(&["get", "9"]).code, Some(1));
    assert!(sandbox.ok(&["branch"]).contains("* main"));
}

#[test]
fn branches_and_tags_are_made_listed_and_deleted() {
    let sandbox = diverged();
    sandbox.ok(&["tag", "v1", "dev", "-m", "First"]);
    sandbox.ok(&["branch", "old", "HEAD~1"]);
    insta::assert_snapshot!("tags", sandbox.ok(&["tag"]));
    insta::assert_snapshot!("branches", sandbox.ok(&["branch"]));
    assert_eq!(sandbox.ok(&["get", "4", "--at", "v1"]), sandbox.ok(&["get", "4", "--at", "dev"]));
    sandbox.ok(&["branch", "old", "-m", "older"]);
    sandbox.ok(&["branch", "-d", "older"]);
    sandbox.ok(&["tag", "-d", "v1"]);
    assert_eq!(sandbox.run(&["branch", "-d", "dev"]).code, Some(3));
    sandbox.ok(&["branch", "-D", "dev"]);
    assert_eq!(sandbox.ok(&["tag"]), "");
}

#[test]
fn the_exit_code_tells_whether_versions_differ() {
    let sandbox = diverged();
    assert_eq!(sandbox.run(&["diff", "main", "dev", "--exit-code"]).code, Some(1));
    assert_eq!(sandbox.run(&["diff", "--exit-code"]).code, Some(0));
    assert_eq!(sandbox.run(&["diff", "main", "dev", "--prefix", "2", "--exit-code"]).code, Some(0));
}

#[test]
fn maps_are_committed_together() {
    let sandbox = Sandbox::new();
    sandbox.ok(&["set", "k", "1", "--map", "a"]);
    sandbox.ok(&["set", "k", "2", "--map", "b"]);
    sandbox.ok(&["commit", "-m", "Both"]);
    assert_eq!(sandbox.ok(&["get", "k", "--map", "b", "--at", "HEAD"]), "2");
    assert_eq!(sandbox.ok(&["list", "--maps"]), "a\t1 key\nb\t1 key\n");
    assert_eq!(sandbox.run(&["get", "k"]).code, Some(1));
}

#[test]
fn settings_and_the_environment_say_who_commits() {
    let sandbox = Sandbox::new();
    sandbox.ok(&["config", "user.name", "Ada"]);
    sandbox.ok(&["config", "user.email", "ada@example.com"]);
    sandbox.ok(&["commit", "--allow-empty", "-m", "One"]);
    let mut command = sandbox.command(&["commit", "--allow-empty", "-m", "Two"]);
    assert!(command.env("GIT_AUTHOR_NAME", "Grace").output().unwrap().status.success());
    sandbox.ok(&["commit", "--allow-empty", "-m", "Three", "--author", "Joan <j@example.com>"]);
    let authors: Vec<_> = sandbox.json(&["log"]).iter().map(|c| c["author"].clone()).collect();
    assert_eq!(authors[0]["email"], "j@example.com");
    assert_eq!(authors[1]["name"], "Grace");
    assert_eq!(authors[2]["name"], "Ada");
    assert_eq!(sandbox.ok(&["config"]), "user.email=ada@example.com\nuser.name=Ada\n");
}
