//! Imports and exports.

use std::fmt::Write as _;
use std::process::Stdio;

use crate::support::Sandbox;

/// Imports a file, exports it in the same format, imports that in another store, and compares.
fn round_trip(name: &str, content: &str, arguments: &[&str]) -> String {
    let (first, second) = (Sandbox::new(), Sandbox::new());
    first.write(name, content);
    first.ok(&[&["import", name], arguments].concat());
    let prefix: Vec<_> =
        arguments.iter().skip_while(|a| **a != "--prefix").take(2).copied().collect();
    let exported = format!("out-{name}");
    first.ok(&[&["export", &exported[..]], &prefix[..]].concat());
    let text = first.read(&exported);
    second.write(name, &text);
    second.ok(&[&["import", name], arguments].concat());
    let root = |sandbox: &Sandbox| sandbox.json(&["stats"])[0]["default"]["root"].clone();
    assert_eq!(root(&first), root(&second), "{text}");
    text
}

#[test]
fn csv_makes_the_round_trip() {
    let text = "id,name,note\nb,\"Bo, \"\"the\"\"\",\"two\nlines\"\na,Ünal,\n";
    let exported = round_trip("rows.csv", text, &["--key", "id", "--prefix", "p:"]);
    assert_eq!(exported, "id,name,note\na,Ünal,\nb,\"Bo, \"\"the\"\"\",\"two\nlines\"\n");
}

#[test]
fn tsv_makes_the_round_trip() {
    let exported = round_trip("rows.tsv", "id\tname\nb\t\"quoted\na\t\\n, x\n", &[]);
    assert_eq!(exported, "id\tname\na\t\\n, x\nb\t\"quoted\n");
}

#[test]
fn json_lines_make_the_round_trip_with_their_numbers() {
    let text =
        "{\"id\":2,\"n\":1.10,\"big\":123456789012345678901234567890}\n{\"id\": 1, \"x\": [1e5]}\n";
    let exported = round_trip("rows.jsonl", text, &["--key", "id"]);
    let mut lines: Vec<_> = text.lines().collect();
    lines.reverse();
    assert_eq!(exported.lines().collect::<Vec<_>>(), lines);
}

#[test]
fn key_value_lines_make_the_round_trip() {
    let exported = round_trip("rows.kv", "b\tx\ty\na\t\n\tempty\n", &["--prefix", "p"]);
    assert_eq!(exported, "\tempty\na\t\nb\tx\ty\n");
}

#[test]
fn entries_hold_what_no_other_format_can() {
    let sandbox = Sandbox::new();
    sandbox.ok(&["set", "--hex", "00ff", "0a09"]);
    sandbox.ok(&["set", "text", "two\nlines"]);
    for format in ["csv", "jsonl", "kv"] {
        let refused = sandbox.run(&["export", "-f", format]);
        assert_eq!(refused.code, Some(3), "{refused:?}");
        assert!(refused.err.contains("--format entries"), "{}", refused.err);
    }
    sandbox.ok(&["export", "all.entries"]);
    let other = Sandbox::new();
    other.write("all.entries", sandbox.read("all.entries"));
    other.ok(&["import", "all.entries"]);
    assert_eq!(other.run(&["get", "--hex", "00ff"]).out, b"\n\t");
    assert_eq!(other.ok(&["get", "text"]), "two\nlines");
}

#[test]
fn keys_are_made_of_columns() {
    let sandbox = Sandbox::new();
    sandbox.write("rows.csv", "a,b\n1,2\n");
    sandbox
        .ok(&["import", "rows.csv", "--key", "b", "--key", "a", "--join", "/", "--prefix", "x/"]);
    assert_eq!(sandbox.ok(&["list"]), "x/2/1\t{\"a\":\"1\",\"b\":\"2\"}\n");
}

#[test]
fn the_last_row_of_a_key_wins_unless_strict() {
    let sandbox = Sandbox::new();
    sandbox.write("rows.kv", "a\t1\nb\t2\na\t3\n");
    assert_eq!(sandbox.run(&["import", "rows.kv", "--strict"]).code, Some(3));
    assert_eq!(sandbox.ok(&["list"]), "");
    let imported = sandbox.json(&["import", "rows.kv", "-m", "Rows"]);
    assert_eq!((&imported[0]["rows"], &imported[0]["repeated"]), (&3.into(), &1.into()));
    assert_eq!(sandbox.ok(&["get", "a", "--at", "HEAD"]), "3");
}

#[test]
fn a_bad_row_leaves_nothing_behind() {
    let sandbox = Sandbox::new();
    sandbox.write("rows.csv", "a,b\n1,2\n3,4,5\n");
    insta::assert_snapshot!("bad_row", sandbox.run(&["import", "rows.csv"]).transcript());
    assert_eq!(sandbox.ok(&["list"]), "");
    sandbox.write("old.csv", "kept");
    sandbox.ok(&["set", "k", "no object"]);
    assert_eq!(sandbox.run(&["export", "old.csv"]).code, Some(3));
    assert_eq!(sandbox.read("old.csv"), "kept");
}

#[test]
fn a_pipe_is_read_and_written() {
    let sandbox = Sandbox::new();
    sandbox.write("rows.kv", "a\t1\nb\t2\n");
    let file = std::fs::File::open(sandbox.path("rows.kv")).unwrap();
    let mut import = sandbox.command(&["import", "-", "--format", "kv"]);
    assert!(import.stdin(Stdio::from(file)).output().unwrap().status.success());
    assert_eq!(sandbox.ok(&["export", "-f", "kv"]), "a\t1\nb\t2\n");
}

#[test]
fn a_reader_that_leaves_is_no_error() {
    let sandbox = Sandbox::new();
    let rows: String = (0..20_000).fold(String::new(), |mut rows, i| {
        writeln!(rows, "key {i}\tvalue {i}").unwrap();
        rows
    });
    sandbox.write("rows.kv", rows);
    sandbox.ok(&["import", "rows.kv"]);
    for arguments in [&["list"][..], &["export", "-f", "kv"], &["list", "--json"]] {
        let mut command = sandbox.command(arguments);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{arguments:?}");
        assert!(output.status.success(), "{arguments:?}");
    }
}
