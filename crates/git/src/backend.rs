//! The backend: a handle to a data set in a Git repository.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use gix::hash::ObjectId;
use prollytree_repo::{
    Backend, BackendError, Commit, CommitId, LogEntry, Reason, RefName, RefUpdate, RefValue, Tag,
    TagId,
};
use prollytree_tree::{Hash, Locator, Node, NodeStorage, ObjectKind};
use quick_cache::Weighter;
use quick_cache::sync::Cache;

use crate::error::GitError;
use crate::find;
use crate::objects::Pool;
use crate::pending::{self, Pending};
use crate::place::Found;

/// How much memory cached nodes take, in bytes.
const CACHE_BYTES: u64 = 64 << 20;
/// How many places of roots and large values, and how many object ids, are remembered.
const REMEMBERED: usize = 1 << 16;
/// How many records are remembered.
const RECORDS: usize = 16;

/// A data set in a Git repository: the [`Backend`] of a
/// [`Repository`](prollytree_repo::Repository) whose commits, branches and tags are Git's.
///
/// Clones are handles to the same data set; they are cheap, and share what was written and not
/// committed yet. That is held in memory, and what no update of refs takes along is forgotten with
/// the next one.
pub struct GitBackend {
    pub(crate) shared: Arc<Shared>,
    pending: RwLock<Pending>,
}

/// What all handles to a data set share.
pub(crate) struct Shared {
    pub(crate) pool: Pool,
    /// The hash that names Git's objects.
    pub(crate) hash: gix::hash::Kind,
    /// The Git folder of this working tree, with its `HEAD` and index.
    pub(crate) git_dir: PathBuf,
    /// The Git folder that all working trees share.
    pub(crate) common_dir: PathBuf,
    pub(crate) objects_dir: PathBuf,
    /// `None` if the repository is bare.
    pub(crate) work_dir: Option<PathBuf>,
    /// The folder of the data set; the Git folder of a bare repository.
    pub(crate) folder: PathBuf,
    /// Where the data set lies in the trees of commits.
    pub(crate) prefix: Vec<String>,
    /// The data set's name among those of the repository.
    pub(crate) id: String,
    /// The working tree's name among those of the repository.
    pub(crate) worktree: String,
    /// Whether objects may be missing that `git` fetches when it is asked for them.
    pub(crate) partial: bool,
    pub(crate) sync: Sync,
    pub(crate) marked: AtomicBool,
    pub(crate) nodes: Cache<Hash, Cached, NodeBytes>,
    pub(crate) known: Cache<(ObjectKind, Hash), Found>,
    /// Object ids by the digits that locators hold.
    pub(crate) ids: Cache<u64, ObjectId>,
    /// Records by the commits that hold them, and by their hashes.
    pub(crate) records: Cache<ObjectId, (Hash, Arc<[u8]>)>,
    pub(crate) seen: Cache<Hash, Arc<[u8]>>,
}

/// What is made durable before an update returns.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sync {
    pub(crate) packs: bool,
    pub(crate) refs: bool,
}

/// Where a data set is.
pub(crate) struct Location {
    pub(crate) repository: gix::ThreadSafeRepository,
    pub(crate) folder: PathBuf,
    pub(crate) prefix: Vec<String>,
    pub(crate) id: String,
    pub(crate) partial: bool,
    pub(crate) sync: Sync,
}

/// A node, and where its large values are.
#[derive(Clone)]
pub(crate) struct Cached {
    pub(crate) node: Node,
    pub(crate) values: Arc<[(ObjectKind, Hash, ObjectId)]>,
}

#[derive(Clone)]
pub(crate) struct NodeBytes;

impl Weighter<Hash, Cached> for NodeBytes {
    fn weight(&self, _: &Hash, Cached { node, values }: &Cached) -> u64 {
        // The bytes, and the numbers that an inner node keeps beside them.
        let numbers = if node.is_leaf() { 0 } else { 16 * node.len() };
        (node.bytes().len() + numbers + size_of_val(&**values) + 128) as u64
    }
}

impl GitBackend {
    pub(crate) fn new(location: Location) -> Self {
        let Location { repository, folder, prefix, id, partial, sync } = location;
        let local = repository.to_thread_local();
        let git_dir = local.git_dir().to_owned();
        let shared = Shared {
            hash: local.object_hash(),
            worktree: find::worktree_name(&git_dir),
            git_dir,
            common_dir: local.common_dir().to_owned(),
            objects_dir: repository.objects_dir().to_owned(),
            work_dir: work_dir(&folder, &prefix),
            pool: Pool::new(repository),
            folder,
            prefix,
            id,
            partial,
            sync,
            marked: AtomicBool::new(false),
            nodes: Cache::with_weighter((CACHE_BYTES / 4096) as usize, CACHE_BYTES, NodeBytes),
            known: Cache::new(REMEMBERED),
            ids: Cache::new(REMEMBERED),
            records: Cache::new(RECORDS),
            seen: Cache::new(RECORDS),
        };
        Self { shared: Arc::new(shared), pending: RwLock::default() }
    }

    /// The folder of the data set; the Git folder of a bare repository.
    pub fn folder(&self) -> &Path {
        &self.shared.folder
    }

