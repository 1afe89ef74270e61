//! A connection: a repository's tables, and the working copy of them in which statements run.

use std::path::PathBuf;
use std::sync::Arc;

use prollytree_repo::{Backend, CommitId, Repository};

use super::call::{Call, parse_call, run_call};
use super::convert::{Bound, from_sqlite};
use super::copy::WorkingCopy;
use super::error::SqliteError;
use super::outcome::{Outcome, ResultSet, RowSink, Seen};
use super::shared::Shared;
use super::statement::Kind;
use super::transaction::Transaction;
use super::versions::{Functions, Readers};
use super::{known, script, statement};
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

/// A connection to the tables of a repository, in the dialect of SQLite.
///
/// Queries see the tables as they were when the connection last looked: when it was opened, at
/// `BEGIN`, at a statement that changes something, and at [`refresh`](Self::refresh).
pub struct Connection<B> {
    pub(super) shared: Arc<Shared<B>>,
    pub(super) copy: WorkingCopy,
    pub(super) transaction: Option<Transaction>,
    /// Whether the working copy is not what the trees are.
    pub(super) must_rebuild: bool,
    functions: Functions<B>,
    readers: Readers,
}

/// A statement, and where it stands in the text that is run.
#[derive(Clone, Copy)]
pub(super) struct Text<'s> {
    pub(super) sql: &'s str,
    pub(super) start: usize,
}

