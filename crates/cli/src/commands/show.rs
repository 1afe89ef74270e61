//! `prolly show`

use clap::Args;
use prollytree_repo::Maps;

use super::log::write_commit;
use crate::context::Context;
use crate::data::commit_json;
use crate::diff::DiffArgs;
use crate::error::CliError;
use crate::exit::Exit;
use crate::tables::TablesDiff;

/// Shows a commit and what it changed.
///
/// A merge is shown against its first parent. In JSON the commit comes first, then one change a line.
#[derive(Args, Debug)]
pub(crate) struct Show {
    /// The revision.
    #[arg(default_value = "HEAD")]
    revision: String,
    #[command(flatten)]
    diff: DiffArgs,
}

impl Show {
    pub(crate) fn run(self, context: &mut Context) -> Result<Exit, CliError> {
        let repo = context.open()?;
        let (id, commit) = repo.commit_at(&self.revision)?;
        let before = match commit.parents.first() {
            Some(parent) => repo.read_commit(parent)?.maps,
            None => Maps::new(),
        };
        if context.out.is_json() {
            context.out.json(&commit_json(&id, &commit))?;
        } else {
            write_commit(&mut context.out, &id, &commit)?;
        }
        let diff = repo.diff(&before, &commit.maps)?;
        let tables = TablesDiff::open(&repo, before, commit.maps)?;
        self.diff.write(&mut context.out, &diff, &tables)?;
        Ok(Exit::Ok)
    }
}
