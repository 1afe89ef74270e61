//! Saving what is intact of a damaged store into a new one.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use prollytree_tree::NodeStorage;

use crate::check::Report;
use crate::commit::Transaction;
use crate::dir::{Dir, File};
use crate::error::{Damage, StoreError};
use crate::format::{Manifest, Record, Records, Sums, segment_id, segment_name, segment_number};
use crate::options::StoreOptions;
use crate::refs::{Expected, RefUpdate};
use crate::scan::Place;
use crate::segment::Object;
use crate::store::Store;
use crate::tail::change;
use crate::vfs::{OpenMode, OsVfs, Vfs};
use crate::view::Refs;
use crate::walk::{Found, Piece, Walk};

/// What could be saved of a store, and what not.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Salvaged {
    /// What was read, and what was damaged and is lost.
    pub report: Report,
    /// How many refs were saved.
    pub refs: u64,
}

impl Store {
    /// Copies every intact object, and the refs as the newest intact batches have them, from a
    /// damaged store into a new one. The damaged store is not changed.
    ///
    /// The refs may lead to objects that are lost: [`check_reachable`](Self::check_reachable) on
    /// the new store tells which.
    ///
    /// # Errors
    /// I/O errors, and what [`create`](Self::create) says of the new directory. Damage is in the
    /// report, unless nothing tells which store this was.
    pub fn salvage(
        from: impl AsRef<Path>,
        to: impl AsRef<Path>,
        options: StoreOptions,
    ) -> Result<(Self, Salvaged), StoreError> {
        let from = OsVfs::new(from.as_ref());
        let to = Self::create(to, options)?;
        let salvaged = to.salvage_on(Arc::new(from))?;
        Ok((to, salvaged))
    }

    /// Copies what is intact of a damaged store on any file system into this one.
    ///
    /// # Errors
    /// Those of [`salvage`](Self::salvage).
    pub fn salvage_on(&self, from: Arc<dyn Vfs>) -> Result<Salvaged, StoreError> {
        let dir = Dir::new(from);
        let mut salvage = Salvage { to: self, done: Salvaged::default(), refs: BTreeMap::new() };
        let manifest = salvage.done.report.take(Manifest::read(&dir))?.flatten();
        if manifest.is_none() && salvage.done.report.problems.is_empty() {
            let path = dir.path(Manifest::NAME);
            salvage.done.report.problem(path, 0, Damage::MissingFile);
        }
        let mut numbers: Vec<u32> =
            dir.list()?.iter().filter_map(|name| segment_number(name)).collect();
        numbers.sort_unstable();
        if let Some(manifest) = &manifest {
            numbers.retain(|number| manifest.segments.iter().any(|it| it.number == *number));
            for missing in manifest.segments.iter().filter(|entry| !numbers.contains(&entry.number))
            {
                let path = dir.path(&segment_name(missing.number));
                salvage.done.report.problem(path, 0, Damage::MissingFile);
            }
        }
        let id = match &manifest {
            Some(manifest) => manifest.id,
            None => identify(&dir, &numbers)?,
        };
        let sums = Sums::new(id);
        for number in numbers {
            salvage.segment(&dir, &sums, number)?;
        }
        salvage.commit()
    }
}

/// The store's identity, from the first segment that has its header.
fn identify(dir: &Dir, numbers: &[u32]) -> Result<[u8; 16], StoreError> {
    for number in numbers {
        let file = dir.open(&segment_name(*number), OpenMode::Read)?;
        if let Some(id) = segment_id(&file)? {
            return Ok(id);
        }
    }
    Err(StoreError::NotAStore { path: dir.path("") })
}

struct Salvage<'a> {
    to: &'a Store,
    done: Salvaged,
    /// The ref changes of each batch, by sequence.
    refs: BTreeMap<u64, RefChanges>,
}

struct RefChanges {
    /// Whether these are all refs.
    all: bool,
    changes: Vec<(String, Option<Arc<[u8]>>)>,
    records_intact: bool,
}

