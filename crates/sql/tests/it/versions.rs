//! Versions in SQL.

mod calls;
mod functions;
mod history;
mod reader;
mod world;
