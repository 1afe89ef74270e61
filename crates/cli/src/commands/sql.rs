//! `prolly sql`

mod dump;
mod export;
mod import;

use std::io::{IsTerminal, stdin};
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand, ValueEnum};
use prollytree_sql::History;

use crate::context::{AtArg, Context};
use crate::error::CliError;
use crate::exit::Exit;
use crate::sql::{Format, Session, Source, Style, shell};

/// Runs SQL on the tables of the store, in the dialect of SQLite.
///
/// Without -c and without a file: the statements of standard input, or a shell if that is a terminal.
/// Each statement outside a transaction is a commit, and each transaction is one. A script ends at its
/// first error; what ran before it stands, but a transaction that it has not ended is rolled back.
#[derive(Args, Debug)]
#[command(args_conflicts_with_subcommands = true, subcommand_help_heading = "Commands")]
pub(crate) struct Sql {
    #[command(subcommand)]
    command: Option<Part>,
    /// A file of statements; `-` is standard input.
    file: Option<PathBuf>,
    /// Runs these statements; may be given several times.
    #[arg(short, long = "command", value_name = "SQL", conflicts_with = "file")]
    commands: Vec<String>,
    /// How rows are written [default: table, or jsonl with --json].
    #[arg(short, long)]
    format: Option<Format>,
    /// Leaves out the names of the columns, in tables and CSV.
    #[arg(long)]
    no_header: bool,
    /// What stands for NULL in CSV [default: nothing, as for an empty text].
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    null: String,
    /// Tells on standard error how long each statement took.
    #[arg(long)]
    timing: bool,
    /// When changes become commits.
    #[arg(long, value_name = "WHEN", default_value = "every-statement")]
    history: When,
    #[command(flatten)]
    at: AtArg,
}

/// What moves whole tables.
#[derive(Subcommand, Debug)]
enum Part {
    Import(import::Import),
    Export(export::Export),
    Dump(dump::Dump),
}

/// When changes become commits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum When {
    /// Each statement outside a transaction, and each transaction.
    EveryStatement,
    /// Only by `prolly commit`, or `CALL prolly_commit(…)`; until then they are uncommitted work.
    Explicit,
}

impl Sql {
    pub(crate) fn run(self, context: &mut Context) -> Result<Exit, CliError> {
        match self.command {
            Some(Part::Import(command)) => command.run(context),
            Some(Part::Export(command)) => command.run(context),
            Some(Part::Dump(command)) => command.run(context),
            None => self.run_statements(context),
        }
    }

    fn run_statements(self, context: &mut Context) -> Result<Exit, CliError> {
        let place = context.place()?;
        let style = Style::new(self.format, !self.no_header, self.null, &context.out);
        let history = match self.history {
            When::EveryStatement => History::EveryStatement,
            When::Explicit => History::Explicit,
        };
        let mut session = Session::new(place, history, style, &mut context.out);
        session.read_at(self.at.at.as_deref())?;
        session.set_timed(self.timing);
        let count = self.commands.len();
        match self.file {
            Some(file) => _ = session.run_file(&file)?,
            None if count > 0 => run_arguments(&mut session, &self.commands)?,
            None if stdin().is_terminal() => {
                shell(&mut session)?;
                return Ok(Exit::Ok);
            }
            None => _ = session.run_file(Path::new("-"))?,
        }
        session.end()?;
        Ok(Exit::Ok)
    }
}

/// Runs the scripts of the arguments. A transaction may go from one to the next.
fn run_arguments(session: &mut Session<'_>, commands: &[String]) -> Result<(), CliError> {
    for (at, command) in commands.iter().enumerate() {
        let source = Source::Argument(at + 1, commands.len());
        if session.run_script(&source, command.as_bytes())?.is_quit() {
            break;
        }
    }
    Ok(())
}
