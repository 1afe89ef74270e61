//! `prolly git install`

mod link;

use std::path::{Path, PathBuf};

use clap::Args;
use prollytree_git::GitBackend;
use serde_json::json;

use crate::context::Context;
use crate::error::CliError;
use crate::exit::Exit;
use crate::statement::quoted;
use crate::store::Place;
use link::Link;

/// The programs that Git looks for: `git prolly`, and `git merge -s prolly`.
const PROGRAMS: [&str; 2] = ["git-prolly", "git-merge-prolly"];

/// Sets Git up: for `git prolly`, for diffs of data, and for merges of data.
///
/// Links `git-prolly` and `git-merge-prolly` beside this program, where Git finds them if the
/// folder is in PATH. In the repository of the current data set, makes `git diff` and `git show`
/// print binary data as text, and, if it holds nothing but the data set, makes `git merge` and `git
/// pull` merge key by key. Run it again when this program has moved. `git prolly help` shows the
/// help.
#[derive(Args, Debug)]
pub(crate) struct Install {
    /// Links no programs, changes only the settings of the repository.
    #[arg(long)]
    no_links: bool,
}

impl Install {
    pub(crate) fn run(self, context: &mut Context) -> Result<Exit, CliError> {
        let program = std::env::current_exe().map_err(CliError::file("find", "prolly"))?;
        // The links are of use without a data set, too.
        let git = match context.place() {
            Ok(Place::Git(git)) => Some(git),
            Ok(Place::Native(path)) if self.no_links => {
                return Err(CliError::NeedsGit { command: "git install", path });
            }
            Err(CliError::NoStore { .. }) if !self.no_links => None,
            Ok(Place::Native(_)) => None,
            Err(error) => return Err(error),
        };
        let links = if self.no_links { Vec::new() } else { links(&program)? };
        let settings = match &git {
            Some(git) => settings(git, &program)?,
            None => Vec::new(),
        };
        if let Some(git) = &git {
            settings.iter().try_for_each(|(name, value)| git.run_git(&["config", name, value]))?;
        }
        report(context, &program, &links, &settings)?;
        Ok(Exit::Ok)
    }
}

/// Makes the links.
fn links(program: &Path) -> Result<Vec<(PathBuf, Link)>, CliError> {
    let paths = PROGRAMS
        .map(|name| program.with_file_name(format!("{name}{}", std::env::consts::EXE_SUFFIX)));
    let linked = paths.into_iter().map(|path| {
        let link = link::make(program, &path)?;
        Ok((path, link))
    });
    linked.collect()
}

/// What Git is to be told in a repository.
fn settings(git: &GitBackend, program: &Path) -> Result<Vec<(&'static str, String)>, CliError> {
    let path = program.to_str().ok_or_else(|| CliError::BadArgument {
        argument: "the path of this program",
        value: program.to_string_lossy().into_owned(),
        expected: "UTF-8, which the settings of Git are",
    })?;
    let mut settings = vec![("diff.prolly.textconv", format!("{} git textconv", quoted(path)))];
    // Beside code, code is merged as ever.
    if git.owns_repository() {
        settings.push(("pull.twohead", "prolly".to_owned()));
    }
    Ok(settings)
}

fn report(
    context: &mut Context,
    program: &Path,
    links: &[(PathBuf, Link)],
    settings: &[(&'static str, String)],
) -> Result<(), CliError> {
    let folder = program.parent().unwrap_or(program);
    let in_path = is_in_path(folder)?;
    let out = &mut context.out;
    if out.is_json() {
        let links: Vec<_> = links.iter().map(|(path, _)| path).collect();
        let settings: serde_json::Map<_, _> =
            settings.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
        return out.json(&json!({ "links": links, "in_path": in_path, "settings": settings }));
    }
    for (path, link) in links {
        out.line(format_args!("{link} {}", path.display()))?;
    }
    if !links.is_empty() && !in_path {
        let folder = folder.display();
        out.line(format_args!("{folder} is not in PATH: add it, or Git does not find them"))?;
    }
    for (name, value) in settings {
        out.line(format_args!("Set {name} to {value}"))?;
    }
    if settings.is_empty() {
        out.line("There is no data set in Git here: no settings were changed")?;
    }
    Ok(())
}

/// Whether Git looks for programs in a folder.
fn is_in_path(folder: &Path) -> Result<bool, CliError> {
    let folder = folder.canonicalize().map_err(CliError::file("find", folder))?;
    let path = std::env::var_os("PATH").unwrap_or_default();
    // A folder that is not there is searched in vain.
    let is_it = |searched: PathBuf| searched.canonicalize().is_ok_and(|found| found == folder);
    Ok(std::env::split_paths(&path).any(is_it))
}
