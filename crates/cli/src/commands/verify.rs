//! `prolly verify`

use std::io::Read;
use std::path::PathBuf;

use clap::Args;
use prollytree_tree::{
    Difference, Hash, Limits, ProofError, Statement, Value, verify, verify_difference, verify_value,
};
use serde_json::{Value as Json, json};

use crate::context::{Context, open_input};
use crate::diff::{change_fields, write_change};
use crate::error::CliError;
use crate::exit::Exit;
use crate::output::Output;
use crate::statement::StatementArgs;
use crate::text::{Line, ShownValue, json_bytes, json_value, plural};

/// Verifies a proof against a root hash, without a store.
///
/// The root and the statement come from you, never from the file: take the root from where you trust
/// it. What was proved is printed; a proof that does not hold is refused with exit code 1.
#[derive(Args, Debug)]
pub(crate) struct Verify {
    /// The file with the proof; `-` is standard input.
    file: PathBuf,
    /// The trusted root hash.
    #[arg(long, value_name = "HASH", required_unless_present_all = ["before", "after"])]
    root: Option<Hash>,
    /// The trusted root hash of the version before, for a proof of a difference.
    #[arg(long, value_name = "HASH", requires = "after", conflicts_with = "root")]
    before: Option<Hash>,
    /// The trusted root hash of the version after, for a proof of a difference.
    #[arg(long, value_name = "HASH", requires = "before", conflicts_with = "root")]
    after: Option<Hash>,
    #[command(flatten)]
    statement: StatementArgs,
    /// Refuses unless the key has this value.
    #[arg(long, requires = "keys", conflicts_with = "before", allow_negative_numbers = true)]
    value: Option<String>,
    /// Refuses unless the key has the content of this file as its value.
    #[arg(long, value_name = "FILE", requires = "keys", conflicts_with_all = ["before", "value"])]
    value_file: Option<PathBuf>,
    /// Refuses if any of the keys exists.
    #[arg(long, conflicts_with_all = ["before", "value", "value_file"])]
    absent: bool,
}

impl Verify {
    pub(crate) fn run(self, context: &mut Context) -> Result<Exit, CliError> {
        match self.verify(&mut context.out) {
            Err(CliError::Refused(error)) if context.out.is_json() => {
                context.out.json(&json!({ "verified": false, "reason": error.to_string() }))?;
                Ok(Exit::No)
            }
            result => result,
        }
    }

    fn verify(&self, out: &mut Output) -> Result<Exit, CliError> {
        let reason = "say what is to be verified: --key, --prefix, --range or --all";
        let missing = CliError::MissingArgument { argument: "--key", reason };
        let statement = self.statement.statement(&[])?.ok_or(missing)?;
        let limits = Limits::default();
        let proof = self.read_proof(&limits)?;
        if let (Some(before), Some(after)) = (&self.before, &self.after) {
            let differences = verify_difference(before, after, &statement, &proof, &limits)?;
            write_differences(out, before, after, &differences)?;
            return Ok(Exit::Ok);
        }
        let Some(root) = &self.root else {
            let reason = "a proof is worth nothing without a root that you trust";
            return Err(CliError::MissingArgument { argument: "--root", reason });
        };
        self.verify_entries(out, root, &statement, &proof, &limits)?;
        Ok(Exit::Ok)
    }

    /// Reads the proof, but no more than a verifier would look at.
    fn read_proof(&self, limits: &Limits) -> Result<Vec<u8>, CliError> {
        let mut proof = Vec::new();
        let limit = limits.bytes as u64 + 1;
        let read = open_input(&self.file)?.take(limit).read_to_end(&mut proof);
        read.map_err(CliError::file("read", &self.file))?;
        Ok(proof)
    }

    fn verify_entries(
        &self,
        out: &mut Output,
        root: &Hash,
        statement: &Statement,
        proof: &[u8],
        limits: &Limits,
    ) -> Result<(), CliError> {
        let keys = self.statement.all_keys(&[])?;
        let expected = self.expected_value()?;
        if let Some(expected) = &expected {
            let [key] = &keys[..] else {
                let reason = "a value belongs to exactly one --key";
                return Err(CliError::MissingArgument { argument: "--key", reason });
            };
            verify_value(root, key, expected, proof)?;
        }
        let entries = verify(root, statement, proof, limits)?;
        if self.absent && !entries.is_empty() {
            return Err(ProofError::ValueMismatch.into());
        }
        let absent: Vec<_> =
            keys.iter().filter(|key| entries.iter().all(|(found, _)| found != *key)).collect();
        if out.is_json() {
            let entry = |(key, value): &(Vec<u8>, Value)| json!({ "key": json_bytes(key), "value": json_value(value) });
            return out.json(&json!({
                "verified": true,
                "root": root.to_hex(),
                "entries": entries.iter().map(entry).collect::<Vec<_>>(),
                "absent": absent.iter().map(|key| json_bytes(key)).collect::<Vec<Json>>(),
            }));
        }
        out.line(format_args!("Verified: the tree with root {root} has"))?;
        for (key, value) in &entries {
            // A large value was compared as a whole, though the proof only has its hash.
            out.line(format_args!("  {}\t{}", Line(key), ShownValue(value)))?;
        }
        for key in absent {
            out.line(format_args!("  no key {}", Line(key)))?;
        }
        if keys.is_empty() {
            let count = plural(entries.len() as u64, "entry");
            let count = count.replace("entrys", "entries");
            out.line(format_args!("{count}, and no other in the range"))?;
        }
        Ok(())
    }

    fn expected_value(&self) -> Result<Option<Vec<u8>>, CliError> {
        if let Some(value) = &self.value {
            return self.statement.hex.bytes("--value", value).map(Some);
        }
        let Some(path) = &self.value_file else { return Ok(None) };
        let mut value = Vec::new();
        open_input(path)?.read_to_end(&mut value).map_err(CliError::file("read", path))?;
        Ok(Some(value))
    }
}

fn write_differences(
    out: &mut Output,
    before: &Hash,
    after: &Hash,
    differences: &[Difference],
) -> Result<(), CliError> {
    if out.is_json() {
        return out.json(&json!({
            "verified": true,
            "before": before.to_hex(),
            "after": after.to_hex(),
            "differences": differences.iter().map(|found| change_fields(found, false)).collect::<Vec<_>>(),
        }));
    }
    out.line(format_args!("Verified: from the tree with root {before}"))?;
    out.line(format_args!("to the tree with root {after}, this and nothing else changed:"))?;
    differences.iter().try_for_each(|difference| write_change(out, difference))?;
    let count = plural(differences.len() as u64, "difference");
    out.line(count)
}
