//! `prolly git`

mod install;
mod merge_strategy;
mod textconv;

use clap::{Args, Subcommand};

use crate::context::Context;
use crate::error::CliError;
use crate::exit::Exit;

/// Makes Git show and merge data: what `git diff`, `git show` and `git merge` run.
#[derive(Args, Debug)]
pub(crate) struct Git {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand, Debug)]
enum Command {
    Install(install::Install),
    Textconv(textconv::Textconv),
    MergeStrategy(merge_strategy::MergeStrategy),
}

impl Git {
    pub(crate) fn run(self, context: &mut Context) -> Result<Exit, CliError> {
        match self.command {
            Command::Install(command) => command.run(context),
            Command::Textconv(command) => command.run(context),
            Command::MergeStrategy(command) => command.run(context),
        }
    }
}
