//! Appending a batch: the commit protocol.

use std::collections::HashMap;
use std::sync::{Arc, RwLock};

use prollytree_tree::{Hash, Locator, ObjectKind};

use crate::dir::File;
use crate::error::StoreError;
use crate::format::{
    BATCH_HEADER_LEN, BatchHeader, IndexEntry, Manifest, Meta, RecordHeader, SEGMENT_HEADER_LEN,
    SegmentEntry, Sum, Synced, locator, prefix, segment_header, segment_name, unlocate,
};
use crate::lock::{read, write};
use crate::options::{Durability, StoreOptions};
use crate::pending::Item;
use crate::scan::Batch;
use crate::segment::{Object, Segment};
use crate::tail::{Tail, change};
use crate::vfs::OpenMode;
use crate::view::{Refs, View};

/// What a batch is to hold.
pub(crate) struct Content<'a> {
    pub(crate) items: &'a [Item],
    /// Ascending by name.
    pub(crate) refs: Vec<(String, Option<Arc<[u8]>>)>,
    /// Whether the segment is to end with the batch, however short it is.
    pub(crate) last: bool,
}

impl Tail {
    /// Appends a batch. The caller holds the store's lock and has caught up.
    ///
    /// After an error nothing was appended as far as anyone can see, or the tail is poisoned.
    pub(crate) fn append(
        &mut self,
        view: &RwLock<View>,
        content: Content<'_>,
        durability: Durability,
        options: &StoreOptions,
    ) -> Result<(), StoreError> {
        let fresh = self.full;
        let batch = self.lay_out(&read(view).clone(), content, options)?;
        if fresh {
            self.start_segment(view, &batch.bytes)?;
        } else {
            self.write(&batch.bytes, durability)?;
        }
        self.active.add(&batch.taken.entries);
        self.take_up(batch.taken, view);
        if fresh || durability == Durability::Sync {
            self.note_synced();
        }
        Ok(())
    }

    /// Makes what was appended durable.
    pub(crate) fn sync(&mut self) -> Result<(), StoreError> {
        if self.synced < self.sequence {
            self.appender()?.sync().inspect_err(|_| self.poisoned = true)?;
            self.note_synced();
        }
        Ok(())
    }

    /// Cuts off the torn tail of a crash, if there is one. The caller holds the store's lock.
    pub(crate) fn cut(&mut self, view: &RwLock<View>) -> Result<(), StoreError> {
        if !self.full && self.active.file()?.len()? > self.end {
            self.check_end(view, 0)?;
            let end = self.end;
            self.appender()?.truncate(end)?;
        }
        Ok(())
    }

    fn write(&mut self, bytes: &[u8], durability: Durability) -> Result<(), StoreError> {
        let end = self.end;
        let file = self.appender()?;
        let written = file.write(bytes, end);
        let synced = match durability {
            Durability::Sync if written.is_ok() => file.sync(),
            _ => Ok(()),
        };
        if written.is_err() || synced.is_err() {
            // Nobody may build on what may not be there after a crash.
            let undone = file.truncate(end);
            self.poisoned = synced.is_err() || undone.is_err();
        }
        written.and(synced)
    }

    /// Creates a segment that begins with this batch, and ends the one before.
    fn start_segment(&mut self, view: &RwLock<View>, batch: &[u8]) -> Result<(), StoreError> {
        self.sync()?;
        let number = self.manifest.next_segment;
        let file = self.create_segment(number, batch)?;
        let mut manifest = self.manifest.clone();
        manifest.generation += 1;
        manifest.next_segment += 1;
        if let Some(ended) = manifest.segments.last_mut() {
            ended.last = Some((self.last_at, self.link));
        }
        manifest.segments.push(SegmentEntry { number, last: None });
        manifest.prepare(&self.dir)?;
        Manifest::publish(&self.dir).inspect_err(|_| self.poisoned = true)?;
        let ended = Some((self.last_at, self.link));
        let ended = Segment::new(&self.dir, &self.sums, self.active.number, ended);
        self.active = Arc::new(Segment::new(&self.dir, &self.sums, number, None));
        self.appender = Some(file);
        let mut view = write(view);
        let kept = &view.segments[..view.segments.len() - 1];
        let new = [Arc::new(ended), Arc::clone(&self.active)];
        view.segments = kept.iter().cloned().chain(new).collect();
        view.generation = manifest.generation;
        self.manifest = manifest;
        Ok(())
    }

    fn create_segment(&mut self, number: u32, batch: &[u8]) -> Result<File, StoreError> {
        let file = self.dir.open(&segment_name(number), OpenMode::CreateEmpty)?;
        let bytes = [&segment_header(&self.sums, number), batch].concat();
        file.write(&bytes, 0)?;
        file.sync().and_then(|()| self.dir.sync()).inspect_err(|_| self.poisoned = true)?;
        Ok(file)
    }

    fn appender(&mut self) -> Result<&File, StoreError> {
        match &mut self.appender {
            Some(file) => Ok(file),
            none => {
                // Whoever started the segment may have been killed before the name was durable.
                self.dir.sync().inspect_err(|_| self.poisoned = true)?;
                let name = segment_name(self.active.number);
                Ok(none.insert(self.dir.open(&name, OpenMode::Write)?))
            }
        }
    }

