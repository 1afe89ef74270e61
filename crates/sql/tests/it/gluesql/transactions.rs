//! Transactions, and several writers.

use prollytree_repo::{MemoryBackend, Options, Repository};

use super::*;

#[tokio::test]
async fn transactions_begin_and_end_once() {
    let mut glue = glue(&["CREATE TABLE t (id INTEGER)"]).await;
    assert!(error(&mut glue, "COMMIT").await.to_string().contains("no transaction"));
    assert!(error(&mut glue, "ROLLBACK").await.to_string().contains("no transaction"));
    glue.execute("BEGIN; INSERT INTO t VALUES (1)").await.unwrap();
    assert!(error(&mut glue, "BEGIN").await.to_string().contains("under way already"));
    glue.execute("ROLLBACK").await.unwrap();
    assert!(numbers(&mut glue, "SELECT id FROM t").await.is_empty());
}

#[tokio::test]
async fn a_failed_statement_leaves_nothing_behind() {
    let mut glue = glue(&["CREATE TABLE t (id INTEGER PRIMARY KEY, n INTEGER)"]).await;
    for begin in ["", "BEGIN; INSERT INTO t VALUES (1, 1);"] {
        if !begin.is_empty() {
            glue.execute(begin).await.unwrap();
        }
        let before = numbers(&mut glue, "SELECT id FROM t").await;
        error(&mut glue, "INSERT INTO t VALUES (5, 1), (6, 1), (5, 2)").await;
        error(&mut glue, "DROP TABLE t, nowhere").await;
        error(&mut glue, "CREATE TABLE copy AS SELECT id, n / 0 FROM SERIES(3)").await;
        assert_eq!(numbers(&mut glue, "SELECT id FROM t").await, before);
        error(&mut glue, "SELECT * FROM copy").await;
    }
    glue.execute("COMMIT").await.unwrap();
    assert_eq!(numbers(&mut glue, "SELECT id FROM t").await, [1]);
}

/// Two storages over one backend.
async fn two() -> (Memory, Memory) {
    let backend = MemoryBackend::new();
    let first = Repository::init(backend.clone(), Options::default()).unwrap();
    let mut first = Glue::new(ProllyStorage::with_repository(first).unwrap());
    first.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, n INTEGER)").await.unwrap();
    first.execute("INSERT INTO t VALUES (1, 0)").await.unwrap();
    let second = Repository::open(backend, Options::default()).unwrap();
    (first, Glue::new(ProllyStorage::with_repository(second).unwrap()))
}

#[tokio::test]
async fn statements_build_on_what_others_committed() {
    let (mut first, mut second) = two().await;
    for _ in 0..3 {
        first.execute("UPDATE t SET n = n + 1").await.unwrap();
        second.execute("UPDATE t SET n = n + 1 WHERE id = 1").await.unwrap();
    }
    second.execute("BEGIN").await.unwrap();
    assert_eq!(numbers(&mut second, "SELECT n FROM t").await, [6]);
}

#[tokio::test]
async fn who_comes_late_is_told_and_can_try_again() {
    let (mut first, mut second) = two().await;
    second.execute("BEGIN; UPDATE t SET n = n + 10").await.unwrap();
    first.execute("UPDATE t SET n = 1").await.unwrap();
    // What was read stays as it was.
    assert_eq!(numbers(&mut second, "SELECT n FROM t").await, [10]);
    let late = error(&mut second, "COMMIT").await.to_string();
    assert!(late.contains("may succeed now"), "{late}");
    assert_eq!(numbers(&mut second, "SELECT n FROM t").await, [1]);
    second.execute("BEGIN; UPDATE t SET n = n + 10; COMMIT").await.unwrap();
    assert_eq!(numbers(&mut second, "SELECT n FROM t").await, [11]);
}
