//! `prolly sql export`

use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::json;

use crate::context::{AtArg, Context};
use crate::error::CliError;
use crate::exit::Exit;
use crate::file::write_file;
use crate::sql::{At, Format, Style, write_query, write_table};
use crate::text::plural;

/// Writes the rows of a table, a view or a query to a file.
///
/// CSV has one form for NULL, the text of --null, and one for bytes, x'00ff', which is read back as a
/// text. JSON Lines hold every value of SQLite; bytes are {"hex": "00ff"}. What was written can be
/// imported again.
#[derive(Args, Debug)]
pub(crate) struct Export {
    /// The table or view.
    #[arg(required_unless_present = "query", conflicts_with = "query")]
    table: Option<String>,
    /// Writes the rows of this query.
    #[arg(short = 'c', long = "command", value_name = "SQL")]
    query: Option<String>,
    /// The file; `-` is standard output.
    #[arg(short, long, value_name = "FILE", default_value = "-")]
    output: PathBuf,
    /// The format [default: what the file's name ends with says].
    #[arg(short, long)]
    format: Option<Format>,
    /// Leaves out the names of the columns, in CSV.
    #[arg(long)]
    no_header: bool,
    /// What stands for NULL in CSV [default: nothing, as for an empty text].
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    null: String,
    #[command(flatten)]
    at: AtArg,
}

impl Export {
    pub(crate) fn run(self, context: &mut Context) -> Result<Exit, CliError> {
        let format = self.format.or_else(|| Format::of(&self.output));
        let format = format.ok_or(CliError::MissingArgument {
            argument: "--format",
            reason: "the file's name does not end with .csv, .json or .jsonl",
        })?;
        let (header, null) = (!self.no_header, self.null.clone());
        let style = Style { format, header, null, is_cut: false };
        let at = At::open(&context.place()?, self.at.at.as_deref())?;
        if self.output == Path::new("-") {
            self.write(&at, &style, &mut context.out)?;
            return Ok(Exit::Ok);
        }
        let rows = write_file(&self.output, |file| self.write(&at, &style, file))?;
        let text = format_args!("Exported {} to {}", plural(rows, "row"), self.output.display());
        context.out.either(text, || json!({ "rows": rows, "file": self.output }))?;
        Ok(Exit::Ok)
    }

    fn write(&self, at: &At, style: &Style, out: &mut dyn std::io::Write) -> Result<u64, CliError> {
        match (&self.query, &self.table) {
            (Some(query), _) => write_query(at, query, style, out),
            (None, table) => write_table(at, table.as_deref().unwrap_or_default(), style, out),
        }
    }
}
