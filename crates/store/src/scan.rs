//! Following the log: the next batch, and whether an unreadable one is a crash's or damage.

use crate::dir::File;
use crate::error::{Damage, StoreError};
use crate::format::{
    BATCH_HEADER_LEN, BATCH_MAGIC, BatchHeader, IndexEntry, Meta, Records, Sum, Sums,
};

/// A batch that is wholly there.
pub(crate) struct Batch {
    pub(crate) header: BatchHeader,
    pub(crate) link: Sum,
    pub(crate) meta: Meta,
    /// Its records, in the order of the file.
    pub(crate) entries: Vec<IndexEntry>,
}

/// Where a batch is looked for.
#[derive(Clone, Copy)]
pub(crate) struct Place<'a> {
    pub(crate) file: &'a File,
    pub(crate) sums: &'a Sums,
    pub(crate) segment: u32,
    pub(crate) at: u64,
}

impl Place<'_> {
    /// Reads the header at this place, or `None` if none lies here.
    pub(crate) fn header(&self) -> Result<Option<(BatchHeader, Sum)>, StoreError> {
        let mut bytes = [0; BATCH_HEADER_LEN as usize];
        let len = self.file.read_some(&mut bytes, self.at)?;
        Ok(BatchHeader::decode(&bytes[..len], self.sums, self.segment, self.at))
    }

    /// Reads the batch at this place that follows the one of this sequence and link; any batch if
    /// there is none before. `None` if no such batch is wholly here.
    pub(crate) fn batch(&self, before: Option<(u64, &Sum)>) -> Result<Option<Batch>, StoreError> {
        let Some((header, link)) = self.header()? else { return Ok(None) };
        let follows = |(sequence, link): (u64, &Sum)| {
            header.sequence == sequence + 1 && header.before == *link
        };
        if !before.is_none_or(follows) || header.end() > self.file.len()? {
            return Ok(None);
        }
        let body = self.file.read(header.records_at(), header.records_len + header.meta_len)?;
        let (records, meta) = body.split_at(header.records_len as usize);
        if self.sums.of(records) != header.records_sum || self.sums.of(meta) != header.meta_sum {
            return Ok(None);
        }
        // What is wrong inside valid sums was written so: no crash does that.
        let meta = Meta::decode(meta, header.checkpoint)
            .map_err(|damage| self.file.damaged(header.meta_at(), damage))?;
        let entries = Records::new(records, header.records_at())
            .map(|record| record.map(|record| record.index_entry()))
            .collect::<Result<_, _>>()
            .map_err(|(at, damage)| self.file.damaged(at, damage))?;
        Ok(Some(Batch { header, link, meta, entries }))
    }

    /// Whether a later batch of this segment proves that the one of this sequence, which should
    /// lie here and does not, was durable.
    pub(crate) fn proven_durable(&self, sequence: u64) -> Result<bool, StoreError> {
        let proof = |(header, _): &(BatchHeader, Sum)| {
            header.sequence > sequence && header.synced >= sequence
        };
        Ok(find_header(*self, proof)?.is_some())
    }

    /// The error that the batch of this sequence, which should lie here, is gone.
    pub(crate) fn lost(&self, sequence: u64) -> StoreError {
        self.file.damaged(self.at, Damage::LostBatch { sequence })
    }
}

/// The first valid batch header of a kind at or after a place.
pub(crate) fn find_header(
    from: Place<'_>,
    wanted: impl Fn(&(BatchHeader, Sum)) -> bool,
) -> Result<Option<(BatchHeader, Sum)>, StoreError> {
    const STEP: usize = 1 << 20;
    let mut at = from.at;
    let mut bytes = vec![0; STEP.min(from.file.len()?.saturating_sub(at) as usize)];
    loop {
        let len = from.file.read_some(&mut bytes, at)?;
        // Batches begin at multiples of 8, and so does every step.
        for (i, word) in bytes[..len].chunks_exact(8).enumerate() {
            if word == BATCH_MAGIC {
                let found = Place { at: at + 8 * i as u64, ..from }.header()?;
                if let Some(found) = found.filter(&wanted) {
                    return Ok(Some(found));
                }
            }
        }
        if len < STEP {
            return Ok(None);
        }
        at += STEP as u64;
    }
}
