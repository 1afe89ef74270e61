//! Tables in prolly trees, queried and changed with SQL at any version.
//!
//! Two engines stand on one catalog and one codec of rows, so what one makes the other reads:
//!
//! * `gluesql`, a feature: the storage traits of GlueSQL 0.19, in pure Rust.
//! * `sqlite`, a feature: connections in the dialect of SQLite.
//!
//! Below them, [`Database`] is the tables of a repository's working state, and [`Version`] those of any
//! commit. The bytes are specified in `spec/FORMAT.md`.

mod catalog;
mod cell;
mod database;
mod error;
#[cfg(feature = "gluesql")]
pub mod gluesql;
pub mod key;
mod merge;
mod row;
pub mod schema;
#[cfg(feature = "sqlite")]
pub mod sqlite;
pub mod text;
mod value;
mod version;

pub use catalog::{Catalog, catalog_map, index_map, rows_map};
pub use database::{
    Change, Database, EvaluateIndex, History, Savepoint, TableHandle, no_expressions,
};
pub use error::SqlError;
#[cfg(feature = "gluesql")]
pub use gluesql::ProllyStorage;
pub use merge::{
    ConflictKind, Expressions, MergeStrategy, NoExpressions, RowChoice, RowConflict,
    TableMergeOptions, TableMergeOutcome,
};
pub use row::{RowCodec, Wanted};
pub use value::{ColumnType, Row, Value};
pub use version::{ALL_KEYS, Keys, RowDiff, RowScan, TableVersion, Version, keys_with_prefix};
