//! Procedures that change the repository.

use prollytree_repo::MemoryBackend;
use prollytree_sql::schema::{KeyColumn, Table};
use prollytree_sql::sqlite::{Connection, SqliteError};
use prollytree_sql::{SqlError, Value};

use super::world::{column, commit, connect, database, lines, text};

fn connection() -> Connection<MemoryBackend> {
    let mut database = database();
    let columns = vec![column(0, "id", "INTEGER"), column(1, "v", "TEXT")];
    let primary_key = vec![KeyColumn { slot: 0, descending: false }];
    let table =
        Table { name: "t".to_owned(), columns, primary_key, next_slot: 2, ..Table::default() };
    database.create_table(table).unwrap();
    commit(&mut database, "t", "One", &[vec![Value::Int(1), text("a")]], &[]);
    commit(&mut database, "t", "Two", &[vec![Value::Int(2), text("b")]], &[]);
    connect(&database)
}

#[test]
fn branches_and_tags_are_made_and_listed() {
    let mut db = connection();
    lines(&mut db, "CALL prolly_branch('old', 'HEAD~1')");
    assert_eq!(
        lines(&mut db, "SELECT name, is_current, message FROM prolly_branches"),
        ["main, 1, Two", "old, 0, One"]
    );
    lines(&mut db, "CALL prolly_checkout('old')");
    assert_eq!(lines(&mut db, "SELECT count(*) FROM prolly_at_t"), ["1"]);
    lines(&mut db, "CALL prolly_checkout('-b', 'new')");
    assert_eq!(lines(&mut db, "SELECT name FROM prolly_branches WHERE is_current"), ["new"]);
    lines(&mut db, "SELECT prolly_tag('v1', 'The first')");
    lines(&mut db, "CALL prolly_tag('v0')");
    assert_eq!(
        lines(&mut db, "SELECT name, message FROM prolly_tags"),
        ["v0, NULL", "v1, The first"]
    );
    lines(&mut db, "CALL prolly_branch_delete('old')");
    let error = db.query("CALL prolly_branch_delete('new')", &[]).unwrap_err();
    assert!(error.to_string().contains("checked out"), "{error}");
}

#[test]
fn commits_are_made_taken_back_and_made_again() {
    let mut db = connection();
    let found = db.query("CALL prolly_commit(?)", &[text("Nothing")]).unwrap();
    assert_eq!(found.columns, ["commit_id"]);
    let Value::Text(id) = &found.rows[0][0] else { panic!("{found:?}") };
    assert_eq!(lines(&mut db, "SELECT commit_id FROM prolly_log LIMIT 1"), [id.as_str()]);
    lines(&mut db, "CALL prolly_revert('HEAD~1')");
    assert_eq!(lines(&mut db, "SELECT id FROM prolly_at_t"), ["1"]);
    lines(&mut db, "CALL prolly_cherry_pick('HEAD~2')");
    assert_eq!(lines(&mut db, "SELECT id FROM prolly_at_t"), ["1", "2"]);
    lines(&mut db, "CALL prolly_reset('hard', 'HEAD~3')");
    assert_eq!(lines(&mut db, "SELECT message FROM prolly_log"), ["Two", "One"]);
    lines(&mut db, "CALL prolly_reset('soft', 'HEAD~1')");
    assert_eq!(lines(&mut db, "SELECT table_name, rows_added FROM prolly_status"), ["t, 1"]);
}

#[test]
fn wrong_calls_say_why() {
    let mut db = connection();
    let refused = db.query("CALL prolly_merge()", &[]).unwrap_err();
    assert!(matches!(refused, SqliteError::Refused { .. }), "{refused:?}");
    let none = db.query("CALL prolly_resolve('t', '1', 'ours')", &[]).unwrap_err();
    assert!(
        matches!(none, SqliteError::Sql(SqlError::NoConflict { .. } | SqlError::Repository(_))),
        "{none:?}"
    );
    let unknown = db.query("CALL prolly_merge('nowhere')", &[]).unwrap_err();
    assert!(unknown.to_string().contains("nowhere"), "{unknown}");
}

