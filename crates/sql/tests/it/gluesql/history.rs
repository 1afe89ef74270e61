//! Commits.

use prollytree_repo::MemoryBackend;
use prollytree_sql::{History, ProllyStorage};

use super::*;

#[tokio::test]
async fn a_statement_is_a_commit_with_its_text() {
    let mut glue = glue(&[
        "CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT)",
        "INSERT INTO t VALUES (1, 'a'), (2, 'b')",
        "UPDATE t SET name = 'c' WHERE id = 1",
        "SELECT * FROM t",
        "DELETE FROM t WHERE id > 5",
        "DELETE FROM t WHERE name = 'b'",
        "ALTER TABLE t RENAME TO u",
        "CREATE INDEX by_name ON u (name)",
        "DROP TABLE u",
    ])
    .await;
    let expected = [
        "DROP TABLE u",
        "CREATE INDEX by_name ON u (name)",
        "ALTER TABLE t RENAME TO u",
        "DELETE FROM t WHERE name = 'b'",
        "UPDATE t SET name = 'c' WHERE id = 1",
        "INSERT INTO t VALUES (1, 'a'), (2, 'b')",
        "CREATE TABLE t (id INT NOT NULL PRIMARY KEY, name TEXT NULL)",
    ];
    assert_eq!(titles(&mut glue), expected);
}

#[tokio::test]
async fn a_transaction_is_one_commit() {
    let mut glue = glue(&["CREATE TABLE t (id INTEGER)"]).await;
    glue.execute("BEGIN; INSERT INTO t VALUES (1); INSERT INTO t VALUES (2); COMMIT")
        .await
        .unwrap();
    assert_eq!(titles(&mut glue)[0], "INSERT INTO t VALUES (1) (and 1 more)");
    assert_eq!(titles(&mut glue).len(), 2);
}

#[tokio::test]
async fn long_statements_are_shortened() {
    let mut glue = glue(&["CREATE TABLE t (name TEXT)"]).await;
    glue.execute(format!("INSERT INTO t VALUES ('{}')", "long\n ".repeat(500))).await.unwrap();
    let title = titles(&mut glue)[0].clone();
    assert_eq!(title.chars().count(), 72);
    assert!(title.starts_with("INSERT INTO t VALUES ('long long") && title.ends_with('…'));
}

#[tokio::test]
async fn commits_by_name_alone() {
    let storage = ProllyStorage::in_memory().unwrap().with_history(History::Explicit);
    let mut glue: Memory = Glue::new(storage);
    glue.execute("CREATE TABLE t (id INTEGER); INSERT INTO t VALUES (1)").await.unwrap();
    assert!(titles(&mut glue).is_empty());
    glue.storage.commit("both").await.unwrap();
    glue.execute("BEGIN; INSERT INTO t VALUES (2)").await.unwrap();
    glue.storage.commit("third").await.unwrap();
    glue.storage.commit("nothing new").await.unwrap();
    assert_eq!(titles(&mut glue), ["nothing new", "third", "both"]);
    let old = glue.storage.query_at_commit("HEAD~2", "SELECT * FROM t").await.unwrap();
    assert!(matches!(&old[..], [Payload::Select { rows, .. }] if rows.len() == 1));
}

#[tokio::test]
async fn the_past_is_not_changed() {
    let glue = glue(&["CREATE TABLE t (id INTEGER)"]).await;
    for sql in ["INSERT INTO t VALUES (1)", "DROP TABLE t", "BEGIN"] {
        let refused = glue.storage.query_at_commit("HEAD", sql).await.unwrap_err();
        assert!(refused.to_string().contains("HEAD is in the history"), "{refused}");
    }
    assert!(glue.storage.query_at_commit("nowhere", "SELECT * FROM t").await.is_err());
}

#[tokio::test]
async fn uncommitted_work_is_there_again() {
    let backend = MemoryBackend::new();
    let open = || {
        let options = prollytree_repo::Options::default;
        let repo = match prollytree_repo::Repository::init(backend.clone(), options()) {
            Ok(repo) => repo,
            Err(_) => prollytree_repo::Repository::open(backend.clone(), options()).unwrap(),
        };
        Glue::new(ProllyStorage::with_repository(repo).unwrap().with_history(History::Explicit))
    };
    open().execute("CREATE TABLE t (id INTEGER); INSERT INTO t VALUES (7)").await.unwrap();
    assert_eq!(numbers(&mut open(), "SELECT id FROM t").await, [7]);
}
