//! SQL on the command line: statements from arguments, files and a shell, and what they give.
//!
//! A [`Session`] runs what a script is taken apart into: statements, and commands of the shell
//! that begin with a dot. Both are the same whether they are typed, piped in or read from a file.

mod at;
mod cell;
mod command;
mod dump;
mod error;
mod export;
mod format;
mod hint;
mod import;
mod lines;
mod literal;
mod script;
mod session;
mod shell;
mod table;

pub(crate) use at::At;
pub(crate) use cell::json as cell_json;
pub(crate) use dump::dump;
pub(crate) use error::StatementError;
pub(crate) use export::{write_query, write_table};
pub(crate) use format::{Format, Style};
pub(crate) use import::{FileFormat, Import, cell_from_json, spool};
pub(crate) use script::Source;
pub(crate) use session::Session;
pub(crate) use shell::shell;
