//! The manifest: which segments exist. And the header that every segment begins with.

use super::fields::{Fields, magic_and_version};
use super::{SUM_LEN, Sum, Sums, VERSION};
use crate::dir::{Dir, File};
use crate::error::{Damage, StoreError};
use crate::vfs::OpenMode;

const MANIFEST_MAGIC: &[u8; 8] = b"PRLYMANI";
const SEGMENT_MAGIC: &[u8; 8] = b"PRLYSEGM";
const HEADER_LEN: usize = 56;
const ENTRY_LEN: usize = 48;

/// The length of a segment's header, in bytes.
pub(crate) const SEGMENT_HEADER_LEN: u64 = 64;
/// One more than the largest number of a segment: numbers have 28 bits in a locator.
pub(crate) const SEGMENT_LIMIT: u32 = 1 << 28;

/// A segment as the manifest lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SegmentEntry {
    pub(crate) number: u32,
    /// The offset and the link of its last batch; `None` for the active segment.
    pub(crate) last: Option<(u64, Sum)>,
}

/// The list of segments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Manifest {
    pub(crate) id: [u8; 16],
    pub(crate) generation: u64,
    pub(crate) collection: u64,
    pub(crate) next_segment: u32,
    /// Ascending by number; the last one is active.
    pub(crate) segments: Vec<SegmentEntry>,
}

impl Manifest {
    pub(crate) const NAME: &'static str = "MANIFEST";
    const NEW_NAME: &'static str = "MANIFEST.new";

    /// Reads the manifest of a directory, or `None` if it has none.
    pub(crate) fn read(dir: &Dir) -> Result<Option<Self>, StoreError> {
        let Some((file, bytes)) = dir.read(Self::NAME)? else { return Ok(None) };
        // The version comes first, whatever the sum: a later version may sum otherwise.
        magic_and_version(&mut Fields(&bytes), MANIFEST_MAGIC).map_err(|error| error.of(&file))?;
        let manifest = Self::decode(&bytes).map_err(|damage| file.damaged(0, damage))?;
        Ok(Some(manifest))
    }

    /// The generation alone, which tells whether the manifest was replaced. Its sum is not checked:
    /// whoever finds another generation reads the whole.
    pub(crate) fn read_generation(dir: &Dir) -> Result<Option<u64>, StoreError> {
        let mut header = [0; HEADER_LEN];
        match dir.open(Self::NAME, OpenMode::Read) {
            Err(error) if error.is_not_found() => return Ok(None),
            file => file?.read_some(&mut header, 0)?,
        };
        Ok(Fields(&header[32..]).u64().ok())
    }

    /// Writes what is to be the manifest beside the present one, durably.
    pub(crate) fn prepare(&self, dir: &Dir) -> Result<(), StoreError> {
        let file = dir.open(Self::NEW_NAME, OpenMode::CreateEmpty)?;
        file.write(&self.encode(), 0)?;
        file.sync()
    }

    /// Replaces the manifest by the prepared one, durably. After an error either may be in force.
    pub(crate) fn publish(dir: &Dir) -> Result<(), StoreError> {
        dir.rename(Self::NEW_NAME, Self::NAME)?;
        dir.sync()
    }

    /// The segment that is appended to.
    pub(crate) fn active(&self) -> u32 {
        self.segments.last().map_or(0, |segment| segment.number)
    }

    fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        bytes.extend(MANIFEST_MAGIC);
        bytes.extend(VERSION);
        bytes.extend((self.segments.len() as u32).to_le_bytes());
        bytes.extend(self.id);
        bytes.extend(self.generation.to_le_bytes());
        bytes.extend(self.collection.to_le_bytes());
        bytes.extend(self.next_segment.to_le_bytes());
        bytes.extend([0; 4]);
        for segment in &self.segments {
            let (at, link) = segment.last.unwrap_or_default();
            bytes.extend(segment.number.to_le_bytes());
            bytes.extend([0; 4]);
            bytes.extend(at.to_le_bytes());
            bytes.extend(link);
        }
        bytes.extend(Sums::new(self.id).of(&bytes));
        bytes
    }

    fn decode(bytes: &[u8]) -> Result<Self, Damage> {
        let body_len = bytes.len().checked_sub(SUM_LEN).ok_or(Damage::Truncated)?;
        let (body, sum) = bytes.split_at(body_len);
        let mut fields = Fields(body.get(12..).ok_or(Damage::Truncated)?);
        let count = fields.u32()? as usize;
        let id = fields.array()?;
        if Sums::new(id).of(body) != *sum {
            return Err(Damage::Sum("manifest"));
        }
        let (generation, collection) = (fields.u64()?, fields.u64()?);
        let (next_segment, zero) = (fields.u32()?, fields.u32()?);
        if zero != 0 || Some(body_len) != count.checked_mul(ENTRY_LEN).map(|n| n + HEADER_LEN) {
            return Err(Damage::Field("manifest's length"));
        }
        let mut segments = Vec::with_capacity(count);
        for i in 0..count {
            let (number, zero, at) = (fields.u32()?, fields.u32()?, fields.u64()?);
            let last = Some((at, fields.array()?)).filter(|last| *last != (0, [0; SUM_LEN]));
            if zero != 0 || last.is_some() == (i + 1 == count) {
                return Err(Damage::Field("manifest's list of segments"));
            }
            segments.push(SegmentEntry { number, last });
        }
        let ascending = segments.windows(2).all(|pair| pair[0].number < pair[1].number);
        let below_next = segments.last().is_some_and(|last| last.number < next_segment);
        if !ascending || !below_next || next_segment > SEGMENT_LIMIT {
            return Err(Damage::Field("manifest's list of segments"));
        }
        Ok(Self { id, generation, collection, next_segment, segments })
    }
}

/// The file of a segment.
pub(crate) fn segment_name(number: u32) -> String {
    format!("seg-{number:08x}")
}

/// The number of a segment's file, or `None` if the file is none.
pub(crate) fn segment_number(name: &str) -> Option<u32> {
    let number = u32::from_str_radix(name.strip_prefix("seg-")?, 16).ok()?;
    (number < SEGMENT_LIMIT && segment_name(number) == name).then_some(number)
}

/// The bytes that a segment begins with.
pub(crate) fn segment_header(sums: &Sums, number: u32) -> Vec<u8> {
    let mut bytes = Vec::new();
    bytes.extend(SEGMENT_MAGIC);
    bytes.extend(VERSION);
    bytes.extend(number.to_le_bytes());
    bytes.extend(sums.id);
    bytes.extend(sums.of(&bytes));
    bytes
}

/// Checks that a file is this segment of this store.
pub(crate) fn read_segment_header(file: &File, sums: &Sums, number: u32) -> Result<(), StoreError> {
    let bytes = file.read(0, SEGMENT_HEADER_LEN)?;
    let mut fields = Fields(&bytes);
    magic_and_version(&mut fields, SEGMENT_MAGIC).map_err(|error| error.of(file))?;
    if sums.of(&bytes[..32]) != bytes[32..] {
        return Err(file.damaged(0, Damage::Sum("segment's header")));
    }
    match fields.u32() {
        Ok(found) if found == number => Ok(()),
        _ => Err(file.damaged(12, Damage::Field("segment's number"))),
    }
}

/// The identity of the store that a segment belongs to, if its header is intact.
pub(crate) fn segment_id(file: &File) -> Result<Option<[u8; 16]>, StoreError> {
    let mut bytes = [0; SEGMENT_HEADER_LEN as usize];
    file.read_some(&mut bytes, 0)?;
    let id = Fields(&bytes[16..]).array().ok();
    let id = id.filter(|id| Sums::new(*id).of(&bytes[..32]) == bytes[32..]);
    if id.is_some() {
        // The sum vouches for the version: it is not damaged.
        let version = magic_and_version(&mut Fields(&bytes), SEGMENT_MAGIC);
        version.map_err(|error| error.of(file))?;
    }
    Ok(id)
}
