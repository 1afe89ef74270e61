//! Which rows statements changed.
//!
//! Temporary triggers tell the keys of the rows that are inserted, updated and deleted, also by
//! cascades and by other triggers. The keys are a superset of what changed: each row is read back
//! before it is written, so a change that was taken back does no harm.
//!
//! Triggers do not see the rows that `REPLACE` removes, unless `recursive_triggers` is on, which would
//! make triggers of users run within themselves. So a further trigger looks for the rows that have
//! what must be unique before a row is written. They are rows that stay, if it is not a `REPLACE`.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rusqlite::functions::{Context, FunctionFlags};

use super::error::SqliteError;
use super::mirror::{Mirror, hidden_rowid};
use super::text_of::{column_name, ident, is_known};
use crate::schema::{Column, Index, IndexKey, Table, TableKind};

/// The function that the triggers call.
const MARK: &str = "prolly_mark";
/// What the names of the triggers begin with.
pub(super) const PREFIX: &str = "prolly_";

/// The tables that are watched, and the keys of changed rows.
#[derive(Clone, Default)]
pub(super) struct Tracker(Arc<Mutex<Tables>>);

#[derive(Default)]
struct Tables {
    watched: Vec<Watched>,
    /// Which of them have changed rows.
    changed: Vec<usize>,
}

/// A table and the keys of its changed rows. A table that is altered is watched anew, so that its old
/// triggers, which come back when that is rolled back, are still understood.
struct Watched {
    mirror: Arc<Mirror>,
    is_changed: bool,
    rowids: HashSet<i64>,
    /// What SQLite finds the other rows by, see [`Mirror::mark`].
    marks: HashSet<Vec<u8>>,
}

impl Tracker {
    /// Makes the function known to a connection.
    pub(super) fn register(&self, sqlite: &rusqlite::Connection) -> rusqlite::Result<()> {
        let tracker = self.clone();
        let flags = FunctionFlags::SQLITE_UTF8;
        sqlite.create_scalar_function(MARK, -1, flags, move |context| tracker.mark(context))
    }

