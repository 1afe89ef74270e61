//! Tables whose every change is a commit, through GlueSQL, and a query on an older version.

use gluesql_core::prelude::Glue;
use prollytree::sql::ProllyStorage;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let storage = ProllyStorage::<32>::init("./data")?;
    let mut glue = Glue::new(storage);
    glue.execute("CREATE TABLE users (id INTEGER, name TEXT, age INTEGER)").await?;
    glue.execute("INSERT INTO users VALUES (1, 'Alice', 30)").await?;
    glue.execute("INSERT INTO users VALUES (2, 'Bob', 25)").await?;
    let result = glue.execute("SELECT * FROM users WHERE age > 26").await?;
    glue.storage.commit("Initial user data").await?;
    glue.execute("UPDATE users SET age = 31 WHERE id = 1").await?;
    let old_data = glue.storage.query_at_commit("HEAD~1", "SELECT * FROM users").await?; // Alice is 30 here
    println!("{result:?}\n{old_data:?}");
    Ok(())
}
