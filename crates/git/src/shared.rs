//! A versioned key-value store that threads share.

mod branch;
mod commit;
#[cfg(test)]
mod tests;
mod version;

use std::ops::RangeBounds;
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use prollytree_repo::MapName;
use prollytree_tree::{Entry, Hash, Proof, Snapshot};

use crate::kv::read;
use crate::{GitBackend, GitError, GitVersionedKvStore, InitOptions};

/// A [`GitVersionedKvStore`] that threads share: clones are cheap and are all the same store, with the
/// same edits and the same branch checked out.
///
/// ```
/// use prollytree_git::ThreadSafeGitVersionedKvStore;
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = tempfile::tempdir()?;
/// let store = ThreadSafeGitVersionedKvStore::init(folder.path().join("my-data"))?;
/// std::thread::scope(|scope| {
///     for worker in 0..4 {
///         let store = store.clone();
///         scope.spawn(move || store.set(format!("worker/{worker}"), "done"));
///     }
/// });
/// store.commit("All workers are done")?;
/// assert_eq!(store.len()?, 4);
/// # Ok(())
/// # }
/// ```
///
/// Each method is one step for the other threads; [`with`](Self::with) makes one step of several.
/// Reads of the edited state run beside each other, and wait while a thread changes or commits
/// something. What looks at committed versions (`resolve`, `snapshot_at`, `get_at`, `log`, `history`,
/// `diff`) waits for nobody: it opens a view of its own, and so sees also what other processes
/// committed.
#[derive(Clone)]
pub struct ThreadSafeGitVersionedKvStore {
    shared: Arc<Shared>,
}

struct Shared {
    store: RwLock<GitVersionedKvStore>,
    /// What views of committed versions are opened from, without the lock.
    backend: GitBackend,
    map: MapName,
}

impl ThreadSafeGitVersionedKvStore {
    /// Makes a data set in a folder and opens it; one that exists is opened as it is.
    ///
    /// # Errors
    /// As [`GitVersionedKvStore::init`].
    pub fn init(folder: impl AsRef<Path>) -> Result<Self, GitError> {
        GitVersionedKvStore::init(folder).map(Self::from)
    }

    /// As [`init`](Self::init), with a choice of what is made.
    ///
    /// # Errors
    /// As [`GitVersionedKvStore::init_with`].
    pub fn init_with(folder: impl AsRef<Path>, options: &InitOptions) -> Result<Self, GitError> {
        GitVersionedKvStore::init_with(folder, options).map(Self::from)
    }

    /// Opens the data set in a folder.
    ///
    /// # Errors
    /// As [`GitVersionedKvStore::open`].
    pub fn open(folder: impl AsRef<Path>) -> Result<Self, GitError> {
        GitVersionedKvStore::open(folder).map(Self::from)
    }

    /// Runs several operations as one step, while no other thread touches the store.
    ///
    /// `work` must not use this handle or a clone of it: it would wait for itself.
    pub fn with<T>(&self, work: impl FnOnce(&mut GitVersionedKvStore) -> T) -> T {
        work(&mut self.write())
    }

    /// The map that the store works on.
    pub fn map(&self) -> &MapName {
        &self.shared.map
    }

    /// Sets a key; [`save`](Self::save) or a commit, of any thread, makes it durable.
    ///
    /// # Errors
    /// As [`GitVersionedKvStore::set`].
    pub fn set(&self, key: impl Into<Vec<u8>>, value: impl Into<Vec<u8>>) -> Result<(), GitError> {
        self.write().set(key, value)
    }

    /// Removes a key, and tells whether it existed.
    ///
    /// # Errors
    /// As [`GitVersionedKvStore::delete`].
    pub fn delete(&self, key: &[u8]) -> Result<bool, GitError> {
        self.write().delete(key)
    }

    /// The value of a key, edits included.
    ///
    /// # Errors
    /// As [`GitVersionedKvStore::get`].
    pub fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, GitError> {
        self.read().get(key)
    }

    /// Whether there is such a key, edits included.
    ///
    /// # Errors
    /// As [`GitVersionedKvStore::get`].
    pub fn contains_key(&self, key: &[u8]) -> Result<bool, GitError> {
        self.read().contains_key(key)
    }

    /// How many keys there are, edits included.
    ///
    /// # Errors
    /// As [`GitVersionedKvStore::get`].
    pub fn len(&self) -> Result<u64, GitError> {
        self.write().len()
    }

    /// Whether there are no keys, edits included.
    ///
    /// # Errors
    /// As [`GitVersionedKvStore::get`].
    pub fn is_empty(&self) -> Result<bool, GitError> {
        self.write().is_empty()
    }

    /// All keys in ascending order, edits included.
    ///
    /// # Errors
    /// As [`GitVersionedKvStore::get`].
    pub fn keys(&self) -> Result<Vec<Vec<u8>>, GitError> {
        read::keys(&self.snapshot()?)
    }

    /// The entries of a range of keys in ascending order, edits included.
    ///
    /// # Errors
    /// As [`GitVersionedKvStore::get`].
    pub fn range<'k>(&self, range: impl RangeBounds<&'k [u8]>) -> Result<Vec<Entry>, GitError> {
        read::range(&self.snapshot()?, range)
    }

    /// The entries whose keys begin with `prefix` in ascending order, edits included.
    ///
    /// # Errors
    /// As [`GitVersionedKvStore::get`].
    pub fn prefix(&self, prefix: &[u8]) -> Result<Vec<Entry>, GitError> {
        read::prefix(&self.snapshot()?, prefix)
    }

    /// The map as it stands, edits included: from then on it is read without the lock, and stays as it
    /// is.
    ///
    /// # Errors
    /// As [`GitVersionedKvStore::get`].
    pub fn snapshot(&self) -> Result<Snapshot<GitBackend>, GitError> {
        self.write().snapshot()
    }

    /// The root hash of the map, edits included.
    ///
    /// # Errors
    /// As [`GitVersionedKvStore::get`].
    pub fn root(&self) -> Result<Hash, GitError> {
        self.write().root()
    }

    /// Proves to whoever has the [root](Self::root) that the map has a key with its value, or does not
    /// have it.
    ///
    /// # Errors
    /// As [`GitVersionedKvStore::get`].
    pub fn prove(&self, key: &[u8]) -> Result<Proof, GitError> {
        read::prove(&self.snapshot()?, key)
    }

    // A poisoned lock is still sound: a thread that panicked has made each of its edits or not, and
    // every later change of the repository demands that the refs are as the store saw them.
    fn read(&self) -> RwLockReadGuard<'_, GitVersionedKvStore> {
        self.shared.store.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, GitVersionedKvStore> {
        self.shared.store.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl From<GitVersionedKvStore> for ThreadSafeGitVersionedKvStore {
    fn from(store: GitVersionedKvStore) -> Self {
        let (backend, map) = (store.repository().backend().clone(), store.map().clone());
        Self { shared: Arc::new(Shared { store: RwLock::new(store), backend, map }) }
    }
}
