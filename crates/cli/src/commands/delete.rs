//! `prolly delete`

use std::ops::Bound;

use clap::Args;
use serde_json::json;

use crate::context::{Context, HexArg, MapArg, retry};
use crate::error::CliError;
use crate::exit::Exit;
use crate::text::plural;

/// Removes keys from the working state.
///
/// If one of the keys does not exist, nothing is removed and the exit code is 1.
#[derive(Args, Debug)]
pub(crate) struct Delete {
    /// The keys.
    #[arg(required_unless_present = "prefix", value_name = "KEY")]
    keys: Vec<String>,
    /// Removes all keys that begin with this prefix.
    #[arg(long, conflicts_with = "keys")]
    prefix: Option<String>,
    #[command(flatten)]
    map: MapArg,
    #[command(flatten)]
    hex: HexArg,
}

impl Delete {
    pub(crate) fn run(self, context: &mut Context) -> Result<Exit, CliError> {
        let map = self.map.name()?;
        let mut repo = context.open()?;
        let before = repo.working_map(&map)?.len();
        if let Some(prefix) = &self.prefix {
            let prefix = self.hex.bytes("--prefix", prefix)?;
            let end = prefix_end(&prefix);
            let end = end.as_deref().map_or(Bound::Unbounded, Bound::Excluded);
            repo.delete_range(&map, (Bound::Included(&prefix[..]), end))?;
        }
        for key in &self.keys {
            let key = self.hex.bytes("KEY", key)?;
            if !repo.delete(&map, &key)? {
                return Err(CliError::NoKey { map, key });
            }
        }
        let removed = before - repo.working_map(&map)?.len();
        retry(&mut repo, |repo| repo.save())?;
        let text = format_args!("Removed {}", plural(removed, "key"));
        context.out.either(text, || json!({ "map": map.as_str(), "removed": removed }))?;
        Ok(Exit::Ok)
    }
}

/// The smallest key behind all keys with a prefix; `None` if there is none.
pub(crate) fn prefix_end(prefix: &[u8]) -> Option<Vec<u8>> {
    let last = prefix.iter().rposition(|&byte| byte != 0xff)?;
    let mut end = prefix[..=last].to_vec();
    end[last] += 1;
    Some(end)
}
