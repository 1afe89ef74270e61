//! Tables: absolute figures, ratios and the notes that keep them honest.

use std::fmt::Write;

use crate::engine::Named;
use crate::measure::{Cells, Stat};
use crate::rows::Row;

/// How to print a figure.
#[derive(Clone, Copy)]
pub enum Unit {
    /// Nanoseconds, scaled to ns, µs, ms or s.
    Time,
    /// Bytes; the median.
    Bytes,
    /// Bytes, where the mean over the rounds tells more than the median.
    MeanBytes,
    /// A small number without a unit.
    Count,
    /// A number that is always whole, without a unit.
    Whole,
}

/// One column: an engine.
struct Column {
    title: &'static str,
    is_ours: bool,
    is_fallback: bool,
    note: Option<&'static str>,
}

/// One line: a size or a quantity, with one cell a column.
struct Line {
    label: String,
    unit: Unit,
    cells: Vec<Option<Stat>>,
    /// What notes about cut samples call the measurement; on its first line only.
    cut_label: Option<String>,
}

/// The result of one row.
pub struct Table {
    row: Row,
    rounds: usize,
    columns: Vec<Column>,
    lines: Vec<Line>,
}

impl Table {
    /// Makes an empty table with one column an engine, for cells of `rounds` rounds.
    pub fn new<'a>(row: Row, rounds: usize, engines: impl Iterator<Item = &'a dyn Named>) -> Self {
        let columns = engines.map(|engine| Column {
            title: engine.title(),
            is_ours: engine.is_ours(),
            is_fallback: matches!(engine.id(), "btreemap" | "redb"),
            note: engine.note(row),
        });
        Self { row, rounds, columns: columns.collect(), lines: Vec::new() }
    }

    /// Adds the lines of one measurement at `size` keys: one a figure of its samples.
    pub fn push(&mut self, size: usize, lines: &[(&str, Unit)], cells: &[Cells]) {
        for (index, (name, unit)) in lines.iter().enumerate() {
            let cells = cells.iter().map(|stats| stats.as_ref().map(|stats| stats[index].clone()));
            let label = format!("{} {name}", short_size(size)).trim_end().to_owned();
            let cut_label = match lines.len() {
                1 => Some(label.clone()),
                _ => (index == 0).then(|| short_size(size)),
            };
            self.lines.push(Line { label, unit: *unit, cells: cells.collect(), cut_label });
        }
    }

    /// Prints as Markdown.
    pub fn markdown(&self) -> String {
        let mut text = format!(
            "## {}. {}\n\n{}\n\n| N |",
            self.row.number(),
            self.row.title(),
            self.row.about()
        );
        for column in &self.columns {
            let _ = write!(text, " {} |", column.title);
        }
        let _ = write!(text, "\n|---|{}\n", "--:|".repeat(self.columns.len()));
        for line in &self.lines {
            let _ = write!(text, "| {} |", line.label);
            for cell in &line.cells {
                let _ = write!(text, " {} |", self.cell(line, cell.as_ref()));
            }
            text.push('\n');
        }
        for note in self.notes() {
            let _ = write!(text, "\n- {note}");
        }
        text.trim_end().to_owned() + "\n"
    }

    /// Prints one cell a line, with the spread over the rounds.
    pub fn plain(&self) -> String {
        let mut text = format!("{}. {}\n", self.row.number(), self.row.title());
        for line in &self.lines {
            let _ = writeln!(text, "  {}", line.label);
            for (column, cell) in self.columns.iter().zip(&line.cells) {
                let figure = self.cell(line, cell.as_ref());
                let _ = writeln!(
                    text,
                    "    {:24} {figure:>26}  {}",
                    column.title,
                    spread(line.unit, cell.as_ref())
                );
            }
        }
        for note in self.notes() {
            let _ = writeln!(text, "  - {note}");
        }
        text
    }

    /// The figure, its ratio to the reference, and `*` when the sample was cut.
    fn cell(&self, line: &Line, cell: Option<&Stat>) -> String {
        let Some(stat) = cell else {
            return "–".to_owned();
        };
        let value = figure(line.unit, stat);
        let mut text = format_figure(line.unit, value);
        if let Some(reference) =
            self.reference(line).filter(|reference| *reference > 0.0 && value >= 0.0)
        {
            let _ = write!(text, " ({}×)", format_ratio(value / reference));
        }
        if self.is_cut(stat) {
            text.push('*');
        }
        text
    }

    /// The figure that ratios of this line refer to: ours, else `BTreeMap`'s or
    /// redb's, else the first there is.
    fn reference(&self, line: &Line) -> Option<f64> {
        let of = |wanted: &dyn Fn(&Column) -> bool| {
            let mut pairs = self.columns.iter().zip(&line.cells);
            pairs.find_map(|(column, cell)| cell.as_ref().filter(|_| wanted(column)))
        };
        let stat = of(&|column| column.is_ours)
            .or_else(|| of(&|column| column.is_fallback))
            .or_else(|| of(&|_| true));
        stat.map(|stat| figure(line.unit, stat))
    }

    fn is_cut(&self, stat: &Stat) -> bool {
        stat.ops < stat.wanted || stat.rounds < self.rounds
    }

    fn notes(&self) -> Vec<String> {
        let engines = self.columns.iter();
        let mut notes: Vec<_> = engines
            .filter_map(|column| Some(format!("{}: {}.", column.title, column.note?)))
            .collect();
        for line in &self.lines {
            for (column, stat) in self.columns.iter().zip(&line.cells) {
                let cut = stat.as_ref().filter(|stat| self.is_cut(stat));
                if let (Some(stat), Some(label)) = (cut, &line.cut_label) {
                    notes.push(self.cut_note(column, label, stat));
                }
            }
        }
        notes
    }

    fn cut_note(&self, column: &Column, label: &str, stat: &Stat) -> String {
        let (rounds, wanted_rounds) = (stat.rounds, self.rounds);
        let mut note = format!("\\* {}, {label}: {rounds} of {wanted_rounds} rounds", column.title);
        if stat.ops < stat.wanted {
            let (ops, wanted) = (grouped(stat.ops as f64), grouped(stat.wanted as f64));
            let _ = write!(note, ", {ops} of {wanted} operations{}", self.row.cut_meaning());
        }
        note + "."
    }
}

