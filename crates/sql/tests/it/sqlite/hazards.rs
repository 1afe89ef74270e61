//! What could slip past the connection, and leave the trees behind.

use prollytree_sql::sqlite::{Outcome, SqliteError};

use super::support::{Both, open, rows};

const T: &str = "CREATE TABLE t (id INTEGER PRIMARY KEY, code TEXT NOT NULL DEFAULT 'X')";

#[test]
fn what_would_drop_our_triggers_is_refused() {
    let mut both = Both::with(T);
    for sql in [
        "PRAGMA temp_store = MEMORY",
        "PRAGMA temp_store(1)",
        ";PRAGMA writable_schema = ON",
        "; ATTACH ':memory:' AS other",
        "CREATE TEMP TRIGGER x AFTER INSERT ON t BEGIN SELECT RAISE(IGNORE); END",
        "CREATE TABLE Prolly_Working_Copy (a)",
    ] {
        assert!(matches!(both.fail(sql), SqliteError::Refused { .. }), "{sql}");
    }
    both.run("INSERT INTO t VALUES (1, 'a')");
    assert_eq!(both.rows("SELECT * FROM t"), ["1|a"]);
}

#[test]
fn semicolons_before_a_statement_hide_nothing() {
    let mut both = Both::with(T);
    let mut execute = |sql: &str| both.first.execute(sql, &[]).unwrap();
    execute(";BEGIN");
    execute(" ; ;INSERT INTO t VALUES (1, 'a')");
    execute(";COMMIT");
    execute(";CREATE TABLE gone (a)");
    execute("; DROP TABLE gone");
    execute(";CREATE TABLE other (b)");
    assert!(matches!(execute(";SELECT 1"), Outcome::Rows(_)));
    assert_eq!(both.rows("SELECT * FROM t"), ["1|a"]);
    assert_eq!(both.rows("SELECT * FROM other"), [""; 0]);
}

#[test]
fn a_commit_that_is_no_statement_commits_nothing() {
    let mut both = Both::with(T);
    both.run("BEGIN; INSERT INTO t VALUES (1, 'a')");
    for sql in ["COMMIT garbage", "COMMIT; SELECT 1"] {
        assert!(both.first.execute(sql, &[]).is_err(), "{sql}");
        assert!(rows(&mut open(&both.backend), "SELECT * FROM t").is_empty(), "{sql}");
        assert!(both.first.is_in_transaction(), "{sql}");
    }
    both.run("COMMIT");
    assert_eq!(both.rows("SELECT * FROM t"), ["1|a"]);
}

#[test]
fn a_name_of_a_transaction_means_nothing() {
    let mut both = Both::with(T);
    both.run(
        "BEGIN; INSERT INTO t VALUES (1, 'a'); SAVEPOINT s; INSERT INTO t VALUES (2, 'b');
         ROLLBACK TRANSACTION everything TO s; COMMIT",
    );
    assert_eq!(both.rows("SELECT * FROM t"), ["1|a"]);
}

#[test]
fn what_replace_takes_for_null_finds_its_victims() {
    let mut both = Both::with(T);
    both.run("CREATE UNIQUE INDEX u ON t (lower(code)); CREATE UNIQUE INDEX v ON t (code)");
    both.run("INSERT INTO t VALUES (1, 'x'), (2, 'y')");
    both.run("INSERT OR REPLACE INTO t VALUES (3, NULL)");
    assert_eq!(both.rows("SELECT * FROM t ORDER BY id"), ["2|y", "3|X"]);
}

#[test]
fn defaults_in_every_kind_of_quotes_are_kept() {
    let mut both = Both::with(
        "CREATE TABLE d (id INTEGER PRIMARY KEY, a DEFAULT [a b], b DEFAULT `x y`,
                         c DEFAULT größe, d DEFAULT \"q\"\"q\", e DEFAULT 'it''s')",
    );
    open(&both.backend).run("INSERT INTO d (id) VALUES (1)").unwrap();
    both.run("INSERT INTO d (id) VALUES (2)");
    let row = "a b|x y|größe|q\"q|it's";
    assert_eq!(both.rows("SELECT a, b, c, d, e FROM d"), [row, row]);
}

#[test]
fn one_column_can_be_unique_in_two_ways() {
    let mut both = Both::with("CREATE TABLE w (a TEXT UNIQUE, UNIQUE (a COLLATE NOCASE))");
    both.run("INSERT INTO w VALUES ('x'), ('y')");
    both.check_fails_everywhere("INSERT INTO w VALUES ('X')", "UNIQUE");
    both.run("UPDATE w SET a = 'Z' WHERE a = 'x'; DELETE FROM w WHERE a = 'y'");
    assert_eq!(both.rows("SELECT a FROM w"), ["Z"]);
}
