//! Bringing what statements changed from the working copy to the trees.

use std::sync::Arc;

use prollytree_repo::Backend;

use super::connection::Connection;
use super::convert::Bound;
use super::error::SqliteError;
use super::mirror::Mirror;
use crate::database::{Change, TableHandle, no_expressions};
use crate::error::SqlError;

/// What to do first when rows are written.
#[derive(Clone, Copy, PartialEq)]
enum Order {
    /// Each row as its key comes.
    Keys,
    /// Delete all that changed: two rows may have changed places in a unique index.
    DeleteFirst,
}

impl<B: Backend + 'static> Connection<B> {
    /// Writes all changed rows.
    ///
    /// O(log rows) a row and index.
    pub(super) fn harvest(&mut self) -> Result<(), SqliteError> {
        for (name, number) in self.copy.watched() {
            let keys = self.copy.tracker.changed(number);
            if keys.is_empty() {
                continue;
            }
            let Some(mirror) = self.copy.tracker.mirror(number) else { continue };
            let handle = self.shared.database().table(&name)?;
            match self.harvest_table(&mirror, &handle, &keys, Order::Keys) {
                Err(SqliteError::Sql(SqlError::NotUnique { .. })) if keys.len() > 1 => {
                    self.harvest_table(&mirror, &handle, &keys, Order::DeleteFirst)?;
                }
                result => result?,
            }
            if mirror.table().autoincrement {
                self.harvest_sequence(&name)?;
            }
        }
        self.copy.tracker.clear();
        Ok(())
    }

    fn harvest_table(
        &self,
        mirror: &Arc<Mirror>,
        handle: &TableHandle,
        keys: &[Vec<u8>],
        order: Order,
    ) -> Result<(), SqliteError> {
        let mut changes = Vec::with_capacity(keys.len());
        if order == Order::DeleteFirst {
            changes.extend(keys.iter().map(|key| (key.clone(), Change::Delete)));
        }
        let mut read = self.copy.sqlite.prepare_cached(&mirror.read)?;
        for key in keys {
            let found = mirror.sqlite_key(key)?;
            let mut rows = read.query(rusqlite::params_from_iter(found.iter().map(Bound)))?;
            let change = match rows.next()? {
                Some(row) => {
                    let old = match mirror.is_foreign {
                        true => self.shared.database().get(handle, key)?,
                        false => None,
                    };
                    Change::Put(mirror.row(row, old.as_ref())?)
                }
                None => Change::Delete,
            };
            changes.push((key.clone(), change));
        }
        Ok(self.shared.database().write(handle, changes, &mut no_expressions)?)
    }

    /// Keeps the greatest rowid that a table ever had.
    fn harvest_sequence(&self, table: &str) -> Result<(), SqliteError> {
        let mut statement = self
            .copy
            .sqlite
            .prepare_cached("SELECT seq FROM main.sqlite_sequence WHERE name = ?")?;
        let mut rows = statement.query([table])?;
        if let Some(row) = rows.next()? {
            self.shared.database().set_sequence(table, row.get(0)?)?;
        }
        Ok(())
    }
}
