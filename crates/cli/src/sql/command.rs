//! Commands of the shell: lines that begin with a dot.

use std::path::{Path, PathBuf};

use clap::ValueEnum;
use prollytree_repo::Uncommitted;

use super::Format;
use super::session::Session;
use crate::error::CliError;

/// Whether the session goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// It goes on.
    Go,
    /// It ends.
    Quit,
}

impl Next {
    pub(crate) fn is_quit(self) -> bool {
        self == Self::Quit
    }
}

/// A command and what it does, in the order of the help.
const COMMANDS: &[(&str, &str, &str)] = &[
    (".help", "", "Shows these commands"),
    (".tables", "", "Lists the tables and views"),
    (".schema", "[TABLE]", "Shows the statements that make the tables, or one of them"),
    (".mode", "table|csv|json|jsonl", "Sets how rows are written"),
    (".timing", "on|off", "Tells how long each statement took"),
    (".at", "[REVISION]", "Reads a version; without a revision, goes back to the working state"),
    (".branch", "[NAME]", "Lists the branches, or switches to one"),
    (".read", "FILE", "Runs the statements of a file"),
    (".quit", "", "Ends the session"),
];

/// The names of the commands.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    COMMANDS.iter().map(|(name, _, _)| *name)
}

/// Runs a command.
pub(super) fn run(session: &mut Session<'_>, line: &str) -> Result<Next, CliError> {
    let words = split(line);
    let words: Vec<_> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        [".help"] => help(session)?,
        [".tables"] => {
            for table in session.tables()? {
                session.out.line(table)?;
            }
        }
        [".schema"] => schema(session, None)?,
        [".schema", table] => schema(session, Some(table))?,
        [".mode", mode] => {
            let expected = "one of table, csv, json and jsonl";
            session.style.format =
                Format::from_str(mode, true).map_err(|_| bad(".mode", mode, expected))?;
        }
        [".timing", "on"] => session.is_timed = true,
        [".timing", "off"] => session.is_timed = false,
        [".at"] => session.read_at(None)?,
        [".at", revision] => session.read_at(Some(revision))?,
        [".branch"] => branches(session)?,
        [".branch", name] => {
            let name = (*name).to_owned();
            session
                .live()?
                .with_repository(|repo| Ok(repo.checkout(&name, Uncommitted::Carry)?))?;
        }
        [".read", file] => {
            let path = PathBuf::from(file);
            if path == Path::new("-") {
                return Err(bad(".read", file, "a file"));
            }
            return session.run_file(&path);
        }
        [".quit" | ".exit"] => return Ok(Next::Quit),
        _ => return Err(unknown(&words)),
    }
    Ok(Next::Go)
}

/// The words of a line; quotes hold a word with spaces together.
fn split(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut rest = line.trim();
    while let Some(first) = rest.chars().next() {
        let (word, behind) = match first {
            '\'' | '"' => {
                let inner = rest.get(1..).unwrap_or_default();
                inner.split_once(first).unwrap_or((inner, ""))
            }
            _ => rest.split_once(char::is_whitespace).unwrap_or((rest, "")),
        };
        words.push(word.to_owned());
        rest = behind.trim_start();
    }
    words
}

fn bad(argument: &'static str, value: &str, expected: &'static str) -> CliError {
    CliError::BadArgument { argument, value: value.to_owned(), expected }
}

/// The error of a command that is not known, or takes other arguments.
fn unknown(words: &[&str]) -> CliError {
    let name = words.first().copied().unwrap_or_default();
    match COMMANDS.iter().find(|(known, _, _)| *known == name) {
        Some((name, arguments, _)) => CliError::CommandUsage { name, arguments },
        None => CliError::NoCommandOfShell { name: name.to_owned() },
    }
}

fn help(session: &mut Session<'_>) -> Result<(), CliError> {
    for (name, arguments, what) in COMMANDS {
        let usage = format!("{name} {arguments}");
        session.out.line(format_args!("{usage:<28} {what}"))?;
    }
    session.out.line("Everything else is SQL, and ends with a semicolon")
}

fn schema(session: &mut Session<'_>, table: Option<&str>) -> Result<(), CliError> {
    for statement in session.schema(table)? {
        session.out.line(format_args!("{statement};"))?;
    }
    Ok(())
}

fn branches(session: &mut Session<'_>) -> Result<(), CliError> {
    let found = session.live()?.with_repository(|repo| {
        let current = repo.current_branch().map(str::to_owned);
        Ok((repo.branches()?, current))
    });
    let (branches, current) = found?;
    for branch in branches {
        let mark = if current.as_deref() == Some(branch.name.short()) { '*' } else { ' ' };
        session.out.line(format_args!("{mark} {}", branch.name.short()))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_split_outside_quotes() {
        assert_eq!(split(".read  'a b.sql' c "), [".read", "a b.sql", "c"]);
        assert_eq!(split(".mode"), [".mode"]);
        assert_eq!(split(".read \"open"), [".read", "open"]);
    }
}
