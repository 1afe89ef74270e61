//! Table-valued functions over versions.

use prollytree_repo::MemoryBackend;
use prollytree_sql::schema::{Column, KeyColumn, Table};
use prollytree_sql::sqlite::Connection;
use prollytree_sql::{ColumnType, Value};

use super::world::{TestDatabase, column, commit, connect, database, lines, text};

fn user(id: i64, name: &str, age: i64) -> Vec<Value> {
    vec![Value::Int(id), text(name), Value::Int(age)]
}

/// Five commits: a table, a change, a row less and one more, a new column, a cell of it.
fn users() -> TestDatabase {
    let mut database = database();
    let columns =
        vec![column(0, "id", "INTEGER"), column(1, "name", "TEXT"), column(2, "age", "INTEGER")];
    let primary_key = vec![KeyColumn { slot: 0, descending: false }];
    let table =
        Table { name: "users".to_owned(), columns, primary_key, next_slot: 3, ..Table::default() };
    database.create_table(table).unwrap();
    let first = [user(1, "Alice", 30), user(2, "Bob", 25), user(3, "Carol", 40)];
    commit(&mut database, "users", "Create", &first, &[]);
    commit(&mut database, "users", "Birthday", &[user(1, "Alice", 31)], &[]);
    commit(&mut database, "users", "Bob goes", &[user(4, "Dan", 20)], &[2]);
    let email = Column { initial: text("none"), ..column(0, "email", "TEXT") };
    database.add_column("users", email).unwrap();
    database.record("Addresses").unwrap();
    let mut alice = user(1, "Alice", 31);
    alice.push(text("a@x"));
    commit(&mut database, "users", "Alice writes", &[alice], &[]);
    database
}

fn connection() -> Connection<MemoryBackend> {
    connect(&users())
}

#[test]
fn a_table_is_read_as_of_a_revision() {
    let mut users = connection();
    let all = "SELECT id, name, age, email FROM";
    assert_eq!(
        lines(&mut users, &format!("{all} prolly_at_users('HEAD~4') ORDER BY id")),
        ["1, Alice, 30, NULL", "2, Bob, 25, NULL", "3, Carol, 40, NULL"]
    );
    assert_eq!(
        lines(&mut users, &format!("{all} prolly_at_users")),
        ["1, Alice, 31, a@x", "3, Carol, 40, none", "4, Dan, 20, none"]
    );
    assert_eq!(
        lines(&mut users, &format!("{all} prolly_at_users('HEAD~3') WHERE id = 1")),
        ["1, Alice, 31, NULL"]
    );
    // Times of commits: the first at second 1,700,000,000, a minute for each look at the clock.
    assert_eq!(lines(&mut users, "SELECT count(*) FROM prolly_at_users('2100-01-01')"), ["3"]);
    let counts =
        "SELECT l.message, (SELECT sum(age) FROM prolly_at_users(l.commit_id)) FROM prolly_log l";
    assert_eq!(
        lines(&mut users, counts),
        ["Alice writes, 91", "Addresses, 91", "Bob goes, 91", "Birthday, 96", "Create, 95"]
    );
    let both = "SELECT o.age, n.age FROM prolly_at_users('HEAD~4') o JOIN prolly_at_users n USING (id) WHERE id = 1";
    assert_eq!(lines(&mut users, both), ["30, 31"]);
    let some =
        "SELECT id, revision FROM prolly_at_users('HEAD') WHERE id = 1 OR id = 4 OR age = 40";
    assert_eq!(lines(&mut users, some), ["1, HEAD", "3, HEAD", "4, HEAD"]);
}

#[test]
fn a_wrong_revision_is_an_error() {
    let mut users = connection();
    let error = users.query("SELECT * FROM prolly_at_users('nowhere')", &[]).unwrap_err();
    assert!(error.to_string().contains("\"nowhere\" names nothing"), "{error}");
}

#[test]
fn differences_are_rows() {
    let mut users = connection();
    let diff = "SELECT change, old_id, new_id, old_age, new_age, new_email
        FROM prolly_diff_users('HEAD~4', 'HEAD')";
    let all = [
        "changed, 1, 1, 30, 31, a@x",
        "removed, 2, NULL, 25, NULL, NULL",
        "added, NULL, 4, NULL, 20, none",
    ];
    assert_eq!(lines(&mut users, diff), all);
    assert_eq!(lines(&mut users, &format!("{diff} WHERE new_id = 4")), all[2..]);
    assert_eq!(lines(&mut users, &format!("{diff} WHERE old_id BETWEEN 2 AND 9")), all[1..2]);
    assert_eq!(lines(&mut users, &format!("{diff} WHERE old_id IS NULL")), all[2..]);
    assert_eq!(
        lines(&mut users, &format!("{diff} WHERE old_id = 1 OR new_id = 4 ORDER BY new_id")),
        [all[0], all[2]]
    );
    // Nothing is stored for a new column, so nothing differs.
    assert!(lines(&mut users, "SELECT * FROM prolly_diff_users('HEAD~2', 'HEAD~1')").is_empty());
    assert!(lines(&mut users, "SELECT * FROM prolly_diff_users").is_empty());
}

