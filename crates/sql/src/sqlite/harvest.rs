//! Bringing what statements changed from the working copy to the trees.

use std::sync::Arc;

use prollytree_repo::Backend;

use super::connection::Connection;
use super::convert::Bound;
use super::error::SqliteError;
use super::mirror::Mirror;
use crate::database::{Change, TableHandle, no_expressions};
use crate::error::SqlError;
use crate::value::{Row, Value};

/// What to do first when rows are written.
#[derive(Clone, Copy, PartialEq)]
enum Order {
    /// Each row as its key comes.
    Keys,
    /// Delete all that changed: two rows may have changed places in a unique index.
    DeleteFirst,
}

/// A row whose values SQLite shows in forms of its own.
struct Shown {
    /// What SQLite finds it by.
    place: Vec<Value>,
    key: Vec<u8>,
    row: Row,
}

impl<B: Backend + 'static> Connection<B> {
    /// Writes all changed rows.
    ///
    /// O(log rows) a row and index.
    pub(super) fn harvest(&mut self) -> Result<(), SqliteError> {
        for (mirror, marks) in self.copy.tracker.changed() {
            let name = &mirror.table().name;
            if !self.copy.known.watched.contains_key(name) {
                // The statement dropped it.
                continue;
            }
            let handle = self.shared.database().table(name)?;
            let found = match self.harvest_table(&mirror, &handle, &marks, Order::Keys) {
                Err(SqliteError::Sql(SqlError::NotUnique { .. })) if marks.len() > 1 => {
                    self.harvest_table(&mirror, &handle, &marks, Order::DeleteFirst)
                }
                result => result,
            };
            self.show(&mirror, found?)?;
            if mirror.table().autoincrement {
                self.harvest_sequence(name)?;
            }
        }
        self.copy.tracker.clear();
        Ok(())
    }

    /// Writes the changed rows of a table, and gives those that SQLite shows in another way than it
    /// would show what is in the tree.
    fn harvest_table(
        &self,
        mirror: &Arc<Mirror>,
        handle: &TableHandle,
        marks: &[Vec<u8>],
        order: Order,
    ) -> Result<Vec<Shown>, SqliteError> {
        let (mut changes, mut shown) = (Vec::with_capacity(marks.len()), Vec::new());
        let mut read = self.copy.sqlite.prepare_cached(&mirror.read)?;
        for mark in marks {
            let place = Mirror::marked(mark)?;
            let key = mirror.tree_key(&place)?;
            let mut rows = read.query(rusqlite::params_from_iter(place.iter().map(Bound)))?;
            let Some(found) = rows.next()? else {
                changes.push((key, Change::Delete));
                continue;
            };
            let old = match mirror.is_foreign {
                true => self.shared.database().get(handle, &key)?,
                false => None,
            };
            let row = mirror.row(found, old.as_ref())?;
            if mirror.is_foreign && !mirror.is_shown(&row, found) {
                shown.push(Shown { place, key: key.clone(), row: row.clone() });
            }
            changes.push((key, Change::Put(row)));
        }
        // A key that SQLite has in two forms is gone only if both are.
        changes.sort_by(|(a, _), (b, _)| a.cmp(b));
        changes.dedup_by(|next, before| {
            let same = next.0 == before.0;
            if same && before.1 == Change::Delete {
                std::mem::swap(next, before);
            }
            same
        });
        let mut database = self.shared.database();
        if order == Order::DeleteFirst {
            let deletes: Vec<_> =
                changes.iter().map(|(key, _)| (key.clone(), Change::Delete)).collect();
            changes.splice(0..0, deletes);
        }
        database.write(handle, changes, &mut no_expressions)?;
        Ok(shown)
    }

    /// Has SQLite show rows as it will when they come from the trees: `2000-1-1` as `2000-01-01`.
    fn show(&mut self, mirror: &Mirror, rows: Vec<Shown>) -> Result<(), SqliteError> {
        if rows.is_empty() {
            return Ok(());
        }
        self.copy.quietly(|copy| {
            for Shown { place, key, row } in rows {
                let place = rusqlite::params_from_iter(place.iter().map(Bound));
                copy.sqlite.execute(&mirror.delete, place)?;
                let mut insert = copy.sqlite.prepare_cached(&mirror.insert)?;
                mirror.bind_row(&mut insert, &key, &row)?;
                insert.raw_execute()?;
            }
            Ok(())
        })
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
