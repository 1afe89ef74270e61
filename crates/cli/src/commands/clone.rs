//! `prolly clone`

use std::ffi::OsStr;
use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use crate::context::Context;
use crate::error::CliError;
use crate::exit::Exit;
use crate::program;
use crate::store::{Place, git_in};

/// Copies a data set in Git from elsewhere, with its whole history.
///
/// Git fetches it: every URL, credential and proxy that `git clone` knows will do.
#[derive(Args, Debug)]
pub(crate) struct Clone {
    /// The repository to copy: a URL or a folder.
    url: String,
    /// The folder to make [default: what the URL ends with].
    folder: Option<PathBuf>,
}

impl Clone {
    pub(crate) fn run(self, context: &mut Context) -> Result<Exit, CliError> {
        let folder = match self.folder {
            Some(folder) => folder,
            None => name(&self.url).map(PathBuf::from).ok_or(CliError::MissingArgument {
                argument: "FOLDER",
                reason: "the URL does not end with a name",
            })?,
        };
        // What the working tree shows is for the data set to say.
        let words = ["clone", "--no-checkout", "--", &self.url];
        let words = words.map(OsStr::new);
        program::run(&[&words[..], &[folder.as_os_str()]].concat())?;
        let Some(git) = git_in(&folder)? else {
            return Err(CliError::NotCloned { path: folder });
        };
        let repo = Place::Git(git).open()?;
        let text = format_args!("Cloned {} into {}", self.url, folder.display());
        context.out.either(text, || json!({ "store": folder, "branch": repo.current_branch() }))?;
        Ok(Exit::Ok)
    }
}

/// The name of the repository that a URL or a path leads to, as Git sees it.
fn name(url: &str) -> Option<&str> {
    let path = url.trim_end_matches('/');
    let path = path.strip_suffix("/.git").unwrap_or(path).trim_end_matches('/');
    let name = path.rsplit(['/', ':', '\\']).next()?;
    let name = name.strip_suffix(".git").or(name.strip_suffix(".bundle")).unwrap_or(name);
    (!name.is_empty() && name != "." && name != "..").then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clone_is_named_as_git_names_it() {
        for url in [
            "https://example.com/team/data.git",
            "https://example.com/team/data/",
            "git@example.com:data.git",
            "../data/.git",
            "/srv/data",
            "data.bundle",
        ] {
            assert_eq!(name(url), Some("data"), "{url}");
        }
        for url in ["", "/", "..", ".git"] {
            assert_eq!(name(url), None, "{url}");
        }
    }
}
