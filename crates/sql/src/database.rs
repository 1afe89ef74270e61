//! The tables of a repository's working state, and how they change.

mod define;
mod handle;
mod savepoint;
mod write;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use prollytree_repo::{Backend, CommitId, CommitOptions, Maps, RepoError, Repository};

use crate::catalog::{Catalog, catalog_map};
use crate::error::SqlError;
use crate::schema::Table;
use crate::value::Row;
use crate::version::Version;

pub use handle::TableHandle;
pub use savepoint::Savepoint;
pub use write::{Change, EvaluateIndex, no_expressions};
pub(crate) use write::{Entry, index_entry};

/// When changes become part of the history.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum History {
    /// Each statement outside a transaction, and each transaction, is a commit.
    #[default]
    EveryStatement,
    /// Only what is committed by name; until then changes are saved as uncommitted work.
    Explicit,
}

/// Tables in the working state of a [`Repository`]: what both engines stand on.
///
/// Changes are held in memory until [`record`](Self::record) makes them durable, or
/// [`roll_back`](Self::roll_back) drops them.
pub struct Database<B> {
    repo: Repository<B>,
    history: History,
    catalog: Arc<Catalog>,
    handles: HashMap<String, Arc<TableHandle>>,
    /// The version as it stands, unless something changed since it was last asked for.
    current: Option<Version<B>>,
    /// What [`roll_back`](Self::roll_back) goes back to, if something changed.
    before: Option<(Maps, Arc<Catalog>)>,
    /// The next rowid of tables that got one.
    next_rowids: HashMap<String, i64>,
}

