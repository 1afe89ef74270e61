//! Where data sets are, and how they are made and opened.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;

use gix::refs::Target;
use prollytree_repo::{Options, RefName};

use crate::backend::{GitBackend, Location, Sync};
use crate::error::{GitError, io_error};
use crate::name;
use crate::working_tree::{Checkout, Plan};

/// The hash that names the objects of a Git repository.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum ObjectFormat {
    /// SHA-1, what Git uses unless it is told otherwise.
    #[default]
    Sha1,
    /// SHA-256.
    Sha256,
}

/// How a data set is made.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct InitOptions {
    /// Makes a repository for the data set alone, even inside the working tree of another one.
    pub own_repository: bool,
    /// Makes a repository for the data set alone, without a working tree.
    pub bare: bool,
    /// The hash of a new repository.
    pub object_format: ObjectFormat,
    /// The first branch of a new repository; what Git's `init.defaultBranch` says, else `main`, where
    /// none is named.
    pub default_branch: Option<String>,
}

/// The working tree of a data set's own repository shows the files beside the folders, and no more:
/// the leaves are for programs. Since nobody edits there, others may push to the branch that is
/// checked out.
const SPARSE_PATTERNS: &str = "/*\n!/*/\n";
const SPARSE_CONFIG: &str = "\
[core]
\tsparseCheckout = true
\tsparseCheckoutCone = true
[index]
\tsparse = true
[advice]
\tsparseIndexExpanded = false
[receive]
\tdenyCurrentBranch = updateInstead
";

impl GitBackend {
    /// Makes the place of a data set, or opens the one that is there.
    ///
    /// A folder inside the working tree of a repository becomes a data set of that repository, beside
    /// what it holds; any other folder gets a repository of its own. Nothing is committed, and
    /// [`Repository::init`](prollytree_repo::Repository::init) comes next.
    ///
    /// # Errors
    /// The folder is the root of a repository that holds something else, or cannot be read or written.
    pub fn init(folder: impl AsRef<Path>, options: &InitOptions) -> Result<Self, GitError> {
        let folder = absolute(folder.as_ref())?;
        if let Some(repository) = open_exactly(&folder)? {
            let backend = at(repository, folder.clone(), Vec::new())?;
            let is_ours = backend.marker().exists() || backend.exists()?;
            return if is_ours || backend.is_pristine()? {
                backend.prepare()?;
                Ok(backend)
            } else {
                Err(GitError::ForeignRepository { path: folder })
            };
        }
        if !options.bare
            && !options.own_repository
            && let Some((repository, root)) = enclosing(&folder)?
        {
            let prefix = prefix_of(&root, &folder)?;
            fs::create_dir_all(&folder).map_err(io_error("make", &folder))?;
            let backend = at(repository, folder, prefix)?;
            backend.claim("")?;
            return Ok(backend);
        }
        let backend = at(create(&folder, options)?, folder, Vec::new())?;
        backend.prepare()?;
        Ok(backend)
    }

    /// Opens the data set in a folder, or in a bare repository.
    ///
    /// # Errors
    /// There is none, or it cannot be read.
    pub fn open(folder: impl AsRef<Path>) -> Result<Self, GitError> {
        let folder = absolute(folder.as_ref())?;
        let opened = match open_exactly(&folder)? {
            Some(repository) => Some(at(repository, folder.clone(), Vec::new())?),
            None => match enclosing(&folder)? {
                Some((repository, root)) => {
                    let prefix = prefix_of(&root, &folder)?;
                    Some(at(repository, folder.clone(), prefix)?)
                }
                None => None,
            },
        };
        match opened {
            Some(backend) if backend.exists()? => {
                backend.check_out_clone()?;
                Ok(backend)
            }
            _ => Err(GitError::NotADataSet { path: folder }),
        }
    }

