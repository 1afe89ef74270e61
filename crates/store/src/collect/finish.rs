//! The end of a collection: a manifest without the victims.

use super::{Collection, Phase, Trace};
use crate::append::Content;
use crate::error::StoreError;
use crate::format::{Manifest, segment_name, segment_number};
use crate::lock::{lock, write};
use crate::options::Durability;
use crate::tail::Tail;

impl<T: Trace> Collection<T> {
    /// Drops the victims if nothing new came up that the budget does not suffice for.
    pub(super) fn finish(&mut self, mut budget: u64) -> Result<(), StoreError> {
        let store = self.store.clone();
        let mut tail = lock(&store.shared.tail);
        let _lock = store.lock_store()?;
        store.ready(&mut tail)?;
        // From here on nothing is added, by anyone. What was added meanwhile must be live too.
        let view = self.view();
        self.find_roots(&view)?;
        self.find_kept(&view)?;
        if !self.mark(&mut budget)? {
            return Ok(());
        }
        let items = self.take_items(budget)?;
        self.append(&mut tail, &items)?;
        if !self.to_copy.is_empty() {
            return Ok(());
        }
        if self.victims.contains(&tail.active.number) {
            // The log must go on somewhere.
            let content = Content { items: &[], refs: Vec::new(), last: false };
            let (view, options) = (&store.shared.view, &store.shared.options);
            tail.append(view, content, Durability::Sync, options)?;
        }
        tail.sync()?;
        self.drop_victims(&mut tail)?;
        self.phase = Phase::Done;
        Ok(())
    }

    fn drop_victims(&mut self, tail: &mut Tail) -> Result<(), StoreError> {
        if self.victims.is_empty() {
            return Ok(());
        }
        let mut manifest = tail.manifest.clone();
        manifest.generation += 1;
        manifest.collection += 1;
        manifest.segments.retain(|segment| !self.victims.contains(&segment.number));
        manifest.prepare(&tail.dir)?;
        Manifest::publish(&tail.dir).inspect_err(|_| tail.poisoned = true)?;
        let dropped = self.view();
        {
            let mut view = write(&self.store.shared.view);
            view.segments = self.survivors(&view).segments;
            view.generation = manifest.generation;
            view.collection = manifest.collection;
        }
        tail.manifest = manifest;
        for &number in &self.victims {
            if let Some(segment) = dropped.segment(number) {
                // Readers that found something in it go on reading: opened files stay.
                self.done.dropped_bytes += segment.file()?.len()?;
                self.done.dropped_segments += 1;
            }
            tail.dir.unlink(&segment_name(number))?;
        }
        Ok(())
    }
}

/// Removes the segments that an interrupted collection dropped and did not remove. The caller holds
/// the store's lock.
pub(super) fn remove_leftovers(tail: &Tail) -> Result<(), StoreError> {
    // Whoever dropped them may have been killed before the manifest was durable.
    tail.dir.sync()?;
    for name in tail.dir.list()? {
        let listed = |number| tail.manifest.segments.iter().any(|entry| entry.number == number);
        if segment_number(&name).is_some_and(|number| !listed(number)) {
            tail.dir.unlink(&name)?;
        }
    }
    Ok(())
}
