//! The hint how far the store is durable, and where to start reading.

use super::fields::{Fields, magic_and_version};
use super::{SUM_LEN, Sum, Sums, VERSION};

const MAGIC: &[u8; 8] = b"PRLYSYNC";
const SUMMED: usize = 64;
const SLOT_LEN: usize = SUMMED + SUM_LEN;
const SECOND_SLOT: usize = 512;
const END: usize = SECOND_SLOT + SLOT_LEN;

/// How far a store was durable at some time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Synced {
    /// The active segment.
    pub(crate) segment: u32,
    /// The last durable batch.
    pub(crate) sequence: u64,
    /// The last checkpoint in the active segment, and its link.
    pub(crate) checkpoint: (u64, Sum),
}

impl Synced {
    pub(crate) const NAME: &'static str = "SYNCED";

    /// The slot, and where it belongs: turns are taken so that a torn write spares the other one.
    pub(crate) fn encode(&self, sums: &Sums) -> (Vec<u8>, u64) {
        let mut bytes = Vec::with_capacity(SLOT_LEN);
        bytes.extend(MAGIC);
        bytes.extend(VERSION);
        bytes.extend(self.segment.to_le_bytes());
        bytes.extend(self.sequence.to_le_bytes());
        bytes.extend(self.checkpoint.0.to_le_bytes());
        bytes.extend(self.checkpoint.1);
        bytes.extend(sums.of(&bytes));
        (bytes, self.sequence % 2 * SECOND_SLOT as u64)
    }

    /// The newer of the valid slots, if there is one.
    pub(crate) fn decode(bytes: &[u8], sums: &Sums) -> Option<Self> {
        let slots = [bytes.get(..SLOT_LEN), bytes.get(SECOND_SLOT..END)];
        let valid = slots.into_iter().flatten().filter_map(|slot| Self::slot(slot, sums));
        valid.max_by_key(|slot| slot.sequence)
    }

    fn slot(bytes: &[u8], sums: &Sums) -> Option<Self> {
        let mut fields = Fields(bytes);
        magic_and_version(&mut fields, MAGIC).ok()?;
        let segment = fields.u32().ok()?;
        let sequence = fields.u64().ok()?;
        let checkpoint = (fields.u64().ok()?, fields.array().ok()?);
        (sums.of(&bytes[..SUMMED]) == *fields.0).then_some(Self { segment, sequence, checkpoint })
    }
}
