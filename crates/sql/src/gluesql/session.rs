//! What a storage works on, and where its statement and its transaction stand.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use prollytree_repo::{Backend, CommitId};

use super::table::GlueTable;
use crate::catalog::{Catalog, catalog_map};
use crate::database::{Database, Savepoint, TableHandle};
use crate::error::SqlError;
use crate::value::Row;
use crate::version::{TableVersion, Version};

/// The tables that a storage works on.
pub(super) struct Session<B> {
    source: Source<B>,
    /// Tables that were asked for, as this catalog has them.
    tables: HashMap<String, Arc<GlueTable>>,
    catalog: Arc<Catalog>,
    pub(super) transaction: Option<Transaction>,
    pub(super) statement: StatementState,
}

enum Source<B> {
    Working(Box<Database<B>>),
    /// A version in the history, and how it was called.
    At(Version<B>, String),
}

/// A transaction that `BEGIN` began.
#[derive(Default)]
pub(super) struct Transaction {
    /// The first statement that changed something.
    first: Option<String>,
    /// How many did.
    count: usize,
}

/// Where the statement stands that is being executed.
#[derive(Default)]
pub(super) struct StatementState {
    /// Whether GlueSQL commits it by itself when it ends.
    pub(super) automatic: bool,
    /// What it does, for the commit.
    message: Option<String>,
    /// Where a statement of many steps goes back to within a transaction.
    savepoint: Option<Savepoint>,
    /// Whether it was looked what others committed.
    refreshed: bool,
    /// Whether the rows that the statement changes were scanned.
    pub(super) scanned: bool,
    /// What a DELETE takes away, for the foreign keys that refer to it.
    pub(super) deleting: Option<Deleting>,
}

/// A DELETE under way.
#[derive(Clone)]
pub(super) struct Deleting {
    pub(super) table: String,
    /// The row that was read last: the foreign keys to it are checked before the next is read.
    pub(super) row: Arc<Mutex<Option<Row>>>,
}

