//! `prolly diff`

use clap::Args;

use crate::context::Context;
use crate::diff::DiffArgs;
use crate::error::CliError;
use crate::exit::Exit;

/// Shows which keys differ between two versions, and how.
///
/// Without a revision: the uncommitted changes. With one: from it to the working state. With two, or
/// `A..B`: from the first to the second. Values that are JSON objects are compared field by field.
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
        let diff = match (before, after) {
            (None, _) => repo.uncommitted()?,
            (Some(before), None) => {
                let working = repo.working_maps()?;
                repo.diff(&repo.maps_at(&before)?, &working)?
            }
            (Some(before), Some(after)) => {
                repo.diff(&repo.maps_at(&before)?, &repo.maps_at(&after)?)?
            }
        };
        let differences = self.diff.write(&mut context.out, &diff)?;
        Ok(Exit::from_answer(!self.exit_code || differences == 0))
    }
}
