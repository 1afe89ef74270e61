//! `prolly config`

use clap::Args;
use serde_json::{Map, Value, json};

use crate::context::Context;
use crate::error::CliError;
use crate::exit::Exit;

/// Shows and changes the settings of the store.
///
/// `user.name` and `user.email` say who commits.
#[derive(Args, Debug)]
pub(crate) struct Config {
    /// The setting; without it, all are listed.
    name: Option<String>,
    /// Its new value; without it, the value is shown.
    value: Option<String>,
    /// Removes the setting.
    #[arg(long, requires = "name", conflicts_with = "value")]
    unset: bool,
}

impl Config {
    pub(crate) fn run(self, context: &mut Context) -> Result<Exit, CliError> {
        let mut repo = context.open()?;
        match (self.name, self.value) {
            (Some(name), value) if value.is_some() || self.unset => {
                repo.set_config(&name, value.as_deref())?;
                let text = format_args!("Changed {name}");
                context.out.either(text, || json!({ name.clone(): value }))?;
            }
            (Some(name), _) => match repo.config(&name) {
                Some(value) => context.out.either(value, || json!({ name.clone(): value }))?,
                None => return Ok(Exit::No),
            },
            (None, _) if context.out.is_json() => {
                let settings: Map<_, _> = repo
                    .all_config()
                    .map(|(name, value)| (name.to_owned(), value.into()))
                    .collect();
                context.out.json(&Value::Object(settings))?;
            }
            (None, _) => {
                for (name, value) in repo.all_config() {
                    context.out.line(format_args!("{name}={value}"))?;
                }
            }
        }
        Ok(Exit::Ok)
    }
}
