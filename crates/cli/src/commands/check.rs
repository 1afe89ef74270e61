//! `prolly check`

mod git;

use clap::Args;
use prollytree_repo::{Maps, RepoError, RepositoryTrace};
use prollytree_store::{Report, Store, StoreError, StoreOptions};
use prollytree_tree::check_tree;
use serde_json::{Value, json};

use crate::context::Context;
use crate::error::CliError;
use crate::exit::Exit;
use crate::output::{Output, style};
use crate::progress::Progress;
use crate::store::{Place, Repo};
use crate::text::{Bytes, plural};

/// Reads the whole store and reports all damage, with file and offset.
///
/// Checks every byte on the disk against its sums and hashes, and that everything is there that
/// branches, tags and logs lead to. The exit code is 1 if anything is wrong. In a Git repository,
/// `git fsck` checks the objects, and the trees are always checked.
#[derive(Args, Debug)]
pub(crate) struct Check {
    /// Checks also that the trees of all branches, tags and the working state are exactly what
    /// their entries make.
    #[arg(long)]
    trees: bool,
}

impl Check {
    pub(crate) fn run(self, context: &mut Context) -> Result<Exit, CliError> {
        let place = context.place()?;
        let progress = Progress::moving("checking");
        if let Place::Git(git) = &place {
            let found = git::check(git, &place);
            drop(progress);
            return found?.report(context, git);
        }
        let found = self.check(&place);
        drop(progress);
        let (report, trees) = match found {
            // What is so damaged that it does not open is a finding, not a failure.
            Err(error) if is_damage(&error) => {
                let text = format!("damaged: {error}");
                let document =
                    json!({ "sound": false, "problems": [{ "what": error.to_string() }] });
                context.out.either(text, || document)?;
                return Ok(Exit::No);
            }
            found => found?,
        };
        if context.out.is_json() {
            let mut document = report_json(&report);
            document["trees"] = trees.into();
            context.out.json(&document)?;
        } else {
            write_problems(&mut context.out, &report)?;
            let (objects, size) = (plural(report.objects, "object"), Bytes(report.object_bytes));
            let verdict = verdict(report.problems.len());
            let trees =
                if self.trees { format!(", {}", plural(trees, "tree")) } else { String::new() };
            let commits = plural(report.batches, "batch").replace("batchs", "batches");
            context.out.line(format_args!(
                "Checked {}: {commits}, {objects}, {size}{trees}: {verdict}",
                place.path().display(),
            ))?;
        }
        Ok(Exit::from_answer(report.problems.is_empty()))
    }

    /// The report, and how many trees were checked.
    fn check(&self, place: &Place) -> Result<(Report, u64), CliError> {
        let store = Store::open(place.path(), StoreOptions::default())?;
        let mut report = store.check()?;
        let reachable = store.check_reachable(&RepositoryTrace)?;
        for problem in reachable.problems {
            if !report.problems.contains(&problem) {
                report.problems.push(problem);
            }
        }
        let sound = report.problems.is_empty();
        let trees = if self.trees && sound { check_trees(&mut place.open()?)? } else { 0 };
        Ok((report, trees))
    }
}

/// How a check ended.
fn verdict(problems: usize) -> String {
    match problems {
        0 => "no damage".to_owned(),
        n => plural(n as u64, "problem"),
    }
}

/// Checks the trees of all branches, tags and the working state, and tells how many there are.
fn check_trees(repo: &mut Repo) -> Result<u64, CliError> {
    let mut trees = 0;
    for maps in versions(repo)? {
        for (name, map) in &maps {
            // What is recorded of the number of entries is no part of the tree.
            repo.open_map(&maps, name)?;
            check_tree(repo.backend(), &map.config, map.root)?;
            trees += 1;
        }
    }
    Ok(trees)
}

/// The contents of all branches, tags and the working state.
fn versions(repo: &mut Repo) -> Result<Vec<Maps>, CliError> {
    let mut versions = vec![repo.working_maps()?];
    for branch in repo.branches()? {
        versions.push(repo.read_commit(&branch.tip)?.maps);
    }
    for tag in repo.tags()? {
        versions.push(repo.read_commit(&tag.target)?.maps);
    }
    Ok(versions)
}

/// Whether an error tells of damage.
fn is_damage(error: &CliError) -> bool {
    matches!(
        error,
        CliError::Store(
            StoreError::Damaged { .. } | StoreError::Trace { .. } | StoreError::TraceRefs { .. }
        ) | CliError::Repo(
            RepoError::MissingCommit { .. } | RepoError::BadCount { .. } | RepoError::Backend(_)
        ) | CliError::Tree(_)
    )
}

/// Lists what is wrong, each with file and offset.
pub(crate) fn write_problems(out: &mut Output, report: &Report) -> Result<(), CliError> {
    for problem in &report.problems {
        let path = problem.path.display();
        let line = out.paint(style::REMOVED, "damaged:");
        out.line(format_args!("{line} {path}, offset {}: {}", problem.offset, problem.damage))?;
    }
    Ok(())
}

/// A report as a JSON document.
pub(crate) fn report_json(report: &Report) -> Value {
    let problem = |problem: &prollytree_store::Problem| {
        json!({
            "file": problem.path,
            "offset": problem.offset,
            "what": problem.damage.to_string(),
        })
    };
    json!({
        "sound": report.problems.is_empty(),
        "segments": report.segments,
        "batches": report.batches,
        "objects": report.objects,
        "object_bytes": report.object_bytes,
        "problems": report.problems.iter().map(problem).collect::<Vec<_>>(),
    })
}