    /// Remembers that all that was appended is durable, and leaves a hint of it.
    fn note_synced(&mut self) {
        self.synced = self.sequence;
        let hint = Synced {
            segment: self.active.number,
            sequence: self.sequence,
            checkpoint: self.checkpoint,
        };
        let (bytes, at) = hint.encode(&self.sums);
        if self.hint.is_none() {
            self.hint = self.dir.open(Synced::NAME, OpenMode::CreateMissing).ok();
        }
        // The batch is durable already, so a hint that cannot be left must not fail it. What is
        // lost is a shorter start of the next opening, and a sharper eye for damage.
        if self.hint.as_ref().is_some_and(|file| file.write(&bytes, at).is_err()) {
            self.hint = None;
        }
    }

    /// Encodes the batch and what it changes.
    fn lay_out(
        &self,
        view: &View,
        content: Content<'_>,
        options: &StoreOptions,
    ) -> Result<LaidOut, StoreError> {
        let (segment, at) = match self.full {
            true => (self.manifest.next_segment, SEGMENT_HEADER_LEN),
            false => (self.active.number, self.end),
        };
        let mut bytes = vec![0; BATCH_HEADER_LEN as usize];
        let entries = encode_records(&mut bytes, content.items, segment, at, view)?;
        let records_len = bytes.len() as u64 - BATCH_HEADER_LEN;
        let since_checkpoint = at.saturating_sub(self.checkpoint.0) + bytes.len() as u64;
        let last = content.last || at + bytes.len() as u64 > options.segment_bytes;
        let due = since_checkpoint > options.checkpoint_bytes.max(4 * size_of_refs(&view.refs));
        let checkpoint = last || due || self.full;
        let (index, checkpoint_before) = match (checkpoint, last) {
            (false, _) => (None, 0),
            (true, _) if self.full => (Some(entries.clone()), 0),
            (true, true) => (Some([self.active.entries()?, entries.clone()].concat()), 0),
            (true, false) => {
                let (index, before) = self.merged_index(&entries)?;
                (Some(index), before)
            }
        };
        let index = index.map(|mut index| {
            index.sort_unstable();
            index
        });
        let meta = match checkpoint {
            true => {
                let mut refs = (*view.refs).clone();
                change(&mut refs, content.refs);
                Meta { refs: refs.into_iter().map(|(k, v)| (k, Some(v))).collect(), index }
            }
            false => Meta { refs: content.refs, index },
        };
        let encoded = meta.encode();
        let header = BatchHeader {
            checkpoint,
            last,
            segment,
            at,
            sequence: self.sequence + 1,
            synced: self.synced,
            records_len,
            meta_len: encoded.len() as u64,
            checkpoint_before,
            before: self.link,
            records_sum: self.sums.of(&bytes[BATCH_HEADER_LEN as usize..]),
            meta_sum: self.sums.of(&encoded),
        };
        bytes.extend(encoded);
        let (head, link): (_, Sum) = header.encode(&self.sums);
        bytes[..head.len()].copy_from_slice(&head);
        Ok(LaidOut { bytes, taken: Batch { header, link, meta, entries } })
    }

    /// The records that a new checkpoint indexes, and the checkpoint that the index goes on from.
    ///
    /// Indexes before it that are not longer are taken in, so that a look-up has O(log) of them to
    /// read, and an entry is written O(log) times.
    fn merged_index(&self, new: &[IndexEntry]) -> Result<(Vec<IndexEntry>, u64), StoreError> {
        let mut index = [&self.unindexed, new].concat();
        let mut before = self.checkpoint.0;
        while before != 0 {
            let (header, _) = self.active.read_header(before)?;
            let older = self.active.read_meta(&header)?.index.unwrap_or_default();
            if older.len() > index.len() {
                break;
            }
            index.extend(older);
            before = header.checkpoint_before;
        }
        Ok((index, before))
    }
}

/// A batch, encoded, and as a reader would find it.
struct LaidOut {
    bytes: Vec<u8>,
    taken: Batch,
}

fn size_of_refs(refs: &Refs) -> u64 {
    refs.iter().map(|(name, value)| (name.len() + value.len() + 6) as u64).sum()
}

/// Appends the records of a batch that begins at an offset of a segment, and indexes them.
fn encode_records(
    into: &mut Vec<u8>,
    items: &[Item],
    segment: u32,
    batch_at: u64,
    view: &View,
) -> Result<Vec<IndexEntry>, StoreError> {
    let mut placed: HashMap<Hash, Locator> = HashMap::with_capacity(items.len());
    let mut entries = Vec::with_capacity(items.len());
    for Item { kind, hash, object } in items {
        let at = batch_at + into.len() as u64;
        let locators = match object {
            Object::Node(node) => node
                .children()
                .map(|child| match (placed.get(&child.hash), unlocate(child.locator)) {
                    (Some(locator), _) => Ok(*locator),
                    (None, Some((number, _))) if view.segment(number).is_some() => {
                        Ok(child.locator)
                    }
                    _ => Ok(view.locate(&child.hash)?.unwrap_or(Locator::NONE)),
                })
                .collect::<Result<Vec<_>, StoreError>>()?,
            Object::Bytes(_) => Vec::new(),
        };
        RecordHeader::encode(into, *kind, hash, &locators, object.bytes());
        entries.push((prefix(hash), (at / 8) as u32));
        if *kind == ObjectKind::Node {
            placed.insert(*hash, locator(segment, at));
        }
    }
    Ok(entries)
}
