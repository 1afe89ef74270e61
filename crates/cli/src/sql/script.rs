//! A script as statements and commands, each with the place where it begins.

use std::collections::VecDeque;
use std::fmt;
use std::path::PathBuf;

use prollytree_sql::sqlite::statements;

/// Where a script comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// An argument `-c`: which of them, from 1 on, and how many there are.
    Argument(usize, usize),
    /// Standard input.
    Input,
    /// A file.
    File(PathBuf),
    /// What is typed in the shell.
    Shell,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Argument(_, 1) => f.write_str("-c"),
            Self::Argument(number, _) => write!(f, "-c number {number}"),
            Self::Input => f.write_str("standard input"),
            Self::File(path) => path.display().fmt(f),
            Self::Shell => f.write_str("shell"),
        }
    }
}

/// A place in a script, both from 1 on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// The line.
    pub(crate) line: usize,
    /// The character in it.
    pub(crate) column: usize,
}

impl Place {
    /// The beginning of a script.
    pub(crate) const START: Self = Self { line: 1, column: 1 };

    /// The place behind some text.
    pub(crate) fn behind(self, text: &str) -> Self {
        match text.rsplit_once('\n') {
            Some((before, last)) => Self {
                line: self.line + 1 + before.matches('\n').count(),
                column: 1 + last.chars().count(),
            },
            None => Self { line: self.line, column: self.column + text.chars().count() },
        }
    }
}

/// What a script is taken apart into.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Piece {
    /// The text: of a statement without its semicolon, of a command without its line's end.
    pub(crate) text: String,
    /// Where it begins.
    pub(crate) place: Place,
    /// Whether it is a command of the shell.
    pub(crate) is_command: bool,
}

/// Takes a script apart while its lines come in.
pub(crate) struct Script {
    /// What is not taken apart yet, and where it begins.
    text: String,
    place: Place,
    /// How long the text was when it was last found to hold no whole statement.
    looked_at: usize,
    pieces: VecDeque<Piece>,
}

/// Text up to this length is looked at again for each line that may end a statement; a longer one
/// only when it has grown by a part of itself, so that the whole takes linear time.
const SHORT: usize = 1 << 12;

impl Script {
    /// A script without a line.
    pub(crate) fn new() -> Self {
        let (text, pieces) = (String::new(), VecDeque::new());
        Self { text, place: Place::START, looked_at: 0, pieces }
    }

    /// Adds a line with its end.
    pub(crate) fn push(&mut self, line: &str) {
        let begins_command = line.starts_with('.');
        if begins_command {
            self.take_statements();
        }
        if begins_command && self.is_blank() {
            self.skip_blank();
            let text = line.trim_end().to_owned();
            self.pieces.push_back(Piece { text, place: self.place, is_command: true });
            self.place = self.place.behind(line);
            return;
        }
        self.text.push_str(line);
        let new = self.text.len() - self.looked_at.min(self.text.len());
        let is_grown = self.text.len() < SHORT || new > self.text.len() / 8;
        if line.contains(';') && is_grown {
            self.take_statements();
        }
    }

    /// Ends the script: what is left is a statement.
    pub(crate) fn end(&mut self) {
        self.take_statements();
        if let Some(range) = statements(&self.text).into_iter().next() {
            let place = self.place.behind(self.text.get(..range.start).unwrap_or_default());
            let text = self.text.get(range).unwrap_or_default().to_owned();
            self.pieces.push_back(Piece { text, place, is_command: false });
        }
        self.clear();
    }

    /// The next statement or command that is complete.
    pub(crate) fn next(&mut self) -> Option<Piece> {
        self.pieces.pop_front()
    }

    /// Whether no statement has begun that has not ended.
    pub(crate) fn is_blank(&self) -> bool {
        is_blank(&self.text)
    }

    /// Forgets what has begun but not ended, and begins anew.
    pub(crate) fn clear(&mut self) {
        self.skip_blank();
        self.looked_at = 0;
    }

    fn skip_blank(&mut self) {
        self.place = self.place.behind(&self.text);
        self.text.clear();
    }

    /// Takes all whole statements of the lines so far; [`push`](Self::push) may leave that for later.
    pub(crate) fn take_statements(&mut self) {
        let mut taken = 0;
        for range in statements(&self.text) {
            if !self.text.get(range.end..).is_some_and(|rest| rest.starts_with(';')) {
                break;
            }
            let place = self.place.behind(self.text.get(..range.start).unwrap_or_default());
            taken = range.end + 1;
            let text = self.text.get(range).unwrap_or_default().to_owned();
            self.pieces.push_back(Piece { text, place, is_command: false });
        }
        let taken: String = self.text.drain(..taken).collect();
        self.place = self.place.behind(&taken);
        self.looked_at = self.text.len();
    }
}

/// Whether a text holds only white space, semicolons and comments that have ended.
fn is_blank(mut text: &str) -> bool {
    loop {
        text = text.trim_start_matches([';', '\u{feff}']).trim_start();
        let behind = if let Some(comment) = text.strip_prefix("--") {
            comment.split_once('\n').map_or("", |(_, rest)| rest)
        } else if let Some(comment) = text.strip_prefix("/*") {
            match comment.split_once("*/") {
                Some((_, rest)) => rest,
                None => return false,
            }
        } else {
            return text.is_empty();
        };
        text = behind;
    }
}

#[cfg(test)]
mod tests;
