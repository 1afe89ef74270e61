//! Checking a store from end to end.

use std::collections::HashSet;
use std::path::PathBuf;

use prollytree_tree::Locator;

use crate::collect::Trace;
use crate::error::{Damage, StoreError};
use crate::format::{
    BatchHeader, IndexEntry, Meta, Records, SEGMENT_HEADER_LEN, Sum, Sums, segment_name,
};
use crate::lock::{lock, read};
use crate::scan::Place;
use crate::segment::{Object, Segment};
use crate::store::Store;
use crate::view::View;
use crate::walk::{Found, Piece, Walk};

/// Something that is wrong with a store.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Problem {
    /// The file.
    pub path: PathBuf,
    /// Where in the file.
    pub offset: u64,
    /// What is wrong there.
    pub damage: Damage,
}

/// What a check, or a salvage, went through and found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Report {
    /// How many segments were read.
    pub segments: u64,
    /// How many batches were read.
    pub batches: u64,
    /// How many intact objects were read.
    pub objects: u64,
    /// How many bytes these objects have.
    pub object_bytes: u64,
    /// All that is wrong, in the order of the disk.
    pub problems: Vec<Problem>,
}

impl Report {
    pub(crate) fn problem(&mut self, path: PathBuf, offset: u64, damage: Damage) {
        self.problems.push(Problem { path, offset, damage });
    }

    /// Takes damage up, and lets other errors through.
    pub(crate) fn take<T>(
        &mut self,
        result: Result<T, StoreError>,
    ) -> Result<Option<T>, StoreError> {
        match result {
            Ok(value) => Ok(Some(value)),
            Err(StoreError::Damaged { path, offset, damage }) => {
                self.problem(path, offset, damage);
                Ok(None)
            }
            // The store was opened, or is to be salvaged: its version is known elsewhere.
            Err(StoreError::UnsupportedVersion { path, .. }) => {
                self.problem(path, 8, Damage::Field("version"));
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }
}

impl Store {
    /// Reads everything and reports all that is wrong: every byte that a commit covers is checked
    /// against its sums and hashes, and every index against the records. The hint `SYNCED` is not:
    /// a crash may tear it, and nothing depends on it.
    ///
    /// # Errors
    /// I/O errors. Damage is in the report.
    pub fn check(&self) -> Result<Report, StoreError> {
        let (view, sums, end) = self.opened_view()?;
        let mut report = Report::default();
        let mut before = None;
        for segment in view.segments.iter() {
            let active = view.segments.last().is_some_and(|last| last.number == segment.number);
            let path = self.shared.dir.path(&segment_name(segment.number));
            let mut state = Segmental { path, report: &mut report, segment, sums: &sums, before };
            before = state.check(active.then_some(end))?;
        }
        Ok(report)
    }

    /// Follows everything that the refs lead to and reports what is missing or damaged.
    ///
    /// # Errors
    /// I/O errors, and what the tracer cannot read. Damage is in the report.
    pub fn check_reachable(&self, trace: &impl Trace) -> Result<Report, StoreError> {
        let (view, ..) = self.opened_view()?;
        let mut report = Report { segments: view.segments.len() as u64, ..Report::default() };
        let mut grey =
            trace.roots(&view.refs).map_err(|source| StoreError::TraceRefs { source })?;
        let mut seen = HashSet::new();
        while let Some((kind, hash)) = grey.pop() {
            if !seen.insert((kind, hash)) {
                continue;
            }
            let Some(found) = report.take(view.read(kind, &hash, Locator::NONE))? else { continue };
            let Some((object, _)) = found else {
                let path = self.shared.dir.path("");
                report.problem(path, 0, Damage::Dangling { kind, hash });
                continue;
            };
            report.objects += 1;
            report.object_bytes += object.bytes().len() as u64;
            let children = trace.children(kind, object.bytes());
            grey.extend(children.map_err(|source| StoreError::Trace { kind, hash, source })?);
        }
        Ok(report)
    }

    /// The store as it is now, and where its log ends. All its segments are open, so that what a
    /// collection drops meanwhile stays readable and is not taken for missing.
    fn opened_view(&self) -> Result<(View, Sums, u64), StoreError> {
        loop {
            self.refresh()?;
            let (view, sums, end) = {
                let tail = lock(&self.shared.tail);
                (read(&self.shared.view).clone(), tail.sums.clone(), tail.end)
            };
            // Why one does not open is found again by whoever reads it.
            let opened = view.segments.iter().all(|segment| segment.file().is_ok());
            let dropped = |now: View| now.collection != view.collection;
            if opened || !self.newer_view(&view)?.is_some_and(dropped) {
                return Ok((view, sums, end));
            }
        }
    }
}

/// The check of one segment.
struct Segmental<'a> {
    path: PathBuf,
    report: &'a mut Report,
    segment: &'a Segment,
    sums: &'a Sums,
    /// The sequence and link of the batch before, if it is known.
    before: Option<(u64, Sum)>,
}

impl Segmental<'_> {
    /// Checks the segment up to an offset, or to its last batch; returns what the next one follows.
    fn check(&mut self, end: Option<u64>) -> Result<Option<(u64, Sum)>, StoreError> {
        self.report.segments += 1;
        let Some(file) = self.report.take(self.segment.file())? else { return Ok(None) };
        let end = match (end, self.segment.indexed) {
            (Some(end), _) => end,
            (None, Some((at, _))) => {
                let last = self.segment.read_header(at);
                let len = file.len()?;
                self.report.take(last)?.map_or(len, |(header, _)| header.end())
            }
            (None, None) => file.len()?,
        };
        let place = Place { file, sums: self.sums, segment: self.segment.number, at: 0 };
        let mut walk = Walk::new(place, end);
        let mut indexed = Indexed::default();
        let mut before = self.before.take();
        while let Some(piece) = walk.next()? {
            match piece {
                Piece::Gap { at, .. } => {
                    self.problem(at, Damage::Sum("batch's header"));
                    (before, indexed.broken) = (None, true);
                }
                Piece::Batch(found) => {
                    self.batch(&found, before, &mut indexed);
                    before = Some((found.header.sequence, found.link));
                }
            }
        }
        Ok(before)
    }

