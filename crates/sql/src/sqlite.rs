//! Connections in the dialect of SQLite.

mod connection;
mod convert;
mod error;
mod script;
mod versions;

pub use connection::{Connection, ConnectionOptions};
pub use error::SqliteError;
pub use outcome::{Outcome, ResultSet};

mod outcome;
