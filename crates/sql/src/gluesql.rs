//! The storage traits of GlueSQL 0.19, over [`Database`].
//!
//! ```
//! use gluesql_core::prelude::Glue;
//! use prollytree_sql::gluesql::ProllyStorage;
//!
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! let mut glue = Glue::new(ProllyStorage::in_memory()?);
//! glue.execute("CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT)").await?;
//! glue.execute("INSERT INTO users VALUES (1, 'Alice')").await?;
//! glue.execute("UPDATE users SET name = 'Alicia' WHERE id = 1").await?;
//! let before = glue.storage.query_at_commit("HEAD~1", "SELECT name FROM users").await?;
//! # Ok(())
//! # }
//! # futures::executor::block_on(run()).unwrap();
//! ```
//!
//! # History
//! Each statement that changes something is a commit, and so is each transaction, unless
//! [`History::Explicit`] is set. The message is the statement's text, as GlueSQL's tree of it gives it.
//!
//! # What is read
//! Before a statement that writes rows, and at `BEGIN`, the storage sees what others committed;
//! `SELECT` alone reads what was seen last. If others were faster, the commit fails and says so, nothing
//! of it is written, and the same may succeed.
//!
//! # Limits
//! Functions made by `CREATE FUNCTION` live as long as the storage. Window functions, `AUTOINCREMENT`,
//! `CREATE UNIQUE INDEX` and whatever else GlueSQL's translation drops from a statement never reach a storage, so it
//! cannot refuse them.

mod alter;
mod bounds;
mod carrier;
mod define;
mod describe;
mod error;
mod narrow;
mod plan;
mod read;
mod session;
mod table;
mod transaction;
mod value;
mod write;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use gluesql_core::ast::Statement;
use gluesql_core::data::CustomFunction;
use gluesql_core::error::{Error, Result};
use gluesql_core::executor::{Payload, execute};
use gluesql_core::parse_sql::parse;
use gluesql_core::store::Planner;
use gluesql_core::translate::translate;
use prollytree_repo::{
    Backend, BackendError, CommitId, MemoryBackend, Options, RepoError, Repository,
};
use prollytree_store::{Store, StoreError, StoreOptions};

use self::error::glue_error;
use self::session::Session;
use crate::database::{Database, History};
use crate::error::SqlError;

/// The folder of a native store, beside the data that it belongs to.
const STORE_DIR: &str = ".prolly";

/// Tables for [`Glue`](gluesql_core::prelude::Glue), in a repository.
///
/// `N` is the length of hashes in bytes; there are none but of 32.
pub struct ProllyStorage<const N: usize = 32, B = Store> {
    /// Never held while something is waited for.
    session: Mutex<Session<B>>,
    functions: BTreeMap<String, CustomFunction>,
}

impl ProllyStorage<32, Store> {
    /// Opens the native store in a folder, or makes one; commits are by whom the environment names.
    ///
    /// # Errors
    /// The store or its catalog is damaged, or cannot be read or made.
    pub fn init(folder: impl AsRef<Path>) -> std::result::Result<Self, SqlError> {
        let folder = folder.as_ref();
        let beside = folder.join(STORE_DIR);
        // A folder may be a store itself, as those that the library makes.
        let opened = match Store::open(&beside, StoreOptions::default()) {
            Err(StoreError::NotAStore { .. }) => Store::open(folder, StoreOptions::default()),
            opened => opened,
        };
        let store = match opened {
            Err(StoreError::NotAStore { .. }) => Store::create(&beside, StoreOptions::default()),
            opened => opened,
        };
        Self::open_or_init(store.map_err(BackendError::storage).map_err(RepoError::from)?)
    }
}

impl ProllyStorage<32, MemoryBackend> {
    /// An empty repository in memory.
    ///
    /// # Errors
    /// None that a new one could have.
    pub fn in_memory() -> std::result::Result<Self, SqlError> {
        Self::open_or_init(MemoryBackend::new())
    }
}

impl<B: Backend + 'static> ProllyStorage<32, B> {
    /// Opens the repository in a backend, or makes one.
    fn open_or_init(backend: B) -> std::result::Result<Self, SqlError> {
        let repo = match Repository::open(backend.clone(), Options::from_env()) {
            Err(RepoError::NotARepository) => Repository::init(backend, Options::from_env()),
            opened => opened,
        };
        Self::with_repository(repo?)
    }

    /// The tables of a repository.
    ///
    /// # Errors
    /// The catalog is damaged, or the backend fails.
    pub fn with_repository(repo: Repository<B>) -> std::result::Result<Self, SqlError> {
        Ok(Self::with_database_of(Database::new(repo, History::default())?))
    }

    /// The tables of a database.
    pub fn with_database_of(database: Database<B>) -> Self {
        Self { session: Mutex::new(Session::working(database)), functions: BTreeMap::new() }
    }

    /// Sets when changes become part of the history.
    #[must_use]
    pub fn with_history(mut self, history: History) -> Self {
        if let Ok(database) = self.session_mut().database() {
            database.set_history(history);
        }
        self
    }

    /// Works on the tables, or on their repository, directly.
    ///
    /// # Errors
    /// A transaction is under way, or the work fails.
    pub fn with_database<T>(
        &mut self,
        work: impl FnOnce(&mut Database<B>) -> std::result::Result<T, SqlError>,
    ) -> std::result::Result<T, SqlError> {
        let session = self.session_mut();
        session.require_no_transaction("work on the tables beside GlueSQL")?;
        work(session.database()?)
    }

    /// Commits all changes with a message, even if there are none; a transaction that is under way
    /// ends with it.
    ///
    /// # Errors
    /// Someone else was faster (then nothing is written, and a transaction is taken back), or the
    /// backend fails.
    pub async fn commit(&mut self, message: &str) -> std::result::Result<CommitId, SqlError> {
        self.session_mut().commit_named(message)
    }

    /// Reads the tables of a revision; the working state is not touched.
    ///
    /// # Errors
    /// There is no such revision, the statement would change something, or it fails.
    pub async fn query_at_commit(&self, revision: &str, sql: &str) -> Result<Vec<Payload>> {
        let session = self.session().at(revision).map_err(glue_error)?;
        let mut storage = Self { session: Mutex::new(session), functions: self.functions.clone() };
        let mut payloads = Vec::new();
        for statement in parse(sql)? {
            let statement = translate(&statement)?;
            if !is_read_only(&statement) {
                let error = SqlError::ReadOnly { revision: revision.to_owned() };
                return Err(glue_error(error));
            }
            let statement = storage.plan(statement).await?;
            payloads.push(execute(&mut storage, &statement).await?);
        }
        Ok(payloads)
    }

    fn session(&self) -> MutexGuard<'_, Session<B>> {
        // Whatever panicked, the tables are changed as a whole or not at all.
        self.session.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn session_mut(&mut self) -> &mut Session<B> {
        self.session.get_mut().unwrap_or_else(PoisonError::into_inner)
    }
}

fn is_read_only(statement: &Statement) -> bool {
    matches!(
        statement,
        Statement::Query(_)
            | Statement::ShowColumns { .. }
            | Statement::ShowVariable(_)
            | Statement::ShowIndexes(_)
    )
}

/// An error of the storage itself.
fn refused(text: impl Into<String>) -> Error {
    Error::StorageMsg(text.into())
}
