//! One map of a data set as a versioned key-value store.

mod branch;
mod commit;
mod merge;
pub(crate) mod read;
#[cfg(test)]
mod tests;
mod version;

use std::ops::RangeBounds;
use std::path::Path;

use prollytree_repo::{MapName, RepoError, Repository};
use prollytree_tree::{Entry, Hash, Proof, Snapshot};

use crate::{GitBackend, GitError, InitOptions};

pub use version::KeyStatus;

/// A versioned key-value store in a Git repository: what is committed here, Git can clone, push, show
/// and keep.
///
/// ```
/// use prollytree_git::GitVersionedKvStore;
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = tempfile::tempdir()?;
/// # let folder = folder.path().join("my-data");
/// let mut store = GitVersionedKvStore::init(folder)?; // makes the data set, or opens it
/// store.set(b"config/api_key", b"secret123")?;
/// store.set(b"config/timeout", b"30")?;
/// store.commit("Update API configuration")?;
///
/// store.checkout_new_branch("feature/new-settings")?;
/// store.set(b"config/timeout", b"60")?;
/// store.commit("Increase timeout")?;
///
/// store.checkout("main")?;
/// assert_eq!(store.get(b"config/timeout")?, Some(b"30".to_vec()));
/// # Ok(())
/// # }
/// ```
///
/// An edit is in memory, and seen only by this handle, until [`save`](Self::save) or a commit makes it
/// durable; dropping the handle does neither.
///
/// A handle sees the data set as it was when it was opened or last [refreshed](Self::refresh). Whatever
/// changes it puts up with others that were faster: their changes come first, its own on top. Only if
/// someone checked out something else meanwhile does it refuse, with [`RepoError::HeadMoved`], so that
/// a commit does not land on a branch that nobody chose here; `refresh` and the checkouts see what is
/// checked out now, and go on from there.
///
/// A data set may have many maps, and a commit is one of all of them. The store works on the map
/// `default` unless [`with_map`](Self::with_map) names another;
/// [`repository_mut`](Self::repository_mut) reaches all else that a repository can do.
pub struct GitVersionedKvStore {
    repo: Repository<GitBackend>,
    map: MapName,
}

impl GitVersionedKvStore {
    /// Makes a data set in a folder and opens it; one that exists is opened as it is.
    ///
    /// # Errors
    /// The folder is the root of a Git repository that holds something else, or cannot be written.
    pub fn init(folder: impl AsRef<Path>) -> Result<Self, GitError> {
        Self::init_with(folder, &InitOptions::default())
    }

    /// As [`init`](Self::init), with a choice of what is made. A data set that exists stays as it is.
    ///
    /// # Errors
    /// As [`init`](Self::init), and a first branch with a bad name.
    pub fn init_with(folder: impl AsRef<Path>, options: &InitOptions) -> Result<Self, GitError> {
        let backend = GitBackend::init(folder, options)?;
        let options = backend.options();
        let repo = match Repository::init(backend.clone(), options.clone()) {
            Err(RepoError::AlreadyARepository) => Repository::open(backend, options),
            made => made,
        };
        Ok(Self::from(repo?))
    }

    /// Opens the data set in a folder. Edits that were saved are there again.
    ///
    /// # Errors
    /// There is no data set, or it is damaged or cannot be read.
    pub fn open(folder: impl AsRef<Path>) -> Result<Self, GitError> {
        let backend = GitBackend::open(folder)?;
        let options = backend.options();
        Ok(Self::from(Repository::open(backend, options)?))
    }

    /// Works on another map of the data set. Edits that were made to the one before stay.
    pub fn with_map(self, map: MapName) -> Self {
        Self { map, ..self }
    }

    /// The map that the store works on.
    pub fn map(&self) -> &MapName {
        &self.map
    }

    /// The repository that the store lies in.
    pub fn repository(&self) -> &Repository<GitBackend> {
        &self.repo
    }

    /// The repository, to be changed: its other maps, resets, reverts, settings, …
    pub fn repository_mut(&mut self) -> &mut Repository<GitBackend> {
        &mut self.repo
    }

    /// The repository, with the edits that were made.
    pub fn into_repository(self) -> Repository<GitBackend> {
        self.repo
    }

    /// Sets a key.
    ///
    /// # Errors
    /// The key or the value is too long, or the tree is damaged or cannot be read.
    pub fn set(
        &mut self,
        key: impl Into<Vec<u8>>,
        value: impl Into<Vec<u8>>,
    ) -> Result<(), GitError> {
        Ok(self.repo.set(&self.map, key, value)?)
    }

    /// Removes a key, and tells whether it existed.
    ///
    /// # Errors
    /// The tree is damaged or cannot be read.
    pub fn delete(&mut self, key: &[u8]) -> Result<bool, GitError> {
        Ok(self.repo.delete(&self.map, key)?)
    }

    /// The value of a key, edits included; `None` if there is no such key.
    ///
    /// # Errors
    /// The tree is damaged or cannot be read: then nothing is said about the key.
    pub fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, GitError> {
        Ok(self.repo.get(&self.map, key)?)
    }

    /// Whether there is such a key, edits included.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub fn contains_key(&self, key: &[u8]) -> Result<bool, GitError> {
        Ok(self.repo.contains(&self.map, key)?)
    }

    /// How many keys there are, edits included. O(edits · log entries).
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub fn len(&mut self) -> Result<u64, GitError> {
        Ok(self.snapshot()?.len())
    }

    /// Whether there are no keys, edits included.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub fn is_empty(&mut self) -> Result<bool, GitError> {
        Ok(self.snapshot()?.is_empty())
    }

    /// All keys in ascending order, edits included.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub fn keys(&mut self) -> Result<Vec<Vec<u8>>, GitError> {
        read::keys(&self.snapshot()?)
    }

    /// The entries of a range of keys in ascending order, edits included.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub fn range<'k>(&mut self, range: impl RangeBounds<&'k [u8]>) -> Result<Vec<Entry>, GitError> {
        read::range(&self.snapshot()?, range)
    }

    /// The entries whose keys begin with `prefix` in ascending order, edits included.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub fn prefix(&mut self, prefix: &[u8]) -> Result<Vec<Entry>, GitError> {
        read::prefix(&self.snapshot()?, prefix)
    }

    /// The map as it stands, edits included: it stays so whatever becomes of the store, and reads
    /// entries as an iteration goes on.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub fn snapshot(&mut self) -> Result<Snapshot<GitBackend>, GitError> {
        Ok(self.repo.working_map(&self.map)?)
    }

    /// The root hash of the map, edits included: equal for equal content, and what proofs speak of.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub fn root(&mut self) -> Result<Hash, GitError> {
        Ok(self.snapshot()?.root())
    }

    /// Proves to whoever has the [root](Self::root) that the map has a key with its value, or does not
    /// have it; [`verify_key`](prollytree_tree::verify_key) checks it.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub fn prove(&mut self, key: &[u8]) -> Result<Proof, GitError> {
        read::prove(&self.snapshot()?, key)
    }
}

/// Works on the map `default` of a repository.
impl From<Repository<GitBackend>> for GitVersionedKvStore {
    fn from(repo: Repository<GitBackend>) -> Self {
        Self { repo, map: MapName::default() }
    }
}
