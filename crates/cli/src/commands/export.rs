//! `prolly export`

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use clap::Args;
use prollytree_tree::Snapshot;
use serde_json::json;

use super::import::chosen;
use crate::context::{AtArg, Context, MapArg};
use crate::error::CliError;
use crate::exit::Exit;
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
        let written = self.write_file(&map, format)?;
        let text = format_args!("Exported {} to {}", plural(written, "row"), self.file.display());
        let document = || json!({ "map": name.as_str(), "rows": written, "file": self.file });
        context.out.either(text, document)?;
        Ok(Exit::Ok)
    }

    /// Writes a file that is there whole, or not at all: an export that fails must not destroy an
    /// earlier one.
    fn write_file(&self, map: &Snapshot<Storage>, format: Format) -> Result<u64, CliError> {
        let path = &self.file;
        let in_file = |error| match error {
            CliError::Output(source) => CliError::file("write", path)(source),
            other => other,
        };
        let is_special = path.metadata().is_ok_and(|metadata| !metadata.is_file());
        if is_special {
            let file = File::create(path).map_err(CliError::file("create", path))?;
            return self.write(map, format, BufWriter::new(file)).map_err(in_file);
        }
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let folder = folder.unwrap_or(Path::new("."));
        let file = tempfile::Builder::new().prefix(".prolly-export").tempfile_in(folder);
        let mut file = file.map_err(CliError::file("create a file in", folder))?;
        let written =
            self.write(map, format, BufWriter::new(file.as_file_mut())).map_err(in_file)?;
        file.persist(path).map_err(|error| CliError::file("create", path)(error.error))?;
        Ok(written)
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