impl<B: Backend + 'static> Database<B> {
    /// The tables of a repository.
    ///
    /// # Errors
    /// The catalog is damaged, or the backend fails.
    pub fn new(mut repo: Repository<B>, history: History) -> Result<Self, SqlError> {
        let maps = repo.working_maps()?;
        let current = Version::open(repo.backend().clone(), maps)?;
        Ok(Self {
            repo,
            history,
            catalog: current.catalog().clone(),
            handles: HashMap::new(),
            current: Some(current),
            before: None,
            next_rowids: HashMap::new(),
        })
    }

    /// The repository below.
    pub fn repository(&self) -> &Repository<B> {
        &self.repo
    }

    /// Lets the repository be changed as a whole: checked out, merged, reset. Changes that are not
    /// recorded must not be left.
    ///
    /// # Errors
    /// Changes are not recorded, the work fails, or the new catalog is damaged.
    pub fn with_repository<T>(
        &mut self,
        work: impl FnOnce(&mut Repository<B>) -> Result<T, SqlError>,
    ) -> Result<T, SqlError> {
        if self.before.is_some() {
            return Err(SqlError::InTransaction { what: "a change of the repository" });
        }
        let outcome = work(&mut self.repo);
        self.reload()?;
        outcome
    }

    /// When changes become part of the history.
    pub fn history(&self) -> History {
        self.history
    }

    /// Sets when changes become part of the history.
    pub fn set_history(&mut self, history: History) {
        self.history = history;
    }

    /// What tables, views and triggers there are.
    pub fn catalog(&self) -> &Arc<Catalog> {
        &self.catalog
    }

    /// The table of exactly this name, ready to be read and changed.
    ///
    /// # Errors
    /// There is no such table.
    pub fn table(&mut self, name: &str) -> Result<Arc<TableHandle>, SqlError> {
        if let Some(handle) = self.handles.get(name) {
            return Ok(handle.clone());
        }
        let handle = Arc::new(self.new_handle(name)?);
        self.handles.insert(name.to_owned(), handle.clone());
        Ok(handle)
    }

    fn new_handle(&self, name: &str) -> Result<TableHandle, SqlError> {
        let table = self.catalog.table(name);
        let table = table.ok_or_else(|| SqlError::NoTable { table: name.to_owned() })?;
        TableHandle::new(table.clone())
    }

    /// The version as it stands, changes that are not recorded included.
    ///
    /// # Errors
    /// A node is missing or damaged, or the backend fails.
    pub fn current(&mut self) -> Result<Version<B>, SqlError> {
        if let Some(version) = &self.current {
            return Ok(version.clone());
        }
        let (backend, maps) = (self.repo.backend().clone(), self.repo.working_maps()?);
        let version = Version::with_catalog(backend, maps, self.catalog.clone());
        self.current = Some(version.clone());
        Ok(version)
    }

    /// The version as it stands, if nothing changed since [`current`](Self::current).
    pub fn current_if_unchanged(&self) -> Option<&Version<B>> {
        self.current.as_ref()
    }

    /// The tables of a revision.
    ///
    /// # Errors
    /// There is no such revision, its catalog is damaged, or the backend fails.
    pub fn version_at(&self, revision: &str) -> Result<Version<B>, SqlError> {
        Version::open(self.repo.backend().clone(), self.repo.maps_at(revision)?)
    }

    /// The row of a key as it stands. O(log rows).
    ///
    /// # Errors
    /// The row is damaged, or the backend fails.
    pub fn get(&self, table: &TableHandle, key: &[u8]) -> Result<Option<Row>, SqlError> {
        let value = self.repo.get(table.rows_map(), key)?;
        value.map(|value| table.codec().decode(key, &value)).transpose()
    }

    /// Whether something changed since the last [`record`](Self::record) or
    /// [`roll_back`](Self::roll_back).
    pub fn is_changed(&self) -> bool {
        self.before.is_some()
    }

    /// Makes all changes durable: as a commit with this message, or as uncommitted work. `None` if
    /// nothing changed, or no commit was made.
    ///
    /// # Errors
    /// Someone else was faster (retryable), or the backend fails; the changes stay.
    pub fn record(&mut self, message: &str) -> Result<Option<CommitId>, SqlError> {
        if self.before.is_none() {
            return Ok(None);
        }
        let id = match self.history {
            // During a merge what is changed belongs to it, and ends with it.
            History::EveryStatement if self.repo.operation().is_none() => {
                self.commit_if_changed(message)?
            }
            _ => {
                self.repo.save()?;
                None
            }
        };
        self.before = None;
        Ok(id)
    }

    fn commit_if_changed(&mut self, message: &str) -> Result<Option<CommitId>, SqlError> {
        match self.repo.commit(message) {
            Ok(id) => Ok(Some(id)),
            // A statement that changed nothing, or took back what was saved.
            Err(RepoError::NothingToCommit) => {
                self.repo.save()?;
                Ok(None)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Makes a commit of all changes, even an empty one.
    ///
    /// # Errors
    /// As [`record`](Self::record).
    pub fn commit(&mut self, message: &str) -> Result<CommitId, SqlError> {
        let options =
            CommitOptions { message: message.to_owned(), allow_empty: true, author: None };
        let id = self.repo.commit_with(options)?;
        self.before = None;
        Ok(id)
    }

    /// Lets other work on the repository make durable what is not recorded.
    pub(crate) fn finish_with<T>(
        &mut self,
        work: impl FnOnce(&mut Repository<B>) -> Result<T, SqlError>,
    ) -> Result<T, SqlError> {
        let outcome = work(&mut self.repo)?;
        self.before = None;
        self.reload()?;
        Ok(outcome)
    }

    /// Goes on with other tables, of which the catalog is still to be written.
    pub(crate) fn replace_tables(&mut self, maps: Maps, catalog: Catalog) -> Result<(), SqlError> {
        self.touch()?;
        self.repo.set_working_maps(maps);
        self.set_catalog(catalog)
    }

    /// Drops all changes since the last [`record`](Self::record).
    ///
    /// # Errors
    /// The backend fails.
    pub fn roll_back(&mut self) -> Result<(), SqlError> {
        if let Some((maps, catalog)) = self.before.take() {
            self.repo.set_working_maps(maps);
            self.catalog = catalog;
            self.forget();
        }
        Ok(())
    }

    /// Sees what others have changed meanwhile.
    ///
    /// # Errors
    /// Changes are not recorded, the catalog is damaged, or the backend fails.
    pub fn refresh(&mut self) -> Result<(), SqlError> {
        self.with_repository(|repo| Ok(repo.refresh()?))
    }

    /// As [`refresh`](Self::refresh), unless nobody changed anything, which is seen by a look at the
    /// refs.
    ///
    /// # Errors
    /// As [`refresh`](Self::refresh).
    pub fn refresh_if_moved(&mut self) -> Result<(), SqlError> {
        if self.before.is_none() && self.repo.is_current()? { Ok(()) } else { self.refresh() }
    }

    /// Reads the catalog anew.
    fn reload(&mut self) -> Result<(), SqlError> {
        self.forget();
        let version = Version::open(self.repo.backend().clone(), self.repo.working_maps()?)?;
        self.catalog = version.catalog().clone();
        self.current = Some(version);
        Ok(())
    }

    fn forget(&mut self) {
        self.handles.clear();
        self.next_rowids.clear();
        self.current = None;
    }

    /// Says that something is about to change.
    fn touch(&mut self) -> Result<(), SqlError> {
        if self.before.is_none() {
            self.before = Some((self.repo.working_maps()?, self.catalog.clone()));
        }
        self.current = None;
        Ok(())
    }

    /// Replaces the catalog, and writes what is new in it.
    fn set_catalog(&mut self, catalog: Catalog) -> Result<(), SqlError> {
        self.touch()?;
        let map = catalog_map()?;
        let (old, new) = (self.catalog.entries()?, catalog.entries()?);
        for key in old.keys().filter(|key| !new.contains_key(*key)) {
            self.repo.delete(&map, key)?;
        }
        for (key, text) in new.into_iter().filter(|(key, text)| old.get(key) != Some(text)) {
            self.repo.set(&map, key, text)?;
        }
        self.catalog = Arc::new(catalog);
        self.handles.clear();
        Ok(())
    }

    /// The tables by their names, for engines that look them up without regard to case.
    pub fn tables(&self) -> BTreeMap<String, Arc<Table>> {
        self.catalog.tables().map(|table| (table.name.clone(), table.clone())).collect()
    }
}
