//! The shell: lines are typed, with a history and completion.

mod complete;
mod history;

use rustyline::error::ReadlineError;
use rustyline::history::DefaultHistory;
use rustyline::{ColorMode, CompletionType, Config, Editor};

use super::command::Next;
use super::script::{Piece, Place, Script, Source};
use super::session::Session;
use crate::error::CliError;
use complete::Completion;

/// What the shell says first.
const WELCOME: &str = "SQL on versions: .help shows the commands, Ctrl-D ends";

type Lines = Editor<Completion, DefaultHistory>;

/// Runs what is typed, up to `.quit` or Ctrl-D. A statement that fails does not end the session.
pub(crate) fn shell(session: &mut Session<'_>) -> Result<(), CliError> {
    let mut lines = editor(session)?;
    let file = history::file();
    if let Some(file) = &file {
        // There is none at first, and without one the shell works all the same.
        _ = lines.load_history(file);
    }
    session.out.line(WELCOME)?;
    let ended = read_lines(session, &mut lines);
    if let Some(file) = &file {
        history::save(&mut lines, file);
    }
    ended
}

fn editor(session: &mut Session<'_>) -> Result<Lines, CliError> {
    let color = if session.out.is_color() { ColorMode::Enabled } else { ColorMode::Disabled };
    let config = Config::builder()
        .completion_type(CompletionType::List)
        .history_ignore_space(true)
        .color_mode(color)
        .build();
    let mut lines = Editor::with_config(config).map_err(CliError::Terminal)?;
    lines.set_helper(Some(Completion::new(session.names())));
    Ok(lines)
}

fn read_lines(session: &mut Session<'_>, lines: &mut Lines) -> Result<(), CliError> {
    let mut script = Script::new();
    loop {
        session.out.flush()?;
        let prompt = prompt(session, script.is_blank());
        match lines.readline(&prompt) {
            Ok(text) => {
                text.lines().for_each(|line| script.push(&format!("{line}\n")));
                script.take_statements();
            }
            Err(ReadlineError::Interrupted) => {
                script.clear();
                continue;
            }
            Err(ReadlineError::Eof) => return Ok(()),
            Err(error) => return Err(CliError::Terminal(error)),
        }
        while let Some(piece) = script.next() {
            // A history that cannot be kept is no reason not to run the statement.
            _ = lines.add_history_entry(as_typed(&piece));
            if run(session, &piece)? == Next::Quit {
                return Ok(());
            }
            if let Some(completion) = lines.helper_mut().filter(|_| changes_names(&piece)) {
                completion.set_names(session.names());
            }
        }
    }
}

fn as_typed(piece: &Piece) -> String {
    if piece.is_command { piece.text.clone() } else { format!("{};", piece.text) }
}

/// Whether there may be other tables or columns behind it.
fn changes_names(piece: &Piece) -> bool {
    let first = piece.text.split_whitespace().next().unwrap_or_default();
    piece.is_command
        || !["SELECT", "INSERT", "UPDATE", "DELETE"]
            .iter()
            .any(|word| first.eq_ignore_ascii_case(word))
}

/// Runs a statement or a command. What goes wrong is told, and the session goes on, unless nobody
/// sees the output any more.
fn run(session: &mut Session<'_>, piece: &Piece) -> Result<Next, CliError> {
    // The place in the session tells nothing: lines are numbered within the statement.
    let piece = Piece { place: Place::START, ..piece.clone() };
    match session.run_piece(&piece, &Source::Shell, 0) {
        Err(error @ CliError::Output(_)) => Err(error),
        Err(error) => {
            session.out.flush()?;
            error.report();
            Ok(Next::Go)
        }
        next => next,
    }
}

/// The branch, with a star within a transaction; where a statement goes on, dots.
fn prompt(session: &mut Session<'_>, is_new: bool) -> String {
    let name = session.place_name();
    if is_new {
        let mark = if session.is_in_transaction() { "*" } else { "" };
        return format!("{name}{mark}> ");
    }
    let width = name.chars().count().max(3);
    format!("{:>width$}> ", "...")
}
