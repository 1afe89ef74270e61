//! `prolly init`

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use prollytree_git::{InitOptions, ObjectFormat};
use serde_json::json;

use crate::context::Context;
use crate::error::CliError;
use crate::exit::Exit;
use crate::store::{STORE_DIR, create_in_git, create_store, current_dir};

/// Makes an empty store.
///
/// The store is the folder `.prolly` in the current or the named folder. With --git it lies in a
/// Git repository, as commits, branches and tags of Git: the folder becomes a repository of its
/// own, or, inside a repository, a folder of data in it.
#[derive(Args, Debug)]
pub(crate) struct Init {
    /// The folder that the store belongs to; it is made if need be [default: the current one].
    folder: Option<PathBuf>,
    /// The name of the first branch [default: main; with --git, as Git is set up].
    #[arg(short, long, value_name = "NAME")]
    branch: Option<String>,
    /// Makes the store in a Git repository.
    #[arg(long)]
    git: bool,
    /// Makes a Git repository without a working tree.
    #[arg(long, requires = "git")]
    bare: bool,
    /// The hash that names the objects of a new Git repository [default: sha1].
    #[arg(long, value_name = "HASH", requires = "git")]
    object_format: Option<Format>,
}

/// A hash of Git.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    Sha1,
    Sha256,
}

impl Init {
    pub(crate) fn run(self, context: &mut Context) -> Result<Exit, CliError> {
        let (store, branch) = if self.git { self.in_git(context)? } else { self.native(context)? };
        let text = format_args!("Made an empty store in {}", store.display());
        context.out.either(text, || json!({ "store": store, "branch": branch }))?;
        Ok(Exit::Ok)
    }

    /// Makes a native store; returns its folder and branch.
    fn native(self, context: &Context) -> Result<(PathBuf, String), CliError> {
        let dir = match (self.folder, &context.named) {
            (Some(folder), _) => folder.join(STORE_DIR),
            (None, Some(named)) => named.clone(),
            (None, None) => current_dir()?.join(STORE_DIR),
        };
        let branch = self.branch.unwrap_or_else(|| "main".to_owned());
        create_store(&dir, &branch)?;
        Ok((dir, branch))
    }

    /// Makes a data set in Git; returns its folder and branch.
    fn in_git(self, context: &Context) -> Result<(PathBuf, String), CliError> {
        let folder = match (self.folder, &context.named) {
            (Some(folder), _) => folder,
            (None, Some(named)) => named.clone(),
            (None, None) => current_dir()?,
        };
        let mut options = InitOptions::default();
        options.bare = self.bare;
        options.object_format = match self.object_format {
            Some(Format::Sha256) => ObjectFormat::Sha256,
            Some(Format::Sha1) | None => ObjectFormat::Sha1,
        };
        options.default_branch = self.branch;
        let repo = create_in_git(&folder, &options)?;
        let branch = repo.current_branch().unwrap_or_default().to_owned();
        Ok((folder, branch))
    }
}
