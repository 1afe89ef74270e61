//! `prolly blame`

use clap::Args;

use super::history::{version_json, write_version};
use crate::context::{AtArg, Context, HexArg, MapArg};
use crate::error::CliError;
use crate::exit::Exit;

/// Says which commit gave a key its value.
///
/// Uncommitted changes do not count. The exit code is 1 if the key does not exist.
#[derive(Args, Debug)]
pub(crate) struct Blame {
    /// The key.
    key: String,
    #[command(flatten)]
    at: AtArg,
    #[command(flatten)]
    map: MapArg,
    #[command(flatten)]
    hex: HexArg,
}

impl Blame {
    pub(crate) fn run(self, context: &mut Context) -> Result<Exit, CliError> {
        let key = self.hex.bytes("KEY", &self.key)?;
        let map = self.map.name()?;
        let repo = context.open()?;
        let from = self.at.commit(&repo)?;
        let Some(version) = repo.blame(&map, &key, &from)?.filter(|found| found.value.is_some())
        else {
            return Err(CliError::NoKey { map, key });
        };
        if context.out.is_json() {
            context.out.json(&version_json(&version))?;
        } else {
            write_version(&mut context.out, &version)?;
        }
        Ok(Exit::Ok)
    }
}
