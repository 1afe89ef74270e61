//! `prolly check` in a Git repository.

use prollytree_git::GitBackend;
use serde_json::json;

use super::{check_trees, is_damage, verdict};
use crate::context::Context;
use crate::error::CliError;
use crate::exit::Exit;
use crate::output::style;
use crate::program;
use crate::store::Place;
use crate::text::plural;

/// What a check found.
pub(super) struct Found {
    problems: Vec<String>,
    /// How many trees are sound.
    trees: u64,
}

/// Checks the objects as Git does, and the trees of all branches, tags and the working state.
pub(super) fn check(git: &GitBackend, place: &Place) -> Result<Found, CliError> {
    let mut problems = fsck(git)?;
    let trees = match place.open().and_then(|mut repo| check_trees(&mut repo)) {
        Err(error) if is_damage(&error) => {
            problems.push(error.to_string());
            0
        }
        checked => checked?,
    };
    Ok(Found { problems, trees })
}

/// What `git fsck` complains about.
fn fsck(git: &GitBackend) -> Result<Vec<String>, CliError> {
    let fsck = program::output(git, &["fsck", "--no-dangling", "--no-progress"])?;
    if fsck.status.success() {
        return Ok(Vec::new());
    }
    let said = [fsck.stdout, fsck.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    let mut problems: Vec<_> = said.lines().map(|line| format!("git fsck: {line}")).collect();
    if problems.is_empty() {
        problems.push(format!("git fsck: {}", fsck.status));
    }
    Ok(problems)
}

impl Found {
    /// Says what was found.
    pub(super) fn report(&self, context: &mut Context, git: &GitBackend) -> Result<Exit, CliError> {
        let out = &mut context.out;
        let sound = self.problems.is_empty();
        if out.is_json() {
            let problem = |problem: &String| json!({ "what": problem });
            let problems: Vec<_> = self.problems.iter().map(problem).collect();
            out.json(&json!({ "sound": sound, "trees": self.trees, "problems": problems }))?;
        } else {
            for problem in &self.problems {
                let line = out.paint(style::REMOVED, "damaged:");
                out.line(format_args!("{line} {problem}"))?;
            }
            let (folder, trees) = (git.folder().display(), plural(self.trees, "tree"));
            let verdict = verdict(self.problems.len());
            out.line(format_args!("Checked {folder}: {trees}: {verdict}"))?;
        }
        Ok(Exit::from_answer(sound))
    }
}