    /// The Git folder of the working tree that the data set is in.
    pub fn git_dir(&self) -> &Path {
        &self.shared.git_dir
    }

    /// Whether the repository holds nothing but the data set, as far as we made it.
    pub fn owns_repository(&self) -> bool {
        self.shared.prefix.is_empty()
    }

    // A panic cannot leave an `Arc` half changed, so a poisoned lock is still sound.
    pub(crate) fn pending(&self) -> Pending {
        self.pending.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Begins anew after what was pending has become part of the repository.
    pub(crate) fn renew(&self) {
        let old = self.pending();
        for content in old.contents() {
            let content = pending::read(&content);
            for (root, found) in &content.roots {
                self.note((ObjectKind::Node, *root), found.clone());
            }
            let values = content.encoded.iter().filter(|((kind, _), _)| *kind != ObjectKind::Node);
            values.for_each(|(what, found)| self.note(*what, found.clone()));
        }
        *self.pending.write().unwrap_or_else(PoisonError::into_inner) = old.renew();
    }

    /// Whether a repository of ours was made here.
    pub(crate) fn is_marked(&self) -> bool {
        let marked = &self.shared.marked;
        if !marked.load(Ordering::Relaxed)
            && fs::metadata(self.marker()).is_ok_and(|marker| marker.len() > 0)
        {
            marked.store(true, Ordering::Relaxed);
        }
        marked.load(Ordering::Relaxed)
    }
}

/// The root of the working tree around a folder. Git's library would believe `GIT_WORK_TREE`, which
/// a hook of another repository may have set.
fn work_dir(folder: &Path, prefix: &[String]) -> Option<PathBuf> {
    let root = folder.ancestors().nth(prefix.len())?;
    match root.file_name() {
        Some(name) if name == ".git" => root.parent().map(Path::to_owned),
        _ => root.join(".git").exists().then(|| root.to_owned()),
    }
}

impl Clone for GitBackend {
    fn clone(&self) -> Self {
        Self { shared: Arc::clone(&self.shared), pending: RwLock::new(self.pending()) }
    }
}

impl fmt::Debug for GitBackend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GitBackend").field("folder", &self.folder()).finish_non_exhaustive()
    }
}

impl NodeStorage for GitBackend {
    type Error = GitError;

    fn read_node(&self, hash: &Hash, at: Locator) -> Result<Option<Node>, GitError> {
        self.node(hash, at)
    }

    fn write_node(&self, hash: &Hash, node: Node) -> Result<Locator, GitError> {
        self.pending().change(|pending| _ = pending.nodes.insert(*hash, node.clone()));
        Ok(Locator::NONE)
    }

    fn read_object(&self, kind: ObjectKind, hash: &Hash) -> Result<Option<Arc<[u8]>>, GitError> {
        if kind == ObjectKind::Record {
            return self.record(hash);
        }
        let what = (kind, *hash);
        match self.pending().find(|pending| pending.objects.get(&what).cloned()) {
            Some(bytes) => Ok(Some(bytes)),
            None => self.value_part(kind, hash),
        }
    }

    fn write_object(&self, kind: ObjectKind, hash: &Hash, bytes: &[u8]) -> Result<(), GitError> {
        let bytes: Arc<[u8]> = bytes.into();
        self.pending()
            .change(|pending| _ = pending.objects.insert((kind, *hash), Arc::clone(&bytes)));
        Ok(())
    }
}

impl Backend for GitBackend {
    fn read_ref(&self, name: &RefName) -> Result<Option<RefValue>, BackendError> {
        Ok(self.value(name)?)
    }

    fn list_refs(&self, prefix: &str) -> Result<Vec<(RefName, RefValue)>, BackendError> {
        Ok(self.list(prefix)?)
    }

    fn update_refs(&self, updates: &[RefUpdate]) -> Result<(), BackendError> {
        self.update(updates, None)
    }

    fn session(&self) -> Self {
        Self { shared: Arc::clone(&self.shared), pending: RwLock::default() }
    }

    fn move_refs(&self, updates: &[RefUpdate], reason: &Reason) -> Result<(), BackendError> {
        self.update(updates, Some(reason))
    }

    fn read_log(&self, name: &RefName, limit: usize) -> Result<Vec<LogEntry>, BackendError> {
        Ok(self.log(name, limit)?)
    }

    fn prune_logs(&self, before: i64) -> Result<u64, BackendError> {
        Ok(self.prune(before)?)
    }

    fn resolve(&self, revision: &str) -> Result<Option<CommitId>, BackendError> {
        // Git's `HEAD` is there before ours is.
        if !self.is_marked() || revision.is_empty() || self.is_ambiguous(revision)? {
            return Ok(None);
        }
        Ok(self.rev_parse(revision))
    }

    fn read_commit(&self, id: &CommitId) -> Result<Option<Commit>, BackendError> {
        Ok(self.load_commit(id)?)
    }

    fn write_commit(&self, commit: &Commit) -> Result<CommitId, BackendError> {
        Ok(self.make_commit(commit)?)
    }

    fn read_tag(&self, id: &TagId) -> Result<Option<Tag>, BackendError> {
        Ok(self.load_tag(id)?)
    }

    fn write_tag(&self, tag: &Tag) -> Result<TagId, BackendError> {
        Ok(self.make_tag(tag)?)
    }
}
