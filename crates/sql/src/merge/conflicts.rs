//! The conflicts of an operation, as rows.
//!
//! The repository records them, a tree for each map. Under a table's map of rows lie rows that both
//! sides changed, by their keys; under `sql/schema` entries of the catalog; and under
//! `sql/violations/<table>` rows that break a constraint, by the kind, the constraint and the row's key.

use prollytree_repo::{Backend, MapName};
use prollytree_tree::{Conflict, Value as Stored};

use super::inspect::Violation;
use super::rows::{generated, merge_cells};
use super::schema::{Tables, merge_table};
use super::{Clashes, ConflictKind, Prefer, RowConflict};
use crate::catalog::{TABLE, TRIGGER, VIEW, catalog_map, rows_map, violations_map};
use crate::error::SqlError;
use crate::key;
use crate::schema::{Collation, IndexKey, Table};
use crate::value::{Row, Value};
use crate::version::{TableVersion, Version};

/// The kinds of broken constraints, as the record numbers them.
const KINDS: [ConflictKind; 5] = [
    ConflictKind::NotUnique,
    ConflictKind::NotNull,
    ConflictKind::WrongType,
    ConflictKind::ForeignKey,
    ConflictKind::Check,
];

/// The key of the record of a broken constraint.
///
/// # Errors
/// The key is too long.
pub(super) fn violation_key(violation: &Violation) -> Result<Vec<u8>, SqlError> {
    let kind = KINDS.iter().position(|kind| *kind == violation.kind).unwrap_or_default();
    let mut bytes = Vec::new();
    key::push(&mut bytes, &Value::Int(kind as i64), Collation::Binary, false)?;
    // A condition may be a long text; what is cut off only says less.
    let because: String = violation.because.chars().take(256).collect();
    key::push(&mut bytes, &Value::Text(because), Collation::Binary, false)?;
    bytes.extend(&violation.key);
    if bytes.len() > key::MAX_KEY_LEN {
        let (table, len) = (violation.table.clone(), bytes.len());
        return Err(SqlError::KeyTooLong { table, index: None, len });
    }
    Ok(bytes)
}

/// What the key of a record says: the kind, the constraint, and the row's key.
fn read_violation(bytes: &[u8]) -> Result<(ConflictKind, String, Vec<u8>), SqlError> {
    let mut rest = bytes;
    let (kind, because) = (key::pop(&mut rest, false)?, key::pop(&mut rest, false)?);
    let kind = match kind {
        Value::Int(number) => usize::try_from(number).ok().and_then(|at| KINDS.get(at)),
        _ => None,
    };
    match (kind, because) {
        (Some(kind), Value::Text(because)) => Ok((*kind, because, rest.to_vec())),
        _ => Err(SqlError::BadKey { key: bytes.to_vec() }),
    }
}

/// What a recorded conflict is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Subject {
    /// A row, by its key.
    Row { table: String, key: Vec<u8> },
    /// A row that breaks a constraint.
    Violation { table: String, key: Vec<u8>, kind: ConflictKind, because: String },
    /// An entry of the catalog.
    Entry { prefix: &'static str, name: String },
}

/// What a recorded conflict is about; `None` if its map is none of tables.
///
/// # Errors
/// The record is damaged.
pub(super) fn subject<B: Backend + 'static>(
    version: &Version<B>,
    map: &MapName,
    conflict: &Conflict,
) -> Result<Option<Subject>, SqlError> {
    if *map == catalog_map()? {
        let entry = String::from_utf8_lossy(&conflict.key).into_owned();
        let prefixes = [TABLE, VIEW, TRIGGER].into_iter();
        let mut found = prefixes.filter_map(|prefix| Some((prefix, entry.strip_prefix(prefix)?)));
        let bad = || SqlError::BadCatalog { key: entry.clone(), source: None };
        let (prefix, name) = found.next().ok_or_else(bad)?;
        return Ok(Some(Subject::Entry { prefix, name: name.to_owned() }));
    }
    for table in version.catalog().tables().map(|table| table.name.clone()) {
        if *map == rows_map(&table)? {
            return Ok(Some(Subject::Row { table, key: conflict.key.clone() }));
        }
        if *map == violations_map(&table)? {
            let (kind, because, key) = read_violation(&conflict.key)?;
            return Ok(Some(Subject::Violation { table, key, kind, because }));
        }
    }
    Ok(None)
}

/// A recorded conflict as rows; `None` if its map is none of tables.
///
/// # Errors
/// The record is damaged, or the backend fails.
pub(super) fn describe<B: Backend + 'static>(
    version: &Version<B>,
    map: &MapName,
    conflict: &Conflict,
) -> Result<Option<RowConflict>, SqlError> {
    Ok(match subject(version, map, conflict)? {
        None => None,
        Some(Subject::Entry { prefix, name }) => {
            Some(describe_entry(version, prefix, name, conflict)?)
        }
        Some(Subject::Row { table, key }) => {
            let rows = version.table(&table)?;
            let mut found = describe_row(&rows, &key, conflict)?;
            (found.kind, found.columns) = kind_of(rows.table(), &found);
            Some(found)
        }
        Some(Subject::Violation { table, key, kind, because }) => {
            let rows = version.table(&table)?;
            let found = describe_row(&rows, &key, conflict)?;
            let columns = columns_of(rows.table(), kind, &because);
            Some(RowConflict { kind, columns, because, ..found })
        }
    })
}

