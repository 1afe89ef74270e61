//! `prolly log`

use std::collections::HashMap;

use clap::Args;
use prollytree_repo::{Commit, CommitId, Head, topological};
use renderdag::{Ancestor, BoxDrawingRenderer, GraphRowRenderer, Renderer};

use crate::context::{Context, HexArg, MapArg};
use crate::data::commit_json;
use crate::error::CliError;
use crate::exit::Exit;
use crate::output::{Output, style};
use crate::store::Repo;

/// Draws commits beside a graph.
type Graph = BoxDrawingRenderer<CommitId, GraphRowRenderer<CommitId>>;

/// Lists commits, newest first.
#[derive(Args, Debug)]
pub(crate) struct Log {
    /// Where to begin: a branch, a tag or any other revision.
    #[arg(default_value = "HEAD")]
    revision: String,
    /// Writes each commit on one line.
    #[arg(long)]
    oneline: bool,
    /// Draws how the commits hang together.
    #[arg(long)]
    graph: bool,
    /// Lists at most so many commits.
    #[arg(short = 'n', long, value_name = "COUNT")]
    limit: Option<usize>,
    /// Lists only commits that changed this key.
    #[arg(short, long)]
    key: Option<String>,
    /// Follows only the first parent of merge commits.
    #[arg(long)]
    first_parent: bool,
    #[command(flatten)]
    map: MapArg,
    #[command(flatten)]
    hex: HexArg,
}

impl Log {
    pub(crate) fn run(self, context: &mut Context) -> Result<Exit, CliError> {
        let repo = context.open()?;
        let from = repo.resolve(&self.revision)?;
        let limit = self.limit.unwrap_or(usize::MAX);
        let names = names(&repo)?;
        let mut graph = self
            .graph
            .then(|| GraphRowRenderer::new().output().with_min_row_height(1).build_box_drawing());
        if let Some(key) = &self.key {
            let key = self.hex.bytes("--key", key)?;
            // The commits between two versions of a key are not shown, so there is no graph.
            for version in repo.history(&self.map.name()?, &key, &from)?.take(limit) {
                let version = version?;
                self.write(&mut context.out, &mut None, &names, &version.id, &version.commit)?;
            }
            return Ok(Exit::Ok);
        }
        let walk = repo.log(&from)?;
        let walk = if self.first_parent { walk.first_parent() } else { walk };
        if self.graph {
            for (id, commit) in topological(walk)?.iter().take(limit) {
                self.write(&mut context.out, &mut graph, &names, id, commit)?;
            }
        } else {
            for commit in walk.take(limit) {
                let (id, commit) = commit?;
                self.write(&mut context.out, &mut graph, &names, &id, &commit)?;
            }
        }
        Ok(Exit::Ok)
    }

    fn write(
        &self,
        out: &mut Output,
        graph: &mut Option<Graph>,
        names: &HashMap<CommitId, Vec<String>>,
        id: &CommitId,
        commit: &Commit,
    ) -> Result<(), CliError> {
        if out.is_json() {
            return out.json(&commit_json(id, commit));
        }
        let names = names.get(id).map(|names| format!(" ({})", names.join(", ")));
        let names = out.paint(style::NAME, names.unwrap_or_default());
        let shown =
            out.paint(style::COMMIT, if self.oneline { id.short() } else { id.to_string() });
        let lines = if self.oneline {
            vec![format!("{shown}{names} {}", crate::text::Line(commit.title().as_bytes()))]
        } else {
            lines(&shown, &names, commit)
        };
        let Some(graph) = graph else {
            return lines.into_iter().try_for_each(|line| out.line(line));
        };
        let followed = if self.first_parent { 1 } else { commit.parents.len() };
        let parents =
            commit.parents.iter().take(followed).map(|id| Ancestor::Parent(*id)).collect();
        let row = graph.next_row(*id, parents, "o".to_owned(), lines.join("\n"));
        out.line(row.trim_end())
    }
}

fn lines(id: &str, names: &str, commit: &Commit) -> Vec<String> {
    let mut lines = vec![format!("commit {id}{names}")];
    if commit.parents.len() > 1 {
        let parents: Vec<_> = commit.parents.iter().map(CommitId::short).collect();
        lines.push(format!("Merge:  {}", parents.join(" ")));
    }
    lines.push(format!("Author: {}", commit.author));
    lines.push(format!("Date:   {}", commit.time));
    lines.push(String::new());
    let message = commit.message.lines();
    lines.extend(message.map(|line| format!("    {}", crate::text::Line(line.as_bytes()))));
    lines.push(String::new());
    lines
}

/// A commit as `prolly show` begins with it.
pub(crate) fn write_commit(
    out: &mut Output,
    id: &CommitId,
    commit: &Commit,
) -> Result<(), CliError> {
    let shown = out.paint(style::COMMIT, id);
    lines(&shown, "", commit).into_iter().try_for_each(|line| out.line(line))
}

/// What leads to each commit: `HEAD`, branches, tags.
fn names(repo: &Repo) -> Result<HashMap<CommitId, Vec<String>>, CliError> {
    let mut names: HashMap<CommitId, Vec<String>> = HashMap::new();
    if let Head::Detached(id) = repo.head() {
        names.entry(*id).or_default().push("HEAD".to_owned());
    }
    for branch in repo.branches()? {
        let is_head = *repo.head() == Head::Branch(branch.name.clone());
        let head = if is_head { "HEAD -> " } else { "" };
        let name = format!("{head}{}", branch.name.short());
        let at = names.entry(branch.tip).or_default();
        // What is checked out comes first, as in Git.
        at.insert(if is_head { 0 } else { at.len() }, name);
    }
    for tag in repo.tags()? {
        names.entry(tag.target).or_default().push(format!("tag: {}", tag.name.short()));
    }
    Ok(names)
}