    fn lock(&self) -> MutexGuard<'_, Tables> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn mark(&self, context: &mut Context<'_>) -> rusqlite::Result<Option<i64>> {
        let failed = |error: SqliteError| rusqlite::Error::UserFunctionError(error.into());
        let number = context.get::<u32>(0)? as usize;
        let mut tables = self.lock();
        let Some(watched) = tables.see(number) else { return Ok(None) };
        if watched.mirror.has_rowid_key() {
            for at in 1..context.len() {
                // NULL is the rowid of a row that gets one yet.
                if let Some(rowid) = context.get::<Option<i64>>(at)? {
                    watched.rowids.insert(rowid);
                }
            }
            return Ok(None);
        }
        let width = watched.mirror.key_names().len();
        let mut at = 1;
        while at < context.len() {
            let cells = (at..at + width).map(|at| context.get_raw(at));
            match watched.mirror.mark(cells).map_err(failed)? {
                Some(mark) => _ = watched.marks.insert(mark),
                None => return Err(failed(no_key(&watched.mirror))),
            }
            at += width;
        }
        Ok(None)
    }

    /// Watches a table from now on, in place of what was watched as `before`. Gives its number.
    pub(super) fn watch(
        &self,
        sqlite: &rusqlite::Connection,
        mirror: Arc<Mirror>,
        before: Option<usize>,
    ) -> rusqlite::Result<usize> {
        if let Some(before) = before {
            self.unwatch(sqlite, before)?;
        }
        let number = self.lock().watched.len();
        sqlite.execute_batch(&triggers(&mirror, number))?;
        let (is_changed, rowids, marks) = Default::default();
        self.lock().watched.push(Watched { mirror, is_changed, rowids, marks });
        Ok(number)
    }

    /// Ends watching a table.
    pub(super) fn unwatch(
        &self,
        sqlite: &rusqlite::Connection,
        number: usize,
    ) -> rusqlite::Result<()> {
        let drop = |event: &&str| format!("DROP TRIGGER IF EXISTS temp.{PREFIX}{event}_{number};");
        sqlite.execute_batch(&EVENTS.iter().map(drop).collect::<String>())
    }

    /// The mirror of a table by its number.
    pub(super) fn mirror(&self, number: usize) -> Option<Arc<Mirror>> {
        self.lock().watched.get(number).map(|watched| watched.mirror.clone())
    }

    /// Takes every row of a table for changed.
    pub(super) fn mark_all(
        &self,
        sqlite: &rusqlite::Connection,
        number: usize,
    ) -> Result<(), SqliteError> {
        let Some(mirror) = self.mirror(number) else { return Ok(()) };
        let mut statement = sqlite.prepare(&mirror.keys)?;
        let width = mirror.key_names().len();
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let cells = (0..width).map(|at| row.get_ref(at)).collect::<Result<Vec<_>, _>>()?;
            let mark = mirror.mark(cells)?.ok_or_else(|| no_key(&mirror))?;
            if let Some(watched) = self.lock().see(number) {
                watched.marks.insert(mark);
            }
        }
        Ok(())
    }

    /// The tables with changed rows, and the marks of these, in their order.
    pub(super) fn changed(&self) -> Vec<(Arc<Mirror>, Vec<Vec<u8>>)> {
        let tables = self.lock();
        let changed = tables.changed.iter().filter_map(|&number| tables.watched.get(number));
        changed.map(|watched| (watched.mirror.clone(), watched.sorted_marks())).collect()
    }

    /// Whether a row may have changed.
    pub(super) fn has_changed(&self) -> bool {
        !self.lock().changed.is_empty()
    }

    /// Takes all rows for unchanged.
    pub(super) fn clear(&self) {
        let mut tables = self.lock();
        for number in std::mem::take(&mut tables.changed) {
            let Some(watched) = tables.watched.get_mut(number) else { continue };
            // What a great change took is given back; a small one's place is used again.
            if watched.rowids.capacity() + watched.marks.capacity() > 1 << 16 {
                (watched.rowids, watched.marks) = Default::default();
            }
            watched.is_changed = false;
            watched.rowids.clear();
            watched.marks.clear();
        }
    }
}

impl Tables {
    /// A table that is about to have changed rows.
    fn see(&mut self, number: usize) -> Option<&mut Watched> {
        let watched = self.watched.get_mut(number)?;
        if !std::mem::replace(&mut watched.is_changed, true) {
            self.changed.push(number);
        }
        Some(watched)
    }
}

impl Watched {
    fn sorted_marks(&self) -> Vec<Vec<u8>> {
        let rowids = self.rowids.iter().map(|&rowid| crate::key::rowid_key(rowid));
        let mut marks: Vec<_> = rowids.chain(self.marks.iter().cloned()).collect();
        marks.sort_unstable();
        marks.dedup();
        marks
    }
}

fn no_key(mirror: &Mirror) -> SqliteError {
    let table = mirror.table();
    let column = table.primary_key.first().map(|part| column_name(table, part.slot));
    crate::error::SqlError::NotNull {
        table: table.name.clone(),
        column: column.unwrap_or_default().replace('"', ""),
    }
    .into()
}

const EVENTS: [&str; 5] = ["inserted", "updated", "deleted", "inserts", "updates"];

