//! `prolly check` in a Git repository.

use std::error::Error;

use prollytree_git::GitBackend;
use serde_json::json;

use super::{check_trees, is_damage, verdict};
use crate::context::Context;
use crate::error::CliError;
use crate::exit::Exit;
use crate::output::style;
use crate::program;
use crate::store::{Place, Repo};
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
    let trees = match place.open().and_then(|mut repo| trees(git, &mut repo, &mut problems)) {
        Err(error) if is_damage(&error) => {
            problems.push(with_causes(&error));
            0
        }
        checked => checked?,
    };
    Ok(Found { problems, trees })
}

/// Checks each version as it lies in Git, where all but one of those with the same roots could be
/// changed by hand, and then the shape of the trees.
fn trees(git: &GitBackend, repo: &mut Repo, problems: &mut Vec<String>) -> Result<u64, CliError> {
    let mut tips: Vec<_> = repo.tip().into_iter().collect();
    tips.extend(repo.branches()?.iter().map(|branch| branch.tip));
    tips.extend(repo.tags()?.iter().map(|tag| tag.target));
    tips.sort_unstable();
    tips.dedup();
    for (id, fault) in git.check_versions(tips)? {
        problems.push(format!("commit {id}: {}", with_causes(&fault)));
    }
    check_trees(repo)
}

/// An error with what it comes from, on one line.
fn with_causes(error: &dyn Error) -> String {
    let mut said = error.to_string();
    let mut last = said.clone();
    let mut source = error.source();
    while let Some(cause) = source {
        let text = cause.to_string();
        if text != last {
            said += &format!(": {text}");
        }
        last = text;
        source = cause.source();
    }
    said
}

/// How often `git fsck` is asked: what it complains about only once was a pack that another process
/// took away just then.
const LOOKS: usize = 3;

/// What `git fsck` complains about.
fn fsck(git: &GitBackend) -> Result<Vec<String>, CliError> {
    let mut problems = fsck_now(git)?;
    for _ in 1..LOOKS {
        if problems.is_empty() {
            break;
        }
        problems = fsck_now(git)?;
    }
    Ok(problems)
}

fn fsck_now(git: &GitBackend) -> Result<Vec<String>, CliError> {
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
