//! The names of commits and tags.

use std::fmt;
use std::str::FromStr;

use prollytree_tree::Hash;

/// The longest id, in bytes.
const MAX_ID_LEN: usize = 32;
/// How many hexadecimal digits [`CommitId::short`] shows.
const SHORT_LEN: usize = 10;

/// The bytes of an id: 32 in our own storages, 20 in a Git repository of SHA-1 objects.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Id {
    bytes: [u8; MAX_ID_LEN],
    len: u8,
}

impl Id {
    fn from_slice(slice: &[u8]) -> Option<Self> {
        if slice.len() != 20 && slice.len() != MAX_ID_LEN {
            return None;
        }
        let mut bytes = [0; MAX_ID_LEN];
        bytes[..slice.len()].copy_from_slice(slice);
        Some(Self { bytes, len: slice.len() as u8 })
    }

    fn as_bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.len)]
    }

    fn from_hex(text: &str) -> Option<Self> {
        let digit = |byte: u8| char::from(byte).to_digit(16);
        let bytes = text.as_bytes().chunks(2).map(|digits| match digits {
            &[high, low] => Some((digit(high)? << 4 | digit(low)?) as u8),
            _ => None,
        });
        Self::from_slice(&bytes.collect::<Option<Vec<u8>>>()?)
    }
}

/// A text that is not the hexadecimal form of an id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not an id: expected 40 or 64 hexadecimal digits, found {found:?}")]
pub struct ParseIdError {
    found: String,
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Id);

        impl $name {
            /// Reads an id from its 20 or 32 bytes; `None` for another length.
            pub fn from_slice(bytes: &[u8]) -> Option<Self> {
                Id::from_slice(bytes).map(Self)
            }

            /// The raw bytes.
            pub fn as_bytes(&self) -> &[u8] {
                self.0.as_bytes()
            }

            /// The id as the name of a record; `None` for an id of Git.
            pub fn hash(&self) -> Option<Hash> {
                Hash::from_slice(self.as_bytes())
            }

            /// The first ten hexadecimal digits, for people.
            pub fn short(&self) -> String {
                let mut hex = self.to_string();
                hex.truncate(SHORT_LEN);
                hex
            }
        }

        impl From<Hash> for $name {
            fn from(hash: Hash) -> Self {
                Self(Id { bytes: *hash.as_bytes(), len: MAX_ID_LEN as u8 })
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.as_bytes().iter().try_for_each(|byte| write!(f, "{byte:02x}"))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.short())
            }
        }

        impl FromStr for $name {
            type Err = ParseIdError;

            fn from_str(text: &str) -> Result<Self, ParseIdError> {
                Id::from_hex(text).map(Self).ok_or_else(|| ParseIdError { found: text.to_owned() })
            }
        }
    };
}

id! {
    /// The name of a commit: the hash of all that the commit holds.
    CommitId
}

id! {
    /// The name of an annotated tag.
    TagId
}
