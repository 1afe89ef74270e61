//! What a proof's bytes have beside those of any codec: the header, and flags below numbers.

use crate::codec::{CodecError, Reader};
use crate::hash::{HASH_LEN, Hash};
use crate::node::MAX_COUNT;
use crate::value::MAX_KEY_LEN;

use super::error::ProofError;

const PROOF_FORMAT: u8 = 1;

/// What a proof is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Kind {
    /// One tree: which entries it has among the keys of the statement.
    Tree = 1,
    /// Two trees: in which entries they differ.
    Diff = 2,
}

impl Kind {
    pub(super) fn header(self) -> [u8; 6] {
        [b'P', b'P', b'R', b'F', PROOF_FORMAT, self as u8]
    }

    /// Reads what follows the header.
    pub(super) fn open(self, proof: &[u8]) -> Result<Reader<'_>, ProofError> {
        let header = self.header();
        let body = proof.strip_prefix(&header).ok_or(ProofError::UnknownFormat)?;
        Ok(Reader::new(body, header.len()))
    }

    /// How many halves of a pair, or nodes below an entry, have a flag that tells whether they are
    /// shown. In a proof of one tree the statement alone tells.
    pub(super) fn flags(self, parts: u32) -> u32 {
        match self {
            Self::Tree => 0,
            Self::Diff => parts,
        }
    }
}

pub(super) fn read_hash(reader: &mut Reader<'_>) -> Result<Hash, CodecError> {
    let bytes = reader.take(HASH_LEN)?;
    Hash::from_slice(bytes).ok_or(reader.malformed("digest"))
}

/// Reads a count of entries, and `flags` bits below it.
pub(super) fn read_count(reader: &mut Reader<'_>, flags: u32) -> Result<(u64, u64), CodecError> {
    read_flagged(reader, "count", MAX_COUNT, flags)
}

/// Reads a separator, and `flags` bits below its length.
pub(super) fn read_separator<'p>(
    reader: &mut Reader<'p>,
    flags: u32,
) -> Result<(&'p [u8], u64), CodecError> {
    let (len, bits) = read_flagged(reader, "separator", MAX_KEY_LEN as u64, flags)?;
    Ok((reader.take(len as usize)?, bits))
}

fn read_flagged(
    reader: &mut Reader<'_>,
    what: &'static str,
    max: u64,
    flags: u32,
) -> Result<(u64, u64), CodecError> {
    let number = reader.varint(what)?;
    if number >> flags > max {
        return Err(reader.malformed(what));
    }
    Ok((number >> flags, number & ((1 << flags) - 1)))
}
