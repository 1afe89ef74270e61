//! Writing records.

use prollytree_tree::{Hash, TreeConfig};

use super::{MAX_RECORD_LEN, RecordError, RecordKind, VERSION, check_len, check_time};
use crate::id::CommitId;
use crate::identity::Identity;
use crate::time::Timestamp;

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

    /// An id of any storage, in 32 bytes: behind one of 20 bytes come 12 zero bytes.
    pub(crate) fn any_commit_id(&mut self, id: &CommitId) -> Result<(), RecordError> {
        let mut bytes = [0; 32];
        bytes[..id.as_bytes().len()].copy_from_slice(id.as_bytes());
        self.0.extend_from_slice(&bytes);
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
