//! `prolly list`

use clap::Args;
use prollytree_repo::Maps;
use prollytree_tree::{MAX_KEY_LEN, Snapshot, Value};
use serde_json::json;

use super::delete::prefix_end;
use crate::context::{AtArg, Context, HexArg, MapArg};
use crate::data::maps_json;
use crate::error::CliError;
use crate::exit::Exit;
use crate::output::{Output, style};
use crate::storage::Storage;
use crate::text::{Bytes, Line, json_bytes, json_value, plural};

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
        let map = repo.open_map(&maps, &self.map.name()?)?;
        self.write(&mut context.out, &map)?;
        Ok(Exit::Ok)
    }

    /// Lists with a cursor: a large value is told by its length, and need not be read for that.
    fn write(&self, out: &mut Output, map: &Snapshot<Storage>) -> Result<(), CliError> {
        let (start, end) = self.bounds()?;
        let mut cursor = map.cursor()?;
        match (self.reverse, &end) {
            (false, _) => cursor.seek(&start)?,
            (true, Some(end)) => cursor.seek(end)?,
            (true, None) => {
                cursor.seek(&[0xff; MAX_KEY_LEN])?;
                // The greatest of all possible keys may be there.
                cursor.next()?;
            }
        }
        for _ in 0..self.limit.unwrap_or(u64::MAX) {
            let entry = if self.reverse { cursor.previous()? } else { cursor.next()? };
            let Some(entry) = entry else { break };
            let behind = end.as_deref().is_some_and(|end| entry.key() >= end);
            if behind || entry.key() < &start[..] {
                break;
            }
            self.write_entry(out, entry.key(), &entry.value().to_value())?;
        }
        Ok(())
    }

    fn write_entry(&self, out: &mut Output, key: &[u8], value: &Value) -> Result<(), CliError> {
        if out.is_json() {
            let mut document = json!({ "key": json_bytes(key) });
            if !self.keys {
                document["value"] = json_value(value);
            }
            return out.json(&document);
        }
        let shown = out.paint(style::NAME, Line(key));
        match (self.keys, value) {
            (true, _) => out.line(shown),
            (_, Value::Blob(blob)) => {
                out.line(format_args!("{shown}\t<{} value>", Bytes(blob.len)))
            }
            (_, Value::Inline(bytes)) => out.line(format_args!("{shown}\t{}", Line(bytes))),
        }
    }

    /// The first key, and the key to end before.
    fn bounds(&self) -> Result<(Vec<u8>, Option<Vec<u8>>), CliError> {
        let key = |argument, key: &Option<String>| {
            key.as_ref().map(|key| self.hex.bytes(argument, key)).transpose()
        };
        let (from, to) = (key("--from", &self.from)?, key("--to", &self.to)?);
        if from.is_some() || to.is_some() {
            return Ok((from.unwrap_or_default(), to));
        }
        let prefix = self.hex.bytes("PREFIX", &self.prefix)?;
        let end = prefix_end(&prefix);
        Ok((prefix, end))
    }
}

fn write_maps(out: &mut Output, maps: &Maps) -> Result<(), CliError> {
    if out.is_json() {
        return out.json(&maps_json(maps));
    }
    let mut maps = maps.iter();
    maps.try_for_each(|(name, map)| out.line(format_args!("{name}\t{}", plural(map.count, "key"))))
}
