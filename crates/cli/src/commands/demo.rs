//! `prolly demo`

use std::path::PathBuf;

use clap::Args;

use crate::context::Context;
use crate::error::CliError;
use crate::exit::Exit;

/// Shows on made-up data what prolly can do, and checks that it does.
///
/// Makes a file of customers, imports it, commits, branches, changes rows on both branches, compares,
/// merges with a conflict, reads an old version back, and proves a row to another process that has
/// nothing but the root hash. Every step is a command that you could type.
#[derive(Args, Debug)]
pub(crate) struct Demo {
    /// Works in this new folder and keeps it [default: a temporary folder].
    #[arg(long, value_name = "FOLDER")]
    dir: Option<PathBuf>,
    /// How many customers there are.
    #[arg(long, value_name = "COUNT", default_value_t = 100_000, value_parser = clap::value_parser!(u32).range(1_000..=10_000_000))]
    rows: u32,
}

impl Demo {
    pub(crate) fn run(self, context: &mut Context) -> Result<Exit, CliError> {
        crate::demo::run(&mut context.out, self.dir, self.rows)?;
        Ok(Exit::Ok)
    }
}
