//! Reading records.

use prollytree_tree::{Hash, TreeConfig};

use super::{MAX_RECORD_LEN, RecordError, RecordKind, VERSION, check_len, check_time};
use crate::id::CommitId;
use crate::identity::Identity;
use crate::time::Timestamp;

/// Reads a record; every read fails rather than going behind the end.
pub(crate) struct Decoder<'a>(&'a [u8]);

impl<'a> Decoder<'a> {
    pub(crate) fn new(kind: RecordKind, bytes: &'a [u8]) -> Result<Self, RecordError> {
        check_len("record", bytes.len(), MAX_RECORD_LEN)?;
        let found = RecordKind::of(bytes)?;
        if found != kind {
            return Err(RecordError::WrongKind { expected: kind.name(), found: found.name() });
        }
        let mut decoder = Self(&bytes[1..]);
        match decoder.u8()? {
            VERSION => Ok(decoder),
            found => Err(RecordError::UnknownVersion { found }),
        }
    }

    pub(crate) fn finish(self) -> Result<(), RecordError> {
        if self.0.is_empty() { Ok(()) } else { Err(RecordError::Trailing) }
    }

    fn take(&mut self, len: usize) -> Result<&'a [u8], RecordError> {
        let (taken, rest) = self.0.split_at_checked(len).ok_or(RecordError::Truncated)?;
        self.0 = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], RecordError> {
        let (taken, rest) = self.0.split_first_chunk().ok_or(RecordError::Truncated)?;
        self.0 = rest;
        Ok(*taken)
    }

    pub(crate) fn u8(&mut self) -> Result<u8, RecordError> {
        self.array::<1>().map(|[byte]| byte)
    }

    pub(crate) fn u64(&mut self) -> Result<u64, RecordError> {
        self.array().map(u64::from_le_bytes)
    }

    pub(crate) fn count(&mut self) -> Result<usize, RecordError> {
        self.array().map(u16::from_le_bytes).map(usize::from)
    }

    pub(crate) fn text(&mut self, field: &'static str) -> Result<String, RecordError> {
        let len = self.count()?;
        to_text(field, self.take(len)?)
    }

    pub(crate) fn bytes(&mut self) -> Result<&'a [u8], RecordError> {
        let len = self.array().map(u32::from_le_bytes)?;
        self.take(len as usize)
    }

    pub(crate) fn message(&mut self) -> Result<String, RecordError> {
        let message = to_text("message", self.bytes()?)?;
        if message.contains('\0') {
            return Err(RecordError::Field { field: "message" });
        }
        Ok(message)
    }

    pub(crate) fn hash(&mut self) -> Result<Hash, RecordError> {
        self.array().map(Hash::from_bytes)
    }

    pub(crate) fn commit_id(&mut self) -> Result<CommitId, RecordError> {
        self.hash().map(CommitId::from)
    }

    /// What [`Encoder::any_commit_id`](super::Encoder::any_commit_id) writes.
    pub(crate) fn any_commit_id(&mut self) -> Result<CommitId, RecordError> {
        let hash = self.hash()?;
        let id = match hash.as_bytes().strip_suffix(&[0; 12]) {
            Some(short) => CommitId::from_slice(short),
            None => Some(CommitId::from(hash)),
        };
        id.ok_or(RecordError::Field { field: "commit" })
    }

    /// A byte that is 0 or 1.
    pub(crate) fn flag(&mut self, field: &'static str) -> Result<bool, RecordError> {
        match self.u8()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(RecordError::Field { field }),
        }
    }

    pub(crate) fn optional<T>(
        &mut self,
        field: &'static str,
        read: impl FnOnce(&mut Self) -> Result<T, RecordError>,
    ) -> Result<Option<T>, RecordError> {
        if self.flag(field)? { read(self).map(Some) } else { Ok(None) }
    }

    pub(crate) fn identity(&mut self) -> Result<Identity, RecordError> {
        let identity = Identity { name: self.text("author")?, email: self.text("author")? };
        identity.check().map_err(|_| RecordError::Field { field: "author" })?;
        Ok(identity)
    }

    pub(crate) fn time(&mut self) -> Result<Timestamp, RecordError> {
        let time = Timestamp {
            seconds: self.array().map(i64::from_le_bytes)?,
            offset_minutes: self.array().map(i16::from_le_bytes)?,
        };
        check_time(time)?;
        Ok(time)
    }

    pub(crate) fn config(&mut self) -> Result<TreeConfig, RecordError> {
        if !self.flag("tree configuration")? {
            return Ok(TreeConfig::default());
        }
        let bad = RecordError::Field { field: "tree configuration" };
        let leaf = self.array().map(u32::from_le_bytes)?;
        let inner = self.array().map(u32::from_le_bytes)?;
        let config = TreeConfig::default().with_targets(leaf, inner).map_err(|_| bad.clone())?;
        let config = config.with_salt(self.u64()?);
        if config == TreeConfig::default() { Err(bad) } else { Ok(config) }
    }
}

fn to_text(field: &'static str, bytes: &[u8]) -> Result<String, RecordError> {
    let text = std::str::from_utf8(bytes).map_err(|_| RecordError::Field { field })?;
    Ok(text.to_owned())
}
