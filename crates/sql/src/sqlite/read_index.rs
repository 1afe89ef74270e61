//! The primary key and the indexes of a table of the working copy, as SQLite tells them.

use sqlite3_parser::ast::{Expr, SortedColumn, Stmt};

use super::error::SqliteError;
use super::read_table::{collation, key_part, key_positions, parse, refused};
use super::text_of::{ident, literal};
use crate::schema::{Index, IndexKey, IndexPart, Table};

/// An index as `PRAGMA index_list` shows it.
struct Listed {
    name: String,
    unique: bool,
    origin: String,
}

/// A part as `PRAGMA index_xinfo` shows it.
struct ListedPart {
    /// The column; negative for the rowid or an expression.
    column: i64,
    descending: bool,
    collation: String,
}

fn list(sqlite: &rusqlite::Connection, table: &str) -> Result<Vec<Listed>, SqliteError> {
    let mut statement = sqlite.prepare(&format!("PRAGMA main.index_list({})", literal(table)))?;
    let rows = statement.query_map([], |row| {
        Ok(Listed { name: row.get(1)?, unique: row.get(2)?, origin: row.get(3)? })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn parts(sqlite: &rusqlite::Connection, index: &str) -> Result<Vec<ListedPart>, SqliteError> {
    let mut statement = sqlite.prepare(&format!("PRAGMA main.index_xinfo({})", literal(index)))?;
    let mut rows = statement.query([])?;
    let mut parts = Vec::new();
    while let Some(row) = rows.next()? {
        // Behind the parts stands what leads to the row.
        if row.get::<_, bool>(5)? {
            let collation: Option<String> = row.get(4)?;
            parts.push(ListedPart {
                column: row.get(1)?,
                descending: row.get(3)?,
                collation: collation.unwrap_or_else(|| "BINARY".to_owned()),
            });
        }
    }
    Ok(parts)
}

/// Reads the primary key of a table.
pub(super) fn read_key(
    sqlite: &rusqlite::Connection,
    table: &mut Table,
) -> Result<(), SqliteError> {
    let positions = key_positions(sqlite, &table.name)?;
    let index = list(sqlite, &table.name)?.into_iter().find(|index| index.origin == "pk");
    let Some(index) = index else {
        // The rowid under another name has no index.
        let key = positions.iter().filter_map(|&position| key_part(table, position, false));
        table.primary_key = key.collect();
        return Ok(());
    };
    for (part, position) in parts(sqlite, &index.name)?.iter().zip(positions) {
        let found = key_part(table, position, part.descending);
        let own = table.columns.get(position).map(|column| column.collation);
        if own != Some(collation(&table.name, &part.collation)?) {
            let why = "its primary key compares a column in another way than the column does";
            return Err(refused(&table.name, why));
        }
        table.primary_key.extend(found);
    }
    Ok(())
}

/// Reads the indexes of a table, but for that of the primary key. What SQLite does not know stays as
/// it was.
pub(super) fn read_indexes(
    sqlite: &rusqlite::Connection,
    table: &Table,
    old: Option<&Table>,
) -> Result<Vec<Index>, SqliteError> {
    let old = old.map(|old| old.indexes.as_slice()).unwrap_or_default();
    let unknown = old.iter().filter(|index| !super::text_of::is_known(index));
    let mut indexes: Vec<_> = unknown.cloned().collect();
    for listed in list(sqlite, &table.name)? {
        let mut index = match listed.origin.as_str() {
            "pk" => continue,
            "u" => constraint(sqlite, table, &listed)?,
            _ => created(sqlite, table, &listed)?,
        };
        let same = |found: &&Index| {
            found.parts == index.parts && (index.constraint || found.name == index.name)
        };
        if let Some(found) =
            old.iter().filter(|found| found.constraint == index.constraint).find(same)
        {
            index.name.clone_from(&found.name);
            index.created = found.created;
        }
        indexes.push(index);
    }
    indexes.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(indexes)
}

/// The index of a `UNIQUE` constraint, named after its columns: SQLite's own name tells only which of
/// them it is.
fn constraint(
    sqlite: &rusqlite::Connection,
    table: &Table,
    listed: &Listed,
) -> Result<Index, SqliteError> {
    let (mut found, mut names) = (Vec::new(), Vec::new());
    for part in parts(sqlite, &listed.name)? {
        let position = usize::try_from(part.column).ok();
        let column = position.and_then(|position| table.columns.get(position));
        let column = column.ok_or_else(|| refused(&table.name, "a constraint has no column"))?;
        let part = part_of(table, &part, None)?;
        // The same columns may be unique in more than one way.
        names.push(match part.collation == column.collation {
            true => column.name.clone(),
            false => format!("{} {:?}", column.name, part.collation),
        });
        found.push(part);
    }
    let name = format!("sqlite_unique_{}", names.join(","));
    let (unique, constraint) = (true, true);
    Ok(Index { name, parts: found, unique, constraint, filter: None, created: None })
}

/// The index that a statement made.
fn created(
    sqlite: &rusqlite::Connection,
    table: &Table,
    listed: &Listed,
) -> Result<Index, SqliteError> {
    let sql: String = sqlite.query_row(
        "SELECT sql FROM main.sqlite_schema WHERE type = 'index' AND name = ?",
        [&listed.name],
        |row| row.get(0),
    )?;
    let Stmt::CreateIndex { columns, where_clause, .. } = parse(&table.name, &sql)? else {
        return Err(refused(&table.name, "the definition of an index is no CREATE INDEX"));
    };
    let found = parts(sqlite, &listed.name)?;
    let found = found.iter().zip(&columns).map(|(part, column)| part_of(table, part, Some(column)));
    Ok(Index {
        name: listed.name.clone(),
        parts: found.collect::<Result<_, _>>()?,
        unique: listed.unique,
        constraint: false,
        filter: where_clause.map(|filter| filter.to_string()),
        created: None,
    })
}

fn part_of(
    table: &Table,
    part: &ListedPart,
    text: Option<&SortedColumn>,
) -> Result<IndexPart, SqliteError> {
    let position = usize::try_from(part.column).ok();
    let column = position.and_then(|position| table.columns.get(position));
    let key = match (column, text) {
        // Rows do not hold what is computed when it is read, so no tree can be ordered by it.
        (Some(column), _) => match &column.generated {
            Some(generated) if !generated.stored => IndexKey::Sqlite(ident(&column.name)),
            _ => IndexKey::Column(column.slot),
        },
        (None, Some(text)) => IndexKey::Sqlite(without_collation(&text.expr).to_string()),
        (None, None) => return Err(refused(&table.name, "an index has a part without a column")),
    };
    let collation = collation(&table.name, &part.collation)?;
    Ok(IndexPart { key, descending: part.descending, collation })
}

fn without_collation(expression: &Expr) -> &Expr {
    match expression {
        Expr::Collate(inner, _) => without_collation(inner),
        other => other,
    }
}
