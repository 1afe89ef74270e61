//! Where the store of a command is, and how it is opened.

use std::path::{Path, PathBuf};
use std::{env, io};

use prollytree_repo::{ManualClock, Options, RepoError, Repository, Timestamp};
use prollytree_store::{Store, StoreError, StoreOptions};

use crate::error::CliError;

/// The folder of a store, beside the data that it belongs to.
pub(crate) const STORE_DIR: &str = ".prolly";
/// The variable that sets the time of commits.
const DATE: &str = "PROLLY_AUTHOR_DATE";

/// A repository in a durable store.
pub(crate) type Repo = Repository<Store>;

/// The store folder that a command works on: the one that was named, or the nearest `.prolly` here
/// or in a folder above.
pub(crate) fn find(named: Option<&Path>) -> Result<PathBuf, CliError> {
    if let Some(named) = named {
        let exists = named.is_dir();
        return if exists {
            Ok(named.to_owned())
        } else {
            Err(CliError::NoSuchStore { path: named.to_owned() })
        };
    }
    let from = current_dir()?;
    let found = from.ancestors().map(|dir| dir.join(STORE_DIR)).find(|dir| dir.is_dir());
    found.ok_or(CliError::NoStore { from })
}

/// The folder that the process works in.
pub(crate) fn current_dir() -> Result<PathBuf, CliError> {
    env::current_dir().map_err(|source: io::Error| CliError::CurrentDir { source })
}

/// How much memory uncommitted edits and cached nodes may take, in bytes, each. With what they cost
/// beside, an import stays below 300 MB however long the file is.
const BUDGET_BYTES: usize = 32 << 20;

/// Opens the repository in a store folder.
pub(crate) fn open_store(dir: &Path) -> Result<Repo, CliError> {
    let store = Store::open(dir, store_options())?;
    Ok(Repository::open(store, options()?)?)
}

/// Makes a store and a repository in it.
pub(crate) fn create_store(dir: &Path, branch: &str) -> Result<Repo, CliError> {
    let store = match Store::create(dir, store_options()) {
        // Made by an `init` that did not come to its end, perhaps.
        Err(StoreError::AlreadyExists { .. }) => Store::open(dir, store_options())?,
        created => created?,
    };
    match Repository::init(store, options()?.with_default_branch(branch)) {
        Err(RepoError::AlreadyARepository) => {
            Err(StoreError::AlreadyExists { path: dir.to_owned() }.into())
        }
        made => Ok(made?),
    }
}

fn store_options() -> StoreOptions {
    let mut options = StoreOptions::default();
    options.cache_bytes = BUDGET_BYTES as u64;
    options
}

/// How repositories are opened: the author and the date come from the environment, if it has them.
fn options() -> Result<Options, CliError> {
    let options = Options::from_env().with_pending_budget_bytes(BUDGET_BYTES);
    let Some(text) = env::var(DATE).ok().filter(|text| !text.is_empty()) else {
        return Ok(options);
    };
    let time = text.parse::<Timestamp>();
    let time = time.map_err(|source| CliError::BadDate { variable: DATE, source })?;
    Ok(options.with_clock(ManualClock::new(time.seconds, 0)))
}
