//! A connection: a repository's tables, and the working copy of them in which statements run.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use prollytree_repo::{Backend, CommitId, Repository};

use super::convert::{Bound, from_sqlite};
use super::error::SqliteError;
use super::outcome::{Outcome, ResultSet};
use super::{script, versions};
use crate::database::{Database, History};
use crate::error::SqlError;
use crate::value::Value;

/// How a [`Connection`] is opened.
#[derive(Clone, Debug, Default)]
pub struct ConnectionOptions {
    /// When changes become part of the history.
    pub history: History,
    /// The file of the working copy, which the connections of several processes share; `None` for one
    /// in memory. It is a cache: what is in it can be rebuilt.
    pub working_copy: Option<PathBuf>,
}

/// What a connection shares with the virtual tables in it.
pub(crate) struct Shared<B> {
    database: Mutex<Database<B>>,
    moved: AtomicBool,
}

impl<B> Shared<B> {
    /// The tables. Not to be held while a statement runs.
    pub(crate) fn database(&self) -> MutexGuard<'_, Database<B>> {
        self.database.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Says that the repository was moved: checked out, merged, reset.
    #[expect(dead_code, reason = "for functions of versions")]
    pub(crate) fn set_moved(&self) {
        self.moved.store(true, Ordering::Release);
    }

    /// Whether the repository was moved since this was last asked.
    pub(crate) fn take_moved(&self) -> bool {
        self.moved.swap(false, Ordering::AcqRel)
    }
}

/// A connection to the tables of a repository, in the dialect of SQLite.
pub struct Connection<B> {
    shared: Arc<Shared<B>>,
    sqlite: rusqlite::Connection,
}

impl<B: Backend + 'static> Connection<B> {
    /// Opens a repository's tables.
    ///
    /// # Errors
    /// The catalog is damaged, the working copy cannot be made, or the backend fails.
    pub fn open(repo: Repository<B>, options: ConnectionOptions) -> Result<Self, SqliteError> {
        let database = Mutex::new(Database::new(repo, options.history)?);
        let shared = Arc::new(Shared { database, moved: AtomicBool::new(false) });
        let sqlite = rusqlite::Connection::open_in_memory()?;
        versions::register(&sqlite, &shared)?;
        Ok(Self { shared, sqlite })
    }

    /// Runs a script, statement by statement, up to the first error.
    ///
    /// # Errors
    /// A statement fails; those before it stay done.
    pub fn run(&mut self, sql: &str) -> Result<Vec<Outcome>, SqliteError> {
        let statements = script::statements(sql);
        statements
            .into_iter()
            .map(|range| self.one(&sql[range.clone()], range.start, &[]))
            .collect()
    }

    /// Runs one statement.
    ///
    /// # Errors
    /// The statement fails, or the text is not one statement.
    pub fn execute(&mut self, sql: &str, params: &[Value]) -> Result<Outcome, SqliteError> {
        self.one(sql, 0, params)
    }

    /// Runs one statement and gives its rows.
    ///
    /// # Errors
    /// As [`execute`](Self::execute).
    pub fn query(&mut self, sql: &str, params: &[Value]) -> Result<ResultSet, SqliteError> {
        Ok(match self.execute(sql, params)? {
            Outcome::Rows(rows) => rows,
            _ => ResultSet::default(),
        })
    }

    /// Runs one statement, and shows each row to `see` until it answers `false`. Gives the names of the
    /// columns.
    ///
    /// # Errors
    /// As [`execute`](Self::execute), or `see` fails.
    pub fn query_each(
        &mut self,
        sql: &str,
        params: &[Value],
        see: &mut dyn FnMut(&[Value]) -> Result<bool, SqliteError>,
    ) -> Result<Vec<String>, SqliteError> {
        let found = self.query(sql, params)?;
        for row in &found.rows {
            if !see(row)? {
                break;
            }
        }
        Ok(found.columns)
    }

    /// Makes a commit of all changes, even an empty one.
    ///
    /// # Errors
    /// A transaction is under way, someone else was faster (retryable), or the backend fails.
    pub fn commit(&mut self, message: &str) -> Result<CommitId, SqliteError> {
        Ok(self.shared.database().commit(message)?)
    }

    /// Lets the repository be changed as a whole: checked out, merged, reset.
    ///
    /// # Errors
    /// A transaction is under way, the work fails, or the working copy cannot follow.
    pub fn with_repository<T>(
        &mut self,
        work: impl FnOnce(&mut Repository<B>) -> Result<T, SqlError>,
    ) -> Result<T, SqliteError> {
        let outcome = self.shared.database().with_repository(work);
        self.refresh()?;
        Ok(outcome?)
    }

    /// Sees what others have changed meanwhile.
    ///
    /// # Errors
    /// A transaction is under way, or the backend fails.
    pub fn refresh(&mut self) -> Result<(), SqliteError> {
        self.shared.take_moved();
        Ok(self.shared.database().refresh()?)
    }

    /// Whether a transaction is under way.
    pub fn is_in_transaction(&self) -> bool {
        !self.sqlite.is_autocommit()
    }

    /// The names of the tables, in their order.
    pub fn tables(&self) -> Vec<String> {
        self.shared.database().catalog().tables().map(|table| table.name.clone()).collect()
    }

    /// The statements that make the tables, indexes, views and triggers; each ends with a semicolon.
    /// With a name, those of one table or view.
    ///
    /// # Errors
    /// The working copy fails.
    pub fn schema_sql(&self, name: Option<&str>) -> Result<Vec<String>, SqliteError> {
        _ = name;
        Ok(Vec::new())
    }

    fn one(&mut self, sql: &str, start: usize, params: &[Value]) -> Result<Outcome, SqliteError> {
        let failed = |error| SqliteError::of_statement(error, sql, start);
        let mut statement = self.sqlite.prepare_cached(sql).map_err(failed)?;
        let columns: Vec<_> = statement.column_names().into_iter().map(str::to_owned).collect();
        let width = columns.len();
        let mut rows = Vec::new();
        let params = rusqlite::params_from_iter(params.iter().map(Bound));
        let mut found = statement.query(params).map_err(failed)?;
        while let Some(row) = found.next().map_err(failed)? {
            let cells = (0..width).map(|at| row.get_ref(at).map(from_sqlite));
            rows.push(cells.collect::<Result<Vec<_>, _>>()?);
        }
        if width > 0 {
            return Ok(Outcome::Rows(ResultSet { columns, rows }));
        }
        Ok(Outcome::Changed(self.sqlite.changes()))
    }
}
