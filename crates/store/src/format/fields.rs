//! Reading fields one after the other, never past the end.

use super::MAJOR;
use crate::dir::File;
use crate::error::{Damage, StoreError};

/// What is left to read of some bytes.
pub(crate) struct Fields<'a>(pub(crate) &'a [u8]);

impl<'a> Fields<'a> {
    pub(crate) fn take(&mut self, len: usize) -> Result<&'a [u8], Damage> {
        let (head, rest) = self.0.split_at_checked(len).ok_or(Damage::Truncated)?;
        self.0 = rest;
        Ok(head)
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], Damage> {
        let (head, rest) = self.0.split_first_chunk().ok_or(Damage::Truncated)?;
        self.0 = rest;
        Ok(*head)
    }

    pub(crate) fn u16(&mut self) -> Result<u16, Damage> {
        self.array().map(u16::from_le_bytes)
    }

    pub(crate) fn u32(&mut self) -> Result<u32, Damage> {
        self.array().map(u32::from_le_bytes)
    }

    pub(crate) fn u64(&mut self) -> Result<u64, Damage> {
        self.array().map(u64::from_le_bytes)
    }

    /// Checks that the rest is less than 8 zeros.
    pub(crate) fn padding(self) -> Result<(), Damage> {
        if self.0.len() < 8 && self.0.iter().all(|&byte| byte == 0) {
            Ok(())
        } else {
            Err(Damage::Field("padding"))
        }
    }
}

/// Why the beginning of a file cannot be read.
pub(crate) enum Refused {
    Damaged(Damage),
    Version(u16),
}

impl From<Damage> for Refused {
    fn from(damage: Damage) -> Self {
        Self::Damaged(damage)
    }
}

impl Refused {
    pub(crate) fn of(self, file: &File) -> StoreError {
        match self {
            Self::Damaged(damage) => file.damaged(0, damage),
            Self::Version(found) => file.unsupported(found, MAJOR),
        }
    }
}

/// Reads a magic and a version that this program can go on from.
pub(crate) fn magic_and_version(fields: &mut Fields<'_>, magic: &[u8; 8]) -> Result<(), Refused> {
    if fields.array()? != *magic {
        return Err(Damage::Magic.into());
    }
    let (major, _minor) = (fields.u16()?, fields.u16()?);
    // There is no version 0, so that a zeroed file is damaged and not of another version.
    match major {
        0 => Err(Damage::Field("version").into()),
        1..=MAJOR => Ok(()),
        _ => Err(Refused::Version(major)),
    }
}
