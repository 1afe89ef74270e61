//! `prolly diff`

use clap::Args;
use prollytree_repo::Maps;

use crate::context::Context;
use crate::diff::DiffArgs;
use crate::error::CliError;
use crate::exit::Exit;
use crate::tables::TablesDiff;

/// Shows which keys differ between two versions, and how.
///
/// Without a revision: the uncommitted changes. With one: from it to the working state. With two, or
/// `A..B`: from the first to the second. Values that are JSON objects are compared field by field, and
/// tables row by row and column by column.
#[derive(Args, Debug)]
pub(crate) struct Diff {
    /// The version before.
    before: Option<String>,
    /// The version after.
    after: Option<String>,
    /// Exits with 1 if there are differences.
    #[arg(long)]
    exit_code: bool,
    #[command(flatten)]
    diff: DiffArgs,
}

impl Diff {
    pub(crate) fn run(self, context: &mut Context) -> Result<Exit, CliError> {
        let mut repo = context.open()?;
        let (before, after) = match (self.before.as_deref(), self.after.as_deref()) {
            (Some(range), None) if range.contains("..") => {
                let (before, after) = range.split_once("..").unwrap_or((range, ""));
                let head = |side: &str| if side.is_empty() { "HEAD" } else { side }.to_owned();
                (Some(head(before)), Some(head(after)))
            }
            (before, after) => (before.map(str::to_owned), after.map(str::to_owned)),
        };
        let before = match before {
            Some(before) => repo.maps_at(&before)?,
            None => match repo.tip() {
                Some(tip) => repo.read_commit(&tip)?.maps,
                None => Maps::new(),
            },
        };
        let after = match after {
            Some(after) => repo.maps_at(&after)?,
            None => repo.working_maps()?,
        };
        let diff = repo.diff(&before, &after)?;
        let tables = TablesDiff::open(&repo, before, after)?;
        let differences = self.diff.write(&mut context.out, &diff, &tables)?;
        Ok(Exit::from_answer(!self.exit_code || differences == 0))
    }
}
