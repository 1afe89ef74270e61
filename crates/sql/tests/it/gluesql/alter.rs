//! Changed tables keep their rows where they are.

use prollytree_sql::rows_map;

use super::*;

fn root(glue: &mut Memory, table: &str) -> Option<prollytree_tree::Hash> {
    let map = rows_map(table).unwrap();
    let version = glue.storage.with_database(|database| database.current()).unwrap();
    version.maps().get(&map).map(|map| map.root)
}

#[tokio::test]
async fn no_row_is_rewritten() {
    let mut glue = glue(&[
        "CREATE TABLE t (id INTEGER PRIMARY KEY, n INTEGER)",
        "INSERT INTO t VALUES (1, 10), (2, 20)",
        "CREATE INDEX twice ON t (n * 2)",
    ])
    .await;
    let before = root(&mut glue, "t");
    for sql in [
        "ALTER TABLE t ADD COLUMN flag BOOLEAN DEFAULT TRUE",
        "ALTER TABLE t ADD COLUMN code INTEGER NULL UNIQUE",
        "ALTER TABLE t RENAME COLUMN n TO number",
        "ALTER TABLE t RENAME TO u",
    ] {
        glue.execute(sql).await.unwrap();
    }
    assert!(before.is_some());
    assert_eq!(root(&mut glue, "u"), before);
    let found = rows(&mut glue, "SELECT * FROM u WHERE number * 2 = 40").await;
    assert_eq!(found, [[Value::I64(2), Value::I64(20), Value::Bool(true), Value::Null]]);
    glue.execute("UPDATE u SET code = 5 WHERE id = 1").await.unwrap();
    error(&mut glue, "UPDATE u SET code = 5 WHERE id = 2").await;
    error(&mut glue, "ALTER TABLE u DROP COLUMN id").await;
    glue.execute("ALTER TABLE u DROP COLUMN code").await.unwrap();
}

#[tokio::test]
async fn an_index_on_texts_joined_is_one_on_texts_joined() {
    let mut glue = glue(&[
        "CREATE TABLE t (a TEXT, b TEXT)",
        "INSERT INTO t VALUES ('x', 'y'), ('u', 'v')",
        "CREATE INDEX both_of ON t (a || b)",
    ])
    .await;
    let found = rows(&mut glue, "SELECT a FROM t WHERE a || b = 'uv'").await;
    assert_eq!(found, [[Value::Str("u".to_owned())]]);
}
