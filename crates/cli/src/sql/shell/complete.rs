//! Completion of keywords, names and commands.

use rustyline::completion::Completer;
use rustyline::highlight::Highlighter;
use rustyline::hint::Hinter;
use rustyline::validate::Validator;
use rustyline::{Context, Helper};

use crate::sql::command;
use crate::sql::hint::{KEYWORDS, Names};

/// What can be completed.
pub(super) struct Completion {
    names: Vec<String>,
}

impl Completion {
    pub(super) fn new(names: Names) -> Self {
        let mut completion = Self { names: Vec::new() };
        completion.set_names(names);
        completion
    }

    /// Sets the names of tables and columns.
    pub(super) fn set_names(&mut self, names: Names) {
        self.names = names.tables;
        self.names.extend(names.columns);
        self.names.sort_unstable();
        self.names.dedup();
    }

    /// Where the word before a place begins, and what it may become.
    fn candidates(&self, line: &str, at: usize) -> (usize, Vec<String>) {
        let ahead = line.get(..at).unwrap_or(line);
        if ahead.starts_with('.') && !ahead.contains(char::is_whitespace) {
            let found = command::names().filter(|name| name.starts_with(ahead));
            return (0, found.map(str::to_owned).collect());
        }
        let is_word = |c: char| c.is_alphanumeric() || c == '_';
        let start = ahead.trim_end_matches(is_word).len();
        let word = ahead.get(start..).unwrap_or_default();
        if word.is_empty() {
            return (start, Vec::new());
        }
        let begins = |name: &str| {
            name.get(..word.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(word))
        };
        let mut found: Vec<_> = self.names.iter().filter(|name| begins(name)).cloned().collect();
        let is_lower = word.chars().all(|c| !c.is_uppercase());
        let keywords = KEYWORDS.iter().filter(|keyword| begins(keyword));
        let typed = |word: &&str| if is_lower { word.to_lowercase() } else { (*word).to_owned() };
        found.extend(keywords.map(typed));
        (start, found)
    }
}

impl Completer for Completion {
    type Candidate = String;

    fn complete(
        &self,
        line: &str,
        pos: usize,
        _: &Context<'_>,
    ) -> rustyline::Result<(usize, Vec<String>)> {
        Ok(self.candidates(line, pos))
    }
}

impl Hinter for Completion {
    type Hint = String;
}

impl Highlighter for Completion {}

impl Validator for Completion {}

impl Helper for Completion {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_keywords_and_commands_are_completed() {
        let (tables, columns) = (vec!["users".to_owned()], vec!["Name".to_owned()]);
        let completion = Completion::new(Names { tables, columns });
        let found = |line: &str| completion.candidates(line, line.len());
        assert_eq!(found(".ta"), (0, vec![".tables".to_owned()]));
        assert_eq!(found("sel"), (0, vec!["select".to_owned()]));
        assert_eq!(found("SEL"), (0, vec!["SELECT".to_owned()]));
        assert_eq!(found("select users.na"), (13, vec!["Name".to_owned()]));
        assert_eq!(found("from u").1, ["users", "union", "unique", "update", "using"]);
        assert_eq!(found("select "), (7, vec![]));
    }
}
