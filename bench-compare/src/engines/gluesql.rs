//! GlueSQL on its own storage in memory.

use std::path::Path;

use gluesql_core::executor::Payload;
use gluesql_core::prelude::Glue;
use gluesql_core::store::{GStore, GStoreMut, Planner};
use gluesql_memory_storage::MemoryStorage;

use crate::engine::{Named, Outcome, SqlDb, SqlEngine};
use crate::rows::Row;

/// The engine.
pub(super) struct GluesqlMemory;

impl Named for GluesqlMemory {
    fn id(&self) -> &'static str {
        "gluesql"
    }

    fn title(&self) -> &'static str {
        "GlueSQL 0.19 in memory"
    }
}

impl SqlEngine for GluesqlMemory {
    /// Range, join, UPDATE and DELETE scan the table, so large ones take minutes.
    fn takes_part(&self, row: Row, rows: usize) -> bool {
        row == Row::Sql && rows <= 100_000
    }

    fn create(&self, _dir: &Path) -> Outcome<Box<dyn SqlDb>> {
        Ok(Box::new(GlueDb { glue: Glue::new(MemoryStorage::default()) }))
    }
}

/// Any storage of GlueSQL that has no transactions.
struct GlueDb<S: GStore + GStoreMut + Planner> {
    glue: Glue<S>,
}

impl SqlDb for GlueDb<MemoryStorage> {
    fn run(&mut self, sql: &str) -> Outcome<usize> {
        Ok(count(futures::executor::block_on(self.glue.execute(sql))?))
    }

    fn begin(&mut self) -> Outcome<()> {
        Ok(())
    }

    fn commit(&mut self) -> Outcome<()> {
        Ok(())
    }
}

/// How many rows statements returned or changed.
pub(super) fn count(payloads: Vec<Payload>) -> usize {
    let rows = payloads.into_iter().map(|payload| match payload {
        Payload::Select { rows, .. } => rows.len(),
        Payload::Insert(rows) | Payload::Update(rows) | Payload::Delete(rows) => rows,
        _ => 0,
    });
    rows.sum()
}
