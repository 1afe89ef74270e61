//! Segments: the files that hold the records, and how one is found by name.

use std::collections::BTreeSet;
use std::sync::{Arc, OnceLock, RwLock};

use prollytree_tree::{Hash, Node, ObjectKind};

use crate::dir::{Dir, File};
use crate::error::{Damage, StoreError};
use crate::format::{
    BATCH_HEADER_LEN, BatchHeader, IndexEntry, Meta, RECORD_HEADER_LEN, Record, RecordHeader, Sum,
    Sums, prefix, read_segment_header, segment_name,
};
use crate::lock::{read, write};
use crate::vfs::OpenMode;

/// How much is read at first where a record's length is not known: most nodes fit.
const FIRST_READ_LEN: usize = 8192;

/// A decoded and verified object.
#[derive(Clone)]
pub(crate) enum Object {
    Node(Node),
    Bytes(Arc<[u8]>),
}

impl Object {
    /// Decodes a record and checks that the bytes have the name that they are stored under.
    pub(crate) fn of(record: &Record<'_>) -> Result<Self, Damage> {
        let RecordHeader { kind, hash, locators, .. } = record.header;
        if kind != ObjectKind::Node {
            let named = kind.hash(record.bytes) == Some(hash);
            return named.then(|| Self::Bytes(record.bytes.into())).ok_or(Damage::Hash { hash });
        }
        let node = Node::decode(record.bytes).map_err(|source| Damage::Node { hash, source })?;
        if node.hash() != hash {
            return Err(Damage::Hash { hash });
        }
        if locators != 0 && usize::from(locators) != node.children().len() {
            return Err(Damage::Field("number of locators"));
        }
        Ok(Self::Node(match locators {
            0 => node,
            _ => node.with_locators(record.locators()),
        }))
    }

    /// The length of the object's record, in bytes.
    pub(crate) fn record_len(&self) -> u64 {
        let locators = match self {
            Self::Node(node) => node.children().len(),
            Self::Bytes(_) => 0,
        };
        RecordHeader::len_of(locators, self.bytes().len())
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        match self {
            Self::Node(node) => node.bytes(),
            Self::Bytes(bytes) => bytes,
        }
    }
}

/// A segment as readers see it: records are found, and read, without any writer's leave.
pub(crate) struct Segment {
    pub(crate) number: u32,
    dir: Dir,
    sums: Sums,
    /// Opened at the first read.
    file: OnceLock<File>,
    /// The checkpoint whose index, with those before it, covers what `recent` does not.
    pub(crate) indexed: Option<(u64, Sum)>,
    /// The index on disk, read at the first look-up.
    stored: OnceLock<Box<[IndexEntry]>>,
    /// What was appended since the segment was opened.
    recent: RwLock<BTreeSet<IndexEntry>>,
}

impl Segment {
    pub(crate) fn new(dir: &Dir, sums: &Sums, number: u32, indexed: Option<(u64, Sum)>) -> Self {
        Self {
            number,
            dir: dir.clone(),
            sums: sums.clone(),
            file: OnceLock::new(),
            indexed,
            stored: OnceLock::new(),
            recent: RwLock::default(),
        }
    }

    /// The file, open for reading and known to be this segment.
    pub(crate) fn file(&self) -> Result<&File, StoreError> {
        if let Some(file) = self.file.get() {
            return Ok(file);
        }
        let name = segment_name(self.number);
        let file = self.dir.open(&name, OpenMode::Read).map_err(|error| {
            let missing = StoreError::Damaged {
                path: self.dir.path(&name),
                offset: 0,
                damage: Damage::MissingFile,
            };
            if error.is_not_found() { missing } else { error }
        })?;
        read_segment_header(&file, &self.sums, self.number)?;
        Ok(self.file.get_or_init(|| file))
    }

    /// Takes up records that were appended.
    pub(crate) fn add(&self, entries: &[IndexEntry]) {
        write(&self.recent).extend(entries);
    }

