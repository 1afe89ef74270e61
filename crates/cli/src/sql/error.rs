//! A statement that failed, with the place of the mistake.

use std::fmt;

use prollytree_sql::sqlite::SqliteError;

use super::script::{Piece, Place, Source};
use crate::text::plural;

/// A statement of a script that failed.
#[derive(Debug)]
pub(crate) struct StatementError {
    /// The script.
    source: Source,
    /// Where the mistake is, or the statement begins.
    place: Place,
    /// The line, and how many characters into it the mistake is, if that is known.
    line: String,
    caret: Option<usize>,
    /// What became of the statements before.
    before: Before,
    pub(crate) cause: SqliteError,
    /// What to do next.
    pub(crate) hint: Option<String>,
}

/// What became of the statements of a script before the one that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Before {
    /// There are none, or the session goes on.
    None,
    /// So many ran, and what they did stands.
    Stand(u64),
    /// So many ran, but the last of them were in a transaction that was rolled back.
    RolledBack(u64),
}

impl StatementError {
    pub(crate) fn new(cause: SqliteError, piece: &Piece, source: &Source, before: Before) -> Self {
        let text = piece.text.as_str();
        let offset = match &cause {
            SqliteError::Statement { offset: Some(offset), .. } => Some(*offset),
            SqliteError::Statement { message, .. } => guess(message, text),
            _ => None,
        };
        let offset = offset.filter(|&offset| text.is_char_boundary(offset));
        let start = offset.unwrap_or_default();
        let (ahead, behind) = text.split_at(start.min(text.len()));
        let line_start = ahead.rfind('\n').map_or(0, |at| at + 1);
        let within = ahead.get(line_start..).unwrap_or_default();
        let rest = behind.lines().next().unwrap_or_default();
        let (line, caret) = window(within, rest);
        let place = piece.place.behind(ahead);
        let caret = offset.map(|_| caret);
        Self { source: source.clone(), place, line, caret, before, cause, hint: None }
    }
}

/// Where the mistake is, where SQLite does not tell: at the name that it is about.
fn guess(message: &str, text: &str) -> Option<usize> {
    if message == "incomplete input" {
        return Some(text.len());
    }
    let (_, name) = message.split_once(": ")?;
    let name = name.rsplit('.').next().filter(|name| !name.is_empty())?;
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let (lower, name) = (text.to_ascii_lowercase(), name.to_ascii_lowercase());
    let mut found = lower.match_indices(&name).filter(|(at, _)| {
        let ahead = lower.get(..*at).unwrap_or_default();
        let behind = lower.get(at + name.len()..).unwrap_or_default();
        !ahead.ends_with(is_word) && !behind.starts_with(is_word)
    });
    let first = found.next().map(|(at, _)| at);
    // Of several, nobody knows which is meant.
    first.filter(|_| message.starts_with("no such table: ") || found.next().is_none())
}

/// The most characters that are shown on either side of a mistake.
const SHOWN: usize = 60;

/// A line, cut on both sides of a mistake, and how many characters into it that is.
fn window(ahead: &str, behind: &str) -> (String, usize) {
    let plain = |c: char| if c.is_control() { ' ' } else { c };
    let count = ahead.chars().count();
    let dots = if count > SHOWN { "…" } else { "" };
    let shown: String = ahead.chars().skip(count.saturating_sub(SHOWN)).map(plain).collect();
    let caret = dots.chars().count() + shown.chars().count();
    let mut line = format!("{dots}{shown}");
    line.extend(behind.chars().take(SHOWN).map(plain));
    if behind.chars().nth(SHOWN).is_some() {
        line.push('…');
    }
    (line, caret)
}

impl fmt::Display for StatementError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use unicode_width::UnicodeWidthStr;
        let Place { line, column } = self.place;
        write!(f, "{}", self.cause)?;
        let number = line.to_string();
        let margin = " ".repeat(number.len());
        if self.source == Source::Shell {
            write!(f, "\n{margin}  |")?;
        } else {
            write!(f, "\n  at {}, line {line}, column {column}\n{margin}  |", self.source)?;
        }
        write!(f, "\n {number} | {}", self.line)?;
        if let Some(caret) = self.caret {
            let ahead: String = self.line.chars().take(caret).collect();
            write!(f, "\n{margin}  | {}^", " ".repeat(ahead.width()))?;
        }
        let ran = |count| plural(count, "statement");
        match self.before {
            Before::None => Ok(()),
            Before::Stand(1) => f.write_str("\n  the statement before it stands"),
            Before::Stand(count) => write!(f, "\n  the {} before it stand", ran(count)),
            Before::RolledBack(_) => f.write_str(
                "\n  the transaction that was under way is rolled back; what was before it stands",
            ),
        }
    }
}

impl std::error::Error for StatementError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        // The message holds that of the cause already.
        self.cause.source()
    }
}
