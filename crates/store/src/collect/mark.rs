//! Marking: finding what is live.

use std::cmp::Reverse;
use std::collections::HashMap;

use prollytree_tree::{Hash, Locator, ObjectKind};

use super::{Collection, Grey, Phase, Trace};
use crate::error::StoreError;
use crate::format::{Record, RecordHeader, unlocate};
use crate::pin::Needs;
use crate::segment::Object;
use crate::view::View;

impl<T: Trace> Collection<T> {
    /// Adds what refs, sessions and this handle need. The caller holds the store's lock.
    pub(super) fn find_roots(&mut self, view: &View) -> Result<(), StoreError> {
        let source = |source| StoreError::TraceRefs { source };
        self.shade(self.trace.roots(&view.refs).map_err(source)?, true);
        // What a session needs and is not there is pending too, or fails its commit.
        self.shade(Needs::read(&self.store.shared.dir)?.roots, false);
        for session in self.store.sessions() {
            self.shade(session.relied_on(), false);
            for item in session.items() {
                let children = self.children(item.kind, &item.hash, &item.object)?;
                self.shade(children, false);
            }
        }
        Ok(())
    }

    /// Adds what is to be traced.
    fn shade(&mut self, objects: Vec<(ObjectKind, Hash)>, needed: bool) {
        let new = objects.into_iter().filter(|object| !self.live.contains_key(object));
        self.grey.extend(new.map(|(kind, hash)| Grey { kind, hash, needed }));
    }

    /// Adds the records of the segments that are not dropped, as far as they are not traced yet.
    pub(super) fn find_kept(&mut self, view: &View) -> Result<(), StoreError> {
        let active = view.segments.last().map(|segment| segment.number);
        for segment in view.segments.iter() {
            let number = segment.number;
            if self.victims.contains(&number) || self.settled.contains(&number) {
                continue;
            }
            for (_, at) in segment.entries()? {
                if self.traced.insert((number, at)) {
                    self.kept.push((number, at));
                }
            }
            if Some(number) != active {
                self.settled.insert(number);
            }
        }
        Ok(())
    }

    /// Traces what is grey or kept, as far as the budget goes. Whether all of it is traced.
    pub(super) fn mark(&mut self, budget: &mut u64) -> Result<bool, StoreError> {
        let view = self.view();
        while *budget > 0 {
            let traced = match (self.grey.pop(), self.kept.pop()) {
                (Some(grey), kept) => {
                    self.kept.extend(kept);
                    self.trace_live(&view, &grey)?
                }
                (None, Some((segment, at))) => self.trace_kept(&view, segment, at)?,
                (None, None) => return Ok(true),
            };
            *budget = budget.saturating_sub(traced);
        }
        Ok(self.grey.is_empty() && self.kept.is_empty())
    }

    /// Marks an object and adds what it refers to; returns its size.
    fn trace_live(&mut self, view: &View, grey: &Grey) -> Result<u64, StoreError> {
        let Grey { kind, hash, needed } = *grey;
        if self.live.contains_key(&(kind, hash)) {
            return Ok(0);
        }
        let (object, at) = match view.read(kind, &hash, Locator::NONE)? {
            Some(found) => found,
            None if needed => return Err(StoreError::Missing { kind, hash }),
            None => return Ok(0),
        };
        let len = object.record_len();
        self.live.insert((kind, hash), (at, len));
        self.done.live_objects += 1;
        if self.is_in_victim(at) {
            self.to_copy.push((kind, hash));
        }
        let children = self.children(kind, &hash, &object)?;
        self.shade(children, needed);
        Ok(len)
    }

    /// Adds what a record of a kept segment refers to; returns its size.
    fn trace_kept(&mut self, view: &View, segment: u32, at: u32) -> Result<u64, StoreError> {
        let Some(segment) = view.segment(segment) else { return Ok(0) };
        let at = u64::from(at) * 8;
        let damaged = |damage| segment.file().map_or_else(|e| e, |file| file.damaged(at, damage));
        let bytes = segment.read_record(at)?;
        let record = Record::decode(&bytes, at).map_err(damaged)?;
        let RecordHeader { kind, hash, .. } = record.header;
        if !self.live.contains_key(&(kind, hash)) {
            let object = Object::of(&record).map_err(damaged)?;
            let children = self.children(kind, &hash, &object)?;
            self.shade(children, false);
        }
        Ok(record.header.record_len())
    }

    fn children(
        &self,
        kind: ObjectKind,
        hash: &Hash,
        object: &Object,
    ) -> Result<Vec<(ObjectKind, Hash)>, StoreError> {
        let children = self.trace.children(kind, object.bytes());
        children.map_err(|source| StoreError::Trace { kind, hash: *hash, source })
    }

    fn is_in_victim(&self, at: Locator) -> bool {
        unlocate(at).is_some_and(|(segment, _)| self.victims.contains(&segment))
    }

    /// Chooses the segments to drop: those of which a quarter is garbage, and short ones to be
    /// joined.
    pub(super) fn choose_victims(&mut self) -> Result<(), StoreError> {
        let view = self.view();
        let mut live: HashMap<u32, (u64, usize)> = HashMap::new();
        for (at, len) in self.live.values() {
            if let Some((segment, _)) = unlocate(*at) {
                let (bytes, objects) = live.entry(segment).or_default();
                (*bytes, *objects) = (*bytes + len, *objects + 1);
            }
        }
        let mut short = Vec::new();
        for &number in &self.candidates {
            let Some(segment) = view.segment(number) else { continue };
            let (live_bytes, live_objects) = live.get(&number).copied().unwrap_or_default();
            let all_bytes = segment.file()?.len()?;
            let entries = segment.entries()?;
            if all_bytes.saturating_sub(live_bytes) * 4 >= all_bytes {
                self.victims.insert(number);
            } else if all_bytes < self.store.shared.options.segment_bytes / 4 {
                short.push(number);
            } else if live_objects == entries.len() {
                // There is nothing to trace beside what is live.
                self.settled.insert(number);
            }
        }
        if short.len() > 1 {
            self.victims.extend(short);
        }
        let in_victims = self.live.iter().filter(|(_, (at, _))| self.is_in_victim(*at));
        let mut to_copy: Vec<_> = in_victims.map(|(name, (at, _))| (at.0, *name)).collect();
        // Taken from the end: in the order of the disk, children before parents.
        to_copy.sort_unstable_by_key(|(at, _)| Reverse(*at));
        self.to_copy = to_copy.into_iter().map(|(_, name)| name).collect();
        self.phase = Phase::Copy;
        self.find_kept(&view)
    }
}
