//! What every command works with: the store, standard output, and the arguments that many share.

use std::io::Read;
use std::path::{Path, PathBuf};

use clap::Args;
use prollytree_git::GitBackend;
use prollytree_repo::{CommitId, MapName, Maps, RepoError};

use crate::error::CliError;
use crate::output::Output;
use crate::store::{self, Place, Repo};
use crate::text::parse_hex;

/// What every command works with.
pub(crate) struct Context {
    /// The store folder that was named.
    pub(crate) named: Option<PathBuf>,
    /// Where results go.
    pub(crate) out: Output,
}

impl Context {
    /// Where the repository lies.
    pub(crate) fn place(&self) -> Result<Place, CliError> {
        store::find(self.named.as_deref())
    }

    /// Opens the repository.
    pub(crate) fn open(&self) -> Result<Repo, CliError> {
        self.place()?.open()
    }

    /// Opens the repository for a command that has a meaning in Git only.
    pub(crate) fn open_in_git(
        &self,
        command: &'static str,
    ) -> Result<(GitBackend, Repo), CliError> {
        match self.place()? {
            Place::Native(path) => Err(CliError::NeedsGit { command, path }),
            Place::Git(git) => {
                let repo = Place::Git(git.clone()).open()?;
                Ok((git, repo))
            }
        }
    }
}

/// Runs an operation again while others get in its way: their changes come first, and those that
/// wait in the repository are made on top.
pub(crate) fn retry<T>(
    repo: &mut Repo,
    mut operation: impl FnMut(&mut Repo) -> Result<T, RepoError>,
) -> Result<T, RepoError> {
    // Each failed try is a success of someone else; so many in a row mean that something is wrong.
    const TRIES: usize = 1000;
    for _ in 1..TRIES {
        match operation(repo) {
            Err(error) if error.is_retryable() => repo.refresh()?,
            result => return result,
        }
    }
    operation(repo)
}

/// Which map is meant.
#[derive(Args, Debug)]
pub(crate) struct MapArg {
    /// Works on the named map instead of the map `default`.
    #[arg(long, value_name = "NAME", default_value = "default", hide_default_value = true)]
    map: String,
}

impl MapArg {
    /// The map's name.
    pub(crate) fn name(&self) -> Result<MapName, CliError> {
        Ok(MapName::new(&self.map).map_err(RepoError::from)?)
    }
}

/// Which version is meant.
#[derive(Args, Debug)]
pub(crate) struct AtArg {
    /// Reads the version at a revision instead of the working state: a branch, a tag, `HEAD~2`, the
    /// first digits of a commit, or `main@{2026-01-31T12:00:00Z}`.
    #[arg(long, value_name = "REVISION")]
    pub(crate) at: Option<String>,
}

impl AtArg {
    /// The content of the version.
    pub(crate) fn maps(&self, repo: &mut Repo) -> Result<Maps, CliError> {
        Ok(match &self.at {
            Some(revision) => repo.maps_at(revision)?,
            None => repo.working_maps()?,
        })
    }

    /// The commit of the version; that of `HEAD` where none is named.
    pub(crate) fn commit(&self, repo: &Repo) -> Result<CommitId, CliError> {
        Ok(repo.resolve(self.at.as_deref().unwrap_or("HEAD"))?)
    }
}

/// How keys and values are written in arguments.
#[derive(Args, Debug)]
pub(crate) struct HexArg {
    /// Reads keys and values in the arguments as hexadecimal digits.
    #[arg(long)]
    hex: bool,
}

impl HexArg {
    /// Whether the arguments are hexadecimal digits.
    pub(crate) fn is_set(&self) -> bool {
        self.hex
    }

    /// The bytes that an argument stands for.
    pub(crate) fn bytes(&self, argument: &'static str, text: &str) -> Result<Vec<u8>, CliError> {
        if !self.hex {
            return Ok(text.as_bytes().to_vec());
        }
        let expected = "an even number of hexadecimal digits";
        parse_hex(text).ok_or_else(|| CliError::BadArgument {
            argument,
            value: text.to_owned(),
            expected,
        })
    }
}

/// Opens a file to be read; `-` is standard input.
pub(crate) fn open_input(path: &Path) -> Result<Box<dyn Read>, CliError> {
    if path == Path::new("-") {
        return Ok(Box::new(std::io::stdin()));
    }
    let file = std::fs::File::open(path).map_err(CliError::file("open", path))?;
    let metadata = file.metadata().map_err(CliError::file("read", path))?;
    if metadata.is_dir() {
        return Err(CliError::file("read", path)(std::io::ErrorKind::IsADirectory.into()));
    }
    Ok(Box::new(file))
}
