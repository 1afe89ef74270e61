//! `prolly sql dump`

use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::json;

use crate::context::{AtArg, Context};
use crate::error::CliError;
use crate::exit::Exit;
use crate::file::write_file;
use crate::sql::{At, dump};
use crate::text::plural;

/// Writes tables as the SQL that makes them and their rows.
///
/// `prolly sql` and the program sqlite3 can both read it. Without a table: all of them, with their
/// indexes, views and triggers, in one transaction.
#[derive(Args, Debug)]
pub(crate) struct Dump {
    /// The table or view.
    table: Option<String>,
    /// Writes no rows.
    #[arg(short, long)]
    schema: bool,
    /// The file; `-` is standard output.
    #[arg(short, long, value_name = "FILE", default_value = "-")]
    output: PathBuf,
    #[command(flatten)]
    at: AtArg,
}

impl Dump {
    pub(crate) fn run(self, context: &mut Context) -> Result<Exit, CliError> {
        let at = At::open(&context.place()?, self.at.at.as_deref())?;
        let table = self.table.as_deref();
        if self.output == Path::new("-") {
            dump(&at, table, !self.schema, &mut context.out)?;
            return Ok(Exit::Ok);
        }
        let rows = write_file(&self.output, |file| dump(&at, table, !self.schema, file))?;
        let text = format_args!("Wrote {} to {}", plural(rows, "row"), self.output.display());
        context.out.either(text, || json!({ "rows": rows, "file": self.output }))?;
        Ok(Exit::Ok)
    }
}
