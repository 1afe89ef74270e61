//! Values: inline bytes, or a reference to a large value that lies outside the leaf.

use crate::hash::{HASH_LEN, Hash};

/// The longest key, in bytes.
pub const MAX_KEY_LEN: usize = 4096;

/// The longest value that lies in the leaf itself, in bytes; a longer one is a [`Blob`].
pub const MAX_INLINE_LEN: usize = 1024;

/// The longest value, in bytes (1 TiB).
pub const MAX_VALUE_LEN: u64 = 1 << 40;

/// The encoded length of a [`Blob`] in a leaf.
pub(crate) const BLOB_LEN: usize = 1 + 8 + HASH_LEN;

/// A large value: the root of its chunks, see `blob`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Blob {
    /// How many levels of chunk lists lie above the chunks; 0 means that `hash` names the only chunk.
    pub height: u8,
    /// The value's length, in bytes.
    pub len: u64,
    /// The name of the top chunk list, or of the only chunk.
    pub hash: Hash,
}

impl Blob {
    pub(crate) fn encode(&self) -> [u8; BLOB_LEN] {
        let mut bytes = [0; BLOB_LEN];
        bytes[0] = self.height;
        bytes[1..9].copy_from_slice(&self.len.to_le_bytes());
        bytes[9..].copy_from_slice(self.hash.as_bytes());
        bytes
    }

    pub(crate) fn decode(bytes: &[u8]) -> Option<Self> {
        let (&height, rest) = bytes.split_first()?;
        let (len, hash) = rest.split_first_chunk()?;
        let len = u64::from_le_bytes(*len);
        let blob = Self { height, len, hash: Hash::from_slice(hash)? };
        blob.is_valid().then_some(blob)
    }

    /// Whether a leaf may refer to a value of this length: shorter ones have one valid place, the leaf.
    pub(crate) fn is_valid(&self) -> bool {
        self.len > MAX_INLINE_LEN as u64 && self.len <= MAX_VALUE_LEN
    }
}

/// A value as a leaf holds it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Value {
    /// The bytes themselves, at most [`MAX_INLINE_LEN`] of them.
    Inline(Vec<u8>),
    /// A longer value, stored beside the tree.
    Blob(Blob),
}

impl Value {
    /// Borrows the value.
    pub fn as_ref(&self) -> ValueRef<'_> {
        match self {
            Self::Inline(bytes) => ValueRef::Inline(bytes),
            Self::Blob(blob) => ValueRef::Blob(*blob),
        }
    }
}

/// A value borrowed from a leaf.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValueRef<'a> {
    /// The bytes themselves.
    Inline(&'a [u8]),
    /// A longer value, stored beside the tree.
    Blob(Blob),
}

#[expect(clippy::len_without_is_empty, reason = "emptiness is `len() == 0` and nobody asks")]
impl ValueRef<'_> {
    /// The value's length, in bytes.
    pub fn len(&self) -> u64 {
        match self {
            Self::Inline(bytes) => bytes.len() as u64,
            Self::Blob(blob) => blob.len,
        }
    }

    /// Copies the value out of the leaf.
    pub fn to_value(self) -> Value {
        match self {
            Self::Inline(bytes) => Value::Inline(bytes.to_vec()),
            Self::Blob(blob) => Value::Blob(blob),
        }
    }

    /// How many bytes the value takes in a leaf.
    pub(crate) fn stored_len(&self) -> usize {
        match self {
            Self::Inline(bytes) => bytes.len(),
            Self::Blob(_) => BLOB_LEN,
        }
    }
}
