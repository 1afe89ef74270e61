//! A corpus that others wrote: every statement of GlueSQL's test suite runs in our connection and in
//! plain SQLite, which must say the same, be it rows or an error.

use async_trait::async_trait;
use gluesql_core::prelude::{Glue, Payload};
use gluesql_core::{error::Result, parse_sql::parse, store::Planner, translate::translate};
use gluesql_test_suite::*;
use prollytree::repo::{MemoryBackend, Options, Repository};
use prollytree::sql::ProllyStorage;
use prollytree::sql::sqlite::{Connection, ConnectionOptions, Outcome};
use rusqlite::types::Value as Cell;
use std::sync::atomic::{AtomicUsize, Ordering};

type Storage = ProllyStorage<32, MemoryBackend>;

static STATEMENTS: AtomicUsize = AtomicUsize::new(0);
static ACCEPTED: AtomicUsize = AtomicUsize::new(0);

struct Mirror {
    glue: Glue<Storage>,
    ours: Connection<MemoryBackend>,
    plain: rusqlite::Connection,
}

/// What a statement gave: rows, or nothing to see; or that it failed.
type Seen = Option<Vec<Vec<Cell>>>;

fn repository() -> Repository<MemoryBackend> {
    Repository::init(MemoryBackend::new(), Options::default()).unwrap()
}

fn plainly(sqlite: &rusqlite::Connection, sql: &str) -> Seen {
    let mut statement = sqlite.prepare(sql).ok()?;
    let columns = statement.column_count();
    let mut rows = statement.query([]).ok()?;
    let mut seen = Vec::new();
    loop {
        match rows.next() {
            Ok(Some(row)) => {
                let cells = (0..columns).map(|at| row.get(at).unwrap());
                seen.push(cells.collect());
            }
            Ok(None) => return Some(seen),
            Err(_) => return None,
        }
    }
}

fn ours(
    connection: &mut Connection<MemoryBackend>,
    sql: &str,
) -> std::result::Result<Seen, String> {
    use prollytree::sql::Value;
    let outcome = match connection.execute(sql, &[]) {
        Ok(outcome) => outcome,
        Err(error) => return Err(error.to_string()),
    };
    let Outcome::Rows(result) = outcome else { return Ok(Some(Vec::new())) };
    let cell = |value| match value {
        Value::Null => Cell::Null,
        Value::Int(number) => Cell::Integer(number),
        Value::Float(number) => Cell::Real(number),
        Value::Text(text) => Cell::Text(text),
        Value::Bytes(bytes) => Cell::Blob(bytes),
        other => panic!("SQLite has no {other:?}"),
    };
    let rows = result.rows.into_iter().map(|row| row.into_iter().map(cell).collect());
    Ok(Some(rows.collect()))
}

impl Mirror {
    fn compare(&mut self, sql: &str) {
        // What depends on the moment.
        let changing = ["NOW()", "CURRENT_", "RANDOM", "RAND(", "GENERATE_UUID"];
        if changing.iter().any(|word| sql.to_uppercase().contains(word)) {
            return;
        }
        STATEMENTS.fetch_add(1, Ordering::Relaxed);
        let expected = plainly(&self.plain, sql);
        match (ours(&mut self.ours, sql), expected) {
            (Ok(seen), expected @ Some(_)) => {
                assert_eq!(seen, expected, "{sql}");
                ACCEPTED.fetch_add(1, Ordering::Relaxed);
            }
            (Err(_), None) => {}
            (Ok(seen), None) => panic!("plain SQLite refuses {sql}, ours gives {seen:?}"),
            (Err(error), Some(rows)) => panic!("ours refuses {sql}: {error}; SQLite: {rows:?}"),
        }
    }
}

#[async_trait(?Send)]
impl Tester<Storage> for Mirror {
    async fn new(_: &str) -> Self {
        let plain = rusqlite::Connection::open_in_memory().unwrap();
        plain.execute_batch("PRAGMA foreign_keys = ON").unwrap();
        Self {
            glue: Glue::new(ProllyStorage::with_repository(repository()).unwrap()),
            ours: Connection::open(repository(), ConnectionOptions::default()).unwrap(),
            plain,
        }
    }

    fn get_glue(&mut self) -> &mut Glue<Storage> {
        &mut self.glue
    }

    async fn run_inner(&mut self, sql: &str) -> Result<Payload> {
        self.compare(sql);
        let parsed = parse(sql)?;
        let statement = self.glue.storage.plan(translate(&parsed[0])?).await?;
        self.glue.execute_stmt(&statement).await
    }
}

/// In place of the suite's macro of this name: runs a case at once, instead of declaring a test.
macro_rules! declare_test_fn {
    ($test: meta, $storage: ident, $title: ident, $func: path) => {
        $func($storage::new(stringify!($title)).await).await;
    };
}

#[tokio::test]
async fn the_suite_of_gluesql_is_the_same_in_plain_sqlite() {
    generate_store_tests!(test, Mirror);
    generate_alter_table_tests!(test, Mirror);
    generate_transaction_tests!(test, Mirror);
    generate_transaction_alter_table_tests!(test, Mirror);
    let (all, accepted) = (STATEMENTS.load(Ordering::Relaxed), ACCEPTED.load(Ordering::Relaxed));
    println!("{all} statements of the suite, {accepted} of them in SQLite's dialect");
    assert!(accepted > 1_000, "{accepted} of {all}");
}
