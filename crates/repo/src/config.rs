//! Settings kept in the repository.

use std::collections::BTreeMap;

use crate::codec::{Decoder, Encoder, RecordError, RecordKind};

/// Settings: names such as `user.name`, and their values.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Config(pub(crate) BTreeMap<String, String>);

impl Config {
    pub(crate) fn encode(&self) -> Result<Vec<u8>, RecordError> {
        let mut out = Encoder::new(RecordKind::Config);
        out.count("list of settings", self.0.len())?;
        for (name, value) in &self.0 {
            out.text("setting", name)?;
            out.text("setting", value)?;
        }
        out.finish()
    }

    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, RecordError> {
        let mut input = Decoder::new(RecordKind::Config, bytes)?;
        let mut settings = BTreeMap::new();
        for _ in 0..input.count()? {
            let name = input.text("setting")?;
            if settings.last_key_value().is_some_and(|(last, _)| *last >= name) {
                return Err(RecordError::Field { field: "order of the settings" });
            }
            let value = input.text("setting")?;
            settings.insert(name, value);
        }
        input.finish()?;
        Ok(Self(settings))
    }
}
