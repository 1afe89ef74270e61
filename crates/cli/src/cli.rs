//! The command line: the one definition that parsing, help, man pages and completions come from.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use clap::{ArgAction, ColorChoice, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};

use crate::commands::*;
use crate::context::Context;
use crate::error::CliError;
use crate::exit::Exit;
use crate::output::Output;

/// Version control for key-value data: Git's verbs on a database of ordered keys.
///
/// A store lives in a folder `.prolly`, in the current folder or one above it, or there in a Git
/// repository (`prolly init --git`). Changes collect in a working state that survives restarts, until
/// `prolly commit` makes them a version. Every version stays readable, comparable, mergeable and
/// provable.
#[derive(Parser, Debug)]
#[command(
    name = "prolly",
    version,
    after_long_help = AFTER_HELP,
    subcommand_help_heading = "Commands",
    max_term_width = 100,
)]
pub(crate) struct Cli {
    /// Runs as if it was started in this folder.
    #[arg(short = 'C', long = "directory", value_name = "FOLDER", global = true, help_heading = EVERYWHERE)]
    directory: Option<PathBuf>,
    /// Works on this store: a folder `.prolly`, or a data set in Git.
    #[arg(
        long,
        value_name = "FOLDER",
        global = true,
        env = "PROLLY_DIR",
        hide_env = true,
        help_heading = EVERYWHERE
    )]
    store: Option<PathBuf>,
    /// Writes JSON: one document, or one a line where there can be many.
    #[arg(long, global = true, action = ArgAction::SetTrue, help_heading = EVERYWHERE)]
    json: bool,
    /// Paints the output: `auto` on a terminal unless NO_COLOR is set, `always` or `never`.
    #[arg(
        long,
        value_name = "WHEN",
        global = true,
        default_value = "auto",
        hide_default_value = true,
        help_heading = EVERYWHERE
    )]
    color: Color,
    #[command(subcommand)]
    command: Option<Command>,
}

/// The heading of the options that every command takes.
const EVERYWHERE: &str = "Options of every command";

/// What scripts have to know; shown by `prolly help` and `prolly --help`.
const AFTER_HELP: &str = "\
Exit codes:
  0  done, or the answer is yes
  1  the answer is no: an absent key, differences (with --exit-code), conflicts, a refused proof, \
damage found
  2  the command line is wrong, or there is no store
  3  it could not be done

Keys and values are bytes. Arguments are taken as UTF-8, or as hexadecimal digits with --hex. Text \
output escapes what a terminal cannot show; in JSON a key or value is {\"utf8\": \"…\"}, \
{\"hex\": \"…\"} if it is not UTF-8, or {\"large\": {\"size_bytes\": …, \"hash\": \"…\"}} for a value of \
more than a kilobyte, except from `get`.

Environment:
  PROLLY_DIR           the store folder, as --store
  PROLLY_AUTHOR_NAME   the author of commits; then GIT_AUTHOR_NAME, then the setting user.name
  PROLLY_AUTHOR_EMAIL  the author's address; then GIT_AUTHOR_EMAIL, then the setting user.email
  PROLLY_AUTHOR_DATE   the time of commits, as 2026-01-31T12:00:00Z or @SECONDS
  NO_COLOR             set to anything: no colours

Start with `prolly demo`, or `prolly init` and `prolly import FILE`.";

/// When output is coloured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Color {
    Auto,
    Always,
    Never,
}

impl From<Color> for ColorChoice {
    fn from(color: Color) -> Self {
        match color {
            Color::Auto => Self::Auto,
            Color::Always => Self::Always,
            Color::Never => Self::Never,
        }
    }
}

