//! `prolly list`

use std::ops::Bound;

use clap::Args;
use prollytree_repo::Maps;
use prollytree_tree::{Entry, TreeError};
use serde_json::json;

use super::delete::prefix_end;
use crate::context::{AtArg, Context, HexArg, MapArg};
use crate::data::maps_json;
use crate::error::CliError;
use crate::exit::Exit;
use crate::output::{Output, style};
use crate::text::{Bytes, Line, json_bytes, plural};

/// Values that are longer are not shown in a list, in bytes.
const SHOWN_LEN: usize = 1024;

/// Where a list begins and ends.
type KeyBounds = (Bound<Vec<u8>>, Bound<Vec<u8>>);

/// Lists keys and values in the order of the keys.
#[derive(Args, Debug)]
pub(crate) struct List {
    /// Lists only keys that begin with this prefix.
    #[arg(default_value = "", hide_default_value = true)]
    prefix: String,
    /// Begins at this key.
    #[arg(long, value_name = "KEY", conflicts_with = "prefix")]
    from: Option<String>,
    /// Ends before this key.
    #[arg(long, value_name = "KEY", conflicts_with = "prefix")]
    to: Option<String>,
    /// Lists at most so many keys.
    #[arg(short = 'n', long, value_name = "COUNT")]
    limit: Option<u64>,
    /// Lists the last keys first.
    #[arg(short, long)]
    reverse: bool,
    /// Lists the keys without their values.
    #[arg(short, long)]
    keys: bool,
    /// Lists the maps and how many keys they have.
    #[arg(long, conflicts_with_all = ["prefix", "from", "to", "limit", "reverse", "keys", "map"])]
    maps: bool,
    #[command(flatten)]
    at: AtArg,
    #[command(flatten)]
    map: MapArg,
    #[command(flatten)]
    hex: HexArg,
}

impl List {
    pub(crate) fn run(self, context: &mut Context) -> Result<Exit, CliError> {
        let mut repo = context.open()?;
        let maps = self.at.maps(&mut repo)?;
        if self.maps {
            write_maps(&mut context.out, &maps)?;
            return Ok(Exit::Ok);
        }
        let (start, end) = self.bounds()?;
        let map = repo.open_map(&maps, &self.map.name()?)?;
        let range =
            map.range((start.as_ref().map(|key| &key[..]), end.as_ref().map(|key| &key[..])))?;
        let limit = self.limit.map_or(usize::MAX, |limit| limit as usize);
        if self.reverse {
            self.write(&mut context.out, range.rev().take(limit))?;
        } else {
            self.write(&mut context.out, range.take(limit))?;
        }
        Ok(Exit::Ok)
    }

    fn bounds(&self) -> Result<KeyBounds, CliError> {
        let key = |argument, key: &Option<String>| {
            key.as_ref().map(|key| self.hex.bytes(argument, key)).transpose()
        };
        let (from, to) = (key("--from", &self.from)?, key("--to", &self.to)?);
        if from.is_some() || to.is_some() {
            let start = from.map_or(Bound::Unbounded, Bound::Included);
            return Ok((start, to.map_or(Bound::Unbounded, Bound::Excluded)));
        }
        let prefix = self.hex.bytes("PREFIX", &self.prefix)?;
        let end = prefix_end(&prefix).map_or(Bound::Unbounded, Bound::Excluded);
        Ok((Bound::Included(prefix), end))
    }

    fn write(
        &self,
        out: &mut Output,
        entries: impl Iterator<Item = Result<Entry, TreeError>>,
    ) -> Result<(), CliError> {
        for entry in entries {
            let (key, value) = entry?;
            match (out.is_json(), self.keys) {
                (true, true) => out.json(&json!({ "key": json_bytes(&key) }))?,
                (true, false) => {
                    out.json(&json!({ "key": json_bytes(&key), "value": json_bytes(&value) }))?;
                }
                (false, true) => out.line(Line(&key))?,
                (false, false) => {
                    let shown = out.paint(style::NAME, Line(&key));
                    if value.len() > SHOWN_LEN {
                        out.line(format_args!("{shown}\t<{} value>", Bytes(value.len() as u64)))?;
                    } else {
                        out.line(format_args!("{shown}\t{}", Line(&value)))?;
                    }
                }
            }
        }
        Ok(())
    }
}

fn write_maps(out: &mut Output, maps: &Maps) -> Result<(), CliError> {
    if out.is_json() {
        return out.json(&maps_json(maps));
    }
    let mut maps = maps.iter();
    maps.try_for_each(|(name, map)| out.line(format_args!("{name}\t{}", plural(map.count, "key"))))
}
