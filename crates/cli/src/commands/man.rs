//! `prolly man`

use std::path::PathBuf;

use clap::{Args, Command, CommandFactory};
use clap_mangen::Man as Page;
use serde_json::json;

use crate::cli::Cli;
use crate::context::Context;
use crate::error::CliError;
use crate::exit::Exit;
use crate::text::plural;

/// Writes the manual pages.
#[derive(Args, Debug)]
pub(crate) struct Man {
    /// The folder for one page a command; without it, the page of `prolly` itself is printed.
    folder: Option<PathBuf>,
}

impl Man {
    pub(crate) fn run(self, context: &mut Context) -> Result<Exit, CliError> {
        let mut command = Cli::command();
        command.build();
        let Some(folder) = self.folder else {
            Page::new(command).render(&mut context.out).map_err(CliError::Output)?;
            return Ok(Exit::Ok);
        };
        std::fs::create_dir_all(&folder).map_err(CliError::file("create", &folder))?;
        let mut pages = Vec::new();
        collect(&command, &mut pages);
        let count = pages.len() as u64;
        for page in pages {
            let page = Page::new(page);
            let path = folder.join(page.get_filename());
            let mut bytes = Vec::new();
            page.render(&mut bytes).map_err(CliError::file("write", &path))?;
            std::fs::write(&path, bytes).map_err(CliError::file("write", &path))?;
        }
        let text = format_args!("Wrote {} to {}", plural(count, "page"), folder.display());
        context.out.either(text, || json!({ "folder": folder, "pages": count }))?;
        Ok(Exit::Ok)
    }
}

/// A command and all below it.
fn collect(command: &Command, pages: &mut Vec<Command>) {
    pages.push(command.clone());
    command.get_subcommands().for_each(|below| collect(below, pages));
}
