//! Versions in SQL: tables as of any revision, and their differences and histories.

mod bounds;
mod declare;
mod module;
mod reader;
mod relation;
mod rows;
mod search;
mod shape;
mod source;
mod table;

use std::sync::{Arc, MutexGuard};

use prollytree_repo::Backend;

use super::shared::Shared;
use crate::database::Database;
use source::Holder;

pub use reader::Reader;
pub(crate) use reader::Readers;

impl<B: Backend> Holder<B> for Shared<B> {
    fn database(&self) -> MutexGuard<'_, Database<B>> {
        self.database()
    }
}

/// Makes the tables and functions of versions known to a connection.
pub(super) fn register<B: Backend + 'static>(
    sqlite: &rusqlite::Connection,
    shared: &Arc<Shared<B>>,
) -> rusqlite::Result<()> {
    _ = (sqlite, shared);
    Ok(())
}
