//! `prolly gc`

use std::path::Path;

use clap::Args;
use prollytree_repo::{Clock, SystemClock};
use prollytree_store::{Collected, Progress as Step, StoreError};
use serde_json::json;

use crate::context::Context;
use crate::error::CliError;
use crate::exit::Exit;
use crate::progress::{Progress, Unit};
use crate::text::{Bytes, plural};

/// How much a step reads and copies, in bytes.
const STEP_BYTES: u64 = 1 << 20;

/// How often a collection is tried beside other processes.
const TRIES: u32 = 5;

/// Frees what no branch, no tag and no recent log entry leads to.
///
/// Other processes may go on reading and writing meanwhile.
#[derive(Args, Debug)]
pub(crate) struct Gc {
    /// Keeps the commits that branches led to in so many last days.
    #[arg(long, value_name = "COUNT", default_value_t = 90)]
    days: u32,
}

impl Gc {
    pub(crate) fn run(self, context: &mut Context) -> Result<Exit, CliError> {
        let dir = context.store_dir()?;
        let before = size_of(&dir)?;
        let mut tries = 1;
        let collected = loop {
            match self.collect(context) {
                // A record that another process wrote and gave up led to something gone.
                Err(CliError::Store(StoreError::Missing { .. })) if tries < TRIES => tries += 1,
                result => break result?,
            }
        };
        let after = size_of(&dir)?;
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

    fn collect(&self, context: &Context) -> Result<Collected, CliError> {
        let since = SystemClock.now().seconds.saturating_sub(i64::from(self.days) * 86_400);
        let mut collection = context.open()?.collect(since)?;
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
