//! SQLite through `rusqlite`, with a write-ahead log synced at every commit.

use std::path::Path;

use rusqlite::{Connection, OptionalExtension, params};

use crate::data::{Entry, Key, touch};
use crate::engine::{DurableEngine, DurableMap, Named, Outcome};
use crate::rows::Row;

const SCHEMA: &str = "
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = FULL;
    CREATE TABLE map (key BLOB PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
";
const INSERT: &str = "INSERT OR REPLACE INTO map (key, value) VALUES (?1, ?2)";
const SELECT: &str = "SELECT value FROM map WHERE key = ?1";

/// The engine.
pub(super) struct Sqlite;

impl Named for Sqlite {
    fn id(&self) -> &'static str {
        "sqlite"
    }

    fn title(&self) -> &'static str {
        "SQLite (rusqlite 0.43)"
    }

    fn note(&self, _row: Row) -> Option<&'static str> {
        Some("WAL, `synchronous=FULL`; a checkpoint falls due every 1,000 pages of log")
    }
}

impl DurableEngine for Sqlite {
    fn create(&self, dir: &Path, sorted: &[Entry]) -> Outcome<Box<dyn DurableMap>> {
        let connection = Connection::open(dir.join("map.sqlite"))?;
        connection.execute_batch(SCHEMA)?;
        connection.execute_batch("BEGIN")?;
        let mut map = SqliteMap { connection };
        sorted.iter().try_for_each(|entry| map.commit(entry))?;
        map.connection.execute_batch("COMMIT")?;
        map.checkpoint()?;
        Ok(Box::new(map))
    }
}

struct SqliteMap {
    connection: Connection,
}

impl SqliteMap {
    /// Empties the log, so that loading the map does not weigh on the first commits.
    fn checkpoint(&self) -> Outcome<()> {
        let checkpoint = "PRAGMA wal_checkpoint(TRUNCATE)";
        Ok(self.connection.query_row(checkpoint, [], |_| Ok(()))?)
    }
}

impl DurableMap for SqliteMap {
    fn commit(&mut self, entry: &Entry) -> Outcome<()> {
        let mut insert = self.connection.prepare_cached(INSERT)?;
        insert.execute(params![entry.key, entry.value])?;
        Ok(())
    }

    fn get(&mut self, key: &Key) -> Outcome<Option<u64>> {
        let mut select = self.connection.prepare_cached(SELECT)?;
        let value = select.query_row(params![key], |row| Ok(touch(row.get_ref(0)?.as_blob()?)));
        Ok(value.optional()?)
    }
}