    fn batch(&mut self, found: &Found, before: Option<(u64, Sum)>, indexed: &mut Indexed) {
        let header = &found.header;
        self.report.batches += 1;
        let follows = |(sequence, link)| match header.sequence == sequence + 1 {
            true => header.before == link,
            // Segments may have been dropped between this one and the one before.
            false => header.at == SEGMENT_HEADER_LEN,
        };
        if !before.is_none_or(follows) {
            self.problem(header.at, Damage::Field("chain of batches"));
        }
        if !found.records_intact {
            self.problem(header.records_at(), Damage::Sum("batch's records"));
        }
        for record in Records::new(&found.records, header.records_at()) {
            match record.and_then(|record| {
                Object::of(&record).map_err(|damage| (record.at, damage))?;
                Ok(record)
            }) {
                Ok(record) => {
                    indexed.entries.push(record.index_entry());
                    self.report.objects += 1;
                    self.report.object_bytes += record.bytes.len() as u64;
                }
                Err((at, damage)) => {
                    self.problem(at, damage);
                    indexed.broken = true;
                }
            }
        }
        match &found.meta {
            Err(damage) => {
                self.problem(header.meta_at(), damage.clone());
                indexed.broken = true;
            }
            Ok(meta) => {
                if !indexed.agrees(header, meta) {
                    self.problem(header.meta_at(), Damage::Field("index"));
                }
            }
        }
    }

    fn problem(&mut self, offset: u64, damage: Damage) {
        self.report.problem(self.path.clone(), offset, damage);
    }
}

/// What the indexes of a segment must hold.
#[derive(Default)]
struct Indexed {
    /// The records since the last checkpoint.
    entries: Vec<IndexEntry>,
    /// Those before each checkpoint since the one before it.
    older: Vec<(u64, Vec<IndexEntry>)>,
    /// Something was unreadable, so the indexes cannot be compared.
    broken: bool,
}

impl Indexed {
    /// Whether the index of a batch, if it has one, is that of the records.
    fn agrees(&mut self, header: &BatchHeader, meta: &Meta) -> bool {
        let Some(index) = &meta.index else { return true };
        let mut expected = std::mem::take(&mut self.entries);
        while let Some((_, older)) = self.older.pop_if(|(at, _)| *at > header.checkpoint_before) {
            expected.extend(older);
        }
        expected.sort_unstable();
        let agrees = self.broken || expected == *index;
        self.older.push((header.at, expected));
        agrees
    }
}
