//! The program that the documentation shows, as printed there but for the folder and the clauses that
//! let it run twice.

use gluesql_core::prelude::{Glue, Payload, Value};
use prollytree_sql::ProllyStorage;

async fn program(
    folder: &str,
    create: &str,
) -> Result<(Vec<Payload>, Vec<Payload>), Box<dyn std::error::Error>> {
    let storage = ProllyStorage::<32>::init(folder)?;
    let mut glue = Glue::new(storage);
    glue.execute(create).await?;
    glue.execute("INSERT INTO users VALUES (1, 'Alice', 30)").await?;
    glue.execute("INSERT INTO users VALUES (2, 'Bob', 25)").await?;
    let result = glue.execute("SELECT * FROM users WHERE age > 26").await?;
    glue.storage.commit("Initial user data").await?;
    glue.execute("UPDATE users SET age = 31 WHERE id = 1").await?;
    let old_data = glue.storage.query_at_commit("HEAD~1", "SELECT * FROM users").await?;
    Ok((result, old_data))
}

fn rows(payloads: &[Payload]) -> Vec<Vec<Value>> {
    match payloads {
        [Payload::Select { rows, .. }] => rows.clone(),
        other => panic!("not the rows of a query: {other:?}"),
    }
}

fn user(id: i64, name: &str, age: i64) -> Vec<Value> {
    vec![Value::I64(id), Value::Str(name.to_owned()), Value::I64(age)]
}

#[tokio::test]
async fn the_program_runs_from_an_empty_folder_and_again() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("data");
    let folder = folder.to_str().unwrap();
    let create = "CREATE TABLE users (id INTEGER, name TEXT, age INTEGER)";
    let (result, old) = program(folder, create).await.unwrap();
    assert_eq!(rows(&result), [user(1, "Alice", 30)]);
    assert_eq!(rows(&old), [user(1, "Alice", 30), user(2, "Bob", 25)]);

    let create = "CREATE TABLE IF NOT EXISTS users (id INTEGER, name TEXT, age INTEGER)";
    let (_, old) = program(folder, create).await.unwrap();
    let both = [user(1, "Alice", 31), user(2, "Bob", 25), user(1, "Alice", 30), user(2, "Bob", 25)];
    assert_eq!(rows(&old), both);
}
