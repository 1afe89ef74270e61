//! Who makes a commit.

use std::fmt;

/// The longest name or address, in bytes.
const MAX_LEN: usize = 255;

/// A name and an electronic address.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Identity {
    /// The name.
    pub name: String,
    /// The address, without the angle brackets.
    pub email: String,
}

/// A name or an address that cannot stand in a commit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} cannot be the author's {field}: {reason}")]
pub struct IdentityError {
    /// "name" or "email".
    pub field: &'static str,
    /// The text.
    pub text: String,
    /// The rule that it breaks.
    pub reason: &'static str,
}

impl Identity {
    /// Checks and takes a name and an address.
    ///
    /// # Errors
    /// An empty name, more than 255 bytes, or characters that Git's commits cannot hold: control
    /// characters, `<` and `>`.
    pub fn new(name: impl Into<String>, email: impl Into<String>) -> Result<Self, IdentityError> {
        let identity = Self { name: name.into(), email: email.into() };
        identity.check()?;
        Ok(identity)
    }

    pub(crate) fn check(&self) -> Result<(), IdentityError> {
        for (field, text) in [("name", &self.name), ("email", &self.email)] {
            let reason = if field == "name" && text.is_empty() {
                "it is empty"
            } else if text.len() > MAX_LEN {
                "it is longer than 255 bytes"
            } else if text.chars().any(|c| c.is_control() || c == '<' || c == '>') {
                "it contains a control character, '<' or '>'"
            } else if text.trim() != text {
                "it begins or ends with a space"
            } else {
                continue;
            };
            return Err(IdentityError { field, text: text.clone(), reason });
        }
        Ok(())
    }
}

impl Default for Identity {
    /// The visible stand-in where nobody said who they are.
    fn default() -> Self {
        Self { name: "prolly user".to_owned(), email: "user@localhost".to_owned() }
    }
}

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} <{}>", self.name, self.email)
    }
}
