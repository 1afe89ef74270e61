//! `prolly set`

use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use crate::context::{Context, HexArg, MapArg, open_input, retry};
use crate::error::CliError;
use crate::exit::Exit;
use crate::text::{Line, json_bytes};

/// Sets the value of a key in the working state.
#[derive(Args, Debug)]
pub(crate) struct Set {
    /// The key.
    key: String,
    /// The value; `-` reads it from standard input.
    #[arg(required_unless_present = "file", allow_negative_numbers = true)]
    value: Option<String>,
    /// Reads the value from this file, of any length; `-` is standard input.
    #[arg(short, long, conflicts_with = "value")]
    file: Option<PathBuf>,
    #[command(flatten)]
    map: MapArg,
    #[command(flatten)]
    hex: HexArg,
}

impl Set {
    pub(crate) fn run(self, context: &mut Context) -> Result<Exit, CliError> {
        let key = self.hex.bytes("KEY", &self.key)?;
        let map = self.map.name()?;
        let mut repo = context.open()?;
        let file = match &self.value {
            Some(value) if value == "-" => Some(PathBuf::from("-")),
            _ => self.file,
        };
        match (file, self.value) {
            (Some(file), _) => repo.set_reader(&map, key.clone(), open_input(&file)?)?,
            (None, value) => {
                let value = self.hex.bytes("VALUE", &value.unwrap_or_default())?;
                repo.set(&map, key.clone(), value)?;
            }
        }
        retry(&mut repo, |repo| repo.save())?;
        let document = || json!({ "map": map.as_str(), "set": json_bytes(&key) });
        context.out.either(format_args!("Set {}", Line(&key)), document)?;
        Ok(Exit::Ok)
    }
}
