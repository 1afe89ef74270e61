//! The working copy: a database of SQLite that holds what a version of the tables holds.

use std::sync::Arc;

use prollytree_repo::Backend;
use rusqlite::config::DbConfig;

use super::convert::Bound;
use super::error::SqliteError;
use super::file::FileState;
use super::known::{self, Kind, Known};
use super::mirror::Mirror;
use super::text_of::{create_index, create_table, ident, is_known, literal};
use super::track::Tracker;
use crate::catalog::{Catalog, rows_map};
use crate::schema::Table;
use crate::version::{ALL_KEYS, RowDiff, TableVersion, Version};

/// The working copy.
pub(super) struct WorkingCopy {
    pub(super) sqlite: rusqlite::Connection,
    pub(super) tracker: Tracker,
    pub(super) known: Known,
    /// What is remembered of the file, if it is in one.
    pub(super) file: Option<FileState>,
}

impl WorkingCopy {
    pub(super) fn new(sqlite: rusqlite::Connection) -> Result<Self, SqliteError> {
        let tracker = Tracker::default();
        tracker.register(&sqlite)?;
        sqlite.set_prepared_statement_cache_capacity(256);
        sqlite.execute_batch("PRAGMA foreign_keys = ON")?;
        Ok(Self { sqlite, tracker, known: Known::default(), file: None })
    }

