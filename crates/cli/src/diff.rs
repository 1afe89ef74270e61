//! How differences are shown: key by key, and field by field where values are JSON objects.

use clap::Args;
use prollytree_repo::{MapDiff, MapName, MapsDiff, RepoError};
use prollytree_tree::{Difference, Value};
use serde_json::{Map, Value as Json, json};

use crate::context::HexArg;
use crate::error::CliError;
use crate::output::{Output, style};
use crate::storage::Storage;
use crate::tables::{ChangedRow, TablesDiff, title};
use crate::text::{Count, Line, ShownValue, json_bytes, json_value};

/// What of a difference is shown, and how.
#[derive(Args, Debug)]
pub(crate) struct DiffArgs {
    /// Shows only how many keys were added, removed and changed in each map.
    #[arg(long, conflicts_with = "name_only")]
    stat: bool,
    /// Shows only the keys, without their values.
    #[arg(long)]
    name_only: bool,
    /// Shows only keys that begin with this prefix.
    #[arg(long, value_name = "PREFIX", default_value = "", hide_default_value = true)]
    prefix: String,
    /// Shows only the named map.
    #[arg(long, value_name = "NAME")]
    map: Option<String>,
    #[command(flatten)]
    hex: HexArg,
}

/// Something that two versions may both have.
pub(crate) trait Changed {
    /// Whether the first and the second version have it.
    fn sides(&self) -> (bool, bool);

    /// The sign, the word and the style of the change.
    fn kind(&self) -> (&'static str, &'static str, anstyle::Style) {
        match self.sides() {
            (false, _) => ("+", "added", style::ADDED),
            (_, false) => ("-", "removed", style::REMOVED),
            _ => ("~", "changed", style::CHANGED),
        }
    }
}

impl Changed for Difference {
    fn sides(&self) -> (bool, bool) {
        (self.before.is_some(), self.after.is_some())
    }
}

impl Changed for ChangedRow {
    fn sides(&self) -> (bool, bool) {
        (self.before.is_some(), self.after.is_some())
    }
}

/// How many keys differ.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) added: u64,
    pub(crate) removed: u64,
    pub(crate) changed: u64,
}

impl Counts {
    pub(crate) fn count(&mut self, changed: &impl Changed) {
        match changed.sides() {
            (false, _) => self.added += 1,
            (_, false) => self.removed += 1,
            _ => self.changed += 1,
        }
    }

    pub(crate) fn total(self) -> u64 {
        self.added + self.removed + self.changed
    }

    pub(crate) fn json(self) -> Json {
        json!({ "added": self.added, "removed": self.removed, "changed": self.changed })
    }

    /// `2 added, 1 changed`.
    pub(crate) fn text(self) -> String {
        let parts = [(self.added, "added"), (self.removed, "removed"), (self.changed, "changed")];
        let shown = parts.iter().filter(|(count, _)| *count > 0);
        let shown: Vec<_> =
            shown.map(|(count, what)| format!("{} {what}", Count(*count))).collect();
        if shown.is_empty() { "no differences".to_owned() } else { shown.join(", ") }
    }
}

impl DiffArgs {
    /// Writes the difference, and tells how many keys were shown or counted.
    pub(crate) fn write(
        &self,
        out: &mut Output,
        diff: &MapsDiff<Storage>,
        tables: &TablesDiff,
    ) -> Result<u64, CliError> {
        let prefix = self.hex.bytes("--prefix", &self.prefix)?;
        let only = self.map.as_ref().map(MapName::new).transpose().map_err(RepoError::from)?;
        let mut total = 0;
        for map in diff.maps() {
            if only.as_ref().is_some_and(|only| *only != map.name) {
                continue;
            }
            // Rows are no keys that a prefix could be meant for; a map that is named is shown as it is.
            let as_rows = only.is_none() && prefix.is_empty();
            let counts = match tables.table(&map.name).filter(|_| as_rows) {
                Some(table) => self.write_table(out, tables, table)?,
                None if as_rows && title(&map.name).is_none() => continue,
                None => self.write_map(out, map, &prefix)?,
            };
            total += counts.total();
        }
        Ok(total)
    }

    fn write_table(
        &self,
        out: &mut Output,
        tables: &TablesDiff,
        table: &str,
    ) -> Result<Counts, CliError> {
        let mut counts = Counts::default();
        tables.rows(table, |row| {
            if counts.total() == 0 && !self.stat && !out.is_json() {
                let title = out.paint(style::STRONG, format_args!("table {table}"));
                out.line(title)?;
            }
            counts.count(&row);
            match (self.stat, self.name_only, out.is_json()) {
                (true, _, _) => Ok(()),
                (_, names, true) => out.json(&row.json(table, names)),
                (_, true, false) => write_row_key(out, &row),
                (_, false, false) => write_row(out, &row),
            }
        })?;
        if self.stat && counts.total() > 0 {
            let document = || json!({ "table": table, "rows": counts.json() });
            out.either(format_args!("table {table}: {}", counts.text()), document)?;
        }
        Ok(counts)
    }

