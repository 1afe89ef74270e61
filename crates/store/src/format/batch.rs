//! The header of a batch: the commit record.

use super::fields::Fields;
use super::{Sum, Sums};

/// The length of a batch's header, in bytes.
pub(crate) const BATCH_HEADER_LEN: u64 = 192;
/// What a batch begins with.
pub(crate) const BATCH_MAGIC: &[u8; 8] = b"PRLYBTCH";

const SUMMED: usize = 160;
const CHECKPOINT: u32 = 1;
const LAST: u32 = 2;

/// What a batch is and how it hangs together with the one before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct BatchHeader {
    /// Whether the meta holds all refs and an index.
    pub(crate) checkpoint: bool,
    /// Whether the segment ends with this batch.
    pub(crate) last: bool,
    pub(crate) segment: u32,
    /// Where in the segment the batch begins.
    pub(crate) at: u64,
    pub(crate) sequence: u64,
    /// Every batch up to this sequence was durable when this one was written.
    pub(crate) synced: u64,
    pub(crate) records_len: u64,
    pub(crate) meta_len: u64,
    /// Where the checkpoint before this one begins; 0 for none.
    pub(crate) checkpoint_before: u64,
    /// The link of the batch before.
    pub(crate) before: Sum,
    pub(crate) records_sum: Sum,
    pub(crate) meta_sum: Sum,
}

impl BatchHeader {
    /// The bytes, and the link that the next batch refers to this one by.
    pub(crate) fn encode(&self, sums: &Sums) -> (Vec<u8>, Sum) {
        let flag = |set, flag| if set { flag } else { 0 };
        let flags = flag(self.checkpoint, CHECKPOINT) | flag(self.last, LAST);
        let mut bytes = Vec::with_capacity(BATCH_HEADER_LEN as usize);
        bytes.extend(BATCH_MAGIC);
        bytes.extend(flags.to_le_bytes());
        bytes.extend(self.segment.to_le_bytes());
        for field in [self.at, self.sequence, self.synced, self.records_len, self.meta_len] {
            bytes.extend(field.to_le_bytes());
        }
        bytes.extend(self.checkpoint_before.to_le_bytes());
        bytes.extend(self.before);
        bytes.extend(self.records_sum);
        bytes.extend(self.meta_sum);
        let link = sums.of(&bytes);
        bytes.extend(link);
        (bytes, link)
    }

    /// Reads the header of the batch at an offset of a segment and its link; `None` if the bytes
    /// are anything else.
    pub(crate) fn decode(bytes: &[u8], sums: &Sums, segment: u32, at: u64) -> Option<(Self, Sum)> {
        let mut fields = Fields(bytes);
        if fields.array().ok()? != *BATCH_MAGIC {
            return None;
        }
        let header = Self::fields(&mut fields).ok().flatten()?;
        let link = fields.array().ok()?;
        let fits = header.records_len % 8 == 0
            && header.meta_len % 8 == 0
            && (header.at.checked_add(BATCH_HEADER_LEN))
                .and_then(|end| end.checked_add(header.records_len))
                .and_then(|end| end.checked_add(header.meta_len))
                .is_some();
        let here = header.segment == segment && header.at == at;
        (fits && here && sums.of(&bytes[..SUMMED]) == link).then_some((header, link))
    }

    fn fields(fields: &mut Fields<'_>) -> Result<Option<Self>, crate::error::Damage> {
        let flags = fields.u32()?;
        let header = Self {
            checkpoint: flags & CHECKPOINT != 0,
            last: flags & LAST != 0,
            segment: fields.u32()?,
            at: fields.u64()?,
            sequence: fields.u64()?,
            synced: fields.u64()?,
            records_len: fields.u64()?,
            meta_len: fields.u64()?,
            checkpoint_before: fields.u64()?,
            before: fields.array()?,
            records_sum: fields.array()?,
            meta_sum: fields.array()?,
        };
        Ok((flags & !(CHECKPOINT | LAST) == 0).then_some(header))
    }

    pub(crate) fn records_at(&self) -> u64 {
        self.at + BATCH_HEADER_LEN
    }

    pub(crate) fn meta_at(&self) -> u64 {
        self.records_at() + self.records_len
    }

    /// Where the batch ends and the next one begins.
    pub(crate) fn end(&self) -> u64 {
        self.meta_at() + self.meta_len
    }
}