impl Salvage<'_> {
    fn segment(&mut self, dir: &Dir, sums: &Sums, number: u32) -> Result<(), StoreError> {
        let name = segment_name(number);
        let file = dir.open(&name, OpenMode::Read)?;
        let end = file.len()?;
        self.done.report.segments += 1;
        if segment_id(&file)? != Some(sums.id) {
            self.done.report.problem(dir.path(&name), 0, Damage::Sum("segment's header"));
        }
        let mut walk = Walk::new(Place { file: &file, sums, segment: number, at: 0 }, end);
        while let Some(piece) = walk.next()? {
            let wrong = match piece {
                Piece::Gap { at, len } => {
                    self.scavenge(&file, at, len)?;
                    Some((at, Damage::Sum("batch's header")))
                }
                Piece::Batch(found) => self.batch(&file, *found)?,
            };
            if let Some((at, damage)) = wrong {
                self.done.report.problem(dir.path(&name), at, damage);
            }
        }
        Ok(())
    }

    /// Takes up a batch; returns what is wrong with it.
    fn batch(&mut self, file: &File, found: Found) -> Result<Option<(u64, Damage)>, StoreError> {
        let Found { header, records, records_intact, meta, .. } = found;
        self.done.report.batches += 1;
        let mut wrong = None;
        for record in Records::new(&records, header.records_at()) {
            match record {
                Ok(record) => {
                    if let Err(damage) = self.object(&record)? {
                        wrong = Some((record.at, damage));
                    }
                }
                Err((at, damage)) => {
                    self.scavenge(file, at, header.meta_at() - at)?;
                    wrong = Some((at, damage));
                }
            }
        }
        if !records_intact && wrong.is_none() {
            wrong = Some((header.records_at(), Damage::Sum("batch's records")));
        }
        match meta {
            Ok(meta) => {
                let (all, changes) = (header.checkpoint, meta.refs);
                self.refs.insert(header.sequence, RefChanges { all, changes, records_intact });
            }
            Err(damage) => wrong = Some((header.meta_at(), damage)),
        }
        Ok(wrong)
    }

    /// Looks for records in bytes that nothing vouches for: each has a hash of its own.
    fn scavenge(&mut self, file: &File, at: u64, len: u64) -> Result<(), StoreError> {
        let len = len.min(file.len()?.saturating_sub(at));
        let bytes = file.read(at, len)?;
        let mut offset = 0;
        while offset < bytes.len() {
            let found = Record::decode(&bytes[offset..], at + offset as u64);
            let step = match found {
                Ok(record) if self.object(&record)?.is_ok() => record.header.record_len(),
                _ => 8,
            };
            offset += step as usize;
        }
        Ok(())
    }

    fn object(&mut self, record: &Record<'_>) -> Result<Result<(), Damage>, StoreError> {
        let hash = record.header.hash;
        match Object::of(record) {
            Err(damage) => return Ok(Err(damage)),
            // The locators are hints for the old place.
            Ok(Object::Node(node)) => self.to.write_node(&hash, node).map(|_| ())?,
            Ok(Object::Bytes(bytes)) => self.to.write_object(record.header.kind, &hash, &bytes)?,
        }
        self.done.report.objects += 1;
        self.done.report.object_bytes += record.bytes.len() as u64;
        Ok(Ok(()))
    }

    fn commit(mut self) -> Result<Salvaged, StoreError> {
        // The last batch may be what a crash tore off: its refs would lead to what was never there.
        while self.refs.last_entry().is_some_and(|last| !last.get().records_intact) {
            self.refs.pop_last();
        }
        let mut refs = Refs::new();
        for RefChanges { all, changes, .. } in std::mem::take(&mut self.refs).into_values() {
            if all {
                refs.clear();
            }
            change(&mut refs, changes);
        }
        self.done.refs = refs.len() as u64;
        let updates = refs.into_iter().map(|(name, value)| RefUpdate {
            name,
            expected: Expected::Any,
            new: Some(value.to_vec()),
        });
        self.to.commit(&Transaction { updates: updates.collect(), ..Transaction::default() })?;
        Ok(self.done)
    }
}
