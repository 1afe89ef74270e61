//! Columns that are computed when they are read.

use std::cell::RefCell;

use rusqlite::Connection;

use super::declare::{column, quote};
use crate::error::SqlError;
use crate::schema::{Column, Table};
use crate::sqlite::convert::{Bound, from_sqlite};
use crate::value::Row;

/// Computes the columns of a table that its rows do not hold: a table of one row in SQLite, so that
/// types, collations and columns that need one another are as they are there.
pub(super) struct Computed {
    sqlite: RefCell<Connection>,
    table: String,
    insert: String,
    select: String,
    /// Where the columns stand that are stored, and that are computed.
    stored: Vec<usize>,
    computed: Vec<usize>,
}

/// Whether rows do not hold a column.
pub(super) fn is_computed(column: &Column) -> bool {
    column.generated.as_ref().is_some_and(|generated| !generated.stored)
}

impl Computed {
    /// `None` if the table has no such columns.
    ///
    /// # Errors
    /// An expression is none of SQLite's.
    pub(super) fn new(table: &Table) -> Result<Option<Self>, SqlError> {
        let positions = |wanted: bool| {
            let columns = table.columns.iter().enumerate();
            let chosen = columns.filter(move |(_, column)| is_computed(column) == wanted);
            chosen.map(|(at, _)| at).collect::<Vec<_>>()
        };
        let (stored, computed) = (positions(false), positions(true));
        if computed.is_empty() {
            return Ok(None);
        }
        let failed = |source| failure(&table.name, source);
        let declare = |c: &Column| {
            let expression = c.generated.as_ref().filter(|_| is_computed(c));
            let expression = expression.map(|generated| format!(" AS ({})", generated.expression));
            column(c, table.strict, &c.name) + &expression.unwrap_or_default()
        };
        let declared: Vec<_> = table.columns.iter().map(declare).collect();
        let names = |positions: &[usize]| {
            let columns = positions.iter().filter_map(|&at| table.columns.get(at));
            columns.map(|column| quote(&column.name)).collect::<Vec<_>>().join(", ")
        };
        let params = vec!["?"; stored.len()].join(", ");
        let insert = format!("INSERT INTO x({}) VALUES ({params})", names(&stored));
        let select = format!("SELECT {} FROM x", names(&computed));
        let sqlite = Connection::open_in_memory().map_err(failed)?;
        sqlite
            .execute_batch(&format!("CREATE TABLE x({})", declared.join(", ")))
            .map_err(failed)?;
        let (sqlite, table) = (RefCell::new(sqlite), table.name.clone());
        Ok(Some(Self { sqlite, table, insert, select, stored, computed }))
    }

    /// Completes a row.
    pub(super) fn fill(&self, row: &mut Row) -> Result<(), SqlError> {
        self.compute(row).map_err(|source| failure(&self.table, source))
    }

    fn compute(&self, row: &mut Row) -> rusqlite::Result<()> {
        let sqlite = self.sqlite.borrow();
        let cells = self.stored.iter().filter_map(|&at| row.get(at)).map(Bound);
        let cells = rusqlite::params_from_iter(cells);
        sqlite.prepare_cached("DELETE FROM x")?.execute([])?;
        sqlite.prepare_cached(&self.insert)?.execute(cells)?;
        let mut select = sqlite.prepare_cached(&self.select)?;
        let mut found = select.query([])?;
        let Some(found) = found.next()? else { return Ok(()) };
        for (place, &at) in self.computed.iter().enumerate() {
            if let Some(cell) = row.get_mut(at) {
                *cell = from_sqlite(found.get_ref(place)?);
            }
        }
        Ok(())
    }
}

fn failure(table: &str, source: rusqlite::Error) -> SqlError {
    SqlError::Computed { table: table.to_owned(), source: Box::new(source) }
}
