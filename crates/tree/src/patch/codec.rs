//! The bytes of a patch, see `spec/FORMAT.md`, section "Patch".

use super::Patch;
use crate::codec::{CodecError, Reader, put_key, put_value, put_varint};
use crate::diff::Difference;
use crate::value::{Value, ValueRef};

const MAGIC: [u8; 5] = *b"PPAT\x01";

/// Bytes that are not a patch.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PatchError {
    /// The bytes do not begin as a patch of a version that this one knows.
    #[error("not a patch of format 1")]
    UnknownFormat,
    /// The bytes are cut short, or not the one valid encoding.
    #[error("malformed patch: {what} at byte {at}")]
    Malformed {
        /// What is wrong.
        what: &'static str,
        /// The offset, in bytes.
        at: usize,
    },
}

impl From<CodecError> for PatchError {
    fn from(CodecError { what, at }: CodecError) -> Self {
        Self::Malformed { what, at }
    }
}

/// What a key had and has; it has one of the two at least.
const ADDED: u64 = 1;
const REMOVED: u64 = 2;
const CHANGED: u64 = 3;

impl Patch {
    /// The patch as bytes; each patch has one encoding.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        put_varint(&mut bytes, self.differences.len() as u64);
        for Difference { key, before, after } in &self.differences {
            let kind = u64::from(after.is_some()) * ADDED + u64::from(before.is_some()) * REMOVED;
            put_varint(&mut bytes, kind);
            put_key(&mut bytes, key);
            for value in [before, after].into_iter().flatten() {
                put_value(&mut bytes, &value.as_ref());
            }
        }
        bytes
    }

    /// Reads a patch. Allocates no more than in proportion to the bytes.
    ///
    /// # Errors
    /// Anything but the one encoding of a patch.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, PatchError> {
        let body = bytes.strip_prefix(&MAGIC).ok_or(PatchError::UnknownFormat)?;
        let mut reader = Reader::new(body, MAGIC.len());
        let count = reader.varint("count")?;
        let mut differences: Vec<Difference> = Vec::new();
        for _ in 0..count {
            let at = reader.at();
            let difference = read_difference(&mut reader)?;
            if differences.last().is_some_and(|last| last.key >= difference.key) {
                return Err(PatchError::Malformed { what: "key out of order", at });
            }
            differences.push(difference);
        }
        reader.finish()?;
        Ok(Self { differences })
    }
}

fn read_difference(reader: &mut Reader<'_>) -> Result<Difference, CodecError> {
    let kind = reader.varint("kind")?;
    if !(ADDED..=CHANGED).contains(&kind) {
        return Err(reader.malformed("kind"));
    }
    let key = reader.key()?.to_vec();
    let mut value = |present: bool| -> Result<Option<Value>, CodecError> {
        if present { reader.value().map(ValueRef::to_value).map(Some) } else { Ok(None) }
    };
    let before = value(kind & REMOVED != 0)?;
    let after = value(kind & ADDED != 0)?;
    if before == after {
        return Err(reader.malformed("unchanged value"));
    }
    Ok(Difference { key, before, after })
}