    /// Brings the working copy from one version of the tables to another.
    ///
    /// O(changed rows), and O(rows) of each table that looks another way.
    pub(super) fn follow<B: Backend + 'static>(
        &mut self,
        from: &Version<B>,
        to: &Version<B>,
    ) -> Result<(), SqliteError> {
        if from.maps() == to.maps() {
            return Ok(());
        }
        let outcome = self.quietly(|copy| {
            let altered = from.catalog() != to.catalog();
            if altered {
                copy.drop_old(from.catalog(), to.catalog())?;
            }
            for table in to.catalog().tables() {
                match from.catalog().table(&table.name) {
                    Some(old) if old == table => copy.apply(table, from, to)?,
                    _ => copy.load(&to.table(&table.name)?)?,
                }
            }
            if altered {
                copy.make_rest(to.catalog())?;
            }
            copy.set_sequences(to.catalog())
        });
        self.tracker.clear();
        outcome
    }

    /// Drops everything.
    pub(super) fn clear(&mut self) -> Result<(), SqliteError> {
        self.quietly(|copy| copy.drop_old(&Catalog::default(), &Catalog::default()))?;
        self.known = Known::default();
        self.tracker.clear();
        Ok(())
    }

    /// Works without the checks and triggers that the rows went through already.
    pub(super) fn quietly(
        &mut self,
        work: impl FnOnce(&mut Self) -> Result<(), SqliteError>,
    ) -> Result<(), SqliteError> {
        let keys = self.sqlite.db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_FKEY)?;
        self.sqlite.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_FKEY, false)?;
        self.sqlite.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false)?;
        self.sqlite.execute_batch("PRAGMA ignore_check_constraints = ON")?;
        let outcome = work(self);
        self.sqlite.execute_batch("PRAGMA ignore_check_constraints = OFF")?;
        self.sqlite.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, true)?;
        self.sqlite.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_FKEY, keys)?;
        outcome
    }

    /// Drops all views and triggers, and the tables that are gone or look another way.
    fn drop_old(&mut self, from: &Catalog, to: &Catalog) -> Result<(), SqliteError> {
        let objects = known::read(&self.sqlite)?;
        for (kind, name) in objects.keys().rev() {
            let what = match kind {
                Kind::Trigger => "TRIGGER",
                Kind::View => "VIEW",
                Kind::Table if to.table(name).is_none() || from.table(name) != to.table(name) => {
                    "TABLE"
                }
                _ => continue,
            };
            self.sqlite.execute_batch(&format!("DROP {what} IF EXISTS main.{}", ident(name)))?;
            if what == "TABLE" {
                self.known.watched.remove(name);
            }
        }
        Ok(())
    }

    /// Makes a table, fills it, and watches it from then on.
    fn load<B: Backend + 'static>(&mut self, rows: &TableVersion<B>) -> Result<(), SqliteError> {
        let table = rows.table();
        let mut made = (**table).clone();
        for column in &mut made.columns {
            column.default.take_if(|default| !is_expression(&self.sqlite, default));
        }
        self.sqlite.execute_batch(&create_table(&made))?;
        let mirror = Arc::new(Mirror::new(table.clone())?);
        self.fill(&mirror, rows)?;
        let indexes = table.indexes.iter().filter(|index| !index.constraint && is_known(index));
        for index in indexes {
            self.sqlite.execute_batch(&create_index(table, index))?;
        }
        self.watch(mirror)
    }

    fn fill<B: Backend + 'static>(
        &self,
        mirror: &Mirror,
        rows: &TableVersion<B>,
    ) -> Result<(), SqliteError> {
        let mut insert = self.sqlite.prepare(&mirror.insert)?;
        for row in rows.scan(ALL_KEYS, false).rows() {
            let (key, row) = row?;
            mirror.bind_row(&mut insert, &key, &row)?;
            insert.raw_execute()?;
        }
        Ok(())
    }

    /// Watches a table, anew if it was watched.
    pub(super) fn watch(&mut self, mirror: Arc<Mirror>) -> Result<(), SqliteError> {
        let name = mirror.table().name.clone();
        let before = self.known.watched.get(&name).copied();
        let number = self.tracker.watch(&self.sqlite, mirror, before)?;
        self.known.watched.insert(name, number);
        Ok(())
    }

    /// Changes the rows of a table that differ.
    fn apply<B: Backend + 'static>(
        &self,
        table: &Table,
        from: &Version<B>,
        to: &Version<B>,
    ) -> Result<(), SqliteError> {
        let map = rows_map(&table.name)?;
        if from.maps().get(&map) == to.maps().get(&map) {
            return Ok(());
        }
        let number = self.known.watched.get(&table.name).copied();
        let Some(mirror) = number.and_then(|number| self.tracker.mirror(number)) else {
            return Ok(());
        };
        let (before, after) = (from.table(&table.name)?, to.table(&table.name)?);
        // What goes goes first, so that no row stands in the way of another.
        let mut delete = self.sqlite.prepare_cached(&mirror.delete)?;
        self.each(&before, &after, |RowDiff { key, before, .. }| {
            if before.is_some() {
                let key = mirror.sqlite_key(&key)?;
                delete.execute(rusqlite::params_from_iter(key.iter().map(Bound)))?;
            }
            Ok(())
        })?;
        let mut insert = self.sqlite.prepare_cached(&mirror.insert)?;
        self.each(&before, &after, |RowDiff { key, after, .. }| {
            if let Some(row) = after {
                mirror.bind_row(&mut insert, &key, &row)?;
                insert.raw_execute()?;
            }
            Ok(())
        })
    }

    fn each<B: Backend + 'static>(
        &self,
        before: &TableVersion<B>,
        after: &TableVersion<B>,
        mut see: impl FnMut(RowDiff) -> Result<(), SqliteError>,
    ) -> Result<(), SqliteError> {
        let mut failed = None;
        before.diff(after, |row| {
            failed = see(row).err();
            Ok(failed.is_none())
        })?;
        failed.map_or(Ok(()), Err)
    }

    /// Makes the views and triggers, and knows the schema.
    fn make_rest(&mut self, catalog: &Catalog) -> Result<(), SqliteError> {
        for definition in catalog.views().chain(catalog.triggers()) {
            self.sqlite.execute_batch(&definition.sql)?;
        }
        self.known.objects = known::read(&self.sqlite)?;
        Ok(())
    }

    fn set_sequences(&self, catalog: &Catalog) -> Result<(), SqliteError> {
        for table in catalog.tables().filter(|table| table.autoincrement) {
            let name = literal(&table.name);
            let sequence = catalog.sequence(&table.name);
            self.sqlite.execute_batch(&format!(
                "DELETE FROM main.sqlite_sequence WHERE name = {name};
                 INSERT INTO main.sqlite_sequence (name, seq) VALUES ({name}, {sequence})"
            ))?;
        }
        Ok(())
    }
}

/// Whether SQLite can compute a default, which may be in GlueSQL's dialect.
pub(super) fn is_expression(sqlite: &rusqlite::Connection, default: &str) -> bool {
    sqlite.prepare(&format!("SELECT ({default})")).is_ok()
}
