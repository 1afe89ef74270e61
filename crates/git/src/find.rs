//! Git repositories, found and made.

use std::path::{Path, PathBuf};
use std::{fs, io};

use prollytree_repo::RefName;

use crate::backend::{GitBackend, Location, Sync};
use crate::data_set::{InitOptions, ObjectFormat};
use crate::error::{GitError, io_error};
use crate::name;

pub(crate) fn at(
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

/// The name of the working tree that a repository was made with.
pub(crate) const MAIN: &str = "main";

/// The name of the working tree of a Git folder: `main`, or `w-` and what Git calls a linked one.
pub(crate) fn worktree_name(git_dir: &Path) -> String {
    match git_dir.file_name() {
        Some(linked) if git_dir.join("commondir").exists() => {
            format!("w-{}", name::map_name(&linked.to_string_lossy()).replace('~', "_"))
        }
        _ => MAIN.to_owned(),
    }
}

impl GitBackend {
    /// The Git folders of the working trees of this repository; a bare one has none of its own.
    pub(crate) fn git_dirs(&self) -> Result<Vec<PathBuf>, GitError> {
        let common = &self.shared.common_dir;
        let mut dirs = vec![common.clone()];
        let linked = common.join("worktrees");
        let found = match fs::read_dir(&linked) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(dirs),
            found => found.map_err(io_error("list", &linked))?,
        };
        for dir in found {
            dirs.push(dir.map_err(io_error("list", &linked))?.path());
        }
        Ok(dirs)
    }

    /// Whether the repository was made without a working tree; there may be linked ones.
    pub(crate) fn is_bare(&self) -> bool {
        let bare = |repository: &gix::Repository| repository.config_snapshot().boolean("core.bare");
        self.shared.pool.with(bare).unwrap_or_default()
    }

    /// The data set as another working tree has it; `None` if there is no such tree any more.
    pub(crate) fn in_worktree(&self, worktree: &str) -> Result<Option<Self>, GitError> {
        let found = self.git_dirs()?.into_iter().find(|dir| worktree_name(dir) == worktree);
        let Some(dir) = found else { return Ok(None) };
        // A linked one has a file that names the `.git` file in it.
        let root = match fs::read_to_string(dir.join("gitdir")) {
            Ok(link) => Path::new(link.trim_end()).parent().map(Path::to_owned),
            Err(_) => dir.parent().filter(|_| dir.ends_with(".git")).map(Path::to_owned),
        };
        let Some(root) = root.filter(|root| root.is_dir()) else { return Ok(None) };
        let prefix = self.shared.prefix.clone();
        let folder = prefix.iter().fold(root, |folder, part| folder.join(part));
        at(open(&dir)?, folder, prefix).map(Some)
    }
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

pub(crate) fn absolute(folder: &Path) -> Result<PathBuf, GitError> {
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
pub(crate) fn open_exactly(folder: &Path) -> Result<Option<gix::ThreadSafeRepository>, GitError> {
    if is_repository(folder) { open(folder).map(Some) } else { Ok(None) }
}

pub(crate) fn open(folder: &Path) -> Result<gix::ThreadSafeRepository, GitError> {
    // Each update adds a pack, and Git's library wants to know at the start how many there will be.
    let slots =
        gix::odb::store::init::Slots::AsNeededByDiskState { multiplier: 2.0, minimum: 4096 };
    let options = gix::open::Options::default().object_store_slots(slots);
    let opened = gix::ThreadSafeRepository::open_opts(folder, options);
    opened.map_err(|source| GitError::gix("open the repository", source))
}

/// The repository in whose working tree a folder lies, and the root of that tree.
pub(crate) fn enclosing(
    folder: &Path,
) -> Result<Option<(gix::ThreadSafeRepository, PathBuf)>, GitError> {
    for root in folder.ancestors().skip(1) {
        if let Some(repository) = open_exactly(root)? {
            // Inside a Git folder there is no working tree.
            let has_tree = root.join(".git").exists();
            return Ok(has_tree.then(|| (repository, root.to_owned())));
        }
    }
    Ok(None)
}

pub(crate) fn prefix_of(root: &Path, folder: &Path) -> Result<Vec<String>, GitError> {
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

pub(crate) fn create(
    folder: &Path,
    options: &InitOptions,
) -> Result<gix::ThreadSafeRepository, GitError> {
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
