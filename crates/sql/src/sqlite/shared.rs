//! What a connection shares with the virtual tables and functions in it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use prollytree_repo::{Backend, Repository};

use crate::database::Database;
use crate::error::SqlError;
use crate::version::Version;

/// What a connection shares with the virtual tables and functions in it.
pub(crate) struct Shared<B> {
    database: Mutex<Database<B>>,
    /// What the working copy holds, if the repository was moved since.
    held: Mutex<Option<Version<B>>>,
    /// Whether a transaction, or a statement that changes something, is under way.
    writing: AtomicBool,
    moved: AtomicBool,
}

impl<B> Shared<B> {
    pub(super) fn new(database: Database<B>) -> Self {
        let (writing, moved) = (AtomicBool::new(false), AtomicBool::new(false));
        Self { database: Mutex::new(database), held: Mutex::new(None), writing, moved }
    }

    /// The tables. Not to be held while a statement runs.
    pub(crate) fn database(&self) -> MutexGuard<'_, Database<B>> {
        self.database.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn held(&self) -> MutexGuard<'_, Option<Version<B>>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn set_writing(&self, writing: bool) {
        self.writing.store(writing, Ordering::Release);
    }

    pub(super) fn set_held(&self, version: Version<B>) {
        self.held().get_or_insert(version);
        self.moved.store(true, Ordering::Release);
    }

    pub(super) fn was_moved(&self) -> bool {
        self.moved.load(Ordering::Acquire)
    }

    pub(super) fn take_held(&self) -> Option<Version<B>> {
        self.moved.store(false, Ordering::Release);
        self.held().take()
    }
}

impl<B: Backend + 'static> Shared<B> {
    /// Lets the repository be changed as a whole, also by a function that a query calls: checked out,
    /// merged, reset. The working copy follows before the next statement.
    ///
    /// # Errors
    /// A transaction, or a statement that changes something, is under way; or the work fails.
    pub(crate) fn with_repository<T>(
        &self,
        work: impl FnOnce(&mut Repository<B>) -> Result<T, SqlError>,
    ) -> Result<T, SqlError> {
        if self.writing.load(Ordering::Acquire) {
            return Err(SqlError::InTransaction { what: "a change of the repository" });
        }
        let mut database = self.database();
        let held = database.current()?;
        self.set_held(held);
        database.with_repository(work)
    }
}