/// The triggers of a table.
fn triggers(mirror: &Mirror, number: usize) -> String {
    let table = mirror.table();
    let on = format!("main.{}", ident(&table.name));
    let names = mirror.key_names();
    let of = |row: &str| {
        let names: Vec<_> = names.iter().map(|name| format!("{row}.{name}")).collect();
        names.join(", ")
    };
    let (old, new) = (of("old"), of("new"));
    let mut text = String::new();
    let mut add = |name: &str, when: &str, body: &str| {
        text.push_str(&format!(
            "CREATE TEMP TRIGGER {PREFIX}{name}_{number} {when} ON {on} BEGIN {body} END;\n"
        ));
    };
    add("inserted", "AFTER INSERT", &format!("SELECT {MARK}({number}, {new});"));
    add("updated", "AFTER UPDATE", &format!("SELECT {MARK}({number}, {old}, {new});"));
    add("deleted", "AFTER DELETE", &format!("SELECT {MARK}({number}, {old});"));
    let victims = victims(mirror, number, &on);
    if !victims.is_empty() {
        add("inserts", "BEFORE INSERT", &victims);
        add("updates", &format!("BEFORE UPDATE{}", columns_of_victims(mirror)), &victims);
    }
    text
}

/// Statements that mark the rows which a `REPLACE` would remove.
fn victims(mirror: &Mirror, number: usize, on: &str) -> String {
    let table = mirror.table();
    let keys = mirror.key_names().join(", ");
    let select =
        |found: String| format!("SELECT {MARK}({number}, {keys}) FROM {on} WHERE {found};");
    let unique = table.indexes.iter().filter(|index| index.unique && is_known(index));
    let mut text: String = unique.map(|index| select(same_parts(table, index))).collect();
    // A row that is found by its primary key can lose its place to another row with its rowid.
    if !mirror.has_rowid_key()
        && table.kind != TableKind::WithoutRowid
        && let Some(rowid) = hidden_rowid(table)
    {
        text.push_str(&select(format!("{rowid} = new.{rowid}")));
    }
    text
}

/// Which columns must change for a row to be removed, unless it could be any.
fn columns_of_victims(mirror: &Mirror) -> String {
    let table = mirror.table();
    let unique = table.indexes.iter().filter(|index| index.unique && is_known(index));
    let slots: Option<Vec<_>> = unique
        .flat_map(|index| &index.parts)
        .map(|part| match part.key {
            IndexKey::Column(slot) => Some(slot),
            _ => None,
        })
        .collect();
    let computed = table.columns.iter().any(|column| column.generated.is_some());
    match slots {
        Some(slots) if mirror.has_rowid_key() && !computed => {
            let names: Vec<_> = slots.iter().map(|&slot| column_name(table, slot)).collect();
            format!(" OF {}", names.join(", "))
        }
        _ => String::new(),
    }
}

/// The cell of the new row. REPLACE takes the default where NULL must not be.
fn new_cell(column: &Column) -> String {
    let name = ident(&column.name);
    match &column.default {
        Some(default) if column.not_null => format!("ifnull(new.{name}, ({default}))"),
        _ => format!("new.{name}"),
    }
}

/// The condition that a row has the same parts of an index as the new row.
fn same_parts(table: &Table, index: &Index) -> String {
    let parts = index.parts.iter().map(|part| {
        let collation = match part.collation {
            crate::schema::Collation::Binary => "BINARY",
            crate::schema::Collation::NoCase => "NOCASE",
            crate::schema::Collation::Rtrim => "RTRIM",
        };
        match &part.key {
            IndexKey::Column(slot) => {
                let name = column_name(table, *slot);
                let column = table.columns.iter().find(|column| column.slot == *slot);
                let cell = column.map_or_else(|| format!("new.{name}"), new_cell);
                format!("{name} = {cell} COLLATE {collation}")
            }
            IndexKey::Sqlite(expression) | IndexKey::Gluesql(expression) => {
                let cells = table
                    .columns
                    .iter()
                    .map(|column| format!("{} AS {}", new_cell(column), ident(&column.name)));
                let cells = cells.collect::<Vec<_>>().join(", ");
                format!(
                    "({expression}) COLLATE {collation} = \
                     (SELECT {expression} FROM (SELECT {cells}))"
                )
            }
        }
    });
    let filter = index.filter.as_ref().map(|filter| format!("({filter})"));
    parts.chain(filter).collect::<Vec<_>>().join(" AND ")
}
