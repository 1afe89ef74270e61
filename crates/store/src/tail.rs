//! The end of the log: finding it, following it, and what an appender must know to go on.

use std::sync::{Arc, RwLock};

use crate::dir::{Dir, File};
use crate::error::{Damage, StoreError};
use crate::format::{IndexEntry, Manifest, SEGMENT_HEADER_LEN, Sum, Sums, Synced, segment_number};
use crate::lock::{read, write};
use crate::scan::{Batch, Place};
use crate::segment::Segment;
use crate::view::{Refs, View};

/// The end of the log as this handle knows it.
pub(crate) struct Tail {
    pub(crate) dir: Dir,
    pub(crate) sums: Sums,
    pub(crate) manifest: Manifest,
    pub(crate) active: Arc<Segment>,
    /// The sequence, link and place of the last batch.
    pub(crate) sequence: u64,
    pub(crate) link: Sum,
    pub(crate) last_at: u64,
    /// Where the next batch goes.
    pub(crate) end: u64,
    /// Whether the active segment ends here: the next batch goes into a new one.
    pub(crate) full: bool,
    /// Every batch up to this sequence is durable.
    pub(crate) synced: u64,
    /// The last checkpoint of the active segment: place and link.
    pub(crate) checkpoint: (u64, Sum),
    /// The records after that checkpoint.
    pub(crate) unindexed: Vec<IndexEntry>,
    /// Open for appending, from the first append on.
    pub(crate) appender: Option<File>,
    /// Open for the hint.
    pub(crate) hint: Option<File>,
    /// A sync failed: what is on the disk is unknown, and no more may be built on it.
    pub(crate) poisoned: bool,
}

impl Tail {
    /// Reads the store from the last checkpoint that the hint knows. Segments that are open
    /// already, as `known`, stay open.
    pub(crate) fn load(dir: &Dir, known: &[Arc<Segment>]) -> Result<(Self, View), StoreError> {
        let mut manifest = Manifest::read(dir)?.ok_or_else(|| no_manifest(dir))?;
        loop {
            let loaded = Self::load_with(dir, &manifest, known);
            // Another process may have started a segment, or dropped one, since the manifest was
            // read: what looks like damage is one only if it has not.
            match (loaded, Manifest::read(dir)?.ok_or_else(|| no_manifest(dir))?) {
                (loaded, now) if now == manifest => return loaded,
                (_, now) => manifest = now,
            }
        }
    }

    fn load_with(
        dir: &Dir,
        manifest: &Manifest,
        known: &[Arc<Segment>],
    ) -> Result<(Self, View), StoreError> {
        let sums = Sums::new(manifest.id);
        // Before the log, which only grows: what the hint calls durable must be found there.
        let hint = dir.read(Synced::NAME)?.and_then(|(_, bytes)| Synced::decode(&bytes, &sums));
        let number = manifest.active();
        let usable = hint.as_ref().filter(|hint| hint.segment == number);
        let start = usable.map(|hint| hint.checkpoint);
        let active = Arc::new(Segment::new(dir, &sums, number, start));
        let first = match start {
            Some((at, link)) => checkpoint_at(&active, at, link)?,
            None => first_batch(&active, &sums)?,
        };
        if start.is_none() {
            active.add(&first.entries);
        }
        let refs = first.meta.refs.into_iter().filter_map(|(name, value)| Some((name, value?)));
        let view = RwLock::new(View {
            segments: segments(dir, &sums, manifest, known, &active),
            refs: Arc::new(refs.collect()),
            sequence: first.header.sequence,
            generation: manifest.generation,
            collection: manifest.collection,
        });
        let mut tail = Self {
            dir: dir.clone(),
            sums,
            manifest: manifest.clone(),
            active,
            sequence: first.header.sequence,
            link: first.link,
            last_at: first.header.at,
            end: first.header.end(),
            full: first.header.last,
            synced: first.header.synced,
            checkpoint: (first.header.at, first.link),
            unindexed: Vec::new(),
            appender: None,
            hint: None,
            poisoned: false,
        };
        tail.follow(&view)?;
        tail.check_end(&view, hint.map_or(0, |hint| hint.sequence))?;
        let view = read(&view).clone();
        Ok((tail, view))
    }

    /// Takes up what was appended since, by whomever. Whether there was anything.
    pub(crate) fn follow(&mut self, view: &RwLock<View>) -> Result<bool, StoreError> {
        let before = self.sequence;
        while !self.full {
            let active = Arc::clone(&self.active);
            let place = self.place(&active)?;
            let Some(batch) = place.batch(Some((self.sequence, &self.link)))? else { break };
            self.active.add(&batch.entries);
            self.take_up(batch, view);
        }
        Ok(self.sequence != before)
    }

    /// Where the next batch is expected.
    pub(crate) fn place<'a>(&'a self, active: &'a Segment) -> Result<Place<'a>, StoreError> {
        let file = active.file()?;
        Ok(Place { file, sums: &self.sums, segment: active.number, at: self.end })
    }