/// The commands, in the order of the help.
#[derive(Subcommand, Debug)]
enum Command {
    Init(init::Init),
    Import(import::Import),
    Export(export::Export),
    Sql(Box<sql::Sql>),
    Get(get::Get),
    Set(set::Set),
    #[command(visible_alias = "rm")]
    Delete(delete::Delete),
    #[command(visible_alias = "ls")]
    List(list::List),
    Status(status::Status),
    Commit(commit::Commit),
    Log(log::Log),
    Show(show::Show),
    Diff(diff::Diff),
    Branch(branch::Branch),
    Checkout(checkout::Checkout),
    Merge(merge::Merge),
    Resolve(resolve::Resolve),
    Tag(tag::Tag),
    Blame(blame::Blame),
    History(history::History),
    Reset(reset::Reset),
    Revert(revert::Revert),
    CherryPick(cherry_pick::CherryPick),
    Clone(clone::Clone),
    Fetch(fetch::Fetch),
    Pull(pull::Pull),
    Push(push::Push),
    Config(config::Config),
    Prove(prove::Prove),
    Verify(verify::Verify),
    Stats(stats::Stats),
    Check(check::Check),
    Gc(gc::Gc),
    Salvage(salvage::Salvage),
    Convert(convert::Convert),
    Git(git::Git),
    Demo(demo::Demo),
    Completions(completions::Completions),
    Man(man::Man),
}

/// The program's name where Git runs it as `git prolly`.
const GIT_COMMAND: &str = "git-prolly";
/// The program's name where Git runs it as a merge strategy.
const GIT_STRATEGY: &str = "git-merge-prolly";

impl Cli {
    /// Reads the command line. By another name the program is the same, or one command of it.
    pub(crate) fn read(mut arguments: Vec<OsString>) -> Result<Self, clap::Error> {
        let called = arguments.first().and_then(|path| Path::new(path).file_stem());
        let mut command = Self::command();
        if called == Some(OsStr::new(GIT_COMMAND)) {
            command = command.bin_name("git prolly");
        } else if called == Some(OsStr::new(GIT_STRATEGY)) {
            let words = ["prolly", "git", "merge-strategy"];
            arguments.splice(..1, words.map(OsString::from));
        }
        let matches = command.try_get_matches_from_mut(arguments)?;
        Self::from_arg_matches(&matches).map_err(|error| error.format(&mut command))
    }

    /// Does what was asked for.
    pub(crate) fn run(self) -> Result<Exit, CliError> {
        match self.color {
            Color::Auto => {}
            Color::Always => anstream::ColorChoice::Always.write_global(),
            Color::Never => anstream::ColorChoice::Never.write_global(),
        }
        if let Some(folder) = &self.directory {
            std::env::set_current_dir(folder).map_err(CliError::file("enter", folder))?;
        }
        let mut context = Context { named: self.store, out: Output::new(self.json) };
        let exit = match self.command {
            Some(command) => command.run(&mut context)?,
            None => start::run(&mut context)?,
        };
        context.out.flush()?;
        Ok(exit)
    }
}

impl Command {
    fn run(self, context: &mut Context) -> Result<Exit, CliError> {
        match self {
            Self::Init(command) => command.run(context),
            Self::Import(command) => command.run(context),
            Self::Export(command) => command.run(context),
            Self::Sql(command) => command.run(context),
            Self::Get(command) => command.run(context),
            Self::Set(command) => command.run(context),
            Self::Delete(command) => command.run(context),
            Self::List(command) => command.run(context),
            Self::Status(command) => command.run(context),
            Self::Commit(command) => command.run(context),
            Self::Log(command) => command.run(context),
            Self::Show(command) => command.run(context),
            Self::Diff(command) => command.run(context),
            Self::Branch(command) => command.run(context),
            Self::Checkout(command) => command.run(context),
            Self::Merge(command) => command.run(context),
            Self::Resolve(command) => command.run(context),
            Self::Tag(command) => command.run(context),
            Self::Blame(command) => command.run(context),
            Self::History(command) => command.run(context),
            Self::Reset(command) => command.run(context),
            Self::Revert(command) => command.run(context),
            Self::CherryPick(command) => command.run(context),
            Self::Clone(command) => command.run(context),
            Self::Fetch(command) => command.run(context),
            Self::Pull(command) => command.run(context),
            Self::Push(command) => command.run(context),
            Self::Config(command) => command.run(context),
            Self::Prove(command) => command.run(context),
            Self::Verify(command) => command.run(context),
            Self::Stats(command) => command.run(context),
            Self::Check(command) => command.run(context),
            Self::Gc(command) => command.run(context),
            Self::Salvage(command) => command.run(context),
            Self::Convert(command) => command.run(context),
            Self::Git(command) => command.run(context),
            Self::Demo(command) => command.run(context),
            Self::Completions(command) => command.run(context),
            Self::Man(command) => command.run(context),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_definition_is_sound() {
        Cli::command().debug_assert();
    }
}
