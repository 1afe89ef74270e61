//! `prolly convert`

use std::path::PathBuf;

use clap::Args;
use prollytree_git::InitOptions;
use prollytree_repo::{RepoError, copy_repository};
use serde_json::json;

use crate::context::Context;
use crate::error::CliError;
use crate::exit::Exit;
use crate::progress::Progress;
use crate::storage::Storage;
use crate::store::{STORE_DIR, in_folder, new_in_git, new_native};
use crate::text::plural;

/// Copies a store, history included, into a new store of the same or of the other kind.
///
/// All branches, tags and commits are copied. Roots stay the same, and so do authors, times and
/// messages; in Git, commits get names of Git. Settings, logs and uncommitted changes are not copied.
#[derive(Args, Debug)]
pub(crate) struct Convert {
    /// The store to copy, or the folder that it lies in.
    source: PathBuf,
    /// The folder that the new store belongs to; it is made if need be.
    target: PathBuf,
    /// Makes the new store in a Git repository of its own.
    #[arg(long)]
    git: bool,
    /// Makes the Git repository without a working tree.
    #[arg(long, requires = "git")]
    bare: bool,
}

impl Convert {
    pub(crate) fn run(self, context: &mut Context) -> Result<Exit, CliError> {
        let mut source = in_folder(&self.source)?.open()?;
        let (path, target) = self.target()?;
        let progress = Progress::moving("copying");
        let copied = match copy_repository(&source, &target) {
            Err(RepoError::AlreadyARepository) => {
                return Err(CliError::Taken { path, by: "a store" });
            }
            copied => copied?,
        };
        drop(progress);
        let left_behind = source.operation().is_some() || !source.changed_maps()?.is_empty();
        let document = || {
            json!({
                "store": path,
                "commits": copied.commits,
                "objects": copied.objects,
                "refs": copied.refs,
                "uncommitted_left_behind": left_behind,
            })
        };
        let (commits, objects) =
            (plural(copied.commits, "commit"), plural(copied.objects, "object"));
        let (refs, target) = (plural(copied.refs, "ref"), path.display());
        let note = if left_behind { "\nUncommitted changes were not copied" } else { "" };
        let text = format_args!("Copied {commits}, {objects} and {refs} to {target}{note}");
        context.out.either(text, document)?;
        Ok(Exit::Ok)
    }

    /// Makes the place of the new store.
    fn target(&self) -> Result<(PathBuf, Storage), CliError> {
        if self.git {
            let mut options = InitOptions::default();
            options.own_repository = true;
            options.bare = self.bare;
            let git = new_in_git(&self.target, &options)?;
            return Ok((self.target.clone(), Storage::Git(git)));
        }
        let dir = self.target.join(STORE_DIR);
        let store = new_native(&dir)?;
        Ok((dir, Storage::Native(store)))
    }
}