impl<B: Backend + 'static> Connection<B> {
    /// Opens a repository's tables.
    ///
    /// # Errors
    /// The catalog is damaged, the working copy cannot be made, or the backend fails.
    pub fn open(repo: Repository<B>, options: ConnectionOptions) -> Result<Self, SqliteError> {
        let shared = Arc::new(Shared::new(Database::new(repo, options.history)?));
        let copy = match &options.working_copy {
            Some(path) => WorkingCopy::open(path)?,
            None => WorkingCopy::new(rusqlite::Connection::open_in_memory()?)?,
        };
        let functions = Functions::register(&copy.sqlite, &shared)?;
        let (transaction, readers) = (None, Readers::default());
        let mut connection =
            Self { shared, copy, transaction, must_rebuild: true, functions, readers };
        connection.catch_up_alone()?;
        Ok(connection)
    }

    /// Runs a script, statement by statement, up to the first error.
    ///
    /// # Errors
    /// A statement fails; those before it stay done.
    pub fn run(&mut self, sql: &str) -> Result<Vec<Outcome>, SqliteError> {
        let statements = script::statements(sql).into_iter();
        let texts =
            statements.filter_map(|range| Some(Text { start: range.start, sql: sql.get(range)? }));
        texts.map(|text| self.one(text, &[])).collect()
    }

    /// Runs one statement.
    ///
    /// # Errors
    /// The statement fails, or the text is not one statement.
    pub fn execute(&mut self, sql: &str, params: &[Value]) -> Result<Outcome, SqliteError> {
        self.one(Text { sql, start: 0 }, params)
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
    /// The rows of a query are shown as they are found; those of a change, once it is recorded.
    ///
    /// # Errors
    /// As [`execute`](Self::execute), or `see` fails.
    pub fn query_each(
        &mut self,
        sql: &str,
        params: &[Value],
        see: &mut dyn FnMut(&[Value]) -> Result<bool, SqliteError>,
    ) -> Result<Vec<String>, SqliteError> {
        self.follow_moves()?;
        self.functions.follow(&self.copy.sqlite, sql)?;
        let text = Text { sql, start: 0 };
        if Kind::of(sql)? == Kind::Other && parse_call(sql, params)?.is_none() {
            let mut sink = Seen { columns: Vec::new(), see: &mut *see };
            if self.read_lately(text, params, &mut sink)?.is_some() {
                return Ok(sink.columns);
            }
        }
        let found = self.query(sql, params)?;
        for row in &found.rows {
            if !see(row)? {
                break;
            }
        }
        Ok(found.columns)
    }

    /// Runs one statement and shows its columns and its rows; the outcome holds none of them.
    ///
    /// The rows of a query are shown as they are found; those of a change, once it is recorded.
    ///
    /// # Errors
    /// As [`execute`](Self::execute), or the sink fails.
    pub fn execute_each(
        &mut self,
        sql: &str,
        params: &[Value],
        sink: &mut dyn RowSink,
    ) -> Result<Outcome, SqliteError> {
        self.follow_moves()?;
        self.functions.follow(&self.copy.sqlite, sql)?;
        let text = Text { sql, start: 0 };
        if Kind::of(sql)? == Kind::Other
            && parse_call(sql, params)?.is_none()
            && let Some(width) = self.read_lately(text, params, sink)?
        {
            let rows = Outcome::Rows(ResultSet::default());
            return Ok(if width == 0 { Outcome::Done } else { rows });
        }
        let found = match self.execute(sql, params)? {
            Outcome::Rows(found) => found,
            outcome => return Ok(outcome),
        };
        sink.columns(&found.columns)?;
        for row in &found.rows {
            if !sink.row(row)? {
                break;
            }
        }
        Ok(Outcome::Rows(ResultSet::default()))
    }

    /// Runs a query on the tables of a revision, or of a time, without loading them.
    ///
    /// # Errors
    /// The revision names nothing, the text is no query, or the query fails.
    pub fn query_at(
        &mut self,
        revision: &str,
        sql: &str,
        params: &[Value],
    ) -> Result<ResultSet, SqliteError> {
        let reader = self.readers.at(&self.shared.database(), revision)?;
        reader.query(sql, params)
    }

    /// Makes a commit of all changes, even an empty one.
    ///
    /// # Errors
    /// A transaction is under way, someone else was faster (retryable), or the backend fails.
    pub fn commit(&mut self, message: &str) -> Result<CommitId, SqliteError> {
        self.require_no_transaction("a commit by name")?;
        self.refresh()?;
        Ok(self.shared.database().commit(message)?)
    }

    fn require_no_transaction(&self, what: &'static str) -> Result<(), SqliteError> {
        match self.transaction {
            Some(_) => Err(SqlError::InTransaction { what }.into()),
            None => Ok(()),
        }
    }

    /// Lets the repository be changed as a whole: checked out, merged, reset.
    ///
    /// # Errors
    /// A transaction is under way, the work fails, or the working copy cannot follow.
    pub fn with_repository<T>(
        &mut self,
        work: impl FnOnce(&mut Repository<B>) -> Result<T, SqlError>,
    ) -> Result<T, SqliteError> {
        self.require_no_transaction("a change of the repository")?;
        let outcome = self.shared.with_repository(work);
        self.refresh()?;
        Ok(outcome?)
    }

    /// Sees what others have changed meanwhile. O(changed rows), and O(rows) of each table that looks
    /// another way.
    ///
    /// # Errors
    /// A transaction is under way, or the backend fails.
    pub fn refresh(&mut self) -> Result<(), SqliteError> {
        self.require_no_transaction("a look at what others changed")?;
        self.catch_up_alone()
    }

    /// Whether a transaction is under way.
    pub fn is_in_transaction(&self) -> bool {
        self.transaction.is_some()
    }

    /// The names of the tables, in their order.
    ///
    /// # Errors
    /// The working copy fails.
    pub fn tables(&self) -> Result<Vec<String>, SqliteError> {
        let objects = known::read(&self.copy.sqlite)?;
        Ok(known::Known::tables(&objects).cloned().collect())
    }

    /// The statements that make the tables, indexes, views and triggers, in an order in which they can
    /// be run. With a name, those of one table or view.
    ///
    /// # Errors
    /// The working copy fails.
    pub fn schema_sql(&self, name: Option<&str>) -> Result<Vec<String>, SqliteError> {
        let objects = known::read(&self.copy.sqlite)?.into_values();
        let wanted =
            objects.filter(|object| name.is_none_or(|name| object.on.eq_ignore_ascii_case(name)));
        Ok(wanted.map(|object| object.sql).collect())
    }

    fn one(&mut self, text: Text<'_>, params: &[Value]) -> Result<Outcome, SqliteError> {
        self.follow_moves()?;
        if let Some(call) = parse_call(text.sql, params)? {
            return self.call(call);
        }
        self.functions.follow(&self.copy.sqlite, text.sql)?;
        match Kind::of(text.sql)? {
            Kind::Begin => self.begin(text),
            Kind::Commit => self.commit_transaction(text),
            Kind::Rollback => self.roll_back(text),
            Kind::Savepoint(name) => self.savepoint(text, name),
            Kind::Release(name) => self.release(text, &name),
            Kind::RollbackTo(name) => self.roll_back_to(text, &name),
            Kind::Define => self.change(text, params, true).map(|_| Outcome::Done),
            Kind::Pragma => self.pragma(text, params),
            Kind::Change => self.change(text, params, false),
            Kind::Other => {
                let mut found = ResultSet::default();
                match self.read_lately(text, params, &mut found)? {
                    Some(_) => Ok(Outcome::Rows(found)),
                    None => self.change(text, params, false),
                }
            }
        }
    }

    /// Runs a procedure, and follows what it did.
    fn call(&mut self, call: Call) -> Result<Outcome, SqliteError> {
        self.require_no_transaction("a call of a procedure")?;
        self.refresh()?;
        let done = {
            let mut database = self.shared.database();
            self.shared.set_held(database.current()?);
            run_call(&mut database, call)
        };
        self.refresh()?;
        Ok(Outcome::Rows(done?))
    }

    /// Runs a query. One that does not fit the schema may fit what others have made of it.
    fn read_lately(
        &mut self,
        text: Text<'_>,
        params: &[Value],
        sink: &mut dyn RowSink,
    ) -> Result<Option<usize>, SqliteError> {
        let found = self.read_into(text, params, true, sink);
        let is_unfit = found.is_err()
            && self.transaction.is_none()
            && self.copy.sqlite.prepare_cached(text.sql).is_err();
        if !is_unfit {
            return found;
        }
        self.catch_up_alone()?;
        self.read_into(text, params, true, sink)
    }

    fn pragma(&mut self, text: Text<'_>, params: &[Value]) -> Result<Outcome, SqliteError> {
        if text.sql.to_ascii_lowercase().contains("defer_foreign_keys") {
            match &mut self.transaction {
                Some(transaction) => transaction.defers = true,
                // Outside, it would hold for one statement, at whose end keys are checked anyway.
                None => return Ok(Outcome::Done),
            }
        }
        self.perform(text, params)
    }

    /// Runs a statement in the working copy.
    pub(super) fn perform(&self, text: Text<'_>, params: &[Value]) -> Result<Outcome, SqliteError> {
        let mut found = ResultSet::default();
        self.read_into(text, params, false, &mut found)?;
        Ok(match found.columns.as_slice() {
            [] if statement::changes_rows(text.sql) => Outcome::Changed(self.copy.sqlite.changes()),
            [] => Outcome::Done,
            _ => Outcome::Rows(found),
        })
    }

    /// Runs a statement in the working copy, shows its columns and rows, and tells how many columns
    /// there are. `None` if it may change something and must not.
    fn read_into(
        &self,
        text: Text<'_>,
        params: &[Value],
        only_query: bool,
        sink: &mut dyn RowSink,
    ) -> Result<Option<usize>, SqliteError> {
        let failed = |error| SqliteError::of_statement(error, text.sql, text.start);
        let mut statement = self.copy.sqlite.prepare_cached(text.sql).map_err(failed)?;
        if only_query && !statement.readonly() {
            return Ok(None);
        }
        let params = rusqlite::params_from_iter(params.iter().map(Bound));
        let mut found = statement.query(params).map_err(failed)?;
        let mut cells = Vec::new();
        let mut is_told = false;
        while let Some(row) = found.next().map_err(failed)? {
            // Known only now: a schema that changed gives a statement other columns.
            let width = row.as_ref().column_count();
            if !is_told {
                sink.columns(&names(row.as_ref()))?;
                is_told = true;
            }
            cells.clear();
            cells.reserve_exact(width);
            for at in 0..width {
                cells.push(from_sqlite(row.get_ref(at)?));
            }
            if !sink.take(&mut cells)? {
                break;
            }
        }
        drop(found);
        let columns = names(&statement);
        if !is_told && !columns.is_empty() {
            sink.columns(&columns)?;
        }
        Ok(Some(columns.len()))
    }

    /// Follows what a function of a query did to the repository.
    fn follow_moves(&mut self) -> Result<(), SqliteError> {
        if self.shared.was_moved() && self.transaction.is_none() {
            self.catch_up_alone()?;
        }
        Ok(())
    }
}

fn names(statement: &rusqlite::Statement<'_>) -> Vec<String> {
    statement.column_names().map(str::to_owned).collect()
}
