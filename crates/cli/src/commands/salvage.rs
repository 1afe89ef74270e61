//! `prolly salvage`

use std::path::PathBuf;

use clap::Args;
use prollytree_repo::RepositoryTrace;
use prollytree_store::{Store, StoreOptions};
use serde_json::json;

use super::check::{report_json, write_problems};
use crate::context::Context;
use crate::error::CliError;
use crate::exit::Exit;
use crate::progress::Progress;
use crate::store::{Place, STORE_DIR, in_folder};
use crate::text::{Bytes, plural};

/// Copies all that is intact of a damaged store into a new one.
///
/// The damaged store is not changed. What was lost is listed; the exit code is 1 if anything was.
#[derive(Args, Debug)]
pub(crate) struct Salvage {
    /// The folder of the damaged store, or the folder that it lies in.
    from: PathBuf,
    /// The folder that the new store belongs to.
    to: PathBuf,
}

impl Salvage {
    pub(crate) fn run(self, context: &mut Context) -> Result<Exit, CliError> {
        let from = match in_folder(&self.from)? {
            Place::Native(from) => from,
            Place::Git(git) => {
                return Err(CliError::NeedsNative {
                    command: "salvage",
                    path: git.folder().to_owned(),
                    instead: "`git fsck` finds damage in a repository, `git clone` copies it",
                });
            }
        };
        let to = self.to.join(STORE_DIR);
        let progress = Progress::moving("salvaging");
        let (store, salvaged) = Store::salvage(&from, &to, StoreOptions::default())?;
        let missing = missing(&store)?;
        drop(progress);
        let lost = !salvaged.report.problems.is_empty() || missing > 0;
        if context.out.is_json() {
            let mut document = report_json(&salvaged.report);
            document["refs"] = salvaged.refs.into();
            document["missing"] = missing.into();
            document["store"] = json!(to);
            context.out.json(&document)?;
        } else {
            write_problems(&mut context.out, &salvaged.report)?;
            context.out.line(format_args!(
                "Saved {}, {} and {} to {}",
                plural(salvaged.report.objects, "object"),
                Bytes(salvaged.report.object_bytes),
                plural(salvaged.refs, "ref"),
                to.display(),
            ))?;
            if missing > 0 {
                let missing = plural(missing, "object");
                context
                    .out
                    .line(format_args!("{missing} that branches or tags lead to are lost"))?;
            }
        }
        Ok(Exit::from_answer(!lost))
    }
}

/// How many objects the refs of a salvaged store lead to that it does not have.
fn missing(store: &Store) -> Result<u64, CliError> {
    Ok(store.check_reachable(&RepositoryTrace)?.problems.len() as u64)
}
