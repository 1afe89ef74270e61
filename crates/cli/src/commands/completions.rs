//! `prolly completions`

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use crate::cli::Cli;
use crate::context::Context;
use crate::error::CliError;
use crate::exit::Exit;

/// Writes the script that completes commands and options in a shell.
#[derive(Args, Debug)]
pub(crate) struct Completions {
    /// The shell.
    shell: Shell,
}

impl Completions {
    pub(crate) fn run(self, context: &mut Context) -> Result<Exit, CliError> {
        // Written to memory first: the generator panics where its output cannot be written.
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut Cli::command(), "prolly", &mut script);
        context.out.bytes(&script)?;
        Ok(Exit::Ok)
    }
}
