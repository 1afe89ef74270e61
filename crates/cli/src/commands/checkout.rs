//! `prolly checkout`

use clap::Args;
use prollytree_repo::{Head, Uncommitted};
use serde_json::json;

use crate::context::Context;
use crate::error::CliError;
use crate::exit::Exit;

/// Switches the working state to a branch, or to any other revision.
///
/// Refuses to touch uncommitted changes unless --carry or --discard says what becomes of them.
#[derive(Args, Debug)]
pub(crate) struct Checkout {
    /// The branch or revision; `-` is the branch that was checked out before.
    #[arg(default_value = "HEAD", allow_hyphen_values = true)]
    revision: String,
    /// Makes a branch of this name at the revision, and switches to it.
    #[arg(short = 'b', long = "branch", value_name = "NAME")]
    branch: Option<String>,
    /// Takes uncommitted changes along; refuses if both changed the same keys.
    #[arg(short, long, conflicts_with = "discard")]
    carry: bool,
    /// Drops uncommitted changes.
    #[arg(short, long)]
    discard: bool,
}

impl Checkout {
    pub(crate) fn run(self, context: &mut Context) -> Result<Exit, CliError> {
        let mut repo = context.open()?;
        let changes = match (self.carry, self.discard) {
            (_, true) => Uncommitted::Discard,
            // A branch that begins here changes nothing that could conflict.
            (true, _) => Uncommitted::Carry,
            _ if self.branch.is_some() && self.revision == "HEAD" => Uncommitted::Carry,
            _ => Uncommitted::Refuse,
        };
        match &self.branch {
            Some(name) => {
                let at = repo.resolve(&self.revision)?;
                repo.create_branch(name, &at)?;
                repo.checkout(name, changes)?;
            }
            None => repo.checkout(&self.revision, changes)?,
        }
        let text = match repo.head() {
            Head::Branch(name) => format!("Switched to branch {}", name.short()),
            Head::Detached(id) => format!(
                "Switched to commit {}, on no branch: `prolly checkout -b NAME` begins one",
                id.short()
            ),
        };
        let document = || json!({ "branch": repo.current_branch(), "head": repo.tip().map(|id| id.to_string()) });
        context.out.either(text, document)?;
        Ok(Exit::Ok)
    }
}
