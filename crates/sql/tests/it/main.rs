//! Integration tests of the tables and of both engines.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests may panic")]

mod database;
#[cfg(feature = "gluesql")]
mod gluesql;
mod merge;
#[cfg(feature = "sqlite")]
mod sqlite;
mod vectors;
#[cfg(feature = "sqlite")]
mod versions;
