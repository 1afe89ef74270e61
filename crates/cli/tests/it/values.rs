//! Keys and values of all kinds.

use std::io::Write;
use std::process::Stdio;

use crate::support::Sandbox;

#[test]
fn values_keep_their_bytes() {
    let sandbox = Sandbox::new();
    let binary: Vec<u8> = (0..=255).collect();
    sandbox.write("binary", &binary);
    sandbox.ok(&["set", "b", "--file", "binary"]);
    assert_eq!(sandbox.run(&["get", "b"]).out, binary);
    sandbox.ok(&["get", "b", "-o", "copy"]);
    assert_eq!(std::fs::read(sandbox.path("copy")).unwrap(), binary);
    sandbox.ok(&["set", "--hex", "ff00", "00"]);
    assert_eq!(sandbox.run(&["get", "--hex", "FF00"]).out, [0]);
    sandbox.ok(&["set", "", ""]);
    assert_eq!(sandbox.run(&["get", ""]).out, b"");
    sandbox.ok(&["set", "n", "-5"]);
    assert_eq!(sandbox.ok(&["get", "n"]), "-5");
}

#[test]
fn a_value_is_read_from_standard_input() {
    let sandbox = Sandbox::new();
    for arguments in [&["set", "k", "-"][..], &["set", "k", "--file", "-"]] {
        let mut command = sandbox.command(arguments);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(b"from a pipe\n").unwrap();
        assert!(child.wait().unwrap().success());
        assert_eq!(sandbox.ok(&["get", "k"]), "from a pipe\n");
        sandbox.ok(&["delete", "k"]);
    }
}

#[test]
fn large_values_are_stored_whole_and_told_by_length() {
    let sandbox = Sandbox::new();
    let large: Vec<u8> = (0..3_000_000u32).map(|i| (i.wrapping_mul(i) >> 7) as u8).collect();
    sandbox.write("large", &large);
    sandbox.ok(&["set", "model", "--file", "large"]);
    sandbox.ok(&["commit", "-m", "Model"]);
    assert_eq!(sandbox.run(&["get", "model", "--at", "HEAD"]).out, large);
    assert_eq!(sandbox.ok(&["list"]), "model\t<3.0 MB value>\n");
    let shown = sandbox.ok(&["show"]);
    assert!(shown.contains("+ <3.0 MB value "), "{shown}");
    let change = &sandbox.json(&["show"])[1];
    assert_eq!(change["after"]["large"]["size_bytes"], 3_000_000);
}

#[test]
fn lists_show_ranges_in_both_directions_and_escape() {
    let sandbox = Sandbox::new();
    for key in ["a", "b/1", "b/2", "c\t"] {
        sandbox.ok(&["set", key, "\u{1b}[31m"]);
    }
    assert_eq!(sandbox.ok(&["list", "b/"]), "b/1\t\\u{1b}[31m\nb/2\t\\u{1b}[31m\n");
    assert_eq!(sandbox.ok(&["list", "--keys", "-r"]), "c\\t\nb/2\nb/1\na\n");
    assert_eq!(sandbox.ok(&["list", "--keys", "--from", "b/2", "--to", "d"]), "b/2\nc\\t\n");
    assert_eq!(sandbox.ok(&["list", "--keys", "-n", "1"]), "a\n");
    sandbox.ok(&["delete", "--prefix", "b/"]);
    assert_eq!(sandbox.ok(&["list", "--keys"]), "a\nc\\t\n");
}

#[test]
fn deleting_takes_all_keys_or_none() {
    let sandbox = Sandbox::new();
    sandbox.ok(&["set", "a", "1"]);
    sandbox.ok(&["set", "b", "2"]);
    assert_eq!(sandbox.run(&["delete", "a", "absent"]).code, Some(1));
    assert_eq!(sandbox.ok(&["list", "--keys"]), "a\nb\n");
    assert_eq!(sandbox.ok(&["delete", "a", "b"]), "Removed 2 keys\n");
}
