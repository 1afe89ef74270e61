//! The handle of a store.

use std::collections::HashSet;
use std::fmt;
use std::path::Path;
use std::sync::{Arc, Mutex, RwLock, TryLockError, Weak};

use prollytree_tree::{Hash, ObjectKind};

use crate::cache::NodeCache;
use crate::dir::{Dir, File};
use crate::error::StoreError;
use crate::format::Manifest;
use crate::lock::{lock, read};
use crate::options::StoreOptions;
use crate::pending::{Pending, Set};
use crate::references::{references, references_of_node};
use crate::segment::Object;
use crate::tail::Tail;
use crate::vfs::{OpenMode, OsVfs, Vfs};
use crate::view::{Refs, View};

const LOCK_NAME: &str = "LOCK";
/// The longest object, in bytes.
pub const MAX_OBJECT_LEN: usize = 1 << 28;

/// A store in a directory: nodes and objects by name, and refs.
///
/// A handle is cheap to clone and shared by threads. Any number of processes may have a store open.
/// Reads take no lock on the store and never wait for a commit.
///
/// Clones are one [session](Self::session): they share what they wrote and did not commit yet. A
/// write that exceeds [`pending_bytes`](StoreOptions::pending_bytes) writes that out, and fails
/// with what a [commit](Self::commit) can fail with.
#[derive(Clone)]
pub struct Store {
    pub(crate) shared: Arc<Shared>,
    pub(crate) pending: Arc<Pending>,
}

pub(crate) struct Shared {
    pub(crate) dir: Dir,
    pub(crate) options: StoreOptions,
    read_only: bool,
    /// The last collection before the handle was opened.
    opened_after: u64,
    /// Whoever appends, or follows what others append, holds it.
    pub(crate) tail: Mutex<Tail>,
    pub(crate) view: RwLock<View>,
    sessions: Mutex<Vec<Weak<Pending>>>,
    pub(crate) cache: NodeCache,
}

impl Store {
    /// Creates a store in a directory, which is created too if need be.
    ///
    /// # Errors
    /// [`AlreadyExists`](StoreError::AlreadyExists) if there is one.
    pub fn create(dir: impl AsRef<Path>, options: StoreOptions) -> Result<Self, StoreError> {
        let path = dir.as_ref();
        let vfs = OsVfs::create(path).map_err(|source| StoreError::Io {
            operation: "create directory",
            path: path.to_owned(),
            offset: None,
            source,
        })?;
        Self::create_on(Arc::new(vfs), options)
    }

    /// Opens the store in a directory.
    ///
    /// The cost depends on how many refs there are and on what was appended since the last
    /// checkpoint, not on how much the store holds. The first look-up of a name that is not stored,
    /// as of anything new that is written, reads the index: 12 bytes for each object of the store.
    /// Nothing is written before the first commit.
    ///
    /// # Errors
    /// [`NotAStore`](StoreError::NotAStore) if there is none. [`Damaged`](StoreError::Damaged) if
    /// what a crash cannot do happened to the end of the log; damage elsewhere shows when it is read.
    pub fn open(dir: impl AsRef<Path>, options: StoreOptions) -> Result<Self, StoreError> {
        Self::open_on(Arc::new(OsVfs::new(dir.as_ref())), options)
    }

    /// Opens a store that nothing is ever written to; a read-only medium will do.
    ///
    /// # Errors
    /// Those of [`open`](Self::open).
    pub fn open_read_only(
        dir: impl AsRef<Path>,
        options: StoreOptions,
    ) -> Result<Self, StoreError> {
        Self::open_with(Dir::new(Arc::new(OsVfs::new(dir.as_ref()))), options, true)
    }

    /// Creates a store on another kind of file system.
    ///
    /// # Errors
    /// Those of [`create`](Self::create).
    pub fn create_on(vfs: Arc<dyn Vfs>, options: StoreOptions) -> Result<Self, StoreError> {
        let dir = Dir::new(vfs);
        let _lock = lock_dir(&dir)?;
        crate::create::create(&dir)?;
        Self::open_with(dir, options, false)
    }

    /// Opens a store on another kind of file system.
    ///
    /// # Errors
    /// Those of [`open`](Self::open).
    pub fn open_on(vfs: Arc<dyn Vfs>, options: StoreOptions) -> Result<Self, StoreError> {
        Self::open_with(Dir::new(vfs), options, false)
    }

    fn open_with(dir: Dir, options: StoreOptions, read_only: bool) -> Result<Self, StoreError> {
        let options = options.within_limits();
        let (tail, view) = Tail::load(&dir, &[])?;
        let cache = NodeCache::new(options.cache_bytes);
        let shared = Shared {
            dir,
            options,
            read_only,
            opened_after: view.collection,
            tail: Mutex::new(tail),
            view: RwLock::new(view),
            sessions: Mutex::default(),
            cache,
        };
        Ok(Self { shared: Arc::new(shared), pending: Arc::default() }.session())
    }

    /// A handle of the same open store whose writes are a session of their own: its commits append
    /// what was written through it and its clones, and nothing else.
    ///
    /// Threads that write at the same time each need one.
    pub fn session(&self) -> Self {
        let session = Self { shared: Arc::clone(&self.shared), pending: Arc::default() };
        let mut sessions = lock(&self.shared.sessions);
        sessions.retain(|session| session.strong_count() > 0);
        sessions.push(Arc::downgrade(&session.pending));
        session
    }

