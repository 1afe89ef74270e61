//! What can go wrong with tables.

use prollytree_repo::{NameError, RepoError};
use prollytree_tree::TreeError;

use crate::key::MAX_KEY_LEN;

/// An operation on tables that failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SqlError {
    /// The repository failed.
    #[error(transparent)]
    Repository(#[from] RepoError),
    /// A tree failed.
    #[error(transparent)]
    Tree(#[from] TreeError),
    /// There is no such table.
    #[error("there is no table {table}")]
    NoTable {
        /// The table.
        table: String,
    },
    /// There is something of this name already; names that differ in the case of letters are the same.
    #[error("there is a {kind} {name} already")]
    Exists {
        /// What is there: "table", "view", "trigger", "index" or "column".
        kind: &'static str,
        /// Its name.
        name: String,
    },
    /// There is no such column.
    #[error("table {table} has no column {column}")]
    NoColumn {
        /// The table.
        table: String,
        /// The column.
        column: String,
    },
    /// There is no such index.
    #[error("table {table} has no index {index}")]
    NoIndex {
        /// The table.
        table: String,
        /// The index.
        index: String,
    },
    /// A column cannot go, because something needs it.
    #[error("column {column} of table {table} is part of {what}")]
    ColumnInUse {
        /// The table.
        table: String,
        /// The column.
        column: String,
        /// What needs it.
        what: String,
    },
    /// A column without a default that must have a value cannot be added to rows.
    #[error("column {column} must have a value, but rows of table {table} have none for it")]
    NoInitialValue {
        /// The table.
        table: String,
        /// The column.
        column: String,
    },
    /// A table or an index has a name that no map can have.
    #[error("{name:?} cannot name a table or an index")]
    BadName {
        /// The name.
        name: String,
        /// The rule that it breaks.
        source: NameError,
    },
    /// A row has not one cell for each column.
    #[error("table {table} has {columns} columns, but the row has {cells} cells")]
    CellCount {
        /// The table.
        table: String,
        /// How many columns it has.
        columns: usize,
        /// How many cells the row has.
        cells: usize,
    },
    /// A column must have a value.
    #[error("column {column} of table {table} must have a value")]
    NotNull {
        /// The table.
        table: String,
        /// The column.
        column: String,
    },
    /// A column has a value of another type.
    #[error("column {column} of table {table} holds no {kind}")]
    WrongType {
        /// The table.
        table: String,
        /// The column.
        column: String,
        /// What the value is.
        kind: &'static str,
    },
    /// A row with this primary key is there already.
    #[error("table {table} has a row with the primary key {key} already")]
    DuplicateKey {
        /// The table.
        table: String,
        /// The key, as text.
        key: String,
    },
    /// A row with these values, which must be unique, is there already.
    #[error("table {table} has a row with {values} already, which index {index} forbids")]
    NotUnique {
        /// The table.
        table: String,
        /// The index.
        index: String,
        /// The values, as text.
        values: String,
        /// The columns of the index.
        columns: Vec<String>,
    },
    /// The rowids of a table are used up.
    #[error("table {table} has no rowid left")]
    NoRowid {
        /// The table.
        table: String,
    },
    /// The table has no primary key.
    #[error("table {table} has no primary key")]
    NoPrimaryKey {
        /// The table.
        table: String,
    },
    /// A value has no order, so it can be in no key.
    #[error("a {kind} cannot be part of a key")]
    NoOrder {
        /// What the value is.
        kind: &'static str,
    },
    /// A key is too long.
    #[error("a key of {} is {len} bytes long; at most {MAX_KEY_LEN} are possible", place(table, index.as_deref()))]
    KeyTooLong {
        /// The table.
        table: String,
        /// The index, if it is not the primary key.
        index: Option<String>,
        /// How long the key is, in bytes.
        len: usize,
    },
    /// A list or a map is nested too deeply.
    #[error("a value of table {table} is nested deeper than 64 levels")]
    TooDeep {
        /// The table.
        table: String,
    },
    /// An index or a constraint is an expression that only the other engine can compute.
    #[error(
        "{expression} is an expression of {dialect}, which alone can keep what depends on it: change the table there, or drop that"
    )]
    OtherDialect {
        /// The expression.
        expression: String,
        /// The dialect.
        dialect: &'static str,
    },
    /// A table has something that only the other engine keeps when rows are written.
    #[error(
        "table {table} has {what}, which {engine} does not keep: change it in the other dialect, or drop that"
    )]
    NotKept {
        /// The table.
        table: String,
        /// What it has.
        what: String,
        /// The engine that was to write.
        engine: &'static str,
    },
    /// An expression of an index cannot be computed for a row.
    #[error("the index expression {expression} of table {table} fails: {reason}")]
    Expression {
        /// The table.
        table: String,
        /// The expression.
        expression: String,
        /// What the engine says.
        reason: String,
    },
    /// A version that was committed cannot be changed.
    #[error("{revision} is in the history: it can be read, not changed")]
    ReadOnly {
        /// The revision.
        revision: String,
    },
    /// A row is damaged.
    #[error("a row of table {table} is damaged: key {}", key.escape_ascii())]
    BadRow {
        /// The table.
        table: String,
        /// The row's key.
        key: Vec<u8>,
    },
    /// A key is damaged.
    #[error("key {} is damaged", key.escape_ascii())]
    BadKey {
        /// The key.
        key: Vec<u8>,
    },
    /// A part of a large value is missing or damaged.
    #[error("the value of key {} is damaged", key.escape_ascii())]
    BadValue {
        /// The key.
        key: Vec<u8>,
    },
    /// An index and its table do not fit.
    #[error("index {index} of table {table} leads to a row that is not there")]
    BadIndex {
        /// The table.
        table: String,
        /// The index.
        index: String,
    },
    /// The tables are of a format that this version does not know.
    #[error("tables of format {found:?} are not known to this version of the program")]
    UnknownFormat {
        /// The format, as the catalog tells it.
        found: String,
    },
    /// An entry of the catalog is damaged.
    #[error("entry {key:?} of the catalog is damaged")]
    BadCatalog {
        /// The entry.
        key: String,
        /// What is wrong with its text, if it can be told.
        source: Option<serde_json::Error>,
    },
    /// There is no conflict on a row.
    #[error("there is no conflict in table {table} on the key ({key})")]
    NoConflict {
        /// The table.
        table: String,
        /// The key, as text; empty for the table as a whole.
        key: String,
    },
    /// A conflict of the schema can only be resolved as one of the two sides has it.
    #[error(
        "{name} was changed on both sides as a whole: choose ours or theirs, or what it is now"
    )]
    NoSuchChoice {
        /// The table, view or trigger.
        name: String,
    },
    /// A conflict is resolved by a row that belongs elsewhere.
    #[error("the row that resolves a conflict in table {table} must have its key ({key})")]
    OtherKey {
        /// The table.
        table: String,
        /// The key, as text.
        key: String,
    },
    /// A column of a table that an engine computes cannot be computed.
    #[error("the computed columns of table {table} cannot be computed")]
    Computed {
        /// The table.
        table: String,
        /// What the engine says.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A transaction is begun within another.
    #[error("a transaction is under way already")]
    NestedTransaction,
    /// There is no transaction to end.
    #[error("no transaction is under way")]
    NoTransaction,
    /// What cannot be done within a transaction.
    #[error("{what} cannot be done within a transaction")]
    InTransaction {
        /// What it is.
        what: &'static str,
    },
}

impl SqlError {
    /// Whether someone else was faster: after [`refresh`](crate::Database::refresh) the same may
    /// succeed.
    pub fn is_retryable(&self) -> bool {
        matches!(self, Self::Repository(error) if error.is_retryable())
    }
}

fn place(table: &str, index: Option<&str>) -> String {
    match index {
        Some(index) => format!("index {index} of table {table}"),
        None => format!("table {table}"),
    }
}
