//! Ours through GlueSQL, in a store on disk.

use std::path::Path;

use futures::executor::block_on;
use gluesql_core::prelude::Glue;
use prollytree_sql::ProllyStorage;

use super::gluesql::count;
use crate::engine::{Named, Outcome, SqlDb, SqlEngine};
use crate::rows::Row;

/// The engine.
pub(super) struct OursGluesql;

impl Named for OursGluesql {
    fn id(&self) -> &'static str {
        "ours-gluesql"
    }

    fn title(&self) -> &'static str {
        "ours, GlueSQL, on disk"
    }

    fn is_ours(&self) -> bool {
        true
    }
}

impl SqlEngine for OursGluesql {
    fn takes_part(&self, _row: Row, _rows: usize) -> bool {
        true
    }

    fn create(&self, dir: &Path) -> Outcome<Box<dyn SqlDb>> {
        let storage = ProllyStorage::<32>::init(dir.join("store"))?;
        Ok(Box::new(Db { glue: Glue::new(storage) }))
    }
}

struct Db {
    glue: Glue<ProllyStorage<32>>,
}

impl SqlDb for Db {
    fn run(&mut self, sql: &str) -> Outcome<usize> {
        Ok(count(block_on(self.glue.execute(sql))?))
    }

    fn run_at(&mut self, revision: &str, sql: &str) -> Outcome<Option<usize>> {
        Ok(Some(count(block_on(self.glue.storage.query_at_commit(revision, sql))?)))
    }

    fn last_diff(&mut self) -> Outcome<Option<usize>> {
        let rows = self.glue.storage.with_database(|db| {
            let (before, after) = (db.version_at("HEAD~1")?, db.version_at("HEAD")?);
            let mut rows = 0;
            before.table("items")?.diff(&after.table("items")?, |_| {
                rows += 1;
                Ok(true)
            })?;
            Ok(rows)
        })?;
        Ok(Some(rows))
    }
}
