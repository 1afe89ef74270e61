//! `prolly branch`

use clap::Args;
use serde_json::json;

use crate::context::Context;
use crate::error::CliError;
use crate::exit::Exit;
use crate::output::style;
use crate::store::Repo;
use crate::text::Line;

/// Lists, makes, renames and deletes branches.
#[derive(Args, Debug)]
pub(crate) struct Branch {
    /// The branch to make; without it, the branches are listed.
    name: Option<String>,
    /// The revision that it begins at.
    #[arg(default_value = "HEAD")]
    start: String,
    /// Deletes the branch, unless commits would be lost.
    #[arg(short, long, requires = "name", conflicts_with_all = ["start", "rename"])]
    delete: bool,
    /// Deletes the branch, even if commits are lost.
    #[arg(short = 'D', requires = "name", conflicts_with_all = ["start", "rename", "delete"])]
    force_delete: bool,
    /// Renames the branch to this name.
    #[arg(short = 'm', long, value_name = "NEW", requires = "name", conflicts_with = "start")]
    rename: Option<String>,
}

impl Branch {
    pub(crate) fn run(self, context: &mut Context) -> Result<Exit, CliError> {
        let mut repo = context.open()?;
        let Some(name) = &self.name else {
            return list(context, &repo);
        };
        let text = if self.delete || self.force_delete {
            let tip = repo.delete_branch(name, self.force_delete)?;
            format!("Deleted branch {name}, which was at {}", tip.short())
        } else if let Some(new) = &self.rename {
            repo.rename_branch(name, new)?;
            format!("Renamed branch {name} to {new}")
        } else {
            let at = repo.resolve(&self.start)?;
            repo.create_branch(name, &at)?;
            format!("Made branch {name} at {}", at.short())
        };
        context.out.either(text, || json!({ "branch": self.rename.as_ref().unwrap_or(name) }))?;
        Ok(Exit::Ok)
    }
}

fn list(context: &mut Context, repo: &Repo) -> Result<Exit, CliError> {
    let out = &mut context.out;
    for branch in repo.branches()? {
        let name = branch.name.short();
        let is_head = repo.current_branch() == Some(name);
        let commit = repo.read_commit(&branch.tip)?;
        if out.is_json() {
            out.json(&json!({
                "branch": name,
                "commit": branch.tip.to_string(),
                "title": commit.title(),
                "checked_out": is_head,
            }))?;
            continue;
        }
        let mark = if is_head { "*" } else { " " };
        let name = out.paint(if is_head { style::ADDED } else { style::NAME }, name);
        let title = Line(commit.title().as_bytes());
        out.line(format_args!("{mark} {name} {} {title}", branch.tip.short()))?;
    }
    Ok(Exit::Ok)
}