    /// The sessions of this process that live.
    pub(crate) fn sessions(&self) -> Vec<Arc<Pending>> {
        lock(&self.shared.sessions).iter().filter_map(Weak::upgrade).collect()
    }

    /// The random identity that the store got when it was created.
    pub fn id(&self) -> [u8; 16] {
        lock(&self.shared.tail).sums.id
    }

    /// The number of the last commit, after a look at what other processes committed.
    ///
    /// # Errors
    /// I/O errors and damage.
    pub fn sequence(&self) -> Result<u64, StoreError> {
        self.refresh()?;
        Ok(read(&self.shared.view).sequence)
    }

    /// Reads a ref, after a look at what other processes committed.
    ///
    /// # Errors
    /// I/O errors and damage.
    pub fn get_ref(&self, name: &str) -> Result<Option<Arc<[u8]>>, StoreError> {
        self.refresh()?;
        Ok(read(&self.shared.view).refs.get(name).cloned())
    }

    /// All refs as of one commit, after a look at what other processes committed.
    ///
    /// # Errors
    /// I/O errors and damage.
    pub fn refs(&self) -> Result<Arc<Refs>, StoreError> {
        self.refresh()?;
        Ok(Arc::clone(&read(&self.shared.view).refs))
    }

    /// Takes up what other processes committed, and tells whether there was anything. The methods
    /// that read refs do so by themselves.
    ///
    /// # Errors
    /// I/O errors and damage.
    pub fn refresh(&self) -> Result<bool, StoreError> {
        Ok(self.follow(false)?.unwrap_or(false))
    }

    /// Whether anything was taken up; `None` if another thread is at it, or commits: a reader does
    /// not wait for it.
    pub(crate) fn follow(&self, thorough: bool) -> Result<Option<bool>, StoreError> {
        let mut tail = match self.shared.tail.try_lock() {
            Ok(tail) => tail,
            Err(TryLockError::Poisoned(tail)) => tail.into_inner(),
            Err(TryLockError::WouldBlock) => return Ok(None),
        };
        tail.catch_up(&self.shared.view, thorough).map(Some)
    }

    /// Whether an object is stored or pending. Its bytes are not read.
    ///
    /// # Errors
    /// I/O errors and damage of the index.
    pub fn contains(&self, kind: ObjectKind, hash: &Hash) -> Result<bool, StoreError> {
        let known = self.pending.get(kind, hash).is_some();
        Ok(known || read(&self.shared.view).clone().holds(hash)?)
    }

    pub(crate) fn writable(&self) -> Result<(), StoreError> {
        let path = || self.shared.dir.path("");
        match self.shared.read_only {
            true => Err(StoreError::ReadOnly { path: path() }),
            false => Ok(()),
        }
    }

    /// Takes the store's lock; dropping it releases it.
    pub(crate) fn lock_store(&self) -> Result<File, StoreError> {
        lock_dir(&self.shared.dir)
    }

    /// Catches up with other processes and cuts off what a crash left. The caller holds the lock.
    pub(crate) fn ready(&self, tail: &mut Tail) -> Result<(), StoreError> {
        if tail.poisoned {
            return Err(StoreError::Poisoned { path: self.shared.dir.path("") });
        }
        tail.catch_up(&self.shared.view, true)?;
        tail.cut(&self.shared.view)
    }

    /// Checks that what objects refer to, and what the handle relies on, was not collected since
    /// it was seen. The caller holds the lock and has caught up.
    pub(crate) fn check_kept(&self, set: &Set) -> Result<(), StoreError> {
        let view = read(&self.shared.view).clone();
        if view.collection == self.shared.opened_after {
            return Ok(());
        }
        let check = |kind, hash: Hash| match set.holds(kind, &hash) || view.holds(&hash)? {
            true => Ok(()),
            false => Err(StoreError::Collected { kind, hash }),
        };
        let mut checked = HashSet::new();
        for item in &set.items {
            let referred: Vec<_> = match &item.object {
                Object::Node(node) => references_of_node(node).collect(),
                // What its layer calls a record is opaque here, and so may be a chunk list.
                Object::Bytes(bytes) => references(item.kind, bytes).unwrap_or_default(),
            };
            for (kind, hash) in referred.into_iter().filter(|name| checked.insert(*name)) {
                check(kind, hash)?;
            }
        }
        for (kind, hash) in self.pending.unseen_since(view.collection) {
            check(kind, hash)?;
            self.pending.rely_on(kind, hash, view.collection);
        }
        Ok(())
    }
}

/// Opens and locks the lock file.
pub(crate) fn lock_dir(dir: &Dir) -> Result<File, StoreError> {
    let file = dir.open(LOCK_NAME, OpenMode::CreateMissing)?;
    file.lock()?;
    Ok(file)
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let view = read(&self.shared.view);
        f.debug_struct("Store")
            .field("path", &self.shared.dir.path(Manifest::NAME).parent())
            .field("sequence", &view.sequence)
            .finish_non_exhaustive()
    }
}
