//! `prolly stats`

use clap::Args;
use prollytree_repo::MapName;
use prollytree_tree::{Sharing, TreeStats};
use serde_json::{Value, json};

use crate::context::{AtArg, Context};
use crate::error::CliError;
use crate::exit::Exit;
use crate::output::{Output, style};
use crate::text::{Bytes, Count, plural};

/// Measures the trees of a version: entries, height, nodes and sizes of each level.
#[derive(Args, Debug)]
pub(crate) struct Stats {
    /// Measures only the named map.
    #[arg(long, value_name = "NAME")]
    map: Option<String>,
    /// Tells how much of each tree another revision has too.
    #[arg(long, value_name = "REVISION")]
    shared_with: Option<String>,
    #[command(flatten)]
    at: AtArg,
}

impl Stats {
    pub(crate) fn run(self, context: &mut Context) -> Result<Exit, CliError> {
        let mut repo = context.open()?;
        let maps = self.at.maps(&mut repo)?;
        let other = self.shared_with.as_ref().map(|revision| repo.maps_at(revision)).transpose()?;
        let mut documents = serde_json::Map::new();
        for name in maps.keys() {
            if self.map.as_ref().is_some_and(|only| only != name.as_str()) {
                continue;
            }
            let map = repo.open_map(&maps, name)?;
            let stats = map.stats()?;
            let sharing = match &other {
                Some(other) => Some(map.sharing_with(&repo.open_map(other, name)?)?),
                None => None,
            };
            if context.out.is_json() {
                documents.insert(name.to_string(), document(&map.root().to_hex(), &stats, sharing));
            } else {
                write(&mut context.out, name, &map.root().to_hex(), &stats, sharing)?;
            }
        }
        if context.out.is_json() {
            context.out.json(&Value::Object(documents))?;
        }
        Ok(Exit::Ok)
    }
}

fn write(
    out: &mut Output,
    name: &MapName,
    root: &str,
    stats: &TreeStats,
    sharing: Option<Sharing>,
) -> Result<(), CliError> {
    let title = out.paint(style::STRONG, format_args!("map {name}"));
    out.line(title)?;
    out.line(format_args!("  root    {root}"))?;
    out.line(format_args!("  entries {}", Count(stats.entries)))?;
    out.line(format_args!("  height  {}", stats.levels.len()))?;
    let (nodes, size) = (plural(stats.nodes(), "node"), Bytes(stats.size_bytes()));
    out.line(format_args!("  size    {nodes}, {size}"))?;
    for (level, found) in stats.levels.iter().enumerate().rev() {
        out.line(format_args!(
            "  level {level}: {}, {}, mean {} ({} to {}), variation {:.2}",
            plural(found.nodes, "node"),
            Bytes(found.size_bytes),
            Bytes(found.mean_bytes() as u64),
            Bytes(found.min_bytes),
            Bytes(found.max_bytes),
            found.variation(),
        ))?;
    }
    if stats.blobs > 0 {
        let (count, size) = (plural(stats.blobs, "large value"), Bytes(stats.blob_bytes));
        out.line(format_args!("  beside the tree: {count}, {size}"))?;
    }
    if let Some(sharing) = sharing {
        out.line(format_args!(
            "  shared: {} of {}; {} ({}) are its own",
            Count(sharing.shared_nodes),
            plural(sharing.shared_nodes + sharing.own_nodes, "node"),
            Count(sharing.own_nodes),
            Bytes(sharing.own_bytes),
        ))?;
    }
    Ok(())
}

fn document(root: &str, stats: &TreeStats, sharing: Option<Sharing>) -> Value {
    let levels = stats.levels.iter().map(|level| {
        json!({
            "nodes": level.nodes,
            "entries": level.entries,
            "size_bytes": level.size_bytes,
            "min_bytes": level.min_bytes,
            "max_bytes": level.max_bytes,
            "mean_bytes": level.mean_bytes(),
            "variation": level.variation(),
        })
    });
    json!({
        "root": root,
        "entries": stats.entries,
        "height": stats.levels.len(),
        "nodes": stats.nodes(),
        "size_bytes": stats.size_bytes(),
        "levels": levels.collect::<Vec<_>>(),
        "large_values": { "count": stats.blobs, "size_bytes": stats.blob_bytes },
        "sharing": sharing.map(|sharing| json!({
            "shared_nodes": sharing.shared_nodes,
            "own_nodes": sharing.own_nodes,
            "own_bytes": sharing.own_bytes,
        })),
    })
}
