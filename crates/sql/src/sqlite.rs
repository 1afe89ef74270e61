//! Connections in the dialect of SQLite.

mod call;
mod connection;
mod convert;
mod copy;
mod define;
mod error;
mod file;
mod follow;
mod harvest;
mod known;
mod mirror;
mod outcome;
mod parse;
mod read_index;
mod read_table;
mod script;
mod shared;
mod statement;
mod text_of;
mod track;
mod transaction;
mod versions;

pub use connection::{Connection, ConnectionOptions};
pub use error::SqliteError;
pub use outcome::{Outcome, ResultSet};
pub use versions::Reader;
