//! `prolly init`

use std::path::PathBuf;

use clap::Args;
use prollytree_store::StoreError;
use serde_json::json;

use crate::context::Context;
use crate::error::CliError;
use crate::exit::Exit;
use crate::store::{STORE_DIR, create_store, current_dir};

/// Makes an empty store.
///
/// The store is the folder `.prolly` in the current or the named folder.
#[derive(Args, Debug)]
pub(crate) struct Init {
    /// The folder that the store belongs to; it is made if need be [default: the current one].
    folder: Option<PathBuf>,
    /// The name of the first branch.
    #[arg(short, long, value_name = "NAME", default_value = "main")]
    branch: String,
}

impl Init {
    pub(crate) fn run(self, context: &mut Context) -> Result<Exit, CliError> {
        let dir = match (self.folder, &context.named) {
            (Some(folder), _) => folder.join(STORE_DIR),
            (None, Some(named)) => named.clone(),
            (None, None) => current_dir()?.join(STORE_DIR),
        };
        if dir.exists() && !dir.is_dir() {
            return Err(StoreError::AlreadyExists { path: dir }.into());
        }
        create_store(&dir, &self.branch)?;
        let text = format_args!("Made an empty store in {}", dir.display());
        context.out.either(text, || json!({ "store": dir, "branch": self.branch }))?;
        Ok(Exit::Ok)
    }
}
