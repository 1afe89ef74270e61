//! Settings, and the identity that follows from them.

use prollytree_tree::Hash;

use super::{CONFIG, Repository, read_state};
use crate::backend::{Backend, BackendError, RefUpdate, RefValue, need_record, write_record};
use crate::config::Config;
use crate::error::RepoError;
use crate::identity::Identity;
use crate::name::RefName;

impl<B: Backend> Repository<B> {
    /// Who commits: as the options say, then as the settings `user.name` and `user.email` say, then a
    /// visible stand-in.
    ///
    /// # Errors
    /// A name or address that cannot stand in a commit.
    pub fn identity(&self) -> Result<Identity, RepoError> {
        let default = Identity::default();
        let setting = |option: &Option<String>, name: &str, default| {
            option.clone().or_else(|| self.config(name).map(str::to_owned)).unwrap_or(default)
        };
        let name = setting(&self.options.author_name, "user.name", default.name);
        let email = setting(&self.options.author_email, "user.email", default.email);
        Ok(Identity::new(name, email)?)
    }

    /// A setting of this repository.
    pub fn config(&self, name: &str) -> Option<&str> {
        self.config.0.get(name).map(String::as_str)
    }

    /// All settings of this repository, in the order of their names.
    pub fn all_config(&self) -> impl Iterator<Item = (&str, &str)> {
        self.config.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Changes a setting of this repository, or removes it. The settings that others changed stay.
    ///
    /// # Errors
    /// The text is too long, or the backend fails.
    pub fn set_config(&mut self, name: &str, value: Option<&str>) -> Result<(), RepoError> {
        let session = self.backend.session();
        loop {
            let (id, mut config) = read_config(&session)?;
            match value {
                Some(value) => config.0.insert(name.to_owned(), value.to_owned()),
                None => config.0.remove(name),
            };
            let expected = id.map(RefValue::Record);
            let new = Some(RefValue::Record(write_record(&session, config.encode())?));
            match session.update_refs(&[RefUpdate { name: RefName::state(CONFIG), expected, new }])
            {
                // Someone else changed a setting just now: theirs is read again.
                Err(BackendError::Conflict { .. }) => {}
                result => {
                    result?;
                    self.config = config;
                    return Ok(());
                }
            }
        }
    }
}

/// The settings, and the record that holds them.
pub(super) fn read_config<B: Backend>(backend: &B) -> Result<(Option<Hash>, Config), RepoError> {
    let id = read_state(backend, CONFIG)?;
    let config = id.map(|id| need_record(backend, &id, Config::decode)).transpose()?;
    Ok((id, config.unwrap_or_default()))
}
