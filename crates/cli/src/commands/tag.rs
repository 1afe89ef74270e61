//! `prolly tag`

use clap::Args;
use serde_json::{Value, json};

use crate::context::Context;
use crate::error::CliError;
use crate::exit::Exit;
use crate::output::style;
use crate::store::Repo;
use crate::text::Line;

/// Lists, makes and deletes tags: lasting names of commits.
#[derive(Args, Debug)]
pub(crate) struct Tag {
    /// The tag to make; without it, the tags are listed.
    name: Option<String>,
    /// The revision that it names.
    #[arg(default_value = "HEAD")]
    revision: String,
    /// Says what for; the tag then also tells who made it and when.
    #[arg(short, long, requires = "name")]
    message: Option<String>,
    /// Deletes the tag.
    #[arg(short, long, requires = "name", conflicts_with_all = ["message", "revision"])]
    delete: bool,
}

impl Tag {
    pub(crate) fn run(self, context: &mut Context) -> Result<Exit, CliError> {
        let mut repo = context.open()?;
        let Some(name) = self.name else {
            return list(context, &repo);
        };
        let (text, target) = if self.delete {
            let target = repo.delete_tag(&name)?;
            (format!("Deleted tag {name}, which named {}", target.short()), target)
        } else {
            let target = repo.resolve(&self.revision)?;
            repo.create_tag(&name, &target, self.message.as_deref())?;
            (format!("Tagged {} as {name}", target.short()), target)
        };
        context.out.either(text, || json!({ "tag": name, "commit": target.to_string() }))?;
        Ok(Exit::Ok)
    }
}

fn list(context: &mut Context, repo: &Repo) -> Result<Exit, CliError> {
    let out = &mut context.out;
    for tag in repo.tags()? {
        let name = tag.name.short();
        if out.is_json() {
            let about = tag.tag.as_ref().map_or(Value::Null, |tag| {
                json!({
                    "message": tag.message,
                    "tagger": { "name": tag.tagger.name, "email": tag.tagger.email },
                    "time": tag.time.to_string(),
                })
            });
            let commit = tag.target.to_string();
            out.json(&json!({ "tag": name, "commit": commit, "annotation": about }))?;
            continue;
        }
        let title = tag.tag.as_ref().and_then(|tag| tag.message.lines().next());
        let title = Line(title.unwrap_or_default().as_bytes()).to_string();
        let name = out.paint(style::NAME, name);
        let line = format!("{name} {} {title}", tag.target.short());
        out.line(line.trim_end())?;
    }
    Ok(Exit::Ok)
}
