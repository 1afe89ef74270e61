//! `prolly gc`

use std::path::Path;

use clap::Args;
use prollytree_git::GitBackend;
use prollytree_repo::{Backend, Clock, RepoError, SystemClock};
use prollytree_store::{Collected, Progress as Step, StoreError};
use serde_json::json;

use crate::context::Context;
use crate::error::CliError;
use crate::exit::Exit;
use crate::progress::{Progress, Unit};
use crate::store::{Place, open_native};
use crate::text::{Bytes, plural};

/// How much a step reads and copies, in bytes.
const STEP_BYTES: u64 = 1 << 20;

/// How often a collection is tried beside other processes.
const TRIES: u32 = 5;

/// Frees what no branch, no tag and no recent log entry leads to.
///
/// Other processes may go on reading and writing meanwhile. In a Git repository, this drops the old
/// log entries and runs `git gc`, which keeps for two weeks what nothing leads to.
#[derive(Args, Debug)]
pub(crate) struct Gc {
    /// Keeps the commits that branches led to in so many last days.
    #[arg(long, value_name = "COUNT", default_value_t = 90)]
    days: u32,
}

impl Gc {
    pub(crate) fn run(self, context: &mut Context) -> Result<Exit, CliError> {
        match context.place()? {
            Place::Native(dir) => self.native(context, &dir),
            Place::Git(git) => self.in_git(context, &git),
        }
    }

    fn native(&self, context: &mut Context, dir: &Path) -> Result<Exit, CliError> {
        let before = size_of(dir)?;
        let mut tries = 1;
        let collected = loop {
            match self.collect(dir) {
                // A record that another process wrote and gave up led to something gone.
                Err(CliError::Store(StoreError::Missing { .. })) if tries < TRIES => tries += 1,
                result => break result?,
            }
        };
        let after = size_of(dir)?;
        let freed = before.saturating_sub(after);
        let text = format_args!(
            "Freed {}: the store has {} now; {} live",
            Bytes(freed),
            Bytes(after),
            plural(collected.live_objects, "object"),
        );
        let document = || {
            json!({
                "freed_bytes": freed,
                "before_bytes": before,
                "after_bytes": after,
                "live_objects": collected.live_objects,
                "copied_objects": collected.copied_objects,
                "copied_bytes": collected.copied_bytes,
            })
        };
        context.out.either(text, document)?;
        Ok(Exit::Ok)
    }

    fn collect(&self, dir: &Path) -> Result<Collected, CliError> {
        let mut collection = open_native(dir)?.collect(self.since())?;
        let mut progress = Progress::new("collecting", Unit::Items, None);
        let mut steps = 0;
        loop {
            if let Step::Done(collected) = collection.step(STEP_BYTES)? {
                return Ok(collected);
            }
            steps += 1;
            progress.set(steps);
        }
    }

    fn in_git(&self, context: &mut Context, git: &GitBackend) -> Result<Exit, CliError> {
        let dropped = git.prune_logs(self.since()).map_err(RepoError::from)?;
        // It expands the sparse index of our working tree, and would explain at length what that means.
        git.run_git(&["-c", "advice.sparseIndexExpanded=false", "gc", "--quiet"])?;
        let entries = plural(dropped, "log entry").replace("entrys", "entries");
        let text = format_args!("Dropped {entries} and ran `git gc`");
        context.out.either(text, || json!({ "dropped_log_entries": dropped }))?;
        Ok(Exit::Ok)
    }

    /// The oldest second that is kept in logs.
    fn since(&self) -> i64 {
        SystemClock.now().seconds.saturating_sub(i64::from(self.days) * 86_400)
    }
}

/// The size of the files in a folder, in bytes.
fn size_of(dir: &Path) -> Result<u64, CliError> {
    let mut size = 0;
    for entry in std::fs::read_dir(dir).map_err(CliError::file("list", dir))? {
        let entry = entry.map_err(CliError::file("list", dir))?;
        match entry.metadata() {
            Ok(metadata) if metadata.is_file() => size += metadata.len(),
            // Other processes make and remove files meanwhile.
            _ => {}
        }
    }
    Ok(size)
}
