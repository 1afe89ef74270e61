//! `prolly`: version control for key-value data, on the command line.
//!
//! [`cli`] is the one definition of what can be typed: parsing, help, man pages and completions all
//! come from it. Each command is a file of [`commands`].

mod cli;
mod commands;
mod context;
mod data;
mod demo;
mod diff;
mod error;
mod exit;
mod file;
mod output;
mod program;
mod progress;
mod remote;
mod rows;
mod sql;
mod statement;
mod storage;
mod store;
mod tables;
mod text;

use std::process::ExitCode;

use cli::Cli;
use exit::Exit;

fn main() -> ExitCode {
    let cli = match Cli::read(std::env::args_os().collect()) {
        Ok(cli) => cli,
        Err(error) => {
            // Nobody is left to tell if the message cannot be written.
            _ = error.print();
            return if error.use_stderr() { Exit::Usage } else { Exit::Ok }.into();
        }
    };
    match cli.run() {
        Ok(exit) => exit.into(),
        Err(error) if error.is_broken_pipe() => Exit::Ok.into(),
        Err(error) => {
            error.report();
            error.exit().into()
        }
    }
}
