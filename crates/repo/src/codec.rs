//! How records are written and read: fixed-width little-endian numbers, texts behind their length.
//!
//! `spec/FORMAT.md`, section "Commits, tags and refs", is the authority.

use prollytree_tree::{Hash, ObjectKind, TreeConfig};

use crate::id::CommitId;
use crate::identity::Identity;
use crate::time::Timestamp;

/// The largest record, in bytes.
pub const MAX_RECORD_LEN: usize = 1 << 20;

/// The format of records that this version writes and reads.
const VERSION: u8 = 1;

/// The kinds of records; the first byte of each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum RecordKind {
    Commit = 1,
    Tag = 2,
    LogEntry = 3,
    Working = 4,
    Operation = 5,
    Config = 6,
    Conflict = 7,
}

impl RecordKind {
    const ALL: [Self; 7] = [
        Self::Commit,
        Self::Tag,
        Self::LogEntry,
        Self::Working,
        Self::Operation,
        Self::Config,
        Self::Conflict,
    ];

    /// What kind of record these bytes are.
    pub(crate) fn of(bytes: &[u8]) -> Result<Self, RecordError> {
        let &code = bytes.first().ok_or(RecordError::Truncated)?;
        let kind = Self::ALL.into_iter().find(|kind| *kind as u8 == code);
        kind.ok_or(RecordError::UnknownKind { code })
    }

    fn name(self) -> &'static str {
        match self {
            Self::Commit => "commit",
            Self::Tag => "tag",
            Self::LogEntry => "log entry",
            Self::Working => "working state",
            Self::Operation => "operation",
            Self::Config => "configuration",
            Self::Conflict => "conflict",
        }
    }
}

/// Bytes that are no valid record, or a record that has no valid bytes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RecordError {
    /// The bytes end too early.
    #[error("the record ends too early")]
    Truncated,
    /// There are bytes behind the end.
    #[error("the record goes on behind its end")]
    Trailing,
    /// A kind of record that this version does not know.
    #[error("record kind {code} is unknown to this version")]
    UnknownKind {
        /// The first byte.
        code: u8,
    },
    /// A version of the record format that this version does not know.
    #[error("record format {found} is unknown, this version reads format {VERSION}")]
    UnknownVersion {
        /// The second byte.
        found: u8,
    },
    /// A record of another kind than is needed here.
    #[error("expected a {expected}, found a {found}")]
    WrongKind {
        /// The kind that is needed.
        expected: &'static str,
        /// The kind that is there.
        found: &'static str,
    },
    /// A field has a value that the format does not allow.
    #[error("the {field} is not as the format demands")]
    Field {
        /// The field.
        field: &'static str,
    },
    /// A field or the whole record is too long.
    #[error("the {field} has {len} bytes, the limit is {limit}")]
    TooLong {
        /// The field.
        field: &'static str,
        /// Its length.
        len: usize,
        /// The largest length.
        limit: usize,
    },
    /// An id of another storage, which cannot stand in this one.
    #[error("{id} is an id of another kind of repository")]
    ForeignId {
        /// The id.
        id: CommitId,
    },
}

/// Writes a record.
pub(crate) struct Encoder(Vec<u8>);

impl Encoder {
    pub(crate) fn new(kind: RecordKind) -> Self {
        Self(vec![kind as u8, VERSION])
    }

    pub(crate) fn finish(self) -> Result<Vec<u8>, RecordError> {
        check_len("record", self.0.len(), MAX_RECORD_LEN)?;
        Ok(self.0)
    }

    pub(crate) fn u8(&mut self, value: u8) {
        self.0.push(value);
    }

    pub(crate) fn u64(&mut self, value: u64) {
        self.0.extend_from_slice(&value.to_le_bytes());
    }

    /// How many items follow.
    pub(crate) fn count(&mut self, field: &'static str, count: usize) -> Result<(), RecordError> {
        let limit = usize::from(u16::MAX);
        let short =
            u16::try_from(count).map_err(|_| RecordError::TooLong { field, len: count, limit })?;
        self.0.extend_from_slice(&short.to_le_bytes());
        Ok(())
    }

    /// A text of at most 65,535 bytes.
    pub(crate) fn text(&mut self, field: &'static str, text: &str) -> Result<(), RecordError> {
        self.count(field, text.len())?;
        self.0.extend_from_slice(text.as_bytes());
        Ok(())
    }

    /// Bytes of any length.
    pub(crate) fn bytes(&mut self, field: &'static str, bytes: &[u8]) -> Result<(), RecordError> {
        check_len(field, bytes.len(), MAX_RECORD_LEN)?;
        self.0.extend_from_slice(&(bytes.len() as u32).to_le_bytes());
        self.0.extend_from_slice(bytes);
        Ok(())
    }

    /// A message: any text without a null character, which Git's commits cannot hold.
    pub(crate) fn message(&mut self, message: &str) -> Result<(), RecordError> {
        if message.contains('\0') {
            return Err(RecordError::Field { field: "message" });
        }
        self.bytes("message", message.as_bytes())
    }

    pub(crate) fn hash(&mut self, hash: &Hash) {
        self.0.extend_from_slice(hash.as_bytes());
    }

    pub(crate) fn commit_id(&mut self, id: &CommitId) -> Result<(), RecordError> {
        self.hash(&id.hash().ok_or(RecordError::ForeignId { id: *id })?);
        Ok(())
    }

    pub(crate) fn optional<T>(
        &mut self,
        value: Option<T>,
        write: impl FnOnce(&mut Self, T) -> Result<(), RecordError>,
    ) -> Result<(), RecordError> {
        self.u8(u8::from(value.is_some()));
        value.map_or(Ok(()), |value| write(self, value))
    }

    pub(crate) fn identity(&mut self, identity: &Identity) -> Result<(), RecordError> {
        identity.check().map_err(|_| RecordError::Field { field: "author" })?;
        self.text("author", &identity.name)?;
        self.text("author", &identity.email)
    }

    pub(crate) fn time(&mut self, time: Timestamp) -> Result<(), RecordError> {
        check_time(time)?;
        self.0.extend_from_slice(&time.seconds.to_le_bytes());
        self.0.extend_from_slice(&time.offset_minutes.to_le_bytes());
        Ok(())
    }

    pub(crate) fn config(&mut self, config: &TreeConfig) {
        self.u8(u8::from(*config != TreeConfig::default()));
        if *config != TreeConfig::default() {
            self.0.extend_from_slice(&config.leaf_target().to_le_bytes());
            self.0.extend_from_slice(&config.inner_target().to_le_bytes());
            self.u64(config.salt());
        }
    }
}

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

/// Names a record and checks nothing.
pub(crate) fn record_hash(bytes: &[u8]) -> Hash {
    #[expect(clippy::expect_used, reason = "only nodes are not named by their bytes")]
    ObjectKind::Record.hash(bytes).expect("a record has a name")
}

fn to_text(field: &'static str, bytes: &[u8]) -> Result<String, RecordError> {
    let text = std::str::from_utf8(bytes).map_err(|_| RecordError::Field { field })?;
    Ok(text.to_owned())
}

fn check_len(field: &'static str, len: usize, limit: usize) -> Result<(), RecordError> {
    if len > limit { Err(RecordError::TooLong { field, len, limit }) } else { Ok(()) }
}

fn check_time(time: Timestamp) -> Result<(), RecordError> {
    if time.offset_minutes.unsigned_abs() > Timestamp::MAX_OFFSET_MINUTES.unsigned_abs() {
        return Err(RecordError::Field { field: "time offset" });
    }
    Ok(())
}
