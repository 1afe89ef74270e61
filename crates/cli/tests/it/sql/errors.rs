//! Statements that fail.

use std::fmt::Write as _;

use super::PEOPLE;
use crate::support::Sandbox;

#[test]
fn errors_show_the_place() {
    let sandbox = Sandbox::new();
    sandbox.sql(PEOPLE);
    let long = format!("SELECT '{}', nonsense, '{}'", "é".repeat(100), "x".repeat(100));
    let scripts = [
        "SELCT 1",
        "SELECT *\n  FROM poeple\n  WHERE id = 1;",
        "SELECT 'ü', nme FROM people",
        "SELECT 1; SELECT (2",
        &long,
        "INSERT INTO people VALUES (1, 'again', 0, NULL);",
        "INSERT INTO people (id) VALUES (9);",
        "DELETE FROM people WHERE id = 1;\nDELETE FROM people WHERE id = 2;\nDELETE FROM;",
        "BEGIN;\nDELETE FROM people;\nSELECT nothing;",
        "BEGIN; DELETE FROM people",
        "ATTACH 'x' AS y",
        ".nothing",
        ".mode",
        ".mode xml",
        ".read missing.sql",
        ".at nowhere",
        ".read loop.sql",
    ];
    sandbox.write("loop.sql", ".read loop.sql\n");
    let mut transcript = String::new();
    for script in scripts {
        let ran = sandbox.script(&["--no-header"], script).transcript();
        writeln!(transcript, "{script}\n----\n{ran}").unwrap();
    }
    insta::assert_snapshot!("errors", transcript);
    assert_eq!(
        sandbox.ok(&["sql", "-f", "csv", "--no-header", "-c", "SELECT id FROM people"]),
        "3\n40\n"
    );
}

#[test]
fn what_is_no_text_is_refused() {
    let sandbox = Sandbox::new();
    std::fs::write(sandbox.path("bytes.sql"), b"SELECT '\xff';").unwrap();
    let ran = sandbox.run(&["sql", "bytes.sql"]);
    assert_eq!(ran.code, Some(3));
    assert!(ran.err.contains("convert it to UTF-8"), "{ran:?}");
}
