//! Values that must be unique, and rows that others refer to.

use gluesql_core::error::ValidateError;
use gluesql_core::prelude::Key;

use super::*;

fn on_key(key: i64) -> Error {
    ValidateError::DuplicateEntryOnPrimaryKeyField(Key::I64(key)).into()
}

fn on_field(value: Value, field: &str) -> Error {
    ValidateError::DuplicateEntryOnUniqueField(value, field.to_owned()).into()
}

#[tokio::test]
async fn what_is_there_is_refused() {
    let mut glue = glue(&[
        "CREATE TABLE p (id INTEGER PRIMARY KEY)",
        "CREATE TABLE t (id INTEGER PRIMARY KEY, mail TEXT NULL UNIQUE, code INTEGER UNIQUE)",
        "INSERT INTO t VALUES (1, 'a', 10), (2, NULL, 20), (3, NULL, 30)",
    ])
    .await;
    assert_eq!(error(&mut glue, "INSERT INTO p VALUES (7), (8), (7)").await, on_key(7));
    glue.execute("INSERT INTO p VALUES (7)").await.unwrap();
    assert_eq!(error(&mut glue, "INSERT INTO p VALUES (7)").await, on_key(7));
    let mail = on_field(Value::Str("a".to_owned()), "mail");
    assert_eq!(error(&mut glue, "INSERT INTO t VALUES (4, 'a', 40)").await, mail);
    let code = on_field(Value::I64(20), "code");
    assert_eq!(error(&mut glue, "INSERT INTO t VALUES (4, 'b', 20)").await, code);
    assert_eq!(error(&mut glue, "UPDATE t SET code = 20 WHERE id = 1").await, code);
    // The row's own value is no other row's.
    glue.execute("UPDATE t SET code = 20, mail = 'b' WHERE id = 2").await.unwrap();
    assert_eq!(numbers(&mut glue, "SELECT id FROM t WHERE mail = 'b'").await, [2]);
}

#[tokio::test]
async fn equal_decimals_are_equal() {
    let mut glue = glue(&[
        "CREATE TABLE k (d DECIMAL PRIMARY KEY, n INTEGER)",
        "CREATE TABLE u (n INTEGER, d DECIMAL UNIQUE)",
        "INSERT INTO k VALUES (1.50, 1)",
        "INSERT INTO u VALUES (1, 2.50)",
    ])
    .await;
    error(&mut glue, "INSERT INTO k VALUES (1.5, 2)").await;
    error(&mut glue, "INSERT INTO u VALUES (2, 2.5)").await;
    assert_eq!(numbers(&mut glue, "SELECT n FROM k WHERE d = 1.5").await, [1]);
    assert_eq!(numbers(&mut glue, "SELECT n FROM k WHERE d > 1.4 AND d <= 1.5").await, [1]);
}

#[tokio::test]
async fn rows_that_others_refer_to_stay() {
    let mut glue = glue(&[
        "CREATE TABLE parent (id INTEGER PRIMARY KEY)",
        "CREATE TABLE child (id INTEGER PRIMARY KEY, a INTEGER NULL, b INTEGER NULL,
             FOREIGN KEY (a) REFERENCES parent (id), FOREIGN KEY (b) REFERENCES parent (id))",
        "INSERT INTO parent VALUES (1), (2), (3), (4)",
        "INSERT INTO child VALUES (1, 1, NULL), (2, NULL, 2), (3, NULL, NULL)",
    ])
    .await;
    error(&mut glue, "DELETE FROM parent WHERE id = 1").await;
    error(&mut glue, "DELETE FROM parent WHERE id IN (3, 2)").await;
    error(&mut glue, "DELETE FROM parent WHERE id IN (SELECT a FROM child WHERE a = 1)").await;
    let deleted = glue.execute("DELETE FROM parent WHERE id > 2").await.unwrap();
    assert_eq!(deleted, [Payload::Delete(2)]);
    assert_eq!(numbers(&mut glue, "SELECT id FROM parent").await, [1, 2]);
    error(&mut glue, "INSERT INTO child VALUES (4, 3, NULL)").await;
}
