//! `prolly commit`

use std::io::Read;

use clap::Args;
use prollytree_repo::{CommitOptions, Identity, RepoError};

use crate::context::{Context, open_input, retry};
use crate::data::commit_json;
use crate::error::CliError;
use crate::exit::Exit;

/// Makes a version of the working state, of all maps together.
///
/// The commit is on the disk when the command ends.
#[derive(Args, Debug)]
pub(crate) struct Commit {
    /// What the commit is about.
    #[arg(short, long)]
    message: Option<String>,
    /// Reads the message from this file; `-` is standard input.
    #[arg(short = 'F', long, value_name = "FILE", conflicts_with = "message")]
    file: Option<std::path::PathBuf>,
    /// Commits even if nothing changed.
    #[arg(long)]
    allow_empty: bool,
    /// The author, instead of the one of the environment and the settings.
    #[arg(long, value_name = "NAME <ADDRESS>")]
    author: Option<String>,
}

impl Commit {
    pub(crate) fn run(self, context: &mut Context) -> Result<Exit, CliError> {
        let message = self.message()?;
        let author = self.author.as_deref().map(parse_author).transpose()?;
        let mut repo = context.open()?;
        let options = CommitOptions { message, allow_empty: self.allow_empty, author };
        let id = retry(&mut repo, |repo| repo.commit_with(options.clone()))?;
        let commit = repo.read_commit(&id)?;
        let branch = repo.current_branch().unwrap_or("no branch");
        let text = format_args!("[{branch} {}] {}", id.short(), commit.title());
        context.out.either(text, || commit_json(&id, &commit))?;
        Ok(Exit::Ok)
    }

    fn message(&self) -> Result<String, CliError> {
        if let Some(message) = &self.message {
            return Ok(message.clone());
        }
        let Some(path) = &self.file else {
            let reason = "a commit says what it is about";
            return Err(CliError::MissingArgument { argument: "--message", reason });
        };
        let mut message = String::new();
        open_input(path)?.read_to_string(&mut message).map_err(CliError::file("read", path))?;
        Ok(message.trim_end().to_owned())
    }
}

/// Reads `Name <address>`.
fn parse_author(text: &str) -> Result<Identity, CliError> {
    let parts = text.strip_suffix('>').and_then(|text| text.split_once('<'));
    let (name, email) = parts.ok_or_else(|| CliError::BadArgument {
        argument: "--author",
        value: text.to_owned(),
        expected: "of the form NAME <ADDRESS>",
    })?;
    Ok(Identity::new(name.trim(), email).map_err(RepoError::from)?)
}
