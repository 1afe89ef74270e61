//! `prolly prove`

use std::path::PathBuf;

use clap::Args;
use prollytree_tree::{Hash, Proof, Statement};
use serde_json::json;

use crate::context::{AtArg, Context, MapArg};
use crate::error::CliError;
use crate::exit::Exit;
use crate::statement::{StatementArgs, quoted};
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

/// A proof, and the roots that it is about with the arguments that `prolly verify` takes them by.
struct Proved {
    proof: Proof,
    roots: Vec<(&'static str, Hash)>,
}

impl Prove {
    pub(crate) fn run(self, context: &mut Context) -> Result<Exit, CliError> {
        let mut repo = context.open()?;
        let proved = match self.diff.as_deref() {
            Some([before, after]) => self.prove_difference(&repo, before, after)?,
            _ => self.prove(&mut repo)?,
        };
        let file = &self.output;
        std::fs::write(file, &proved.proof).map_err(CliError::file("write", file))?;
        let size = proved.proof.as_bytes().len() as u64;
        let roots: String =
            proved.roots.iter().map(|(name, root)| format!(" --{name} {root}")).collect();
        let statement = self.statement.to_shell(&self.words);
        let command =
            format!("prolly verify {}{roots} {statement}", quoted(&file.to_string_lossy()));
        let text = format_args!(
            "Wrote a proof of {} to {}\nTo verify it, with no store at hand:\n  {command}",
            plural(size, "byte"),
            file.display(),
        );
        let document = || {
            let mut document = json!({ "file": file, "size_bytes": size, "verify": command });
            for (name, root) in &proved.roots {
                document[*name] = root.to_hex().into();
            }
            document
        };
        context.out.either(text, document)?;
        Ok(Exit::Ok)
    }

    fn prove(&self, repo: &mut Repo) -> Result<Proved, CliError> {
        let reason = "name keys, or --prefix, --range or --all";
        let missing = CliError::MissingArgument { argument: "KEY", reason };
        let statement = self.statement.statement(&self.words)?.ok_or(missing)?;
        let maps = self.at.maps(repo)?;
        let map = repo.open_map(&maps, &self.map.name()?)?;
        Ok(Proved { proof: map.prove(&statement)?, roots: vec![("root", map.root())] })
    }

    /// Proves the difference of two revisions, in all keys unless some were named.
    fn prove_difference(&self, repo: &Repo, before: &str, after: &str) -> Result<Proved, CliError> {
        let statement = self.statement.statement(&self.words)?;
        let statement = statement.unwrap_or_else(|| Statement::range(..));
        let name = self.map.name()?;
        let before = repo.open_map(&repo.maps_at(before)?, &name)?;
        let after = repo.open_map(&repo.maps_at(after)?, &name)?;
        let proof = before.prove_difference(&after, &statement)?;
        Ok(Proved { proof, roots: vec![("before", before.root()), ("after", after.root())] })
    }
}
