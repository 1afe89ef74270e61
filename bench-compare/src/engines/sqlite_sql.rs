//! SQLite through `rusqlite`: in memory, and on disk where the row is about that.

use std::path::Path;

use rusqlite::Connection;

use crate::engine::{Named, Outcome, SqlDb, SqlEngine};
use crate::rows::Row;

const DURABLE: &str = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;";

/// The engine.
pub(super) struct SqliteSql;

impl Named for SqliteSql {
    fn id(&self) -> &'static str {
        "sqlite"
    }

    fn title(&self) -> &'static str {
        "SQLite (rusqlite 0.43) on disk"
    }

    fn note(&self, _row: Row) -> Option<&'static str> {
        Some("WAL, `synchronous=FULL`; the page cache of the default 2 MB")
    }
}

impl SqlEngine for SqliteSql {
    fn takes_part(&self, row: Row, _rows: usize) -> bool {
        row != Row::SqlVersions
    }

    fn create(&self, dir: &Path) -> Outcome<Box<dyn SqlDb>> {
        let connection = Connection::open(dir.join("tables.sqlite"))?;
        connection.execute_batch(DURABLE)?;
        Ok(Box::new(Db { connection }))
    }
}

struct Db {
    connection: Connection,
}

impl SqlDb for Db {
    fn run(&mut self, sql: &str) -> Outcome<usize> {
        let mut statement = self.connection.prepare(sql)?;
        let columns = statement.column_count();
        if columns == 0 {
            return Ok(statement.execute([])?);
        }
        let mut rows = statement.query([])?;
        let mut values = Vec::new();
        while let Some(row) = rows.next()? {
            // As rows that the caller keeps, which is what the others give.
            let cells = (0..columns).map(|at| row.get::<_, rusqlite::types::Value>(at));
            values.push(cells.collect::<Result<Vec<_>, _>>()?);
        }
        Ok(values.len())
    }
}
