//! Rows as a table of text: columns under each other, numbers at the right.

use std::io::{self, Write};

use anstyle::Style as Paint;
use prollytree_sql::Value;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::cell;
use super::format::Style;
use crate::output::style::{FAINT, STRONG};
use crate::text::Line;

/// How many rows are looked at to see how wide the columns are.
const LOOKED_AT: usize = 1000;
/// How wide a cell may be where long ones are cut.
const WIDEST: usize = 60;
/// What stands between two columns.
const GAP: &str = "  ";

/// A cell that is ready to be written.
struct Cell {
    text: String,
    is_null: bool,
    is_number: bool,
}

#[derive(Clone, Copy)]
struct Column {
    width: usize,
    is_right: bool,
}

/// Writes a table. Columns are as wide as the first rows need; a cell further down that is wider
/// moves the rest of its line.
pub(super) struct Table<'w> {
    style: &'w Style,
    out: &'w mut dyn Write,
    paint: bool,
    names: Vec<String>,
    held: Vec<Vec<Cell>>,
    /// The columns, as soon as they are known.
    columns: Option<Vec<Column>>,
}

impl<'w> Table<'w> {
    pub(super) fn new(style: &'w Style, out: &'w mut dyn Write, paint: bool) -> Self {
        Self { style, out, paint, names: Vec::new(), held: Vec::new(), columns: None }
    }

    pub(super) fn set_columns(&mut self, names: &[String]) {
        self.names = names.iter().map(|name| Line(name.as_bytes()).to_string()).collect();
    }

    pub(super) fn row(&mut self, cells: &[Value]) -> io::Result<()> {
        let is_cut = self.style.is_cut;
        let row: Vec<_> = cells.iter().map(|cell| Cell::new(cell, is_cut)).collect();
        if let Some(columns) = &self.columns {
            return write_row(self.out, columns, &row, self.paint);
        }
        self.held.push(row);
        if self.held.len() == LOOKED_AT { self.write_held() } else { Ok(()) }
    }

    pub(super) fn finish(mut self) -> io::Result<()> {
        if self.columns.is_some() { Ok(()) } else { self.write_held() }
    }

    /// Writes the names of the columns and the rows that were held.
    fn write_held(&mut self) -> io::Result<()> {
        let columns = self.measure();
        if self.style.header {
            let names: Vec<_> = self.names.iter().map(|name| (name.clone(), STRONG)).collect();
            write_line(self.out, &columns, names, self.paint)?;
            let rules = columns.iter().map(|column| ("─".repeat(column.width), FAINT));
            write_line(self.out, &columns, rules, self.paint)?;
        }
        for row in std::mem::take(&mut self.held) {
            write_row(self.out, &columns, &row, self.paint)?;
        }
        self.columns = Some(columns);
        Ok(())
    }

    fn measure(&self) -> Vec<Column> {
        let measure = |(at, name): (usize, &String)| {
            let cells = || self.held.iter().filter_map(|row| row.get(at));
            let widest = cells().map(|cell| cell.text.width()).max().unwrap_or_default();
            let name = if self.style.header { name.width() } else { 0 };
            let mut values = cells().filter(|cell| !cell.is_null).peekable();
            let is_right = values.peek().is_some() && values.all(|cell| cell.is_number);
            Column { width: widest.max(name), is_right }
        };
        self.names.iter().enumerate().map(measure).collect()
    }
}

impl Cell {
    fn new(value: &Value, is_cut: bool) -> Self {
        let text = Line(cell::text(value).as_bytes()).to_string();
        let text = if is_cut { cut(text) } else { text };
        Self { text, is_null: value.is_null(), is_number: cell::is_number(value) }
    }
}

/// A text that is not too wide.
fn cut(text: String) -> String {
    if text.width() <= WIDEST {
        return text;
    }
    let mut width = 1;
    let fits = |c: &char| {
        width += c.width().unwrap_or_default();
        width <= WIDEST
    };
    let mut kept: String = text.chars().take_while(fits).collect();
    kept.push('…');
    kept
}

fn write_row(out: &mut dyn Write, columns: &[Column], row: &[Cell], paint: bool) -> io::Result<()> {
    let cells = row.iter().map(|cell| {
        let style = if cell.is_null { FAINT } else { Paint::new() };
        (cell.text.clone(), style)
    });
    write_line(out, columns, cells, paint)
}

fn write_line(
    out: &mut dyn Write,
    columns: &[Column],
    cells: impl IntoIterator<Item = (String, Paint)>,
    paint: bool,
) -> io::Result<()> {
    let mut line = String::new();
    let last = columns.len().saturating_sub(1);
    for (at, (column, (text, style))) in columns.iter().zip(cells).enumerate() {
        let fill = " ".repeat(column.width.saturating_sub(text.width()));
        let text = if paint { format!("{style}{text}{style:#}") } else { text };
        line.push_str(if at == 0 { "" } else { GAP });
        match (column.is_right, at == last) {
            (true, _) => line.extend([fill, text]),
            (false, false) => line.extend([text, fill]),
            (false, true) => line.push_str(&text),
        }
    }
    writeln!(out, "{}", line.trim_end_matches(' '))
}
