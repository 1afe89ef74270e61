//! Refs: small named values, changed by compare-and-swap.

use crate::error::StoreError;

/// The longest name of a ref, in bytes.
pub const MAX_REF_NAME_LEN: usize = 200;
/// The longest value of a ref, in bytes.
pub const MAX_REF_VALUE_LEN: usize = 1 << 16;

/// What a ref must be for an update to go through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expected {
    /// Anything, or absent.
    Any,
    /// Absent.
    Absent,
    /// This value.
    Is(Vec<u8>),
}

impl Expected {
    pub(crate) fn allows(&self, current: Option<&[u8]>) -> bool {
        match self {
            Self::Any => true,
            Self::Absent => current.is_none(),
            Self::Is(value) => current == Some(value),
        }
    }
}

/// A change of one ref.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefUpdate {
    /// The ref.
    pub name: String,
    /// What the ref must be now.
    pub expected: Expected,
    /// What the ref becomes; `None` deletes it.
    pub new: Option<Vec<u8>>,
}

impl RefUpdate {
    pub(crate) fn check(&self) -> Result<(), StoreError> {
        check_ref_name(&self.name)?;
        let len = self.new.as_ref().map_or(0, Vec::len);
        if len > MAX_REF_VALUE_LEN {
            let (name, limit) = (self.name.clone(), MAX_REF_VALUE_LEN);
            return Err(StoreError::RefValueTooLong { name, len, limit });
        }
        Ok(())
    }
}

/// Checks that a ref may have this name: the rules of `git check-ref-format --allow-onelevel`, and
/// at most [`MAX_REF_NAME_LEN`] bytes.
///
/// # Errors
/// The rule that the name breaks.
pub fn check_ref_name(name: &str) -> Result<(), StoreError> {
    check_name(name).map_err(|reason| StoreError::RefName { name: name.to_owned(), reason })
}

pub(crate) fn check_name(name: &str) -> Result<(), &'static str> {
    const FORBIDDEN: &str = " ~^:?*[\\";
    if name.is_empty() || name.len() > MAX_REF_NAME_LEN {
        return Err("it must have 1 to 200 bytes");
    }
    if name.chars().any(|c| c.is_ascii_control() || FORBIDDEN.contains(c)) {
        return Err("it has a space, a control character or one of ~^:?*[\\");
    }
    if name.contains("..") || name.contains("@{") || name.ends_with('.') || name == "@" {
        return Err("it has .. or @{, ends with a dot, or is @");
    }
    if name
        .split('/')
        .any(|part| part.is_empty() || part.starts_with('.') || part.ends_with(".lock"))
    {
        return Err("a part between slashes is empty, starts with a dot or ends with .lock");
    }
    Ok(())
}
