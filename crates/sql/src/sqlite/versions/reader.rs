//! Queries on one version.

use std::collections::VecDeque;
use std::sync::Arc;

use prollytree_repo::{Backend, CommitId};
use rusqlite::limits::Limit;

use super::module::{create, register};
use super::table::FixedTable;
use crate::database::Database;
use crate::error::SqlError;
use crate::sqlite::convert::{Bound, from_sqlite};
use crate::sqlite::outcome::Seen;
use crate::sqlite::{ResultSet, RowSink, SqliteError};
use crate::value::Value;
use crate::version::Version;

/// The tables and views of one version, for queries in the dialect of SQLite. Nothing is loaded:
/// a query reads what it needs from the trees, by the primary key, an index, or as a whole.
///
/// ```
/// use prollytree_repo::{MemoryBackend, Options, Repository};
/// use prollytree_sql::schema::{Column, Table};
/// use prollytree_sql::sqlite::Reader;
/// use prollytree_sql::{Database, History, Value};
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let repo = Repository::init(MemoryBackend::new(), Options::default())?;
/// let mut database = Database::new(repo, History::default())?;
/// let columns = vec![Column { name: "name".to_owned(), ..Column::default() }];
/// database.create_table(Table { name: "users".to_owned(), columns, next_slot: 1, ..Table::default() })?;
/// database.record("Create users")?;
///
/// let reader = Reader::new(&database.version_at("HEAD")?)?;
/// let found = reader.query("SELECT count(*) FROM users", &[])?;
/// assert_eq!(found.rows, [[Value::Int(0)]]);
/// # Ok(())
/// # }
/// ```
pub struct Reader {
    sqlite: rusqlite::Connection,
}

impl Reader {
    /// Makes the tables and views of a version readable. O(tables).
    ///
    /// # Errors
    /// A root is missing or damaged, the backend fails, or a view is no valid SQL.
    pub fn new<B: Backend + 'static>(version: &Version<B>) -> Result<Self, SqliteError> {
        let sqlite = rusqlite::Connection::open_in_memory()?;
        for table in version.catalog().tables() {
            let relation = Arc::new(FixedTable::new(version.table(&table.name)?));
            // SQLite makes no tables of such names, but reads them.
            let is_reserved =
                table.name.get(..7).is_some_and(|s| s.eq_ignore_ascii_case("sqlite_"));
            let make = if is_reserved { register } else { create };
            make(&sqlite, &table.name, relation)?;
        }
        for view in version.catalog().views() {
            sqlite.execute_batch(&view.sql)?;
        }
        sqlite.set_limit(Limit::SQLITE_LIMIT_ATTACHED, 0)?;
        Ok(Self { sqlite })
    }

    /// Runs a query.
    ///
    /// # Errors
    /// The text is no query, the query fails, or a tree cannot be read.
    pub fn query(&self, sql: &str, params: &[Value]) -> Result<ResultSet, SqliteError> {
        let mut rows = Vec::new();
        let columns = self.query_each(sql, params, &mut |row| {
            rows.push(row.to_vec());
            Ok(true)
        })?;
        Ok(ResultSet { columns, rows })
    }

    /// Runs a query, and shows each row to `see` until it answers `false`. Gives the names of the
    /// columns.
    ///
    /// # Errors
    /// As [`query`](Self::query), or `see` fails.
    pub fn query_each(
        &self,
        sql: &str,
        params: &[Value],
        see: &mut dyn FnMut(&[Value]) -> Result<bool, SqliteError>,
    ) -> Result<Vec<String>, SqliteError> {
        let mut sink = Seen { columns: Vec::new(), see };
        self.query_into(sql, params, &mut sink)?;
        Ok(sink.columns)
    }

    /// Runs a query, and shows its columns and its rows as they come.
    ///
    /// # Errors
    /// As [`query`](Self::query), or the sink fails.
    pub fn query_into(
        &self,
        sql: &str,
        params: &[Value],
        sink: &mut dyn RowSink,
    ) -> Result<(), SqliteError> {
        let failed = |error| SqliteError::of_statement(error, sql, 0);
        let mut statement = self.sqlite.prepare_cached(sql).map_err(failed)?;
        if !statement.readonly() || statement.column_count() == 0 {
            let why = "a version that is in the history cannot be changed, only queried";
            return Err(SqliteError::Refused { statement: sql.to_owned(), why });
        }
        let columns: Vec<_> = statement.column_names().map(str::to_owned).collect();
        sink.columns(&columns)?;
        let params = rusqlite::params_from_iter(params.iter().map(Bound));
        let mut found = statement.query(params).map_err(failed)?;
        let mut cells = Vec::with_capacity(columns.len());
        while let Some(row) = found.next().map_err(failed)? {
            cells.clear();
            for at in 0..columns.len() {
                cells.push(from_sqlite(row.get_ref(at).map_err(failed)?));
            }
            if !sink.row(&cells)? {
                break;
            }
        }
        Ok(())
    }
}

/// The versions that were queried last, ready to be queried again.
#[derive(Default)]
pub(crate) struct Readers {
    recent: VecDeque<(CommitId, Reader)>,
}

/// How many versions are kept ready: each costs some ten kilobytes.
const KEPT: usize = 8;

impl Readers {
    /// The reader of a revision.
    pub(crate) fn at<B: Backend + 'static>(
        &mut self,
        database: &Database<B>,
        revision: &str,
    ) -> Result<&Reader, SqliteError> {
        let repo = database.repository();
        let id = super::source::resolve(repo, revision)?;
        let known = self.recent.iter().position(|(kept, _)| *kept == id);
        let reader = match known.and_then(|at| self.recent.remove(at)) {
            Some(reader) => reader,
            None => {
                let maps = repo.read_commit(&id).map_err(SqlError::from)?.maps;
                let version = Version::open(repo.backend().clone(), maps)?;
                (id, Reader::new(&version)?)
            }
        };
        self.recent.truncate(KEPT - 1);
        self.recent.push_front(reader);
        Ok(&self.recent[0].1)
    }
}
