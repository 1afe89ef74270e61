//! Standard output: text for people, JSON for programs, and bytes as they are.

use std::fmt;
use std::io::{self, BufWriter, IsTerminal, Stdout, Write};

use anstream::{AutoStream, ColorChoice};
use anstyle::{AnsiColor, Style};
use serde_json::Value;

use crate::error::CliError;

/// The styles that output is painted in.
pub(crate) mod style {
    use super::{AnsiColor, Style};

    const fn of(color: AnsiColor) -> Style {
        Style::new().fg_color(Some(anstyle::Color::Ansi(color)))
    }

    pub(crate) const ADDED: Style = of(AnsiColor::Green);
    pub(crate) const REMOVED: Style = of(AnsiColor::Red);
    pub(crate) const CHANGED: Style = of(AnsiColor::Yellow);
    pub(crate) const COMMIT: Style = of(AnsiColor::Yellow);
    pub(crate) const NAME: Style = of(AnsiColor::Cyan);
    pub(crate) const STRONG: Style = Style::new().bold();
    pub(crate) const FAINT: Style = Style::new().dimmed();
}

/// Standard output, buffered.
pub(crate) struct Output {
    inner: BufWriter<Stdout>,
    json: bool,
    color: bool,
    terminal: bool,
}

impl Output {
    /// Output in JSON or in text, which is coloured on a terminal unless the environment objects.
    pub(crate) fn new(json: bool) -> Self {
        let stdout = io::stdout();
        let color = AutoStream::choice(&stdout) != ColorChoice::Never;
        let terminal = stdout.is_terminal();
        Self { inner: BufWriter::with_capacity(1 << 16, stdout), json, color, terminal }
    }

    /// Whether a program asked for JSON.
    pub(crate) fn is_json(&self) -> bool {
        self.json
    }

    /// Whether a person looks at it.
    pub(crate) fn is_terminal(&self) -> bool {
        self.terminal
    }

    /// Whether there are colours.
    pub(crate) fn is_color(&self) -> bool {
        self.color
    }

    /// A text in a style, if there are colours.
    pub(crate) fn paint(&self, style: Style, text: impl fmt::Display) -> String {
        if self.color { format!("{style}{text}{style:#}") } else { text.to_string() }
    }

    /// Writes a line of text.
    pub(crate) fn line(&mut self, text: impl fmt::Display) -> Result<(), CliError> {
        writeln!(self.inner, "{text}").map_err(CliError::Output)
    }

    /// Writes a JSON document on a line of its own.
    pub(crate) fn json(&mut self, document: &Value) -> Result<(), CliError> {
        self.line(document)
    }

    /// Writes the text or the document, as was asked for. A text may have several lines, or none.
    pub(crate) fn either(
        &mut self,
        text: impl fmt::Display,
        document: impl FnOnce() -> Value,
    ) -> Result<(), CliError> {
        if self.json { self.json(&document()) } else { self.line(text) }
    }

    /// Writes bytes as they are.
    pub(crate) fn bytes(&mut self, bytes: &[u8]) -> Result<(), CliError> {
        self.inner.write_all(bytes).map_err(CliError::Output)
    }

    /// Hands everything over.
    pub(crate) fn flush(&mut self) -> Result<(), CliError> {
        self.inner.flush().map_err(CliError::Output)
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.inner.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}