fn describe_row<B: Backend + 'static>(
    rows: &TableVersion<B>,
    row_key: &[u8],
    conflict: &Conflict,
) -> Result<RowConflict, SqlError> {
    let read = |value: &Option<Stored>| {
        value.as_ref().map(|value| rows.decode_stored(row_key, value)).transpose()
    };
    let (mut rest, mut key) = (row_key, Vec::new());
    let mut parts = rows.table().primary_key.iter();
    while !rest.is_empty() {
        let descending = parts.next().is_some_and(|part| part.descending);
        key.push(key::pop(&mut rest, descending)?);
    }
    Ok(RowConflict {
        table: rows.table().name.clone(),
        key,
        base: read(&conflict.base)?,
        ours: read(&conflict.ours)?,
        theirs: read(&conflict.theirs)?,
        columns: Vec::new(),
        kind: ConflictKind::Cells,
        because: String::new(),
    })
}

fn kind_of(table: &Table, conflict: &RowConflict) -> (ConflictKind, Vec<String>) {
    let (Some(ours), Some(theirs)) = (&conflict.ours, &conflict.theirs) else {
        let kind = match conflict.ours {
            None => ConflictKind::DeletedHere,
            Some(_) => ConflictKind::DeletedThere,
        };
        return (kind, Vec::new());
    };
    let mut cells = merge_cells(conflict.base.as_ref(), ours, theirs, Prefer::Record);
    if cells.clashing.is_empty() {
        cells.clashing = generated(table);
    }
    let name = |at: &usize| Some(table.columns.get(*at)?.name.clone());
    (ConflictKind::Cells, cells.clashing.iter().filter_map(name).collect())
}

/// The columns that a constraint is about.
fn columns_of(table: &Table, kind: ConflictKind, because: &str) -> Vec<String> {
    let name = |slot: &u32| Some(table.columns.get(table.position(*slot)?)?.name.clone());
    match kind {
        ConflictKind::NotNull | ConflictKind::WrongType => vec![because.to_owned()],
        ConflictKind::NotUnique => {
            let parts =
                table.index(because).map(|index| index.parts.as_slice()).unwrap_or_default();
            let column = |part: &crate::schema::IndexPart| match &part.key {
                IndexKey::Column(slot) => name(slot),
                _ => None,
            };
            parts.iter().filter_map(column).collect()
        }
        ConflictKind::ForeignKey => {
            let key = table.foreign_keys.iter().find(|key| key.table == because);
            key.map(|key| key.columns.iter().filter_map(name).collect()).unwrap_or_default()
        }
        _ => Vec::new(),
    }
}

fn describe_entry<B: Backend + 'static>(
    version: &Version<B>,
    prefix: &str,
    name: String,
    conflict: &Conflict,
) -> Result<RowConflict, SqlError> {
    let because = match (&conflict.ours, &conflict.theirs) {
        (None, _) => "dropped here, changed there".to_owned(),
        (_, None) => "changed here, dropped there".to_owned(),
        (Some(ours), Some(theirs)) if prefix == TABLE => {
            let read = |value| version.read_value(&conflict.key, value);
            let base = conflict.base.as_ref().map(read).transpose()?;
            clashes(&name, base.as_deref(), &read(ours)?, &read(theirs)?)?
        }
        _ => "changed here and there".to_owned(),
    };
    Ok(RowConflict {
        table: name,
        key: Vec::new(),
        base: None,
        ours: None,
        theirs: None,
        columns: Vec::new(),
        kind: ConflictKind::Schema,
        because,
    })
}

/// Which parts of a table clash; its rows are not looked at.
fn clashes(
    name: &str,
    base: Option<&[u8]>,
    ours: &[u8],
    theirs: &[u8],
) -> Result<String, SqlError> {
    let read = |text: &[u8]| -> Result<Table, SqlError> {
        let bad =
            |source| SqlError::BadCatalog { key: [TABLE, name].concat(), source: Some(source) };
        serde_json::from_slice(text).map_err(bad)
    };
    let (base, ours, theirs) = (base.map(read).transpose()?, read(ours)?, read(theirs)?);
    let descends = (true, true);
    let tables = Tables { base: base.as_ref(), ours: &ours, theirs: &theirs, descends };
    let mut clashes = Clashes::default();
    merge_table(tables, Prefer::Record, &mut clashes, &mut |_| Ok(false))?;
    Ok(match clashes.0.is_empty() {
        true => "a column that one side dropped, and of which the other changed cells".to_owned(),
        false => clashes.0.join(", "),
    })
}

/// The row that a choice of a version means.
pub(super) fn chosen(conflict: &RowConflict, choice: &super::RowChoice) -> Option<Option<Row>> {
    use super::RowChoice;
    match choice {
        RowChoice::Ours => Some(conflict.ours.clone()),
        RowChoice::Theirs => Some(conflict.theirs.clone()),
        RowChoice::Base => Some(conflict.base.clone()),
        RowChoice::Row(row) => Some(Some(row.clone())),
        RowChoice::Working => None,
    }
}
