//! Ours in the dialect of SQLite, in a store on disk.

use std::path::Path;

use prollytree_repo::{Options, Repository};
use prollytree_sql::sqlite::{Connection, ConnectionOptions, Outcome as Ran};
use prollytree_store::{Store, StoreOptions};

use crate::engine::{Named, Outcome, SqlDb, SqlEngine};
use crate::rows::Row;

/// The engine.
pub(super) struct OursSqlite;

impl Named for OursSqlite {
    fn id(&self) -> &'static str {
        "ours-sqlite"
    }

    fn title(&self) -> &'static str {
        "ours, SQLite's dialect, on disk"
    }

    fn is_ours(&self) -> bool {
        true
    }
}

impl SqlEngine for OursSqlite {
    fn takes_part(&self, _row: Row, _rows: usize) -> bool {
        true
    }

    fn create(&self, dir: &Path) -> Outcome<Box<dyn SqlDb>> {
        let store = Store::create(dir.join("store"), StoreOptions::default())?;
        let repo = Repository::init(store, Options::default())?;
        Ok(Box::new(Db { connection: Connection::open(repo, ConnectionOptions::default())? }))
    }
}

struct Db {
    connection: Connection<Store>,
}

impl SqlDb for Db {
    fn run(&mut self, sql: &str) -> Outcome<usize> {
        Ok(match self.connection.execute(sql, &[])? {
            Ran::Rows(rows) => rows.rows.len(),
            Ran::Changed(rows) => rows as usize,
            _ => 0,
        })
    }

    fn run_at(&mut self, revision: &str, sql: &str) -> Outcome<Option<usize>> {
        Ok(Some(self.connection.query_at(revision, sql, &[])?.rows.len()))
    }

    fn last_diff(&mut self) -> Outcome<Option<usize>> {
        let sql = "SELECT count(*) FROM prolly_diff_items('HEAD~1', 'HEAD')";
        let result = self.connection.query(sql, &[])?;
        match result.rows.first().and_then(|row| row.first()) {
            Some(prollytree_sql::Value::Int(rows)) => Ok(Some(*rows as usize)),
            other => Err(format!("a count is {other:?}").into()),
        }
    }
}
