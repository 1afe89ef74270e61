//! Chunk lists: the inner objects of a large value.

use super::{check_len, put};
use crate::error::TreeError;
use crate::hash::{HASH_LEN, Hash};
use crate::object::ObjectKind;
use crate::storage::NodeStorage;
use crate::value::Blob;

const LIST_FORMAT: u8 = 1;
const HEADER_LEN: usize = 2;
const PART_LEN: usize = 8 + HASH_LEN;
/// A list ends before it has so many parts.
const MIN_PARTS: usize = 16;
const MAX_PARTS: usize = 1024;
/// A list ends after a part whose name has these bits zero: every 128 parts on average.
const LIST_MASK: u8 = 0x7f;
/// More lists above each other than [`MAX_VALUE_LEN`](crate::MAX_VALUE_LEN) can need.
pub(super) const MAX_HEIGHT: u8 = 8;

/// A chunk, or a list of chunks, as the list above knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// How many bytes of the value it stands for.
    pub len: u64,
    /// Its name.
    pub hash: Hash,
}

/// A decoded list of chunks (height 1) or of lists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChunkList {
    /// How many levels of parts lie below; the parts are chunks if it is 1.
    pub height: u8,
    /// The parts, in order.
    pub parts: Vec<Part>,
}

impl ChunkList {
    /// Reads a list; `None` if the bytes are not the encoding of one.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let (&[format, height], rest) = bytes.split_first_chunk::<HEADER_LEN>()?;
        let (parts, trailing) = rest.as_chunks::<PART_LEN>();
        let valid = format == LIST_FORMAT
            && (1..=MAX_HEIGHT).contains(&height)
            && trailing.is_empty()
            && (1..=MAX_PARTS).contains(&parts.len());
        if !valid {
            return None;
        }
        let part = |bytes: &[u8; PART_LEN]| {
            let (len, hash) = bytes.split_first_chunk()?;
            let len = u64::from_le_bytes(*len);
            (len > 0).then_some(Part { len, hash: Hash::from_slice(hash)? })
        };
        Some(Self { height, parts: parts.iter().map(part).collect::<Option<_>>()? })
    }

    /// The kind of the objects that the parts name.
    pub fn part_kind(&self) -> ObjectKind {
        if self.height == 1 { ObjectKind::Chunk } else { ObjectKind::ChunkList }
    }

    fn encode(height: u8, parts: &[Part]) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(HEADER_LEN + parts.len() * PART_LEN);
        bytes.extend_from_slice(&[LIST_FORMAT, height]);
        for part in parts {
            bytes.extend_from_slice(&part.len.to_le_bytes());
            bytes.extend_from_slice(part.hash.as_bytes());
        }
        bytes
    }
}

/// Lists on their way to be stored: one unfinished list a level.
pub(super) struct Lists<'s, S> {
    storage: &'s S,
    levels: Vec<Vec<Part>>,
    len: u64,
}

impl<'s, S: NodeStorage> Lists<'s, S> {
    pub(super) fn new(storage: &'s S) -> Self {
        Self { storage, levels: vec![Vec::new()], len: 0 }
    }

    /// Appends a chunk.
    pub(super) fn push(&mut self, chunk: Part) -> Result<(), TreeError> {
        self.len += chunk.len;
        check_len(self.len)?;
        let (mut part, mut level) = (chunk, 0);
        loop {
            if level == self.levels.len() {
                self.levels.push(Vec::new());
            }
            let parts = &mut self.levels[level];
            parts.push(part);
            let ends = parts.len() >= MIN_PARTS && part.hash.as_bytes()[0] & LIST_MASK == 0;
            if !ends && parts.len() < MAX_PARTS {
                return Ok(());
            }
            part = self.end_list(level)?;
            level += 1;
        }
    }

    /// Ends all lists; the first object that stands alone on its level is the top.
    pub(super) fn finish(mut self) -> Result<Blob, TreeError> {
        let mut level = 0;
        loop {
            let is_top = level + 1 == self.levels.len();
            match *self.levels[level] {
                [top] if is_top => {
                    return Ok(Blob { height: level as u8, len: self.len, hash: top.hash });
                }
                [] => {}
                _ => {
                    let part = self.end_list(level)?;
                    if is_top {
                        self.levels.push(Vec::new());
                    }
                    self.levels[level + 1].push(part);
                }
            }
            level += 1;
        }
    }

    fn end_list(&mut self, level: usize) -> Result<Part, TreeError> {
        let parts = std::mem::take(&mut self.levels[level]);
        let bytes = ChunkList::encode((level + 1) as u8, &parts);
        let hash = put(self.storage, ObjectKind::ChunkList, &bytes)?;
        Ok(Part { len: parts.iter().map(|part| part.len).sum(), hash })
    }
}
