//! The SQL of the older crate, `prollytree` 0.4.1.

use std::path::Path;

use gluesql_core::prelude::Glue;
use rival_prollytree::sql::ProllyStorage;
use tokio::runtime::{Builder, Runtime};

use super::gluesql::count;
use crate::engine::{Named, Outcome, SqlDb, SqlEngine};
use crate::git::git;
use crate::rows::Row;

/// The engine.
pub(super) struct RivalProllytreeSql;

impl Named for RivalProllytreeSql {
    fn id(&self) -> &'static str {
        "prollytree"
    }

    fn title(&self) -> &'static str {
        "prollytree 0.4.1"
    }

    fn note(&self, _row: Row) -> Option<&'static str> {
        Some("has no transactions, and no query on an older version")
    }
}

impl SqlEngine for RivalProllytreeSql {
    fn takes_part(&self, row: Row, rows: usize) -> bool {
        row == Row::Sql && rows <= 10_000
    }

    fn create(&self, dir: &Path) -> Outcome<Box<dyn SqlDb>> {
        git(dir, &["init", "--quiet"])?;
        git(dir, &["config", "user.name", "bench"])?;
        git(dir, &["config", "user.email", "bench@example.org"])?;
        let data = dir.join("data");
        std::fs::create_dir(&data)?;
        let glue = Glue::new(ProllyStorage::<32>::init(&data)?);
        Ok(Box::new(Db { glue, runtime: Builder::new_current_thread().build()? }))
    }
}

struct Db {
    glue: Glue<ProllyStorage<32>>,
    /// Its storage hands work to threads of Tokio.
    runtime: Runtime,
}

impl SqlDb for Db {
    fn run(&mut self, sql: &str) -> Outcome<usize> {
        Ok(count(self.runtime.block_on(self.glue.execute(sql))?))
    }

    fn begin(&mut self) -> Outcome<()> {
        Ok(())
    }

    fn commit(&mut self) -> Outcome<()> {
        Ok(())
    }
}
