//! `prolly` without a command: how to start.

use crate::context::Context;
use crate::error::CliError;
use crate::exit::Exit;
use crate::output::style;

/// The first commands, where there is no store yet.
const FIRST: [(&str, &str); 4] = [
    ("prolly demo", "shows on made-up data what prolly can do"),
    ("prolly init", "makes a store in this folder"),
    ("prolly import FILE", "reads a CSV, TSV, JSON Lines or KEY<TAB>VALUE file into it"),
    ("prolly help", "lists all commands"),
];

/// The next commands, where there is one.
const NEXT: [(&str, &str); 4] = [
    ("prolly status", "says what is checked out and what changed"),
    ("prolly log", "lists the commits"),
    ("prolly list", "lists the keys"),
    ("prolly help", "lists all commands"),
];

pub(crate) fn run(context: &mut Context) -> Result<Exit, CliError> {
    if context.out.is_json() {
        return Err(CliError::NoCommand);
    }
    let commands = match context.place() {
        Ok(place) => {
            context.out.line(format_args!("The store is in {}.", place.path().display()))?;
            NEXT
        }
        Err(CliError::NoStore { .. }) => {
            context.out.line("There is no prolly store here yet. To start:")?;
            FIRST
        }
        Err(error) => return Err(error),
    };
    for (command, what) in commands {
        let shown = context.out.paint(style::STRONG, format_args!("{command:<20}"));
        context.out.line(format_args!("  {shown}{what}"))?;
    }
    Ok(Exit::Usage)
}
