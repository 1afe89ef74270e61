//! `prolly get`

use std::fs::File;
use std::io::{self, Read};
use std::path::PathBuf;

use clap::Args;
use prollytree_repo::ValueReader;
use prollytree_tree::{Snapshot, TreeError};
use serde_json::json;

use crate::context::{AtArg, Context, HexArg, MapArg};
use crate::error::CliError;
use crate::exit::Exit;
use crate::storage::Storage;
use crate::text::{Line, json_bytes};

/// Prints the value of a key.
///
/// The bytes are written as they are. On a terminal, what is not text is escaped. The exit code is 1
/// if the key does not exist.
#[derive(Args, Debug)]
pub(crate) struct Get {
    /// The key.
    key: String,
    /// Writes the value to this file.
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    #[command(flatten)]
    at: AtArg,
    #[command(flatten)]
    map: MapArg,
    #[command(flatten)]
    hex: HexArg,
}

impl Get {
    pub(crate) fn run(self, context: &mut Context) -> Result<Exit, CliError> {
        let key = self.hex.bytes("KEY", &self.key)?;
        let name = self.map.name()?;
        let mut repo = context.open()?;
        let maps = self.at.maps(&mut repo)?;
        let map = repo.open_map(&maps, &name)?;
        let Some(value) = map.get_value(&key)? else {
            return Err(CliError::NoKey { map: name, key });
        };
        if let Some(path) = &self.output {
            let mut file = File::create(path).map_err(CliError::file("create", path))?;
            let mut reader = ValueReader::new(map.storage(), value);
            io::copy(&mut reader, &mut file).map_err(CliError::file("write", path))?;
        } else if context.out.is_json() {
            let bytes = read(&map, &key)?;
            context.out.json(&json!({
                "map": name.as_str(), "key": json_bytes(&key), "value": json_bytes(&bytes),
            }))?;
        } else if context.out.is_terminal() {
            context.out.line(for_people(&read(&map, &key)?))?;
        } else {
            write(&mut context.out, ValueReader::new(map.storage(), value))?;
        }
        Ok(Exit::Ok)
    }
}

fn read(map: &Snapshot<Storage>, key: &[u8]) -> Result<Vec<u8>, CliError> {
    Ok(map.get(key)?.unwrap_or_default())
}

/// Copies a value piece by piece, and tells a damaged store from a closed pipe.
fn write(out: &mut crate::output::Output, mut value: impl Read) -> Result<(), CliError> {
    let mut buffer = vec![0; 1 << 16];
    loop {
        let len = value.read(&mut buffer).map_err(TreeError::Source)?;
        if len == 0 {
            return Ok(());
        }
        out.bytes(&buffer[..len])?;
    }
}

/// Text with its line breaks, but without anything that controls a terminal.
fn for_people(value: &[u8]) -> String {
    let lines: Vec<_> = value.split(|&byte| byte == b'\n').collect();
    let text = std::str::from_utf8(value);
    let safe = |c: char| !c.is_control() || c == '\n' || c == '\t';
    match text {
        Ok(text) if text.chars().all(safe) => text.strip_suffix('\n').unwrap_or(text).to_owned(),
        Ok(_) => lines.iter().map(|line| Line(line).to_string()).collect::<Vec<_>>().join("\n"),
        Err(_) => Line(value).to_string(),
    }
}