    /// The data set that a folder holds, or the nearest folder above it.
    ///
    /// # Errors
    /// A repository on the way cannot be read.
    pub fn discover(folder: impl AsRef<Path>) -> Result<Option<Self>, GitError> {
        let start = absolute(folder.as_ref())?;
        for folder in start.ancestors() {
            let found = match open_exactly(folder)? {
                Some(repository) => Some((at(repository, folder.to_owned(), Vec::new())?, true)),
                None => match enclosing(folder)? {
                    Some((repository, root)) => match prefix_of(&root, folder) {
                        Ok(prefix) => Some((at(repository, folder.to_owned(), prefix)?, false)),
                        Err(_) => None,
                    },
                    None => return Ok(None),
                },
            };
            let Some((backend, is_root)) = found else { continue };
            if backend.exists()? {
                return Ok(Some(backend));
            }
            if is_root {
                return Ok(None);
            }
        }
        Ok(None)
    }

    /// The repository around a folder, whether it holds data sets or not.
    pub(crate) fn around(folder: &Path) -> Result<Self, GitError> {
        let start = absolute(folder)?;
        for folder in start.ancestors() {
            if let Some(repository) = open_exactly(folder)? {
                return at(repository, folder.to_owned(), Vec::new());
            }
        }
        Err(GitError::NotADataSet { path: start })
    }

    /// The data set of this repository in a folder of its trees.
    pub(crate) fn of(&self, prefix: Vec<String>) -> Result<Self, GitError> {
        let root = self.folder().to_owned();
        let folder = prefix.iter().fold(root.clone(), |folder, part| folder.join(part));
        let repository = open_exactly(&root)?;
        let missing = || GitError::NotADataSet { path: folder.clone() };
        let backend = at(repository.ok_or_else(missing)?, folder.clone(), prefix)?;
        if backend.exists()? { Ok(backend) } else { Err(missing()) }
    }

    /// The options of a repository here: the author of the environment, else the one that Git's
    /// configuration names (`user.name`, `user.email`), and the branch that is checked out.
    pub fn options(&self) -> Options {
        let setting = |key: &str| {
            self.shared.pool.with(|repository| {
                repository.config_snapshot().string(key).map(|value| value.to_string())
            })
        };
        let options = Options::from_env().or_author(setting("user.name"), setting("user.email"));
        match self.target("HEAD") {
            Ok(Some(Target::Symbolic(name))) => {
                let name = name.as_bstr().to_string();
                match name.strip_prefix("refs/heads/") {
                    Some(branch) => options.with_default_branch(branch),
                    None => options,
                }
            }
            _ => options,
        }
    }

