//! Walking a whole segment, over what is damaged too.

use crate::error::{Damage, StoreError};
use crate::format::{BatchHeader, Meta, SEGMENT_HEADER_LEN, Sum};
use crate::scan::{Place, find_header};

/// A part of a segment.
pub(crate) enum Piece {
    /// A batch whose header is valid.
    Batch(Box<Found>),
    /// Bytes that no valid header covers.
    Gap { at: u64, len: u64 },
}

/// A batch as it was found.
pub(crate) struct Found {
    pub(crate) header: BatchHeader,
    pub(crate) link: Sum,
    /// As far as the file has them.
    pub(crate) records: Vec<u8>,
    pub(crate) records_intact: bool,
    pub(crate) meta: Result<Meta, Damage>,
}

/// The pieces of a segment up to an offset.
pub(crate) struct Walk<'a> {
    place: Place<'a>,
    end: u64,
}

impl<'a> Walk<'a> {
    pub(crate) fn new(place: Place<'a>, end: u64) -> Self {
        Self { place: Place { at: SEGMENT_HEADER_LEN, ..place }, end }
    }

    /// The next piece, or `None` at the end.
    pub(crate) fn next(&mut self) -> Result<Option<Piece>, StoreError> {
        let at = self.place.at;
        if at >= self.end {
            return Ok(None);
        }
        let fits = |header: &BatchHeader| header.end() <= self.end;
        if let Some((header, link)) = self.place.header()?.filter(|(header, _)| fits(header)) {
            self.place.at = header.end();
            return Ok(Some(Piece::Batch(Box::new(self.read(header, link)?))));
        }
        let after = Place { at: at + 8, ..self.place };
        let next = find_header(after, |(header, _)| fits(header))?;
        let next = next.map_or(self.end, |(header, _)| header.at);
        self.place.at = next;
        Ok(Some(Piece::Gap { at, len: next - at }))
    }

    fn read(&self, header: BatchHeader, link: Sum) -> Result<Found, StoreError> {
        let Place { file, sums, .. } = self.place;
        let records = file.read(header.records_at(), header.records_len)?;
        let meta = file.read(header.meta_at(), header.meta_len)?;
        let records_intact = sums.of(&records) == header.records_sum;
        let meta = match sums.of(&meta) == header.meta_sum {
            true => Meta::decode(&meta, header.checkpoint),
            false => Err(Damage::Sum("batch's meta")),
        };
        Ok(Found { header, link, records, records_intact, meta })
    }
}
