//! What would be silently wrong is refused.

use prollytree_sql::schema::{Check, Column, KeyColumn, Table};
use prollytree_sql::{Change, ColumnType, Value as Cell, no_expressions};

use super::*;

#[tokio::test]
async fn what_gluesql_gets_wrong() {
    let mut glue = glue(&["CREATE TABLE t (id INTEGER PRIMARY KEY, n INTEGER)"]).await;
    for sql in [
        "CREATE TABLE a (id INTEGER) ENGINE = memory",
        "CREATE TABLE a (id INTEGER PRIMARY KEY, other INTEGER PRIMARY KEY)",
        "SELECT * FROM t WHERE id NOT IN (2, NULL)",
        "INSERT INTO t VALUES (1, 1), (1, 2)",
        "CREATE TABLE T (id INTEGER)",
    ] {
        error(&mut glue, sql).await;
    }
}

/// A table as the dialect of SQLite makes it: types are a preference.
fn table(name: &str) -> Table {
    let column =
        |slot, name: &str, ty| Column { slot, name: name.to_owned(), ty, ..Column::default() };
    Table {
        name: name.to_owned(),
        columns: vec![
            column(0, "id", ColumnType::Int64),
            column(1, "any", ColumnType::Any),
            column(2, "label", ColumnType::Text),
        ],
        primary_key: vec![KeyColumn { slot: 0, descending: false }],
        next_slot: 3,
        ..Table::default()
    }
}

#[tokio::test]
async fn tables_of_the_other_dialect_are_read() {
    let mut glue = glue(&[]).await;
    let made = glue.storage.with_database(|database| {
        database.create_table(table("free"))?;
        let check = Check { name: String::new(), expression: "id > 0".to_owned() };
        database.create_table(Table { checks: vec![check], ..table("checked") })?;
        for name in ["free", "checked"] {
            let table = database.table(name)?;
            let rows = [
                vec![Cell::Int(1), Cell::Text("x".to_owned()), Cell::Int(5)],
                vec![Cell::Int(2), Cell::Float(0.5), Cell::Null],
            ];
            for row in rows {
                let key = table.codec().key(&row)?;
                database.write(&table, [(key, Change::Insert(row))], &mut no_expressions)?;
            }
        }
        Ok(())
    });
    made.unwrap();
    glue.storage.commit("made beside").await.unwrap();
    for name in ["free", "checked"] {
        let sql = format!("SELECT * FROM {name} WHERE id >= 1 AND id < 9");
        let expected = [
            vec![Value::I64(1), Value::Str("x".to_owned()), Value::I64(5)],
            vec![Value::I64(2), Value::F64(0.5), Value::Null],
        ];
        assert_eq!(rows(&mut glue, &sql).await, expected);
    }
    glue.execute("UPDATE free SET label = 'y' WHERE id = 2").await.unwrap();
    glue.execute("DELETE FROM free WHERE id = 1").await.unwrap();
    assert_eq!(numbers(&mut glue, "SELECT id FROM free WHERE label = 'y'").await, [2]);
    for sql in [
        "INSERT INTO checked VALUES (3, 'x', 'y')",
        "UPDATE checked SET label = 'z' WHERE id = 1",
        "DELETE FROM checked",
        "ALTER TABLE checked ADD COLUMN n INTEGER NULL",
    ] {
        let refused = error(&mut glue, sql).await.to_string();
        assert!(refused.contains("table checked has the check id > 0"), "{refused}");
    }
}

#[cfg(feature = "sqlite")]
#[tokio::test]
async fn a_key_of_several_columns_is_not_changed() {
    use prollytree_repo::{Options, Repository};
    use prollytree_sql::sqlite::{Connection, ConnectionOptions};
    let options = Options::default().with_author_name("Ada").with_author_email("ada@example.org");
    let backend = MemoryBackend::new();
    let repo = Repository::init(backend.clone(), options.clone()).unwrap();
    Connection::open(repo, ConnectionOptions::default())
        .unwrap()
        .run(
            "CREATE TABLE q (a INTEGER, b INTEGER, c TEXT, PRIMARY KEY (a, b));
             INSERT INTO q VALUES (1, 1, 'x'), (2, 1, 'y')",
        )
        .unwrap();
    let repo = Repository::open(backend, options).unwrap();
    let mut glue = Glue::new(ProllyStorage::with_repository(repo).unwrap());
    let refused = glue.execute("UPDATE q SET a = 2 WHERE a = 1").await.unwrap_err().to_string();
    assert!(refused.contains("table q has a primary key that would change"), "{refused}");
    glue.execute("UPDATE q SET c = 'z' WHERE a = 1").await.unwrap();
    let found: Vec<_> = rows(&mut glue, "SELECT c FROM q").await.into_iter().flatten().collect();
    assert_eq!(found, ["z", "y"].map(|text| Value::Str(text.to_owned())));
}
