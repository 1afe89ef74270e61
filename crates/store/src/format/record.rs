//! Records: objects as they lie in a batch.

use prollytree_tree::{HASH_LEN, Hash, Locator, ObjectKind};

use super::fields::Fields;
use super::{IndexEntry, pad, pad8};
use crate::error::Damage;

/// The length of a record's header, in bytes.
pub(crate) const RECORD_HEADER_LEN: u64 = 40;

const OFFSET_BITS: u32 = 35;

/// The locator of the record at an offset of a segment.
pub(crate) fn locator(segment: u32, at: u64) -> Locator {
    Locator(u64::from(segment) << OFFSET_BITS | at)
}

/// The segment and the offset that a locator names, if it names any.
pub(crate) fn unlocate(locator: Locator) -> Option<(u32, u64)> {
    let (segment, at) = (locator.0 >> OFFSET_BITS, locator.0 & ((1 << OFFSET_BITS) - 1));
    (locator != Locator::NONE && at % 8 == 0).then_some((u32::try_from(segment).ok()?, at))
}

/// What the index knows of a name.
pub(crate) fn prefix(hash: &Hash) -> u64 {
    let (head, _) = hash.as_bytes().split_at(8);
    head.iter().fold(0, |prefix, &byte| prefix << 8 | u64::from(byte))
}

/// What a record says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RecordHeader {
    pub(crate) kind: ObjectKind,
    pub(crate) locators: u16,
    pub(crate) len: u32,
    pub(crate) hash: Hash,
}

impl RecordHeader {
    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, Damage> {
        let mut fields = Fields(bytes);
        let [kind, zero] = fields.array()?;
        let kind = ObjectKind::from_code(kind).ok_or(Damage::Field("kind of a record"))?;
        let (locators, len) = (fields.u16()?, fields.u32()?);
        let hash = Hash::from_bytes(fields.array::<HASH_LEN>()?);
        if zero != 0 || (locators != 0 && kind != ObjectKind::Node) {
            return Err(Damage::Field("header of a record"));
        }
        Ok(Self { kind, locators, len, hash })
    }

    /// The length of the whole record, in bytes.
    pub(crate) fn record_len(&self) -> u64 {
        RECORD_HEADER_LEN + 8 * u64::from(self.locators) + pad8(u64::from(self.len))
    }

    /// The length of a record of this many locators and bytes.
    pub(crate) fn len_of(locators: usize, len: usize) -> u64 {
        RECORD_HEADER_LEN + 8 * locators as u64 + pad8(len as u64)
    }

    /// Appends a record.
    pub(crate) fn encode(
        into: &mut Vec<u8>,
        kind: ObjectKind,
        hash: &Hash,
        locators: &[Locator],
        bytes: &[u8],
    ) {
        into.extend([kind.code(), 0]);
        into.extend((locators.len() as u16).to_le_bytes());
        into.extend((bytes.len() as u32).to_le_bytes());
        into.extend(hash.as_bytes());
        into.extend(locators.iter().flat_map(|locator| locator.0.to_le_bytes()));
        into.extend(bytes);
        pad(into);
    }
}

/// A whole record that lies in memory; whether the bytes have the name is not checked.
pub(crate) struct Record<'a> {
    pub(crate) header: RecordHeader,
    pub(crate) at: u64,
    locators: &'a [u8],
    pub(crate) bytes: &'a [u8],
}

impl<'a> Record<'a> {
    /// Reads the record that begins with these bytes.
    pub(crate) fn decode(bytes: &'a [u8], at: u64) -> Result<Self, Damage> {
        let header = RecordHeader::decode(bytes)?;
        let mut fields = Fields(bytes);
        fields.take(RECORD_HEADER_LEN as usize)?;
        let locators = fields.take(8 * usize::from(header.locators))?;
        let bytes = fields.take(header.len as usize)?;
        let padding = (pad8(u64::from(header.len)) - u64::from(header.len)) as usize;
        Fields(fields.take(padding)?).padding()?;
        Ok(Self { header, at, locators, bytes })
    }

    pub(crate) fn index_entry(&self) -> IndexEntry {
        (prefix(&self.header.hash), (self.at / 8) as u32)
    }

    pub(crate) fn locators(&self) -> impl ExactSizeIterator<Item = Locator> {
        let (chunks, _) = self.locators.as_chunks();
        chunks.iter().map(|bytes| Locator(u64::from_le_bytes(*bytes)))
    }
}

/// The records of a batch, one after the other.
pub(crate) struct Records<'a> {
    bytes: &'a [u8],
    at: u64,
}

impl<'a> Records<'a> {
    /// Walks records that begin at an offset of their segment.
    pub(crate) fn new(bytes: &'a [u8], at: u64) -> Self {
        Self { bytes, at }
    }
}

impl<'a> Iterator for Records<'a> {
    type Item = Result<Record<'a>, (u64, Damage)>;

    /// The next record, or what is wrong and where; the walk ends there.
    fn next(&mut self) -> Option<Self::Item> {
        if self.bytes.is_empty() {
            return None;
        }
        match Record::decode(self.bytes, self.at) {
            Ok(record) => {
                let len = record.header.record_len();
                self.bytes = &self.bytes[len as usize..];
                self.at += len;
                Some(Ok(record))
            }
            Err(damage) => {
                self.bytes = &[];
                Some(Err((self.at, damage)))
            }
        }
    }
}
