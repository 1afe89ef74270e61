//! Where data sets are, and how they are made and opened.

use std::fs;
use std::path::Path;

use gix::refs::Target;
use prollytree_repo::Options;

use crate::backend::GitBackend;
use crate::error::{GitError, io_error};
use crate::find::{absolute, at, create, enclosing, open_exactly, prefix_of};
use crate::listing::FILE;
use crate::write::MAPS;

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
            let within =
                |place: &Path| place.ends_with(MAPS) && place.with_file_name(FILE).is_file();
            if folder.ancestors().any(within) {
                return Err(GitError::BadFolder { path: folder });
            }
            fs::create_dir_all(&folder).map_err(io_error("make", &folder))?;
            let backend = at(repository, folder, prefix)?;
            let taken = backend.folder().join(MAPS);
            if !backend.exists()? && taken.exists() {
                return Err(GitError::Occupied { path: taken });
            }
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
}
