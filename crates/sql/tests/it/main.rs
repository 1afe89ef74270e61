//! Integration tests of the tables and of both engines.

mod database;
mod merge;
#[cfg(feature = "sqlite")]
mod sqlite;
mod vectors;
#[cfg(feature = "sqlite")]
mod versions;
