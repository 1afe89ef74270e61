//! Versions in SQL.

mod reader;
mod world;
