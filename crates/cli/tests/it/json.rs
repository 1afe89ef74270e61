//! JSON output.

use crate::main_job::diverged;
use crate::support::Sandbox;

#[test]
fn every_command_writes_json() {
    let sandbox = diverged();
    sandbox.ok(&["tag", "v1", "-m", "One"]);
    let commands: [&[&str]; 27] = [
        &["status"],
        &["log"],
        &["log", "--oneline"],
        &["log", "--key", "1"],
        &["show"],
        &["diff", "main", "dev"],
        &["diff", "main", "dev", "--stat"],
        &["diff", "main", "dev", "--name-only"],
        &["branch"],
        &["branch", "other"],
        &["tag"],
        &["tag", "v2"],
        &["blame", "1"],
        &["history", "1"],
        &["get", "1"],
        &["list"],
        &["list", "--keys"],
        &["list", "--maps"],
        &["config", "user.name", "Ada"],
        &["config"],
        &["set", "k", "v"],
        &["delete", "k"],
        &["stats", "--shared-with", "dev"],
        &["check"],
        &["gc"],
        &["export", "out.jsonl"],
        &["checkout", "dev"],
    ];
    for command in commands {
        let documents = sandbox.json(command);
        assert!(!documents.is_empty(), "{command:?}");
        assert!(documents.iter().all(serde_json::Value::is_object), "{command:?}");
    }
}

#[test]
fn conflicts_are_told_in_json() {
    let sandbox = diverged();
    let ran = sandbox.run(&["merge", "dev", "--json"]);
    assert_eq!(ran.code, Some(1));
    let merge: serde_json::Value = serde_json::from_slice(&ran.out).unwrap();
    assert_eq!(merge["outcome"], "conflicts");
    assert_eq!(merge["conflicts"][0]["key"]["utf8"], "1");
    assert_eq!(sandbox.json(&["status"])[0]["conflicts"], merge["conflicts"]);
    assert_eq!(sandbox.json(&["resolve", "1", "--theirs"])[0]["open"], 0);
    assert_eq!(sandbox.json(&["merge", "--continue"])[0]["outcome"], "merged");
}

#[test]
fn bytes_that_are_no_text_are_hexadecimal() {
    let sandbox = Sandbox::new();
    sandbox.ok(&["set", "--hex", "ff", "00fe"]);
    let entry = &sandbox.json(&["list"])[0];
    assert_eq!((&entry["key"]["hex"], &entry["value"]["hex"]), (&"ff".into(), &"00fe".into()));
}
