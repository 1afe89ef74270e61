//! A script as its statements, and what a statement is by its first words.

use std::ops::Range;

/// A token: a word, a quoted name or text, or a sign.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Token<'s> {
    pub(crate) text: &'s str,
    pub(crate) start: usize,
}

impl Token<'_> {
    /// Whether this is a keyword, whatever the case of its letters.
    pub(crate) fn is(&self, word: &str) -> bool {
        self.text.eq_ignore_ascii_case(word)
    }
}

/// The tokens of a text, without white space and comments.
pub(crate) struct Tokens<'s> {
    sql: &'s str,
    at: usize,
}

impl<'s> Tokens<'s> {
    /// The tokens of a text. SQLite passes over semicolons before a statement, and so does this.
    pub(crate) fn new(sql: &'s str) -> Self {
        let mut tokens = Self { sql, at: 0 };
        tokens.skip_blank();
        while tokens.bytes().starts_with(b";") {
            tokens.at += 1;
            tokens.skip_blank();
        }
        tokens
    }

    fn bytes(&self) -> &'s [u8] {
        self.sql.as_bytes().get(self.at..).unwrap_or_default()
    }

    /// Moves past white space and comments.
    fn skip_blank(&mut self) {
        loop {
            let rest = self.bytes();
            let len = match rest {
                [b' ' | b'\t' | b'\n' | b'\r' | 0x0b | 0x0c, ..] => 1,
                // A byte order mark is blank to SQLite, too.
                [0xef, 0xbb, 0xbf, ..] => 3,
                [b'-', b'-', ..] => find(rest, b"\n").unwrap_or(rest.len()),
                [b'/', b'*', behind @ ..] => find(behind, b"*/").map_or(rest.len(), |at| at + 4),
                _ => return,
            };
            self.at += len;
        }
    }
}

impl<'s> Iterator for Tokens<'s> {
    type Item = Token<'s>;

    fn next(&mut self) -> Option<Token<'s>> {
        self.skip_blank();
        let (start, rest) = (self.at, self.bytes());
        let len = match *rest.first()? {
            quote @ (b'\'' | b'"' | b'`') => quoted_len(rest, quote),
            b'[' => find(rest, b"]").map_or(rest.len(), |at| at + 1),
            byte if is_word(byte) => {
                rest.iter().position(|&byte| !is_word(byte)).unwrap_or(rest.len())
            }
            _ => 1,
        };
        self.at += len;
        Some(Token { text: self.sql.get(start..self.at)?, start })
    }
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'$' || byte >= 0x80
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)
}

/// The length of a quoted text, in which a doubled quote stands for itself.
fn quoted_len(bytes: &[u8], quote: u8) -> usize {
    let mut at = 1;
    while let Some(end) = bytes.get(at..).and_then(|rest| find(rest, &[quote])) {
        at += end + 1;
        if bytes.get(at) != Some(&quote) {
            return at;
        }
        at += 1;
    }
    bytes.len()
}

/// The statements of a script, as ranges of its bytes. What follows the last semicolon is one, too,
/// unless it is blank.
pub fn statements(script: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut start = None;
    let mut end = 0;
    let mut body = Body::default();
    for token in Tokens::new(script) {
        if token.text == ";" && !body.is_open() {
            if let Some(start) = start.take() {
                found.push(start..token.start);
            }
            body = Body::default();
            continue;
        }
        start.get_or_insert(token.start);
        end = token.start + token.text.len();
        body.see(token);
    }
    found.extend(start.map(|start| start..end));
    found
}

/// Tells the semicolons within a trigger from the one behind it.
#[derive(Default)]
struct Body {
    words: u32,
    creates: bool,
    is_trigger: bool,
    begun: bool,
    cases: u32,
    closed: bool,
}

impl Body {
    fn see(&mut self, token: Token<'_>) {
        self.words += 1;
        match self.words {
            1 => self.creates = token.is("CREATE"),
            2 | 3 if self.creates && token.is("TRIGGER") => self.is_trigger = true,
            _ if !self.is_trigger => {}
            _ if token.is("BEGIN") => self.begun = true,
            _ if self.begun && token.is("CASE") => self.cases += 1,
            _ if self.begun && token.is("END") => match self.cases {
                0 => self.closed = true,
                _ => self.cases -= 1,
            },
            _ => {}
        }
    }

    fn is_open(&self) -> bool {
        self.is_trigger && self.begun && !self.closed
    }
}

#[cfg(test)]
mod tests;
