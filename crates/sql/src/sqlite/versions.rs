//! Versions in SQL: tables as of any revision, and their differences and histories.
//!
//! Each is a table-valued function, which reads what it needs and stores nothing. A revision is what
//! `Repository::resolve` takes, or a time, as `2026-01-31T12:00:00Z`; `WORKING` is what is not
//! committed yet. What is left out has a default, and `SELECT * FROM prolly_log` needs no brackets.
//!
//! For each table:
//!
//! | function | rows |
//! |---|---|
//! | `prolly_at_<table>(revision)` | the table as of a revision, `WORKING` by default |
//! | `prolly_diff_<table>(from, to)` | the rows that differ: `change`, then `old_…` and `new_…` of each column; by default from `HEAD` to `WORKING` |
//! | `prolly_history_<table>(revision)` | each version of each row: `commit_id`, `commit_author`, `commit_date`, `commit_message`, `commit_change`, then the columns; from `HEAD` by default |
//! | `prolly_blame_<table>(revision)` | the last change of each row: the same, then the columns of the key |
//!
//! They have the columns that the table has now. Those of an older version are found by their names,
//! or, if they were renamed, by their slots; what the version does not have is NULL. A version that
//! does not have the table has no rows. Comparisons with the key read only rows with such keys, and
//! `prolly_at_<table>` uses the indexes of the version.
//!
//! For the repository: `prolly_log(revision)`, `prolly_branches`, `prolly_tags`, `prolly_status` (the
//! tables with uncommitted changes), `prolly_diff_summary(from, to)`, `prolly_schema_diff(from, to)`,
//! `prolly_conflicts`.

mod at;
mod bounds;
mod changes;
mod computed;
mod declare;
mod diff;
mod history;
mod keyset;
mod listing;
mod mapping;
mod module;
mod reader;
mod relation;
mod rows;
mod search;
mod shape;
mod source;
mod table;
mod walk;

use std::collections::HashMap;
use std::sync::{Arc, MutexGuard};

use prollytree_repo::Backend;

use super::error::SqliteError;
use super::shared::Shared;
use crate::database::Database;
use crate::schema::Table;
use at::TableAt;
use diff::TableDiff;
use history::{Shown, TableHistory};
use listing::Listing;
use module::register as name;
use relation::Relation;
use source::{Holder, Versions};

pub use reader::Reader;
pub(super) use reader::Readers;
pub(super) use source::resolve;

impl<B: Backend> Holder<B> for Shared<B> {
    fn database(&self) -> MutexGuard<'_, Database<B>> {
        self.database()
    }
}

/// How all names begin.
const PREFIX: &str = "prolly_";

/// The functions of versions that a connection knows.
pub(super) struct Functions<B> {
    versions: Arc<Versions<B>>,
    /// The tables that have functions. Those of a table that was dropped stay, and read its past.
    tables: HashMap<String, Arc<Table>>,
}

impl<B: Backend + 'static> Functions<B> {
    /// Makes the functions known to a connection.
    pub(super) fn register(
        sqlite: &rusqlite::Connection,
        shared: &Arc<Shared<B>>,
    ) -> Result<Self, SqliteError> {
        let versions = Arc::new(Versions::new(shared.clone())?);
        let add = |function: &str, columns, parameters, list| {
            let listing = Listing::new(versions.clone(), columns, parameters, list);
            name(sqlite, function, Arc::new(listing))
        };
        let two = &["from_revision", "to_revision"];
        add("prolly_log", listing::LOG, &["revision"], listing::log)?;
        add("prolly_branches", listing::BRANCHES, &[], listing::branches)?;
        add("prolly_tags", listing::TAGS, &[], listing::tags)?;
        add("prolly_status", changes::SUMMARY, &[], changes::summary)?;
        add("prolly_diff_summary", changes::SUMMARY, two, changes::summary)?;
        add("prolly_schema_diff", changes::SCHEMA_DIFF, two, changes::schema_diff)?;
        add("prolly_conflicts", changes::CONFLICTS, &[], changes::conflicts)?;
        let mut functions = Self { versions, tables: HashMap::new() };
        functions.follow_all(sqlite)?;
        Ok(functions)
    }

    /// Makes the functions of tables known that are new or have changed, if a statement may name them.
    pub(super) fn follow(
        &mut self,
        sqlite: &rusqlite::Connection,
        sql: &str,
    ) -> Result<(), SqliteError> {
        let names_some = |name: &[u8]| name.eq_ignore_ascii_case(PREFIX.as_bytes());
        if sql.as_bytes().windows(PREFIX.len()).any(names_some) {
            self.follow_all(sqlite)
        } else {
            Ok(())
        }
    }

    fn follow_all(&mut self, sqlite: &rusqlite::Connection) -> Result<(), SqliteError> {
        let version = self.versions.database().current()?;
        for table in version.catalog().tables() {
            let key = table.name.to_ascii_lowercase();
            if self.tables.get(&key).is_some_and(|known| known == table) {
                continue;
            }
            let len = version.table(&table.name)?.len();
            for (function, relation) in self.relations(table, len) {
                name(sqlite, &format!("{function}{}", table.name), relation)?;
            }
            self.tables.insert(key, table.clone());
        }
        Ok(())
    }

    fn relations(&self, table: &Arc<Table>, len: u64) -> [(&'static str, Arc<dyn Relation>); 4] {
        let (table, versions) = (|| table.clone(), || self.versions.clone());
        let history = |shown| Arc::new(TableHistory::new(table(), versions(), len, shown));
        [
            ("prolly_at_", Arc::new(TableAt::new(table(), versions(), len))),
            ("prolly_diff_", Arc::new(TableDiff::new(table(), versions(), len))),
            ("prolly_history_", history(Shown::History)),
            ("prolly_blame_", history(Shown::Blame)),
        ]
    }
}