fn figure(unit: Unit, stat: &Stat) -> f64 {
    match unit {
        Unit::MeanBytes => stat.mean,
        Unit::Time | Unit::Bytes | Unit::Count | Unit::Whole => stat.median,
    }
}

fn spread(unit: Unit, cell: Option<&Stat>) -> String {
    let Some(stat) = cell.filter(|stat| stat.rounds > 1) else {
        return String::new();
    };
    let (min, max) = (format_figure(unit, stat.min), format_figure(unit, stat.max));
    format!("[{min} … {max}] {} rounds of {}", stat.rounds, grouped(stat.ops as f64))
}

fn format_figure(unit: Unit, value: f64) -> String {
    match unit {
        Unit::Time if value < 9_999.5 => format!("{} ns", three_digits(value)),
        Unit::Time if value < 9_999_500.0 => format!("{} µs", three_digits(value / 1e3)),
        Unit::Time if value < 9_999_500_000.0 => format!("{} ms", three_digits(value / 1e6)),
        Unit::Time => format!("{} s", three_digits(value / 1e9)),
        Unit::Bytes | Unit::MeanBytes => format!("{} B", three_digits(value)),
        Unit::Count => three_digits(value),
        Unit::Whole => grouped(value),
    }
}

fn format_ratio(ratio: f64) -> String {
    match ratio {
        r if r < 0.0095 => format!("{r:.4}"),
        r if r < 0.095 => format!("{r:.3}"),
        r if r < 0.995 => format!("{r:.2}"),
        r if r < 9.95 => format!("{r:.1}"),
        r => grouped(r),
    }
}

/// At least three significant digits, never fewer than the whole number has.
fn three_digits(value: f64) -> String {
    match value.abs() {
        v if v < 9.995 => format!("{value:.2}"),
        v if v < 99.95 => format!("{value:.1}"),
        _ => grouped(value),
    }
}

/// A whole number with commas between the thousands.
fn grouped(value: f64) -> String {
    let digits = format!("{:.0}", value.abs());
    let mut text = String::from(if value < 0.0 { "-" } else { "" });
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `10k`, `1M` or the number itself.
pub fn short_size(size: usize) -> String {
    match size {
        size if size.is_multiple_of(1_000_000) => format!("{}M", size / 1_000_000),
        size if size.is_multiple_of(1_000) => format!("{}k", size / 1_000),
        size => size.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_keep_three_digits() {
        let time = |ns| format_figure(Unit::Time, ns);
        assert_eq!(time(1.234), "1.23 ns");
        assert_eq!(time(9_999.0), "9,999 ns");
        assert_eq!(time(10_000.0), "10.0 µs");
        assert_eq!(time(12_345_678.0), "12.3 ms");
        assert_eq!(format_figure(Unit::Bytes, -3.25), "-3.25 B");
        assert_eq!(grouped(1_234_567.0), "1,234,567");
        assert_eq!(grouped(-123.0), "-123");
    }

    #[test]
    fn sizes_are_short() {
        assert_eq!(
            ["100", "10k", "1M"],
            [100, 10_000, 1_000_000].map(short_size).each_ref().map(|s| &**s)
        );
    }
}
