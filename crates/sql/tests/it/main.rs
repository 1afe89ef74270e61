//! Integration tests of the tables and of both engines.
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests are not marked as tests")]

mod database;
#[cfg(feature = "gluesql")]
mod gluesql;
mod merge;
#[cfg(feature = "sqlite")]
mod sqlite;
mod vectors;
#[cfg(feature = "sqlite")]
mod versions;
