//! Where the store of a command is, and how it is opened.

use std::path::{Path, PathBuf};
use std::{env, io};

use prollytree_git::{GitBackend, GitError, InitOptions};
use prollytree_repo::{ManualClock, Options, RepoError, Repository, Timestamp};
use prollytree_store::{Store, StoreError, StoreOptions};

use crate::error::CliError;
use crate::storage::Storage;

/// The folder of a native store, beside the data that it belongs to.
pub(crate) const STORE_DIR: &str = ".prolly";
/// The variable that sets the time of commits.
const DATE: &str = "PROLLY_AUTHOR_DATE";

/// A repository in either storage.
pub(crate) type Repo = Repository<Storage>;

/// Where a repository lies.
#[derive(Clone, Debug)]
pub(crate) enum Place {
    /// The folder of a native store.
    Native(PathBuf),
    /// A data set in a Git repository.
    Git(GitBackend),
}

impl Place {
    /// The folder, for people.
    pub(crate) fn path(&self) -> &Path {
        match self {
            Self::Native(dir) => dir,
            Self::Git(git) => git.folder(),
        }
    }

    /// Opens the repository.
    pub(crate) fn open(&self) -> Result<Repo, CliError> {
        match self {
            Self::Native(dir) => {
                let store = Store::open(dir, store_options())?;
                Ok(Repository::open(Storage::Native(store), options(Options::from_env())?)?)
            }
            Self::Git(git) => {
                let options = options(git.options())?;
                Ok(Repository::open(Storage::Git(git.clone()), options)?)
            }
        }
    }
}

/// The place that a command works on: the folder that was named, or the nearest one here or above
/// that holds a native store or a data set in Git.
pub(crate) fn find(named: Option<&Path>) -> Result<Place, CliError> {
    if let Some(named) = named {
        if !named.is_dir() {
            return Err(CliError::NoSuchStore { path: named.to_owned() });
        }
        return Ok(match git_in(named)? {
            Some(git) => Place::Git(git),
            None => Place::Native(named.to_owned()),
        });
    }
    let from = current_dir()?;
    let native = from.ancestors().find(|folder| folder.join(STORE_DIR).is_dir());
    let git = match native {
        // Nothing can be nearer.
        Some(folder) if folder == from => None,
        _ => GitBackend::discover(&from)?,
    };
    match (native, git) {
        (Some(folder), Some(git)) if !is_inside(git.folder(), folder)? => Ok(native_in(folder)),
        (_, Some(git)) => Ok(Place::Git(git)),
        (Some(folder), None) => Ok(native_in(folder)),
        (None, None) => Err(CliError::NoStore { from }),
    }
}

/// The place that a folder is, or that lies in it.
pub(crate) fn in_folder(folder: &Path) -> Result<Place, CliError> {
    if folder.join(STORE_DIR).is_dir() { Ok(native_in(folder)) } else { find(Some(folder)) }
}

fn native_in(folder: &Path) -> Place {
    Place::Native(folder.join(STORE_DIR))
}

/// Whether a folder lies below another. Git may know it by another path, through links.
fn is_inside(folder: &Path, other: &Path) -> Result<bool, CliError> {
    let real = |path: &Path| path.canonicalize().map_err(CliError::file("find", path));
    let (folder, other) = (real(folder)?, real(other)?);
    Ok(folder != other && folder.starts_with(other))
}

/// The data set of Git that a folder itself holds.
pub(crate) fn git_in(folder: &Path) -> Result<Option<GitBackend>, CliError> {
    match GitBackend::open(folder) {
        Ok(git) => Ok(Some(git)),
        Err(GitError::NotADataSet { .. }) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// The folder that the process works in.
pub(crate) fn current_dir() -> Result<PathBuf, CliError> {
    env::current_dir().map_err(|source: io::Error| CliError::CurrentDir { source })
}

/// How much memory uncommitted edits and cached nodes may take, in bytes, each. With what they cost
/// beside, an import stays below 300 MB however long the file is.
const BUDGET_BYTES: usize = 32 << 20;

/// Opens the repository in a native store, for what only such a store can do.
pub(crate) fn open_native(dir: &Path) -> Result<Repository<Store>, CliError> {
    let store = Store::open(dir, store_options())?;
    Ok(Repository::open(store, options(Options::from_env())?)?)
}

/// Makes a native store and a repository in it.
pub(crate) fn create_store(dir: &Path, branch: &str) -> Result<Repo, CliError> {
    let store = new_native(dir)?;
    let options = options(Options::from_env())?.with_default_branch(branch);
    match Repository::init(Storage::Native(store), options) {
        Err(RepoError::AlreadyARepository) => {
            Err(StoreError::AlreadyExists { path: dir.to_owned() }.into())
        }
        made => Ok(made?),
    }
}

/// Makes a data set in Git and a repository in it.
pub(crate) fn create_in_git(folder: &Path, init: &InitOptions) -> Result<Repo, CliError> {
    let git = new_in_git(folder, init)?;
    let (options, path) = (options(git.options())?, git.folder().to_owned());
    match Repository::init(Storage::Git(git), options) {
        Err(RepoError::AlreadyARepository) => Err(CliError::Taken { path, by: "a data set" }),
        made => Ok(made?),
    }
}

/// Makes a native store without a repository. Beside a data set in Git it is refused: of two stores
/// in a folder, one would be out of reach.
pub(crate) fn new_native(dir: &Path) -> Result<Store, CliError> {
    if dir.exists() && !dir.is_dir() {
        return Err(StoreError::AlreadyExists { path: dir.to_owned() }.into());
    }
    if let Some(folder) = dir.parent().filter(|folder| folder.is_dir())
        && let Some(git) = git_in(folder)?
    {
        return Err(CliError::Taken { path: git.folder().to_owned(), by: "a data set" });
    }
    match Store::create(dir, store_options()) {
        // Made by an `init` that did not come to its end, perhaps.
        Err(StoreError::AlreadyExists { .. }) => Ok(Store::open(dir, store_options())?),
        created => Ok(created?),
    }
}

/// Makes the place of a data set in Git without a repository of ours. Beside a native store it is
/// refused.
pub(crate) fn new_in_git(folder: &Path, init: &InitOptions) -> Result<GitBackend, CliError> {
    if folder.join(STORE_DIR).exists() {
        return Err(CliError::Taken { path: folder.to_owned(), by: "a native store" });
    }
    Ok(GitBackend::init(folder, init)?)
}

fn store_options() -> StoreOptions {
    let mut options = StoreOptions::default();
    options.cache_bytes = BUDGET_BYTES as u64;
    options
}

/// How repositories are opened: with a budget, and with the date that the environment may have.
fn options(options: Options) -> Result<Options, CliError> {
    let options = options.with_pending_budget_bytes(BUDGET_BYTES);
    let Some(text) = env::var(DATE).ok().filter(|text| !text.is_empty()) else {
        return Ok(options);
    };
    let time = text.parse::<Timestamp>();
    let time = time.map_err(|source| CliError::BadDate { variable: DATE, source })?;
    Ok(options.with_clock(ManualClock::new(time.seconds, 0)))
}
