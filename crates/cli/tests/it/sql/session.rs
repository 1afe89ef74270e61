//! Statements and commands, and what they print.

use super::{PEOPLE, transcript};
use crate::git::in_git;
use crate::support::{Sandbox, without_hashes};

/// A script with every format and every command.
const SCRIPT: &str = "\
.help
.tables
CREATE VIEW tall AS SELECT * FROM people WHERE size > 1;
.tables
SELECT * FROM people;
.mode csv
SELECT * FROM people; SELECT name FROM people WHERE 0;
.mode json
SELECT * FROM people; SELECT name FROM people WHERE 0;
.mode jsonl
SELECT * FROM people; SELECT id, id, 1 AS \"id:1\" FROM people LIMIT 1;
.mode table
.schema people
.at HEAD~1
.tables
SELECT count(*) FROM people;
.at
.branch
UPDATE people SET size = size + 1 WHERE size IS NOT NULL RETURNING id, size;
BEGIN; DELETE FROM people; SELECT count(*) FROM people; ROLLBACK;
.mode csv
CALL prolly_branch('dev');
.mode table
.branch dev
DELETE FROM people WHERE id > 1;
.branch main
.read more.sql
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3) SELECT * FROM n;
SELECT 'no semicolon at the end'
";

fn script(sandbox: &Sandbox) -> String {
    sandbox.sql(PEOPLE);
    sandbox.write("more.sql", "SELECT count(*) AS rows FROM people;\n");
    let ran = sandbox.script(&[], SCRIPT);
    let log = sandbox.ok(&["log", "--oneline"]);
    without_hashes(&format!("{}{log}", ran.transcript()))
}

#[test]
fn a_script_prints_the_same_in_both_storages() {
    let native = script(&Sandbox::new());
    insta::assert_snapshot!("script", native);
    assert_eq!(script(&in_git()), native);
}

#[test]
fn arguments_files_and_versions_are_run() {
    let sandbox = Sandbox::new();
    sandbox.write("people.sql", PEOPLE).write("quit.sql", "SELECT 1;\n.quit\nSELECT nonsense;");
    let text = transcript(
        &sandbox,
        &[
            &["sql", "people.sql"],
            &["sql", "quit.sql"],
            &["sql", "-c", "SELECT 1 AS a; SELECT 2 AS b", "-c", "SELECT 3 AS c", "--no-header"],
            &["sql", "-c", "SELECT name, size FROM people", "--format", "csv", "--null", "\\N"],
            &["sql", "-c", "SELECT 1, 'a'", "--json"],
            &["sql", "-c", "DELETE FROM people WHERE id = 1"],
            &["sql", "--at", "HEAD~1", "-c", "SELECT id FROM people"],
            &["sql", "--at", "HEAD~1", "-c", "DELETE FROM people"],
            &["sql", "--at", "nowhere", "-c", "SELECT 1"],
            &["sql", "--history", "explicit", "-c", "DELETE FROM people WHERE id = 2"],
            &["status"],
            &["diff"],
            &["commit", "-m", "By name"],
            &["show"],
            &["sql", "-c", "BEGIN", "-c", "DELETE FROM people", "-c", "COMMIT"],
            &["diff", "HEAD~1", "HEAD", "--stat"],
        ],
    );
    insta::assert_snapshot!("arguments", without_hashes(&text));
}

#[test]
fn time_is_told_beside_the_results() {
    let sandbox = Sandbox::new();
    let ran = sandbox.run(&["sql", "--timing", "-c", "SELECT 1", "--format", "csv"]);
    assert_eq!(ran.text(), "1\n1\n");
    assert!(ran.err.starts_with("Took "), "{ran:?}");
}

#[test]
fn many_rows_are_not_held() {
    let sandbox = Sandbox::new();
    let many = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n";
    for format in ["table", "csv", "json", "jsonl"] {
        let mut command = sandbox.command(&["sql", "-f", format, "-c", many]);
        let mut child = command.stdout(std::process::Stdio::piped()).spawn().unwrap();
        let mut first = [0; 100];
        // The rows have no end: whoever holds them all prints none.
        std::io::Read::read_exact(&mut child.stdout.take().unwrap(), &mut first).unwrap();
        // Nobody reads any more, which is no error.
        assert_eq!(child.wait().unwrap().code(), Some(0), "{format}");
    }
}
