//! `prolly status`

use clap::Args;
use prollytree_repo::{Head, MapName};
use prollytree_tree::Conflict;
use serde_json::{Value, json};

use crate::context::Context;
use crate::data::maps_json;
use crate::diff::Counts;
use crate::error::CliError;
use crate::exit::Exit;
use crate::output::{Output, style};
use crate::store::Repo;
use crate::tables::{Conflicts, is_table, title};
use crate::text::{Line, ShownValue, plural};

/// The most conflicts that are listed for people.
const SHOWN_CONFLICTS: usize = 20;

/// Says what is checked out, what changed since, and what is under way.
#[derive(Args, Debug)]
pub(crate) struct Status {}

impl Status {
    pub(crate) fn run(self, context: &mut Context) -> Result<Exit, CliError> {
        let mut repo = context.open()?;
        let mut changes = Vec::new();
        for map in repo.uncommitted()?.maps() {
            let mut counts = Counts::default();
            for difference in map.changes(..)? {
                counts.count(&difference?);
            }
            changes.push((map.name.clone(), counts));
        }
        let mut conflicts = Conflicts::read(context.open()?)?;
        if context.out.is_json() {
            let document = document(&mut repo, &changes, conflicts.json()?)?;
            context.out.json(&document)?;
        } else {
            write(&mut context.out, &mut repo, &changes, &mut conflicts)?;
        }
        Ok(Exit::Ok)
    }
}

fn document(
    repo: &mut Repo,
    changes: &[(MapName, Counts)],
    conflicts: Vec<Value>,
) -> Result<Value, CliError> {
    let changes: serde_json::Map<_, _> =
        changes.iter().map(|(map, counts)| (map.to_string(), counts.json())).collect();
    let maps = maps_json(&repo.working_maps()?);
    let operation = repo.operation().map(|operation| {
        json!({ "kind": operation.kind.to_string(), "other": operation.other.to_string() })
    });
    Ok(json!({
        "branch": repo.current_branch(),
        "head": repo.tip().map(|tip| tip.to_string()),
        "clean": changes.is_empty(),
        "changes": changes,
        "maps": maps,
        "operation": operation,
        "conflicts": conflicts,
    }))
}

fn write(
    out: &mut Output,
    repo: &mut Repo,
    changes: &[(MapName, Counts)],
    conflicts: &mut Conflicts,
) -> Result<(), CliError> {
    let at = match (repo.head(), repo.tip()) {
        (Head::Branch(name), Some(tip)) => format!("On branch {} at {}", name.short(), tip.short()),
        (Head::Branch(name), None) => {
            format!("On branch {}, which has no commit yet", name.short())
        }
        (Head::Detached(tip), _) => format!("At commit {}, on no branch", tip.short()),
    };
    out.line(at)?;
    for (name, map) in &repo.working_maps()? {
        let noun = if is_table(name) { "row" } else { "key" };
        if let Some(title) = title(name) {
            out.line(format_args!("  {title}: {}", plural(map.count, noun)))?;
        }
    }
    if let Some(operation) = repo.operation() {
        let kind = operation.kind;
        out.line(format_args!("A {kind} of {} is under way", operation.other.short()))?;
        conflicts.write(out)?;
        let next = match conflicts.len() {
            0 => format!("All conflicts are resolved: `prolly {kind} --continue` commits"),
            _ => format!("{}; `prolly {kind} --abort` goes back", conflicts.how()),
        };
        out.line(next)?;
    }
    if changes.is_empty() {
        let quiet = repo.operation().is_some();
        return if quiet { Ok(()) } else { out.line("Nothing to commit") };
    }
    out.line("Changes to be committed:")?;
    for (map, counts) in changes {
        if let Some(title) = title(map) {
            out.line(format_args!("  {title}: {}", counts.text()))?;
        }
    }
    Ok(())
}

/// Lists open conflicts, each with the value before both sides and on both.
pub(crate) fn write_conflicts(
    out: &mut Output,
    conflicts: &[(MapName, Conflict)],
) -> Result<(), CliError> {
    for (map, conflict) in conflicts.iter().take(SHOWN_CONFLICTS) {
        let title = format!("conflict on {} in map {map}", Line(&conflict.key));
        let title = out.paint(style::CHANGED, title);
        out.line(title)?;
        let sides =
            [("base", &conflict.base), ("ours", &conflict.ours), ("theirs", &conflict.theirs)];
        for (side, value) in sides {
            match value {
                Some(value) => out.line(format_args!("  {side:<7} {}", ShownValue(value)))?,
                None => out.line(format_args!("  {side:<7} (absent)"))?,
            }
        }
    }
    match conflicts.len().checked_sub(SHOWN_CONFLICTS) {
        None | Some(0) => Ok(()),
        Some(more) => {
            let more = plural(more as u64, "conflict");
            out.line(format_args!("and {more} more: `prolly status --json` lists them all"))
        }
    }
}
