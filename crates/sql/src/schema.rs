//! What a table looks like, in terms that no engine owns.

use serde::{Deserialize, Serialize};

use crate::value::{ColumnType, Value};

/// A table: its columns, keys, indexes and constraints.
///
/// The canonical text of it, see `spec/FORMAT.md`, is its entry in the catalog.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Table {
    /// The name. Two tables of a version never differ in the case of letters alone.
    pub name: String,
    /// The columns, in the order in which they are shown.
    pub columns: Vec<Column>,
    /// The primary key, by slots; empty if rows are found by a number of their own, the rowid.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub primary_key: Vec<KeyColumn>,
    /// What the next new column is stored as.
    pub next_slot: u32,
    /// The secondary indexes, in the order of their names.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub indexes: Vec<Index>,
    /// The foreign keys.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub foreign_keys: Vec<ForeignKey>,
    /// Conditions that every row fulfils.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub checks: Vec<Check>,
    /// What kind of table it is.
    #[serde(default, skip_serializing_if = "is_default")]
    pub kind: TableKind,
    /// Whether cells must be of their column's type. Else types are a preference, as in SQLite.
    #[serde(default, skip_serializing_if = "is_default")]
    pub strict: bool,
    /// Whether rowids that were given once are never given again.
    #[serde(default, skip_serializing_if = "is_default")]
    pub autoincrement: bool,
    /// A remark.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
}

/// What kind of table it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TableKind {
    /// Rows with columns.
    #[default]
    Plain,
    /// As `Plain`, declared `WITHOUT ROWID`.
    WithoutRowid,
    /// Each row is a map of its own; the only column is that map.
    Schemaless,
}

/// A column.
#[derive(Clone, Debug, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Column {
    /// Where a row keeps it. Slots are never used again, so a row of an older schema stays readable.
    pub slot: u32,
    /// The name.
    pub name: String,
    /// The type.
    #[serde(rename = "type")]
    pub ty: ColumnType,
    /// The type as it was declared, where an engine has names of its own.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub declared: String,
    /// Whether the column must have a value.
    #[serde(default, skip_serializing_if = "is_default")]
    pub not_null: bool,
    /// The expression for rows that name no value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<String>,
    /// The value of rows that were there before the column; it never changes.
    #[serde(default, skip_serializing_if = "Value::is_null", with = "crate::catalog::cell")]
    pub initial: Value,
    /// How texts are compared.
    #[serde(default, skip_serializing_if = "is_default")]
    pub collation: Collation,
    /// How the column is computed, if it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub generated: Option<Generated>,
    /// A remark.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
}

/// How texts are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Collation {
    /// Byte by byte.
    #[default]
    Binary,
    /// As `Binary`, with the 26 ASCII capitals as small letters.
    NoCase,
    /// As `Binary`, without spaces at the end.
    Rtrim,
}

/// How a column is computed from others.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Generated {
    /// The expression, in the dialect of SQLite.
    pub expression: String,
    /// Whether its value is stored in rows; else it is computed when it is read.
    #[serde(default, skip_serializing_if = "is_default")]
    pub stored: bool,
}

/// A column of a primary key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyColumn {
    /// The column.
    pub slot: u32,
    /// Whether great values come first.
    #[serde(default, skip_serializing_if = "is_default")]
    pub descending: bool,
}

/// A secondary index: a tree of its own, or a definition that one engine alone can follow.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Index {
    /// The name.
    pub name: String,
    /// What it orders rows by.
    pub parts: Vec<IndexPart>,
    /// Whether no two rows may have the same parts; rows with a NULL among them may.
    #[serde(default, skip_serializing_if = "is_default")]
    pub unique: bool,
    /// Whether a constraint of the table made it, so that it goes only with that.
    #[serde(default, skip_serializing_if = "is_default")]
    pub constraint: bool,
    /// The condition that indexed rows fulfil, in the dialect of SQLite.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filter: Option<String>,
    /// When GlueSQL made it, in seconds since 1970; nobody else tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created: Option<i64>,
}

/// What an index orders rows by.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IndexPart {
    /// The column or expression.
    pub key: IndexKey,
    /// Whether great values come first.
    #[serde(default, skip_serializing_if = "is_default")]
    pub descending: bool,
    /// How texts are compared.
    #[serde(default, skip_serializing_if = "is_default")]
    pub collation: Collation,
}

/// A part of an index.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum IndexKey {
    /// A column, by its slot.
    Column(u32),
    /// An expression in the dialect of GlueSQL.
    Gluesql(String),
    /// An expression in the dialect of SQLite.
    Sqlite(String),
}

/// A foreign key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ForeignKey {
    /// The name, if it has one.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// The columns, by their slots.
    pub columns: Vec<u32>,
    /// The table that they refer to.
    pub table: String,
    /// The columns that they refer to, by name; empty for the primary key.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub referenced: Vec<String>,
    /// What happens when the row that is referred to goes.
    #[serde(default, skip_serializing_if = "is_default")]
    pub on_delete: Action,
    /// What happens when its key changes.
    #[serde(default, skip_serializing_if = "is_default")]
    pub on_update: Action,
    /// Whether it is checked only when the transaction ends.
    #[serde(default, skip_serializing_if = "is_default")]
    pub deferred: bool,
}

/// What happens to a row when the one that it refers to changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    /// The change is refused when the statement ends.
    #[default]
    NoAction,
    /// The change is refused at once.
    Restrict,
    /// The row follows.
    Cascade,
    /// The columns become NULL.
    SetNull,
    /// The columns become their defaults.
    SetDefault,
}

/// A condition that every row fulfils.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Check {
    /// The name, if it has one.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// The expression, in the dialect of SQLite.
    pub expression: String,
}

/// A view or a trigger: a text that one dialect understands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Definition {
    /// The name.
    pub name: String,
    /// The table or view that a trigger belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on: Option<String>,
    /// The statement that makes it, in the dialect of SQLite.
    pub sql: String,
}

/// Whether a field is left out of the canonical text.
fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

impl Table {
    /// The column of a name: the same, or, if there is none, the same but for the case of letters.
    pub fn column(&self, name: &str) -> Option<&Column> {
        let exact = self.columns.iter().find(|column| column.name == name);
        exact.or_else(|| self.columns.iter().find(|column| column.name.eq_ignore_ascii_case(name)))
    }

    /// Where in a row the column of a slot stands.
    pub fn position(&self, slot: u32) -> Option<usize> {
        self.columns.iter().position(|column| column.slot == slot)
    }

    /// The index of a name.
    pub fn index(&self, name: &str) -> Option<&Index> {
        self.indexes.iter().find(|index| index.name == name)
    }

    /// Whether rows are found by a number that is no column.
    pub fn has_hidden_key(&self) -> bool {
        self.primary_key.is_empty()
    }
}

impl Index {
    /// Whether the index is a tree: all of its parts are columns, or expressions of GlueSQL.
    pub fn is_stored(&self) -> bool {
        self.filter.is_none()
            && self.parts.iter().all(|part| !matches!(part.key, IndexKey::Sqlite(_)))
    }
}