    /// Whether a data set is here: a repository of ours was made, or came with a clone.
    fn exists(&self) -> Result<bool, GitError> {
        if self.is_marked() {
            return Ok(true);
        }
        // What was pushed to is left with a `HEAD` that leads nowhere, if its branches have other names.
        let mut places = vec![RefName::head()];
        if self.tip_of(&places[0])?.is_none() {
            places.extend(self.list("refs/heads/")?.into_iter().map(|(name, _)| name));
        }
        for place in places {
            if self.has_data_set(&place)? {
                self.mark()?;
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Whether the repository holds nothing at all.
    fn is_pristine(&self) -> Result<bool, GitError> {
        let no_refs = self.shared.pool.with(|repository| -> Result<bool, GitError> {
            let failed = |source: gix::Error| GitError::gix("list the refs", source);
            let refs = repository.references().map_err(failed)?;
            let mut refs =
                refs.all().map_err(|source| GitError::internal("list the refs", source))?;
            Ok(refs.next().is_none())
        })?;
        let Some(work_dir) = &self.shared.work_dir else { return Ok(no_refs) };
        let mut files = fs::read_dir(work_dir).map_err(io_error("list", work_dir))?;
        let alone = files.all(|file| file.is_ok_and(|file| file.file_name() == ".git"));
        Ok(no_refs && alone)
    }

    /// Sets up a repository that is all ours: its working tree shows no leaves.
    fn prepare(&self) -> Result<(), GitError> {
        self.claim("")?;
        if self.shared.work_dir.is_none() || self.is_marked() { Ok(()) } else { self.hide_leaves() }
    }

    /// Checks out what `git clone --no-checkout` has left to us.
    fn check_out_clone(&self) -> Result<(), GitError> {
        let has_index = self.shared.git_dir.join("index").exists();
        if has_index || self.shared.work_dir.is_none() || !self.owns_repository() {
            return Ok(());
        }
        let Some(tip) = self.tip_of(&RefName::head())? else { return Ok(()) };
        self.hide_leaves()?;
        self.follow(Plan::Git(Checkout { old: None, new: tip }))
    }

    fn hide_leaves(&self) -> Result<(), GitError> {
        let config = self.shared.common_dir.join("config");
        let text = fs::read_to_string(&config).map_err(io_error("read", &config))?;
        if text.contains("sparseCheckout") {
            return Ok(());
        }
        let info = self.shared.git_dir.join("info");
        fs::create_dir_all(&info).map_err(io_error("make", &info))?;
        let patterns = info.join("sparse-checkout");
        fs::write(&patterns, SPARSE_PATTERNS).map_err(io_error("write", &patterns))?;
        fs::write(&config, text + SPARSE_CONFIG).map_err(io_error("write", &config))
    }

    /// The file that says that the place is ours; it is empty until a repository is made there.
    pub(crate) fn marker(&self) -> PathBuf {
        self.shared.common_dir.join("prolly").join(&self.shared.id)
    }

    /// Notes that a repository of ours was made here.
    pub(crate) fn mark(&self) -> Result<(), GitError> {
        self.claim(&format!("data set {}\n", self.shared.prefix.join("/")))?;
        self.shared.marked.store(true, Ordering::Relaxed);
        Ok(())
    }

    /// Writes the marker, unless it says as much already.
    fn claim(&self, text: &str) -> Result<(), GitError> {
        let marker = self.marker();
        if marker.exists() && text.is_empty() {
            return Ok(());
        }
        if let Some(dir) = marker.parent() {
            fs::create_dir_all(dir).map_err(io_error("make", dir))?;
        }
        fs::write(&marker, text).map_err(io_error("write", &marker))
    }

    /// The file of a ref.
    pub(crate) fn ref_path(&self, name: &str) -> PathBuf {
        self.dir_of(name).join(name)
    }

    /// The file of a ref's log.
    pub(crate) fn log_path(&self, name: &str) -> PathBuf {
        self.dir_of(name).join("logs").join(name)
    }

    /// `HEAD` and our records belong to one working tree, all others to the repository.
    fn dir_of(&self, name: &str) -> &Path {
        let private = !name.starts_with("refs/") || name.starts_with("refs/worktree/");
        if private { &self.shared.git_dir } else { &self.shared.common_dir }
    }

    /// Whether a commit is one that a shallow clone left out.
    pub(crate) fn is_behind_shallow(&self, id: &gix::hash::oid) -> Result<bool, GitError> {
        _ = id;
        self.shared.pool.with(|repository| {
            repository.is_shallow().map_err(|source| GitError::gix("read the boundary", source))
        })
    }

    /// The commit that a revision names in Git's language.
    pub(crate) fn rev_parse(&self, revision: &str) -> Option<prollytree_repo::CommitId> {
        self.shared.pool.with(|repository| {
            let id = repository.rev_parse_single(revision).ok()?;
            let commit = id.object().ok()?.peel_to_commit().ok()?;
            prollytree_repo::CommitId::from_slice(commit.id.as_slice())
        })
    }
}

fn at(
    repository: gix::ThreadSafeRepository,
    folder: PathBuf,
    prefix: Vec<String>,
) -> Result<GitBackend, GitError> {
    let local = repository.to_thread_local();
    let config = local.config_snapshot();
    let text = |key: &str| config.string(key).map(|value| value.to_string());
    if let Some(format) = text("extensions.refStorage").filter(|format| format != "files") {
        return Err(GitError::RefFormat { path: folder, format });
    }
    let id = if prefix.is_empty() {
        "root".to_owned()
    } else {
        // `~` cannot stand in the name of a ref.
        format!("d-{}", name::map_name(&prefix.join("/")).replace('~', "_"))
    };
    let sync = sync_of(text("core.fsync").as_deref(), text("core.fsyncObjectFiles").as_deref());
    // Older versions of Git note a partial clone in the extension, newer ones at the remote alone.
    let mut remotes = config.plumbing().sections_by_name("remote").into_iter().flatten();
    let partial = text("extensions.partialClone").is_some()
        || remotes.any(|remote| remote.value("promisor").is_some());
    Ok(GitBackend::new(Location { repository, folder, prefix, id, partial, sync }))
}

/// What Git's `core.fsync` wants durable; all of it, unless it says less.
fn sync_of(fsync: Option<&str>, objects: Option<&str>) -> Sync {
    let mut sync = Sync { packs: objects != Some("false"), refs: true };
    for word in fsync.unwrap_or_default().split(',').map(str::trim) {
        match word {
            "none" => sync = Sync { packs: false, refs: false },
            "-pack" | "-objects" => sync.packs = false,
            "-reference" => sync.refs = false,
            "-committed" => sync = Sync { packs: false, refs: false },
            "pack" | "objects" => sync.packs = true,
            "reference" => sync.refs = true,
            "committed" | "added" | "all" | "default" => sync = Sync { packs: true, refs: true },
            _ => {}
        }
    }
    sync
}

fn absolute(folder: &Path) -> Result<PathBuf, GitError> {
    let folder = std::path::absolute(folder).map_err(io_error("find", folder))?;
    // A folder that exists has one name, whatever links lead to it.
    match fs::canonicalize(&folder) {
        Ok(folder) => Ok(folder),
        Err(_) => match (folder.parent(), folder.file_name()) {
            (Some(parent), Some(name)) if parent != folder => Ok(absolute(parent)?.join(name)),
            _ => Ok(folder),
        },
    }
}

fn is_repository(folder: &Path) -> bool {
    let is_bare = || folder.join("HEAD").is_file() && folder.join("objects").is_dir();
    folder.join(".git").exists() || is_bare()
}

/// The repository whose working tree or Git folder this folder is.
fn open_exactly(folder: &Path) -> Result<Option<gix::ThreadSafeRepository>, GitError> {
    if !is_repository(folder) {
        return Ok(None);
    }
    // Each update adds a pack, and Git's library wants to know at the start how many there will be.
    let slots =
        gix::odb::store::init::Slots::AsNeededByDiskState { multiplier: 2.0, minimum: 4096 };
    let options = gix::open::Options::default().object_store_slots(slots);
    let opened = gix::ThreadSafeRepository::open_opts(folder, options);
    opened.map(Some).map_err(|source| GitError::gix("open the repository", source))
}

/// The repository in whose working tree a folder lies, and the root of that tree.
fn enclosing(folder: &Path) -> Result<Option<(gix::ThreadSafeRepository, PathBuf)>, GitError> {
    for root in folder.ancestors().skip(1) {
        if let Some(repository) = open_exactly(root)? {
            // Inside a Git folder there is no working tree.
            let has_tree = root.join(".git").exists();
            return Ok(has_tree.then(|| (repository, root.to_owned())));
        }
    }
    Ok(None)
}

fn prefix_of(root: &Path, folder: &Path) -> Result<Vec<String>, GitError> {
    let bad = || GitError::BadFolder { path: folder.to_owned() };
    let inside = folder.strip_prefix(root).map_err(|_| bad())?;
    let parts = inside.components().map(|part| part.as_os_str().to_str().map(str::to_owned));
    let parts = parts.collect::<Option<Vec<_>>>().ok_or_else(bad)?;
    let is_good = |part: &String| !part.eq_ignore_ascii_case(".git") && !part.contains(' ');
    if parts.is_empty() || !parts.iter().all(is_good) {
        return Err(bad());
    }
    Ok(parts)
}

fn create(folder: &Path, options: &InitOptions) -> Result<gix::ThreadSafeRepository, GitError> {
    let kind = if options.bare { gix::create::Kind::Bare } else { gix::create::Kind::WithWorktree };
    let settings = gix::create::Options {
        object_hash: match options.object_format {
            ObjectFormat::Sha1 => None,
            ObjectFormat::Sha256 => Some(gix::hash::Kind::Sha256),
        },
        ..Default::default()
    };
    fs::create_dir_all(folder).map_err(io_error("make", folder))?;
    let made = gix::ThreadSafeRepository::init(folder, kind, settings);
    let made = made.map_err(|source| GitError::gix("make a repository", source))?;
    if let Some(branch) = &options.default_branch {
        let branch = RefName::branch(branch)?;
        let head = made.git_dir().join("HEAD");
        fs::write(&head, format!("ref: {branch}\n")).map_err(io_error("write", &head))?;
    }
    let opened = open_exactly(folder)?;
    opened.ok_or_else(|| GitError::NotADataSet { path: folder.to_owned() })
}
