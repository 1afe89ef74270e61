//! `prolly resolve`

use std::io::Read;
use std::path::PathBuf;

use clap::Args;
use prollytree_repo::Choice;
use prollytree_sql::NoExpressions;
use serde_json::json;

use crate::context::{Context, HexArg, MapArg, open_input, retry};
use crate::error::CliError;
use crate::exit::Exit;
use crate::store::Repo;
use crate::tables::{choice as row_choice, is_of_tables, key_values, open};
use crate::text::plural;

/// Settles a conflict of a merge, cherry-pick or revert.
#[derive(Args, Debug)]
pub(crate) struct Resolve {
    /// The key of the conflict.
    #[arg(required_unless_present = "all")]
    key: Option<String>,
    /// Settles all open conflicts in the same way.
    #[arg(long, conflicts_with = "key")]
    all: bool,
    #[command(flatten)]
    how: How,
    /// Settles the conflict on a row of this table: KEY is its primary key, or a JSON array of several
    /// columns; with an empty one, what the table looks like.
    #[arg(long, value_name = "NAME", conflicts_with_all = ["all", "map", "value", "file", "delete", "hex"])]
    table: Option<String>,
    #[command(flatten)]
    map: MapArg,
    #[command(flatten)]
    hex: HexArg,
}

/// What the key becomes.
#[derive(Args, Debug)]
#[group(required = true, multiple = false)]
struct How {
    /// Keeps our value.
    #[arg(long)]
    ours: bool,
    /// Takes their value.
    #[arg(long)]
    theirs: bool,
    /// Goes back to the value before both.
    #[arg(long)]
    base: bool,
    /// Sets this value.
    #[arg(long, allow_hyphen_values = true)]
    value: Option<String>,
    /// Sets the content of this file; `-` is standard input.
    #[arg(long)]
    file: Option<PathBuf>,
    /// Removes the key.
    #[arg(long)]
    delete: bool,
    /// Keeps the value that `prolly set` gave it meanwhile.
    #[arg(long)]
    working: bool,
}

impl Resolve {
    pub(crate) fn run(self, context: &mut Context) -> Result<Exit, CliError> {
        let choice = self.choice()?;
        match (&self.key, &self.table) {
            (Some(key), Some(table)) => {
                let mut database = open(context.open()?)?;
                let key = key_values(&database, table, key);
                database.resolve(table, &key, &row_choice(&choice)?, &mut NoExpressions)?;
            }
            (Some(key), None) => {
                let (map, key) = (self.map.name()?, self.hex.bytes("KEY", key)?);
                let mut repo = context.open()?;
                retry(&mut repo, |repo| repo.resolve_conflict(&map, &key, &choice))?;
            }
            (None, _) => {
                let mut database = open(context.open()?)?;
                if !database.conflicts()?.is_empty() {
                    database.resolve_all(&row_choice(&choice)?, &mut NoExpressions)?;
                }
                // Rows that break a constraint now are conflicts again, and stay.
                let mut repo = context.open()?;
                for (map, conflict) in repo.conflicts()? {
                    if !is_of_tables(&map) {
                        let settle =
                            |repo: &mut Repo| repo.resolve_conflict(&map, &conflict.key, &choice);
                        retry(&mut repo, settle)?;
                    }
                }
            }
        }
        let repo = context.open()?;
        let open = repo.conflicts()?.len() as u64;
        let text = match (open, repo.operation()) {
            (0, Some(operation)) => {
                format!(
                    "All conflicts are resolved: `prolly {} --continue` commits",
                    operation.kind
                )
            }
            _ => format!("{} left", plural(open, "conflict")),
        };
        context.out.either(text, || json!({ "open": open }))?;
        Ok(Exit::Ok)
    }

    fn choice(&self) -> Result<Choice, CliError> {
        let how = &self.how;
        if let Some(value) = &how.value {
            return Ok(Choice::Value(self.hex.bytes("--value", value)?));
        }
        if let Some(path) = &how.file {
            let mut value = Vec::new();
            open_input(path)?.read_to_end(&mut value).map_err(CliError::file("read", path))?;
            return Ok(Choice::Value(value));
        }
        Ok(match (how.ours, how.theirs, how.base, how.delete) {
            (true, ..) => Choice::Ours,
            (_, true, ..) => Choice::Theirs,
            (_, _, true, _) => Choice::Base,
            (.., true) => Choice::Delete,
            _ => Choice::Working,
        })
    }
}
