//! `prolly export`

use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Args;
use prollytree_tree::Snapshot;
use serde_json::json;

use super::import::chosen;
use crate::context::{AtArg, Context, MapArg};
use crate::error::CliError;
use crate::exit::Exit;
use crate::file::write_file;
use crate::progress::{Progress, Unit};
use crate::rows::{Format, Writer};
use crate::storage::Storage;
use crate::text::plural;

/// Writes the entries of a map to a file, in the order of the keys.
///
/// Takes the same formats as `prolly import`, and what it wrote can be imported again. CSV and TSV
/// need values that are JSON objects, all with the same fields; JSON Lines need JSON objects; the
/// format `entries` holds any key and value.
#[derive(Args, Debug)]
pub(crate) struct Export {
    /// The file; `-` is standard output.
    #[arg(default_value = "-")]
    file: PathBuf,
    /// The format [default: what the file's name ends with says].
    #[arg(short, long)]
    format: Option<Format>,
    /// Writes only keys that begin with this prefix, and without it, as `import --prefix` adds it.
    #[arg(short, long, default_value = "", hide_default_value = true)]
    prefix: String,
    #[command(flatten)]
    at: AtArg,
    #[command(flatten)]
    map: MapArg,
}

impl Export {
    pub(crate) fn run(self, context: &mut Context) -> Result<Exit, CliError> {
        let format = chosen(self.format, &self.file)?;
        let name = self.map.name()?;
        let mut repo = context.open()?;
        let maps = self.at.maps(&mut repo)?;
        let map = repo.open_map(&maps, &name)?;
        if self.file == Path::new("-") {
            self.write(&map, format, &mut context.out)?;
            return Ok(Exit::Ok);
        }
        let written = write_file(&self.file, |file| self.write(&map, format, file))?;
        let text = format_args!("Exported {} to {}", plural(written, "row"), self.file.display());
        let document = || json!({ "map": name.as_str(), "rows": written, "file": self.file });
        context.out.either(text, document)?;
        Ok(Exit::Ok)
    }

    fn write(
        &self,
        map: &Snapshot<Storage>,
        format: Format,
        out: impl Write,
    ) -> Result<u64, CliError> {
        let mut progress = Progress::new("exporting", Unit::Items, Some(map.len()));
        let mut writer = Writer::new(out, format);
        let mut written = 0;
        for entry in map.prefix(self.prefix.as_bytes())? {
            let (key, value) = entry?;
            writer.write(&key[self.prefix.len()..], &value)?;
            written += 1;
            progress.set(written);
        }
        writer.finish()?;
        Ok(written)
    }
}