    /// Whether the log still holds the batch that this handle takes for the last one. A writer
    /// whose sync failed may have taken it back.
    pub(crate) fn is_current(&self) -> Result<bool, StoreError> {
        let last = Place { at: self.last_at, ..self.place(&self.active)? };
        Ok(last.header()?.is_some_and(|(_, link)| link == self.link))
    }

    /// Like [`follow`](Self::follow), and notices segments that another process started, and
    /// batches that it took back. `thorough` looks for dropped segments too.
    pub(crate) fn catch_up(
        &mut self,
        view: &RwLock<View>,
        thorough: bool,
    ) -> Result<bool, StoreError> {
        let moved = self.follow(view)?;
        let generation = Some(self.manifest.generation);
        let replaced = || Ok(Manifest::read_generation(&self.dir)? != generation);
        let stale = ((self.full || thorough) && replaced()?)
            || (!self.full && self.active.file()?.len()? != self.end && !self.is_current()?);
        if stale {
            let known = Arc::clone(&read(view).segments);
            let (tail, now) = Self::load(&self.dir, &known)?;
            *self = Self { poisoned: self.poisoned, ..tail };
            *write(view) = now;
        }
        Ok(moved || stale)
    }

    pub(crate) fn take_up(&mut self, batch: Batch, view: &RwLock<View>) {
        let Batch { header, link, meta, entries } = batch;
        let mut view = write(view);
        let refs = Arc::make_mut(&mut view.refs);
        if header.checkpoint {
            refs.clear();
            self.checkpoint = (header.at, link);
            self.unindexed.clear();
        } else {
            self.unindexed.extend(entries);
        }
        change(refs, meta.refs);
        view.sequence = header.sequence;
        self.sequence = header.sequence;
        self.link = link;
        self.last_at = header.at;
        self.end = header.end();
        self.full = header.last;
        self.synced = self.synced.max(header.synced);
    }

    /// Tells the torn tail of a crash from damage, given what is known to be durable.
    pub(crate) fn check_end(
        &mut self,
        view: &RwLock<View>,
        durable: u64,
    ) -> Result<(), StoreError> {
        self.synced = self.synced.max(durable);
        let next = self.sequence + 1;
        let active = Arc::clone(&self.active);
        let lost = {
            let place = self.place(&active)?;
            let torn = !self.full && place.file.len()? > self.end;
            if durable >= next || (torn && place.proven_durable(next)?) {
                Some(place.lost(next))
            } else {
                None
            }
        };
        match lost {
            // A writer may have been in the middle of the batch just now.
            Some(_) if self.follow(view)? => self.check_end(view, durable),
            Some(error) => Err(error),
            None => Ok(()),
        }
    }
}

pub(crate) fn change(
    refs: &mut Refs,
    changes: impl IntoIterator<Item = (String, Option<Arc<[u8]>>)>,
) {
    for (name, value) in changes {
        match value {
            Some(value) => refs.insert(name, value),
            None => refs.remove(&name),
        };
    }
}

/// The segments of a manifest: those that are known already, and the active one.
fn segments(
    dir: &Dir,
    sums: &Sums,
    manifest: &Manifest,
    known: &[Arc<Segment>],
    active: &Arc<Segment>,
) -> Arc<[Arc<Segment>]> {
    // Only what was known whole: another process may have gone on with what was the active one.
    let open = |number, last| {
        known
            .iter()
            .find(|segment| segment.number == number && segment.indexed == Some(last))
            .cloned()
    };
    let listed = manifest.segments.iter().map(|entry| match entry.last {
        None => Arc::clone(active),
        Some(last) => open(entry.number, last)
            .unwrap_or_else(|| Arc::new(Segment::new(dir, sums, entry.number, Some(last)))),
    });
    listed.collect()
}

/// The checkpoint that the hint names: it was durable, so it must be there. Its records are not
/// read: the index finds them.
fn checkpoint_at(active: &Segment, at: u64, link: Sum) -> Result<Batch, StoreError> {
    let (header, found) = active.read_header(at)?;
    if found != link || !header.checkpoint {
        return Err(active.file()?.damaged(at, Damage::Sum("batch's header")));
    }
    let meta = active.read_meta(&header)?;
    Ok(Batch { header, link, meta, entries: Vec::new() })
}

fn first_batch(active: &Segment, sums: &Sums) -> Result<Batch, StoreError> {
    let file = active.file()?;
    let at = SEGMENT_HEADER_LEN;
    let place = Place { file, sums, segment: active.number, at };
    let first = place.batch(None)?.filter(|batch| batch.header.checkpoint);
    // It was durable before the manifest named the segment.
    first.ok_or_else(|| file.damaged(at, Damage::Sum("first batch")))
}

/// Why a directory has no manifest: it is no store, or it was one.
fn no_manifest(dir: &Dir) -> StoreError {
    match dir.list() {
        Ok(names) if names.iter().any(|name| segment_number(name).is_some()) => {
            let (path, damage) = (dir.path(Manifest::NAME), Damage::MissingFile);
            StoreError::Damaged { path, offset: 0, damage }
        }
        Err(error) if !error.is_not_found() => error,
        _ => StoreError::NotAStore { path: dir.path("") },
    }
}
