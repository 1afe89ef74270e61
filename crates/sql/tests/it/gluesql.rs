//! The storage of GlueSQL, beyond its suite.

mod alter;
mod history;
mod keys;
mod program;
mod refused;
mod transactions;
mod types;
mod unique;

use gluesql_core::error::Error;
use gluesql_core::prelude::{Glue, Payload, Value};
use prollytree_repo::{Backend, MemoryBackend};
use prollytree_sql::ProllyStorage;

type Memory = Glue<ProllyStorage<32, MemoryBackend>>;

/// An empty storage after some statements.
async fn glue(statements: &[&str]) -> Memory {
    let mut glue = Glue::new(ProllyStorage::in_memory().unwrap());
    for sql in statements {
        glue.execute(sql).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
    }
    glue
}

async fn rows<B: Backend + 'static>(
    glue: &mut Glue<ProllyStorage<32, B>>,
    sql: &str,
) -> Vec<Vec<Value>> {
    match glue.execute(sql).await.unwrap_or_else(|error| panic!("{sql}: {error}")).pop() {
        Some(Payload::Select { rows, .. }) => rows,
        other => panic!("{sql} is no query: {other:?}"),
    }
}

/// The integers of the first column.
async fn numbers<B: Backend + 'static>(
    glue: &mut Glue<ProllyStorage<32, B>>,
    sql: &str,
) -> Vec<i64> {
    let rows = rows(glue, sql).await;
    let number = |row: Vec<Value>| match row[..] {
        [Value::I64(number), ..] => number,
        _ => panic!("{sql} has {row:?}"),
    };
    rows.into_iter().map(number).collect()
}

async fn error(glue: &mut Memory, sql: &str) -> Error {
    match glue.execute(sql).await {
        Err(error) => {
            let text = format!("{error} {error:?}");
            assert!(!text.contains('\0') && !text.contains("\\0"), "{sql} tells {text:?}");
            error
        }
        Ok(payload) => panic!("{sql} gives {payload:?}"),
    }
}

/// The titles of the commits, newest first.
fn titles(glue: &mut Memory) -> Vec<String> {
    let titles = glue.storage.with_database(|database| {
        let repo = database.repository();
        let Some(tip) = repo.tip() else { return Ok(Vec::new()) };
        let log = repo.log(&tip)?.map(|entry| Ok(entry?.1.title().to_owned()));
        log.collect::<Result<Vec<_>, prollytree_repo::RepoError>>().map_err(Into::into)
    });
    titles.unwrap()
}
