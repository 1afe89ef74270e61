//! `prolly history`

use clap::Args;
use prollytree_repo::KeyVersion;
use serde_json::{Value, json};

use crate::context::{AtArg, Context, HexArg, MapArg};
use crate::data::commit_json;
use crate::error::CliError;
use crate::exit::Exit;
use crate::output::{Output, style};
use crate::text::{Line, ShownValue, json_value};

/// Lists all values that a key has had, newest first.
///
/// The exit code is 1 if the key never existed.
#[derive(Args, Debug)]
pub(crate) struct History {
    /// The key.
    key: String,
    /// Lists at most so many values.
    #[arg(short = 'n', long, value_name = "COUNT")]
    limit: Option<usize>,
    #[command(flatten)]
    at: AtArg,
    #[command(flatten)]
    map: MapArg,
    #[command(flatten)]
    hex: HexArg,
}

impl History {
    pub(crate) fn run(self, context: &mut Context) -> Result<Exit, CliError> {
        let key = self.hex.bytes("KEY", &self.key)?;
        let map = self.map.name()?;
        let repo = context.open()?;
        let from = self.at.commit(&repo)?;
        let mut found = false;
        for version in repo.history(&map, &key, &from)?.take(self.limit.unwrap_or(usize::MAX)) {
            let version = version?;
            found = true;
            if context.out.is_json() {
                context.out.json(&version_json(&version))?;
            } else {
                write_version(&mut context.out, &version)?;
            }
        }
        if found { Ok(Exit::Ok) } else { Err(CliError::NoKey { map, key }) }
    }
}

/// A version of a key on two lines: the commit, and the value.
pub(crate) fn write_version(out: &mut Output, version: &KeyVersion) -> Result<(), CliError> {
    let KeyVersion { id, commit, value } = version;
    let shown = out.paint(style::COMMIT, id.short());
    let title = Line(commit.title().as_bytes());
    out.line(format_args!("{shown} {} {}: {title}", commit.time, commit.author.name))?;
    match value {
        Some(value) => out.line(format_args!("    {}", ShownValue(value))),
        None => out.line("    (removed)"),
    }
}

/// A version of a key as a JSON document.
pub(crate) fn version_json(version: &KeyVersion) -> Value {
    let mut document = commit_json(&version.id, &version.commit);
    if let Some(fields) = document.as_object_mut() {
        fields.shift_remove("maps");
    }
    document["value"] = version.value.as_ref().map_or(json!(null), json_value);
    document
}
