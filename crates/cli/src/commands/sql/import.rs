//! `prolly sql import`

use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::json;

use crate::context::Context;
use crate::error::CliError;
use crate::exit::Exit;
use crate::sql::{self, FileFormat, spool};
use crate::text::plural;

/// Reads a file of rows into a table, as one commit: all of them, or none.
///
/// The columns are found by their names, which are the header of a CSV file and the fields of JSON
/// objects. With --create the table is made first, with the types that all rows have: INTEGER, REAL or
/// TEXT, and in JSON also BOOLEAN, and BLOB for {"hex": "00ff"}. Texts such as 007, which a number
/// could not give back, stay texts; what is nested in JSON becomes its JSON text.
#[derive(Args, Debug)]
pub(crate) struct Import {
    /// The file; `-` is standard input.
    file: PathBuf,
    /// The table.
    table: String,
    /// The format [default: what the file's name ends with says].
    #[arg(short, long)]
    format: Option<FileFormat>,
    /// Makes the table. The whole file is looked at before.
    #[arg(long)]
    create: bool,
    /// The columns of the primary key of the table that is made.
    #[arg(short, long, value_name = "COLUMN", value_delimiter = ',', requires = "create")]
    key: Vec<String>,
    /// Lets a row take the place of the one that has its key; otherwise that is an error.
    #[arg(long)]
    replace: bool,
    /// What stands for NULL in CSV [default: nothing, so that no text is empty].
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    null: String,
    /// The message of the commit [default: what was imported].
    #[arg(short, long)]
    message: Option<String>,
}

impl Import {
    pub(crate) fn run(self, context: &mut Context) -> Result<Exit, CliError> {
        let format = self.format.or_else(|| FileFormat::of(&self.file));
        let format = format.ok_or(CliError::MissingArgument {
            argument: "--format",
            reason: "the file's name does not end with .csv or .jsonl",
        })?;
        let place = context.place()?;
        let is_input = self.file == Path::new("-");
        let spooled = if is_input { Some(spool(&self.file)?) } else { None };
        let file = spooled.as_ref().map_or(self.file.as_path(), |file| file.path()).to_owned();
        let named = if is_input { PathBuf::from("standard input") } else { self.file };
        let default = || format!("Import {} into {}", named.display(), self.table);
        let message = self.message.unwrap_or_else(default);
        let (table, replace, null) = (self.table, self.replace, self.null);
        let create = self.create.then_some(self.key);
        let import = sql::Import { named, file, format, table, create, replace, null, message };
        let done = import.run(&place)?;
        let (rows, id) = (plural(done.rows, "row"), done.commit.short());
        let text = format!("Imported {rows} into {}; commit {id}", import.table);
        let document = || json!({ "table": import.table, "rows": done.rows, "commit": done.commit.to_string() });
        context.out.either(text, document)?;
        Ok(Exit::Ok)
    }
}
