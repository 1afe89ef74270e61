//! What the schema of the working copy says, as SQLite keeps it.

use std::collections::BTreeMap;

/// An object of the schema.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Object {
    /// The table that it belongs to; its own name for a table or a view.
    pub(super) on: String,
    /// The statement that made it.
    pub(super) sql: String,
}

/// What kind of object it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Table,
    Index,
    View,
    Trigger,
}

/// The objects of the schema by kind and name.
pub(super) type Objects = BTreeMap<(Kind, String), Object>;

/// The schema as it was seen last.
#[derive(Clone, Debug, Default)]
pub(super) struct Known {
    pub(super) objects: Objects,
    /// The number under which each table is watched.
    pub(super) watched: BTreeMap<String, usize>,
}

/// The table in which a working copy in a file says what it holds.
pub(super) const STATE: &str = "prolly_working_copy";

/// Reads the schema, without what SQLite and we keep for ourselves.
pub(super) fn read(sqlite: &rusqlite::Connection) -> rusqlite::Result<Objects> {
    let mut statement = sqlite.prepare_cached(
        "SELECT type, name, tbl_name, sql FROM main.sqlite_schema WHERE sql IS NOT NULL",
    )?;
    let mut rows = statement.query([])?;
    let mut objects = Objects::new();
    while let Some(row) = rows.next()? {
        let kind = match row.get_ref(0)?.as_str().unwrap_or_default() {
            "table" => Kind::Table,
            "index" => Kind::Index,
            "view" => Kind::View,
            _ => Kind::Trigger,
        };
        let name: String = row.get(1)?;
        if !name.starts_with("sqlite_") && name != STATE {
            objects.insert((kind, name), Object { on: row.get(2)?, sql: row.get(3)? });
        }
    }
    Ok(objects)
}

impl Known {
    /// The names of the tables.
    pub(super) fn tables(objects: &Objects) -> impl Iterator<Item = &String> {
        objects.keys().filter(|(kind, _)| *kind == Kind::Table).map(|(_, name)| name)
    }
}
