//! Several processes, and some that die.

use std::io::{BufRead, BufReader, Write};
use std::process::Stdio;
use std::thread;

use crate::git::in_git;
use crate::support::Sandbox;

const WRITERS: usize = 3;
const ROWS: usize = 10;

fn count(sandbox: &Sandbox, table: &str) -> usize {
    let sql = format!("SELECT count(*) FROM {table}");
    sandbox.ok(&["sql", "--no-header", "-f", "csv", "-c", &sql]).trim().parse().unwrap()
}

#[test]
fn writers_at_once_lose_no_rows() {
    for sandbox in [&Sandbox::new(), &in_git()] {
        sandbox.sql("CREATE TABLE t (writer INTEGER, i INTEGER, PRIMARY KEY (writer, i)); CREATE TABLE n (n INTEGER); INSERT INTO n VALUES (0)");
        thread::scope(|scope| {
            for writer in 0..WRITERS {
                scope.spawn(move || {
                    let rows = (0..ROWS).map(|i| {
                        format!("INSERT INTO t VALUES ({writer}, {i}); UPDATE n SET n = n + 1;\n")
                    });
                    sandbox.write(&format!("{writer}.sql"), rows.collect::<String>());
                    sandbox.ok(&["sql", &format!("{writer}.sql")]);
                });
            }
        });
        assert_eq!(count(sandbox, "t"), WRITERS * ROWS);
        let n = sandbox.ok(&["sql", "--no-header", "-f", "csv", "-c", "SELECT n FROM n"]);
        assert_eq!(n.trim(), (WRITERS * ROWS).to_string());
        // Three statements made the tables.
        let commits = sandbox.ok(&["log", "--oneline"]).lines().count();
        assert_eq!(commits, 3 + 2 * WRITERS * ROWS);
    }
}

#[test]
fn a_killed_transaction_leaves_nothing() {
    for sandbox in [Sandbox::new(), in_git()] {
        sandbox.sql("CREATE TABLE t (a)");
        let mut command = sandbox.command(&["sql", "--no-header"]);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let (mut input, output) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        let script = "INSERT INTO t VALUES (1);\nBEGIN;\nINSERT INTO t VALUES (2), (3);\nCREATE TABLE u (b);\nSELECT 'ready';\n";
        input.write_all(script.as_bytes()).unwrap();
        let mut lines = BufReader::new(output).lines().map(Result::unwrap);
        assert!(lines.any(|line| line == "ready"));
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(count(&sandbox, "t"), 1);
        assert_eq!(sandbox.ok(&["sql", "-c", ".tables"]), "t\n");
        assert!(sandbox.ok(&["status"]).contains("Nothing to commit"));
        assert!(sandbox.ok(&["check"]).contains("no damage"));
    }
}

#[test]
fn a_session_sees_what_others_commit() {
    let sandbox = Sandbox::new();
    sandbox.sql("CREATE TABLE t (a)");
    let mut command = sandbox.command(&["sql", "--no-header"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let (mut input, output) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
    let mut lines = BufReader::new(output).lines().map(Result::unwrap);
    let mut ask = |sql: &str| {
        writeln!(input, "{sql}").unwrap();
        let answer = lines.next().unwrap();
        assert_eq!(lines.next().unwrap(), "1 row");
        answer
    };
    assert_eq!(ask("SELECT count(*) FROM t;"), "0");
    sandbox.sql("INSERT INTO t VALUES (1)");
    assert_eq!(ask("SELECT count(*) FROM t;"), "1");
    // A transaction sees one state.
    assert_eq!(ask("BEGIN; SELECT count(*) FROM t;"), "1");
    sandbox.sql("INSERT INTO t VALUES (2)");
    assert_eq!(ask("SELECT count(*) FROM t;"), "1");
    assert_eq!(ask("COMMIT; SELECT count(*) FROM t;"), "2");
    drop(input);
    assert!(child.wait().unwrap().success());
}