#[test]
fn a_row_has_a_history_and_someone_to_blame() {
    let mut users = connection();
    assert_eq!(
        lines(
            &mut users,
            "SELECT commit_message, commit_change, id, age, email FROM prolly_history_users WHERE id = 1"
        ),
        [
            "Alice writes, changed, 1, 31, a@x",
            "Birthday, changed, 1, 31, NULL",
            "Create, added, 1, 30, NULL"
        ]
    );
    assert_eq!(
        lines(
            &mut users,
            "SELECT commit_message, commit_change, name FROM prolly_history_users('HEAD~1') WHERE id = 2"
        ),
        ["Bob goes, removed, NULL", "Create, added, Bob"]
    );
    assert_eq!(
        lines(
            &mut users,
            "SELECT id, commit_message, commit_author FROM prolly_blame_users ORDER BY id"
        ),
        [
            "1, Alice writes, Ada <user@localhost>",
            "3, Create, Ada <user@localhost>",
            "4, Bob goes, Ada <user@localhost>"
        ]
    );
    assert_eq!(
        lines(&mut users, "SELECT commit_message FROM prolly_blame_users WHERE id = 3"),
        ["Create"]
    );
}

#[test]
fn a_column_that_was_dropped_or_renamed_is_found() {
    let mut database = users();
    database.rename_column("users", "name", "full_name").unwrap();
    database.record("Rename").unwrap();
    database.drop_column("users", "email").unwrap();
    database.record("Drop").unwrap();
    let mut users = connect(&database);
    assert_eq!(
        lines(&mut users, "SELECT full_name FROM prolly_at_users('HEAD~6') WHERE id = 2"),
        ["Bob"]
    );
    // The row was written anew without the column, which nobody sees any more.
    assert!(lines(&mut users, "SELECT * FROM prolly_diff_users('HEAD~1', 'HEAD')").is_empty());
    assert_eq!(
        lines(&mut users, "SELECT commit_message FROM prolly_blame_users WHERE id = 1"),
        ["Birthday"]
    );
    assert_eq!(
        lines(
            &mut users,
            "SELECT table_name, change, schema_changed, rows_changed FROM prolly_diff_summary('HEAD~1', 'HEAD')"
        ),
        ["users, changed, 1, 1"]
    );
}

#[test]
fn what_changed_is_summed_up() {
    let mut database = users();
    database
        .create_table(Table {
            name: "notes".to_owned(),
            columns: vec![Column {
                name: "body".to_owned(),
                ty: ColumnType::Text,
                ..Column::default()
            }],
            next_slot: 1,
            ..Table::default()
        })
        .unwrap();
    database.record("Notes").unwrap();
    let mut users = connect(&database);
    assert_eq!(
        lines(&mut users, "SELECT * FROM prolly_diff_summary('HEAD~5', 'HEAD')"),
        ["notes, added, 1, 0, 0, 0", "users, changed, 1, 1, 1, 1"]
    );
    assert!(lines(&mut users, "SELECT * FROM prolly_status").is_empty());
    assert_eq!(
        lines(&mut users, "SELECT kind, name, change FROM prolly_schema_diff('HEAD~5', 'HEAD')"),
        ["table, notes, added", "table, users, changed"]
    );
    let created =
        lines(&mut users, "SELECT new_definition FROM prolly_schema_diff('HEAD~1', 'HEAD')");
    assert!(created[0].starts_with("CREATE TABLE \"notes\""), "{created:?}");
}

#[test]
fn rows_without_a_key_are_told_by_their_number() {
    let mut database = database();
    let columns = vec![column(0, "line", "TEXT")];
    database
        .create_table(Table { name: "notes".to_owned(), columns, next_slot: 1, ..Table::default() })
        .unwrap();
    let handle = database.table("notes").unwrap();
    let row = |n: i64, line: &str| {
        (prollytree_sql::key::rowid_key(n), prollytree_sql::Change::Put(vec![text(line)]))
    };
    let write = |database: &mut TestDatabase, rows: Vec<_>, message: &str| {
        database.write(&handle, rows, &mut prollytree_sql::no_expressions).unwrap();
        database.record(message).unwrap();
    };
    write(&mut database, vec![row(1, "a"), row(2, "b")], "Two");
    write(&mut database, vec![row(2, "c"), row(7, "d")], "More");
    let mut notes = connect(&database);
    assert_eq!(
        lines(
            &mut notes,
            "SELECT change, rowid, old_line, new_line FROM prolly_diff_notes('HEAD~1', 'HEAD')"
        ),
        ["changed, 2, b, c", "added, 7, NULL, d"]
    );
    assert_eq!(
        lines(&mut notes, "SELECT line FROM prolly_at_notes('HEAD~1') WHERE rowid = 2"),
        ["b"]
    );
    assert_eq!(
        lines(&mut notes, "SELECT rowid, commit_message FROM prolly_blame_notes ORDER BY rowid"),
        ["1, Two", "2, More", "7, More"]
    );
    let at =
        notes.query_at("HEAD~1", "SELECT rowid, line FROM notes ORDER BY rowid DESC", &[]).unwrap();
    assert_eq!(at.rows, [[Value::Int(2), text("b")], [Value::Int(1), text("a")]]);
}
