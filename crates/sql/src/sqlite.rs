//! Connections in the dialect of SQLite.
//!
//! ```
//! use prollytree_repo::{MemoryBackend, Options, Repository};
//! use prollytree_sql::Value;
//! use prollytree_sql::sqlite::{Connection, ConnectionOptions};
//!
//! let options = Options::default().with_author_name("Ada").with_author_email("ada@example.org");
//! let repo = Repository::init(MemoryBackend::new(), options)?;
//! let mut connection = Connection::open(repo, ConnectionOptions::default())?;
//! connection.run(
//!     "CREATE TABLE note (id INTEGER PRIMARY KEY, text TEXT NOT NULL);
//!      INSERT INTO note (text) VALUES ('first'), ('second');",
//! )?;
//! let found = connection.query("SELECT text FROM note WHERE id = ?", &[Value::Int(2)])?;
//! assert_eq!(found.rows, [[Value::Text("second".to_owned())]]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # How it works
//! The trees are the truth. A database of SQLite, in memory or in a file, is a working copy of them:
//! statements run in it, so the dialect is SQLite's own, at its speed. Triggers note which rows change;
//! when a statement or a transaction ends, these rows are written to the trees, the commit is made
//! durable, and then SQLite commits. If the commit cannot be made, SQLite rolls back.
//!
//! A statement outside of a transaction is a commit; so is a transaction. With
//! [`History::Explicit`](crate::History::Explicit) both are saved as uncommitted work instead. Queries
//! see what the connection saw when it looked last: as it was opened, at `BEGIN`, at a statement that
//! changes something, and at [`Connection::refresh`]. A statement that lost a race is run again; a
//! transaction that did is rolled back with [`SqliteError::Busy`].
//!
//! # What is not as in SQLite
//! * A primary key must have a value, also one that is not `INTEGER PRIMARY KEY`. A table with such a
//!   key may number its rows anew (`rowid`) when it is loaded.
//! * Number and number in a primary key are one value if they are equal: `1.0` without a type comes
//!   back as `1`.
//! * `ON CONFLICT` in a constraint is refused: statements say `INSERT OR …` or `ON CONFLICT`.
//! * A table's comments and the way in which its statement was written are not kept.
//! * `CREATE VIRTUAL TABLE` is refused: its rows would be outside of the trees. Temporary tables are
//!   there, and go with the connection.
//! * `ATTACH` and `DETACH` are refused: tables of another file have no versions.
//! * `VACUUM` is refused: it would number rows anew.
//! * A `PRAGMA` that changes how the working copy is kept is refused, such as `journal_mode`,
//!   `writable_schema` or `user_version`. What asks is allowed, and what is of the connection alone:
//!   `foreign_keys` (on from the start), `defer_foreign_keys`, `cache_size` and the like.
//! * `CREATE TEMP TRIGGER` is refused: it would run for rows that others changed, too.
//! * Names of triggers that begin with `prolly_` are the connection's own. So is the
//!   table `prolly_working_copy`.
//!
//! Types that SQLite does not have, in tables that GlueSQL made, are shown as numbers and texts: `TRUE`
//! as 1, a date as `2000-02-29`. What is written there is read in the same way, and an error if it is
//! no such value.

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
mod schema_text;
mod script;
mod shared;
mod statement;
mod text_of;
mod track;
mod transaction;
mod versions;

pub use connection::{Connection, ConnectionOptions};
pub use error::SqliteError;
pub use outcome::{Outcome, ResultSet, RowSink};
pub use schema_text::{SchemaText, schema_text};
pub use script::statements;
pub use versions::Reader;