    fn write_map(
        &self,
        out: &mut Output,
        map: &MapDiff<Storage>,
        prefix: &[u8],
    ) -> Result<Counts, CliError> {
        let mut counts = Counts::default();
        for difference in map.changes_with_prefix(prefix)? {
            let difference = difference?;
            if counts.total() == 0 && !self.stat && !out.is_json() {
                let title = format!("map {}", map.name);
                let title = out.paint(style::STRONG, title);
                out.line(title)?;
            }
            counts.count(&difference);
            match (self.stat, self.name_only, out.is_json()) {
                (true, _, _) => {}
                (_, names, true) => out.json(&change_json(&map.name, &difference, names))?,
                (_, true, false) => write_key(out, &difference)?,
                (_, false, false) => write_change(out, &difference)?,
            }
        }
        if self.stat && counts.total() > 0 {
            let document = || json!({ "map": map.name.as_str(), "keys": counts.json() });
            out.either(format_args!("{}: {}", map.name, counts.text()), document)?;
        }
        Ok(counts)
    }
}

/// Writes a changed key, without its values.
pub(crate) fn write_key(out: &mut Output, difference: &Difference) -> Result<(), CliError> {
    let (sign, _, style) = difference.kind();
    let line = out.paint(style, format_args!("{sign} {}", Line(&difference.key)));
    out.line(line)
}

/// Writes a changed key and its values.
pub(crate) fn write_change(out: &mut Output, difference: &Difference) -> Result<(), CliError> {
    write_key(out, difference)?;
    if let (Some(before), Some(after)) = (&difference.before, &difference.after)
        && let (Some(before), Some(after)) = (object(before), object(after))
    {
        return write_fields(out, &before, &after);
    }
    for (sign, value, style) in
        [("-", &difference.before, style::REMOVED), ("+", &difference.after, style::ADDED)]
    {
        if let Some(value) = value {
            let line = out.paint(style, format_args!("    {sign} {}", ShownValue(value)));
            out.line(line)?;
        }
    }
    Ok(())
}

fn write_row_key(out: &mut Output, row: &ChangedRow) -> Result<(), CliError> {
    let (sign, _, style) = row.kind();
    let line = out.paint(style, format_args!("{sign} {}", Line(row.key_text().as_bytes())));
    out.line(line)
}

/// Writes the columns of a row that changed, but for those of its key.
fn write_row(out: &mut Output, row: &ChangedRow) -> Result<(), CliError> {
    write_row_key(out, row)?;
    let without_key = |side: &Option<Map<String, Json>>| {
        let columns = side.iter().flatten();
        let columns = columns.filter(|(name, _)| !row.key.contains_key(*name));
        columns.map(|(name, cell)| (name.clone(), cell.clone())).collect()
    };
    write_fields(out, &without_key(&row.before), &without_key(&row.after))
}

fn write_fields(
    out: &mut Output,
    before: &Map<String, Json>,
    after: &Map<String, Json>,
) -> Result<(), CliError> {
    for (field, before, after) in fields(before, after) {
        for (sign, value, style) in [("-", before, style::REMOVED), ("+", after, style::ADDED)] {
            if let Some(value) = value {
                let field = Line(field.as_bytes());
                let line = out.paint(style, format_args!("    {sign} {field}: {value}"));
                out.line(line)?;
            }
        }
    }
    Ok(())
}

/// The fields that differ, those of `before` first.
fn fields<'a>(
    before: &'a Map<String, Json>,
    after: &'a Map<String, Json>,
) -> Vec<(&'a str, Option<&'a Json>, Option<&'a Json>)> {
    let names = before.keys().chain(after.keys().filter(|name| !before.contains_key(*name)));
    let fields = names.map(|name| (name.as_str(), before.get(name), after.get(name)));
    fields.filter(|(_, before, after)| before != after).collect()
}

/// The JSON object that a value is, if it is one.
fn object(value: &Value) -> Option<Map<String, Json>> {
    let Value::Inline(bytes) = value else { return None };
    // Most values that are no objects are told apart by their first byte.
    if bytes.first() != Some(&b'{') {
        return None;
    }
    serde_json::from_slice(bytes).ok()
}

/// A change as a JSON document.
fn change_json(map: &MapName, difference: &Difference, names_only: bool) -> Json {
    let mut document = json!({ "map": map.as_str() });
    if let (Json::Object(document), Json::Object(fields)) =
        (&mut document, change_fields(difference, names_only))
    {
        document.extend(fields);
    }
    document
}

/// A change of a map that is known as a JSON document.
pub(crate) fn change_fields(difference: &Difference, names_only: bool) -> Json {
    let (_, word, _) = difference.kind();
    let mut document = json!({ "key": json_bytes(&difference.key), "change": word });
    if !names_only {
        document["before"] = difference.before.as_ref().map_or(Json::Null, json_value);
        document["after"] = difference.after.as_ref().map_or(Json::Null, json_value);
    }
    document
}
