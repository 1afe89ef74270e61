//! `prolly prove`

use std::path::PathBuf;

use clap::Args;
use prollytree_repo::{MapName, Maps};
use prollytree_store::Store;
use prollytree_tree::{Snapshot, Statement};
use serde_json::json;

use crate::context::{AtArg, Context, MapArg};
use crate::error::CliError;
use crate::exit::Exit;
use crate::statement::StatementArgs;
use crate::store::Repo;
use crate::text::plural;

/// Writes a proof of what a map holds, or does not hold.
///
/// Whoever has the root hash, and nothing else, can verify the file with `prolly verify`.
#[derive(Args, Debug)]
pub(crate) struct Prove {
    /// The keys, present or absent.
    #[arg(value_name = "KEY", conflicts_with = "statement")]
    words: Vec<String>,
    /// The file that the proof goes to.
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
    /// Proves in which entries two revisions differ.
    #[arg(long, num_args = 2, value_names = ["BEFORE", "AFTER"], conflicts_with = "at")]
    diff: Option<Vec<String>>,
    #[command(flatten)]
    statement: StatementArgs,
    #[command(flatten)]
    at: AtArg,
    #[command(flatten)]
    map: MapArg,
}

impl Prove {
    pub(crate) fn run(self, context: &mut Context) -> Result<Exit, CliError> {
        let statement = self.statement.statement(&self.words)?;
        let name = self.map.name()?;
        let mut repo = context.open()?;
        let (proof, roots) = match self.diff.as_deref() {
            Some([before, after]) => {
                let statement = statement.unwrap_or_else(|| Statement::range(..));
                let (before, after) = (repo.maps_at(before)?, repo.maps_at(after)?);
                let (before, after) = both(&repo, &name, &before, &after)?;
                let proof = before.prove_difference(&after, &statement)?;
                (proof, vec![("--before", before.root()), ("--after", after.root())])
            }
            _ => {
                let reason = "name keys, or --prefix, --range or --all";
                let argument = "KEY";
                let missing = CliError::MissingArgument { argument, reason };
                let statement = statement.ok_or(missing)?;
                let maps = self.at.maps(&mut repo)?;
                let map = repo.open_map(&maps, &name)?;
                (map.prove(&statement)?, vec![("--root", map.root())])
            }
        };
        std::fs::write(&self.output, &proof).map_err(CliError::file("write", &self.output))?;
        let roots: Vec<_> = roots.iter().map(|(name, root)| format!("{name} {root}")).collect();
        let size = proof.as_bytes().len() as u64;
        let command = format!(
            "prolly verify {} {} {}",
            self.output.display(),
            roots.join(" "),
            self.statement.to_shell(&self.words),
        );
        let text = format_args!(
            "Wrote a proof of {} to {}\nTo verify it, with no store at hand:\n  {command}",
            plural(size, "byte"),
            self.output.display(),
        );
        let document = || {
            let root = |i: usize| roots.get(i).and_then(|root| root.split(' ').nth(1));
            match roots.len() {
                1 => {
                    json!({ "file": self.output, "size_bytes": size, "root": root(0), "verify": command })
                }
                _ => json!({
                    "file": self.output, "size_bytes": size,
                    "before": root(0), "after": root(1), "verify": command,
                }),
            }
        };
        context.out.either(text, document)?;
        Ok(Exit::Ok)
    }
}

/// A map in two versions.
fn both(
    repo: &Repo,
    name: &MapName,
    before: &Maps,
    after: &Maps,
) -> Result<(Snapshot<Store>, Snapshot<Store>), CliError> {
    Ok((repo.open_map(before, name)?, repo.open_map(after, name)?))
}