    /// Where records may lie whose name has this prefix, the newest first, until one is the right
    /// one. The index on disk is not looked at if a recent record is.
    pub(crate) fn find<T>(
        &self,
        prefix: u64,
        mut right: impl FnMut(u64) -> Result<Option<T>, StoreError>,
    ) -> Result<Option<T>, StoreError> {
        let range = (prefix, 0)..=(prefix, u32::MAX);
        let recent: Vec<IndexEntry> = read(&self.recent).range(range).rev().copied().collect();
        for (_, at) in recent {
            if let Some(found) = right(u64::from(at) * 8)? {
                return Ok(Some(found));
            }
        }
        let stored = self.stored()?;
        let end = stored.partition_point(|entry| entry.0 <= prefix);
        for (_, at) in stored[..end].iter().rev().take_while(|entry| entry.0 == prefix) {
            if let Some(found) = right(u64::from(*at) * 8)? {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    /// The whole index, in order.
    pub(crate) fn entries(&self) -> Result<Vec<IndexEntry>, StoreError> {
        let mut all = self.stored()?.to_vec();
        all.extend(read(&self.recent).iter());
        all.sort_unstable();
        Ok(all)
    }

    fn stored(&self) -> Result<&[IndexEntry], StoreError> {
        if let Some(stored) = self.stored.get() {
            return Ok(stored);
        }
        let stored = match self.indexed {
            Some(checkpoint) => self.read_index(checkpoint)?,
            None => Vec::new(),
        };
        Ok(self.stored.get_or_init(|| stored.into_boxed_slice()))
    }

    fn read_index(&self, (at, link): (u64, Sum)) -> Result<Vec<IndexEntry>, StoreError> {
        let file = self.file()?;
        let (mut header, found) = self.read_header(at)?;
        if found != link {
            return Err(file.damaged(at, Damage::Sum("batch's header")));
        }
        let mut all = Vec::new();
        loop {
            let index = self.read_meta(&header)?.index;
            all.extend(index.ok_or_else(|| file.damaged(header.at, Damage::Field("flags")))?);
            let before = header.checkpoint_before;
            match before {
                0 => break,
                // The chain runs backwards, so it ends.
                _ if before >= header.at => {
                    return Err(file.damaged(header.at, Damage::Field("checkpoint before")));
                }
                _ => header = self.read_header(before)?.0,
            }
        }
        all.sort_unstable();
        Ok(all)
    }

    /// The header of the batch that lies at an offset for certain.
    pub(crate) fn read_header(&self, at: u64) -> Result<(BatchHeader, Sum), StoreError> {
        let file = self.file()?;
        let bytes = file.read(at, BATCH_HEADER_LEN)?;
        let header = BatchHeader::decode(&bytes, &self.sums, self.number, at);
        header.ok_or_else(|| file.damaged(at, Damage::Sum("batch's header")))
    }

    /// The meta of a batch whose header is valid.
    pub(crate) fn read_meta(&self, header: &BatchHeader) -> Result<Meta, StoreError> {
        let file = self.file()?;
        let at = header.meta_at();
        let bytes = file.read(at, header.meta_len)?;
        if self.sums.of(&bytes) != header.meta_sum {
            return Err(file.damaged(at, Damage::Sum("batch's meta")));
        }
        Meta::decode(&bytes, header.checkpoint).map_err(|damage| file.damaged(at, damage))
    }

    /// Reads the object of this name from a record that the index, or a locator, points to.
    ///
    /// `None` if another object lies there.
    pub(crate) fn read_object(
        &self,
        kind: ObjectKind,
        hash: &Hash,
        at: u64,
    ) -> Result<Option<Object>, StoreError> {
        let file = self.file()?;
        let damaged = |damage| file.damaged(at, damage);
        let bytes = self.read_record(at)?;
        let record = Record::decode(&bytes, at).map_err(damaged)?;
        // What cannot be read is damage even under another name: the name may be what is damaged.
        let object = Object::of(&record).map_err(damaged)?;
        if record.header.kind == kind && record.header.hash == *hash {
            return Ok(Some(object));
        }
        if prefix(&record.header.hash) == prefix(hash) {
            return Ok(None);
        }
        Err(damaged(Damage::Field("name of the record")))
    }

    /// The bytes of the record at an offset, and maybe some more.
    pub(crate) fn read_record(&self, at: u64) -> Result<Vec<u8>, StoreError> {
        let file = self.file()?;
        let mut bytes = vec![0; FIRST_READ_LEN];
        let len = file.read_some(&mut bytes, at)?;
        bytes.truncate(len);
        if len < RECORD_HEADER_LEN as usize {
            return Err(file.damaged(at, Damage::Truncated));
        }
        let header = RecordHeader::decode(&bytes).map_err(|damage| file.damaged(at, damage))?;
        if header.record_len() <= len as u64 {
            Ok(bytes)
        } else {
            file.read(at, header.record_len())
        }
    }
}
