//! Conflicts of tables.

use prollytree_repo::MapName;
use prollytree_sql::{ConflictKind, Database, Row, RowConflict, TableVersion};
use prollytree_tree::Conflict;
use serde_json::{Map, Value as Json, json};

use super::{is_of_tables, open, values_text};
use crate::commands::status::write_conflicts;
use crate::error::CliError;
use crate::output::{Output, style};
use crate::sql::cell_json;
use crate::storage::Storage;
use crate::store::Repo;
use crate::text::{Line, json_bytes, json_value, plural};

/// The most conflicts that are listed for people.
const SHOWN: usize = 20;

/// The open conflicts of an operation.
pub(crate) struct Conflicts {
    database: Database<Storage>,
    rows: Vec<RowConflict>,
    /// Those of maps that are none of tables.
    keys: Vec<(MapName, Conflict)>,
}

impl Conflicts {
    /// Those of a repository.
    pub(crate) fn read(repo: Repo) -> Result<Self, CliError> {
        Self::of(open(repo)?)
    }

    /// Those of a repository with tables.
    pub(crate) fn of(mut database: Database<Storage>) -> Result<Self, CliError> {
        let rows = database.conflicts()?;
        let all = database.repository().conflicts()?.into_iter();
        let keys = all.filter(|(map, _)| !is_of_tables(map)).collect();
        Ok(Self { database, rows, keys })
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.rows.len() + self.keys.len()
    }

    /// Lists them, each with what was before both sides and on both.
    pub(crate) fn write(&mut self, out: &mut Output) -> Result<(), CliError> {
        write_row_conflicts(out, &mut self.database, &self.rows)?;
        write_conflicts(out, &self.keys)
    }

    /// How to settle them.
    pub(crate) fn how(&self) -> &'static str {
        match (self.rows.is_empty(), self.keys.is_empty()) {
            (true, _) => {
                "Settle each with `prolly resolve KEY --ours`, --theirs, --value or --delete"
            }
            (_, true) => {
                "Settle each with `prolly resolve --table TABLE KEY --ours`, --theirs or --base"
            }
            _ => {
                "Settle each with `prolly resolve KEY --ours`, rows with `prolly resolve --table TABLE \
                 KEY --ours`"
            }
        }
    }

    /// All of them as JSON documents.
    pub(crate) fn json(&mut self) -> Result<Vec<Json>, CliError> {
        let Self { database, rows, keys } = self;
        let mut documents = Vec::new();
        for conflict in rows.iter() {
            documents.push(row_conflict_json(database, conflict)?);
        }
        documents.extend(keys.iter().map(|(map, conflict)| conflict_json(map, conflict)));
        Ok(documents)
    }
}

/// Lists open conflicts of tables: what is in conflict, before both sides and on both.
fn write_row_conflicts(
    out: &mut Output,
    database: &mut Database<Storage>,
    conflicts: &[RowConflict],
) -> Result<(), CliError> {
    let version = database.current()?;
    for conflict in conflicts.iter().take(SHOWN) {
        let title = out.paint(style::CHANGED, title(conflict));
        out.line(title)?;
        // What a table looks like is told by the parts that clash.
        let Some(rows) = shown_rows(&version, conflict)? else { continue };
        let sides =
            [("base", &conflict.base), ("ours", &conflict.ours), ("theirs", &conflict.theirs)];
        for (side, row) in sides {
            let shown = match row {
                Some(row) => cells(&rows, conflict, row),
                None => "(absent)".to_owned(),
            };
            out.line(format_args!("  {side:<7} {shown}"))?;
        }
    }
    match conflicts.len().checked_sub(SHOWN) {
        None | Some(0) => Ok(()),
        Some(more) => {
            let more = plural(more as u64, "conflict");
            out.line(format_args!("and {more} more: `prolly status --json` lists them all"))
        }
    }
}

fn shown_rows(
    version: &prollytree_sql::Version<Storage>,
    conflict: &RowConflict,
) -> Result<Option<TableVersion<Storage>>, CliError> {
    if conflict.kind == ConflictKind::Schema || version.catalog().table(&conflict.table).is_none() {
        return Ok(None);
    }
    Ok(Some(version.table(&conflict.table)?))
}

fn title(conflict: &RowConflict) -> String {
    let RowConflict { table, key, because, kind, .. } = conflict;
    if *kind == ConflictKind::Schema {
        return format!("conflict on what {table} looks like: {because}");
    }
    let because = if because.is_empty() { String::new() } else { format!(" {because}") };
    let key = values_text(key);
    format!("conflict on {} in table {table}: {}{because}", Line(key.as_bytes()), word(*kind))
}

/// A kind of conflict in words.
fn word(kind: ConflictKind) -> &'static str {
    match kind {
        ConflictKind::Cells => "changed on both sides",
        ConflictKind::DeletedHere => "deleted here, changed there",
        ConflictKind::DeletedThere => "changed here, deleted there",
        ConflictKind::NotUnique => "not unique in index",
        ConflictKind::NotNull => "no value in column",
        ConflictKind::WrongType => "a value of another type in column",
        ConflictKind::ForeignKey => "a broken reference",
        ConflictKind::Check => "a broken condition",
        _ => "the schema",
    }
}

/// The cells in conflict, or all if there is none in particular.
fn cells(rows: &TableVersion<Storage>, conflict: &RowConflict, row: &Row) -> String {
    let columns = rows.table().columns.iter().zip(row);
    let is_meant = |name: &String| conflict.columns.is_empty() || conflict.columns.contains(name);
    let meant = columns.filter(|(column, _)| is_meant(&column.name));
    let meant: Vec<_> =
        meant.map(|(column, cell)| format!("{}: {}", column.name, cell_json(cell))).collect();
    meant.join(", ")
}

/// A conflict of a table as a JSON document.
fn row_conflict_json(
    database: &mut Database<Storage>,
    conflict: &RowConflict,
) -> Result<Json, CliError> {
    let version = database.current()?;
    let rows = shown_rows(&version, conflict)?;
    let row = |row: &Option<Row>| match (row, &rows) {
        (Some(row), Some(rows)) => {
            let cells = rows.table().columns.iter().zip(row);
            let cells = cells.map(|(column, cell)| (column.name.clone(), cell_json(cell)));
            Json::Object(Map::from_iter(cells))
        }
        _ => Json::Null,
    };
    Ok(json!({
        "table": conflict.table,
        "key": conflict.key.iter().map(cell_json).collect::<Vec<_>>(),
        "kind": word(conflict.kind),
        "because": conflict.because,
        "columns": conflict.columns,
        "base": row(&conflict.base),
        "ours": row(&conflict.ours),
        "theirs": row(&conflict.theirs),
    }))
}

/// A conflict of another map as a JSON document.
fn conflict_json(map: &MapName, conflict: &Conflict) -> Json {
    let value = |value: &Option<_>| value.as_ref().map_or(Json::Null, json_value);
    json!({
        "map": map.as_str(),
        "key": json_bytes(&conflict.key),
        "base": value(&conflict.base),
        "ours": value(&conflict.ours),
        "theirs": value(&conflict.theirs),
    })
}
