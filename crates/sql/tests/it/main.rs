//! Integration tests of the tables and of both engines.

mod database;
mod merge;
mod vectors;