#[test]
fn branches_are_merged_and_conflicts_resolved() {
    let mut db = connection();
    lines(&mut db, "CALL prolly_branch('side')");
    db.run("UPDATE t SET v = 'main' WHERE id = 1; INSERT INTO t VALUES (3, 'c')").unwrap();
    lines(&mut db, "CALL prolly_checkout('side')");
    assert_eq!(lines(&mut db, "SELECT id, v FROM t"), ["1, a", "2, b"]);
    db.run("UPDATE t SET v = 'side' WHERE id = 1; UPDATE t SET v = 'B' WHERE id = 2").unwrap();
    let merged = db.query("CALL prolly_merge('main')", &[]).unwrap();
    assert_eq!(merged.columns, ["outcome", "commit_id", "conflicts"]);
    assert_eq!(merged.rows, [[text("conflicts"), Value::Null, Value::Int(1)]]);
    assert_eq!(
        lines(&mut db, "SELECT table_name, key, kind, base, ours, theirs FROM prolly_conflicts"),
        [r#"t, [1], cells, {"id":1,"v":"a"}, {"id":1,"v":"side"}, {"id":1,"v":"main"}"#]
    );
    let early = db.query("CALL prolly_continue()", &[]).unwrap_err();
    assert!(early.to_string().contains("not resolved"), "{early}");
    assert_eq!(lines(&mut db, "CALL prolly_resolve('t', '1', 'theirs')"), ["0"]);
    lines(&mut db, "CALL prolly_continue('Both')");
    assert_eq!(lines(&mut db, "SELECT id, v FROM t"), ["1, main", "2, B", "3, c"]);
    assert_eq!(lines(&mut db, "SELECT message FROM prolly_log LIMIT 1"), ["Both"]);
    assert_eq!(lines(&mut db, "SELECT json_array_length(parents) FROM prolly_log LIMIT 1"), ["2"]);
}

#[test]
fn a_merge_is_decided_for_a_side_or_aborted() {
    let mut db = connection();
    lines(&mut db, "CALL prolly_branch('side')");
    db.run("UPDATE t SET v = 'main' WHERE id = 1").unwrap();
    lines(&mut db, "CALL prolly_checkout('side')");
    db.run("UPDATE t SET v = 'side' WHERE id = 1").unwrap();
    lines(&mut db, "CALL prolly_merge('main')");
    lines(&mut db, "CALL prolly_abort()");
    assert_eq!(lines(&mut db, "SELECT v FROM t WHERE id = 1"), ["side"]);
    lines(&mut db, "CALL prolly_merge('main', 'theirs')");
    assert_eq!(lines(&mut db, "SELECT v FROM t WHERE id = 1"), ["main"]);
}

#[test]
fn what_statements_change_is_seen_by_functions() {
    let mut db = connection();
    db.run("CREATE TABLE n(k TEXT PRIMARY KEY, x); INSERT INTO n VALUES ('a', 1)").unwrap();
    db.run("UPDATE n SET x = 2").unwrap();
    let history = "SELECT k, x, commit_message FROM prolly_history_n";
    assert_eq!(
        lines(&mut db, history),
        ["a, 2, UPDATE n SET x = 2", "a, 1, INSERT INTO n VALUES ('a', 1)"]
    );
    // What is read from the history can be written.
    db.run("INSERT INTO n SELECT k || x, x FROM prolly_at_n('HEAD~1')").unwrap();
    assert_eq!(lines(&mut db, "SELECT k, x FROM n"), ["a, 2", "a1, 1"]);
    db.run("CREATE VIEW old AS SELECT * FROM prolly_at_n('HEAD~2')").unwrap();
    assert_eq!(lines(&mut db, "SELECT x FROM old"), ["2"]);
    db.run("DROP TABLE n").unwrap();
    assert_eq!(lines(&mut db, "SELECT count(*) FROM prolly_at_n('HEAD~1')"), ["2"]);
    assert_eq!(lines(&mut db, "SELECT count(*) FROM prolly_at_n"), ["0"]);
}

#[test]
fn no_procedure_runs_within_a_transaction() {
    let mut db = connection();
    db.run("BEGIN; INSERT INTO t VALUES (9, 'z')").unwrap();
    let refused = db.query("CALL prolly_commit('no')", &[]).unwrap_err();
    assert!(refused.to_string().contains("within a transaction"), "{refused}");
    db.run("ROLLBACK").unwrap();
    assert_eq!(lines(&mut db, "SELECT count(*) FROM t"), ["2"]);
}

#[test]
fn columns_are_computed_in_every_version() {
    let mut db = connection();
    db.run(
        "CREATE TABLE r(a INTEGER PRIMARY KEY, b TEXT COLLATE NOCASE, c AS (d || '!'), d AS (upper(b)),
            e AS (b = 'X'), f AS (a * 2) STORED);
         CREATE INDEX r_f ON r(f);
         INSERT INTO r(a, b) VALUES (1, 'x'), (2, 'y');
         UPDATE r SET b = 'z' WHERE a = 2",
    )
    .unwrap();
    let all = ["1, x, X!, X, 1, 2", "2, y, Y!, Y, 0, 4"];
    let old = db.query_at("HEAD~1", "SELECT * FROM r WHERE f > 0", &[]).unwrap();
    let old: Vec<_> = old.rows.iter().map(|row| prollytree_sql::text::list(row)).collect();
    assert_eq!(old, all);
    assert_eq!(lines(&mut db, "SELECT * FROM prolly_at_r('HEAD~1')"), all);
    assert_eq!(
        lines(&mut db, "SELECT old_c, new_c FROM prolly_diff_r('HEAD~1', 'HEAD')"),
        ["Y!, Z!"]
    );
    assert_eq!(lines(&mut db, "SELECT c FROM prolly_history_r WHERE a = 2"), ["Z!", "Y!"]);
}
