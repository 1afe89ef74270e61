//! A version that is read, and cannot be changed.

use prollytree_sql::sqlite::{Outcome, Reader, ResultSet, RowSink, SqliteError};
use prollytree_sql::{Value, Version};

use super::hint::Names;
use crate::error::CliError;
use crate::storage::Storage;
use crate::store::Place;

/// The tables of a version.
pub(crate) struct At {
    revision: String,
    version: Version<Storage>,
    reader: Reader,
}

impl At {
    /// The version at a revision; without one the working state as it is now, with what is not
    /// committed.
    pub(crate) fn open(place: &Place, revision: Option<&str>) -> Result<Self, CliError> {
        let mut repo = place.open()?;
        let maps = match revision {
            Some(revision) => repo.maps_at(revision)?,
            None => repo.working_maps()?,
        };
        let version = Version::open(repo.backend().clone(), maps)?;
        let reader = Reader::new(&version)?;
        Ok(Self { revision: revision.unwrap_or_default().to_owned(), version, reader })
    }

    /// The revision as it was named.
    pub(super) fn revision(&self) -> &str {
        &self.revision
    }

    /// The names of the tables and views.
    pub(super) fn tables(&self) -> Vec<String> {
        let catalog = self.version.catalog();
        let tables = catalog.tables().map(|table| table.name.clone());
        let mut names: Vec<_> =
            tables.chain(catalog.views().map(|view| view.name.clone())).collect();
        names.sort_unstable();
        names
    }

    /// The names of tables and columns, for hints.
    pub(super) fn names(&self) -> Names {
        let tables = self.version.catalog().tables();
        let columns =
            tables.flat_map(|table| table.columns.iter().map(|column| column.name.clone()));
        Names { tables: self.tables(), columns: columns.collect() }
    }

    /// The version.
    pub(super) fn version(&self) -> &Version<Storage> {
        &self.version
    }

    /// Runs a query and shows its rows as they come; the outcome holds none of them.
    pub(super) fn execute_each(
        &self,
        sql: &str,
        params: &[Value],
        sink: &mut dyn RowSink,
    ) -> Result<Outcome, SqliteError> {
        self.reader.query_into(sql, params, sink).map_err(|error| match error {
            // What SQLite says of a table that cannot be written.
            SqliteError::Statement { message, sql, .. } if message.ends_with("may not be modified") => {
                let why = "a version in the history can only be queried; `.at`, or a call without --at, goes back";
                SqliteError::Refused { statement: sql, why }
            }
            error => error,
        })?;
        Ok(Outcome::Rows(ResultSet::default()))
    }
}