impl<B: Backend + 'static> Session<B> {
    pub(super) fn working(database: Database<B>) -> Self {
        let catalog = database.catalog().clone();
        Self::new(Source::Working(Box::new(database)), catalog)
    }

    fn new(source: Source<B>, catalog: Arc<Catalog>) -> Self {
        let (tables, statement) = (HashMap::new(), StatementState::default());
        Self { source, tables, catalog, transaction: None, statement }
    }

    /// The tables of a revision, read-only.
    pub(super) fn at(&self, revision: &str) -> Result<Self, SqlError> {
        let version = match &self.source {
            Source::Working(database) => database.version_at(revision)?,
            Source::At(_, revision) => {
                return Err(SqlError::ReadOnly { revision: revision.clone() });
            }
        };
        let catalog = version.catalog().clone();
        Ok(Self::new(Source::At(version, revision.to_owned()), catalog))
    }

    /// The tables to be changed.
    pub(super) fn database(&mut self) -> Result<&mut Database<B>, SqlError> {
        match &mut self.source {
            Source::Working(database) => Ok(database),
            Source::At(_, revision) => Err(SqlError::ReadOnly { revision: revision.clone() }),
        }
    }

    /// What tables there are.
    pub(super) fn catalog(&self) -> &Arc<Catalog> {
        match &self.source {
            Source::Working(database) => database.catalog(),
            Source::At(version, _) => version.catalog(),
        }
    }

    /// The table of a name.
    pub(super) fn find(&mut self, name: &str) -> Result<Option<Arc<GlueTable>>, SqlError> {
        let catalog = self.catalog();
        if !Arc::ptr_eq(catalog, &self.catalog) {
            self.catalog = catalog.clone();
            self.tables.clear();
        }
        if let Some(table) = self.tables.get(name) {
            return Ok(Some(table.clone()));
        }
        let Some(table) = self.catalog.table(name) else { return Ok(None) };
        let handle = match &mut self.source {
            Source::Working(database) => database.table(name)?,
            Source::At(..) => Arc::new(TableHandle::new(table.clone())?),
        };
        let table = Arc::new(GlueTable::new(handle, &self.catalog));
        self.tables.insert(name.to_owned(), table.clone());
        Ok(Some(table))
    }

    /// The table of a name, which must be there.
    pub(super) fn table(&mut self, name: &str) -> Result<Arc<GlueTable>, SqlError> {
        self.find(name)?.ok_or_else(|| SqlError::NoTable { table: name.to_owned() })
    }

    /// The row of a key. Pending edits stay as they are.
    pub(super) fn get(&self, table: &GlueTable, key: &[u8]) -> Result<Option<Row>, SqlError> {
        match &self.source {
            Source::Working(database) => database.get(&table.handle, key),
            Source::At(version, _) => version.rows_of(table.handle.codec().clone())?.get(key),
        }
    }

    /// The key of the row that an entry of a unique index leads to. Pending edits stay as they are.
    pub(super) fn get_unique(
        &self,
        table: &GlueTable,
        index: &str,
        key: &[u8],
    ) -> Result<Option<Vec<u8>>, SqlError> {
        match &self.source {
            Source::Working(database) => database.unique_entry(&table.handle, index, key),
            Source::At(version, _) => {
                let rows = version.rows_of(table.handle.codec().clone())?;
                let Some(index) = table.table().index(index) else { return Ok(None) };
                Ok(rows.index_snapshot(index)?.get(key)?)
            }
        }
    }

    /// All rows of a table, as they stand now.
    pub(super) fn rows(&mut self, table: &GlueTable) -> Result<TableVersion<B>, SqlError> {
        let version = match &mut self.source {
            Source::Working(database) => database.current()?,
            Source::At(version, _) => version.clone(),
        };
        version.rows_of(table.handle.codec().clone())
    }

    /// Says what the statement does, where nothing said it yet.
    pub(super) fn describe(&mut self, message: impl FnOnce() -> String) {
        self.statement.message.get_or_insert_with(message);
    }

    /// Sees what others committed, once a statement, and not within a transaction.
    pub(super) fn refresh(&mut self) -> Result<(), SqlError> {
        if self.transaction.is_some() || self.statement.refreshed {
            return Ok(());
        }
        self.statement.refreshed = true;
        let database = self.database()?;
        // What was changed beside any statement waits to be committed.
        if database.is_changed() { Ok(()) } else { database.refresh_if_moved() }
    }

    /// Marks where a statement of many steps within a transaction goes back to if it fails.
    pub(super) fn mark(&mut self) -> Result<(), SqlError> {
        if self.transaction.is_some() && self.statement.savepoint.is_none() {
            self.statement.savepoint = Some(self.database()?.savepoint()?);
        }
        Ok(())
    }

    pub(super) fn require_no_transaction(&self, what: &'static str) -> Result<(), SqlError> {
        match self.transaction {
            Some(_) => Err(SqlError::InTransaction { what }),
            None => Ok(()),
        }
    }

    /// Begins a statement that GlueSQL commits by itself.
    pub(super) fn begin_statement(&mut self) {
        self.statement = StatementState { automatic: true, ..StatementState::default() };
    }

    /// Ends a statement: with a commit, or as part of the transaction.
    pub(super) fn end_statement(&mut self) -> Result<(), SqlError> {
        let statement = std::mem::take(&mut self.statement);
        let Source::Working(database) = &mut self.source else { return Ok(()) };
        match &mut self.transaction {
            Some(transaction) => {
                if statement.message.is_some() {
                    transaction.count += 1;
                }
                transaction.first = transaction.first.take().or(statement.message);
                Ok(())
            }
            None if database.is_changed() => {
                let message = statement.message.unwrap_or_else(|| "change tables".to_owned());
                self.record(&message)
            }
            None => Ok(()),
        }
    }

    /// Takes back a statement that failed.
    pub(super) fn abort_statement(&mut self) -> Result<(), SqlError> {
        let statement = std::mem::take(&mut self.statement);
        let is_own = self.transaction.is_none();
        let Source::Working(database) = &mut self.source else { return Ok(()) };
        match statement.savepoint {
            Some(savepoint) => database.roll_back_to(&savepoint),
            None if is_own => database.roll_back(),
            // Within a transaction, what has no savepoint changes rows all at once or not at all.
            None => Ok(()),
        }
    }

    pub(super) fn begin(&mut self) -> Result<(), SqlError> {
        if self.transaction.is_some() {
            return Err(SqlError::NestedTransaction);
        }
        self.statement = StatementState::default();
        self.refresh()?;
        self.transaction = Some(Transaction::default());
        Ok(())
    }

    /// Ends the transaction with a commit.
    pub(super) fn commit(&mut self) -> Result<(), SqlError> {
        let transaction = self.transaction.take().ok_or(SqlError::NoTransaction)?;
        self.record(&transaction.message())
    }

    /// Ends the transaction, and takes back what it changed.
    pub(super) fn roll_back(&mut self) -> Result<(), SqlError> {
        self.transaction.take().ok_or(SqlError::NoTransaction)?;
        self.database()?.roll_back()
    }

    /// Makes a commit by name; a transaction under way ends.
    pub(super) fn commit_named(&mut self, message: &str) -> Result<CommitId, SqlError> {
        self.statement = StatementState::default();
        let in_transaction = self.transaction.take().is_some();
        let database = self.database()?;
        if !in_transaction && !database.is_changed() {
            database.refresh_if_moved()?;
        }
        let made = database.commit(message);
        if made.is_err() {
            self.start_over()?;
        }
        made
    }

    fn record(&mut self, message: &str) -> Result<(), SqlError> {
        let made = self.database()?.record(message);
        if made.is_err() {
            self.start_over()?;
        }
        made.map(|_| ())
    }

    /// After a commit that failed: nothing of it stays, and what others did is seen.
    fn start_over(&mut self) -> Result<(), SqlError> {
        let database = self.database()?;
        database.roll_back()?;
        database.refresh()
    }
}

impl Transaction {
    fn message(self) -> String {
        let first = self.first.unwrap_or_else(|| "change tables".to_owned());
        match self.count {
            0 | 1 => first,
            count => format!("{first} (and {} more)", count - 1),
        }
    }
}

impl<B: Backend + 'static> Session<B> {
    /// When a table was made, in seconds since 1970: by its history, else just now. It is not told of
    /// a version of the history.
    pub(super) fn created(&self, table: &str) -> Result<Option<i64>, SqlError> {
        let Source::Working(database) = &self.source else { return Ok(None) };
        let repo = database.repository();
        let Some(tip) = repo.tip() else { return Ok(Some(now())) };
        let mut made = None;
        let key = format!("table/{table}");
        for change in repo.history(&catalog_map()?, key.as_bytes(), &tip)? {
            let change = change?;
            if change.value.is_none() {
                break;
            }
            made = Some(change.commit.time.seconds);
        }
        Ok(Some(made.unwrap_or_else(now)))
    }
}

/// The time, in seconds since 1970.
pub(super) fn now() -> i64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    since.map_or(0, |since| i64::try_from(since.as_secs()).unwrap_or(i64::MAX))
}
