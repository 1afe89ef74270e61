//! Copying: appending again what is live in the victims.

use prollytree_tree::Locator;

use super::{Collection, Trace};
use crate::append::Content;
use crate::error::StoreError;
use crate::lock::lock;
use crate::options::Durability;
use crate::pending::Item;
use crate::tail::Tail;
use crate::view::View;

impl<T: Trace> Collection<T> {
    /// Copies as much as the budget says.
    pub(super) fn copy(&mut self, budget: u64) -> Result<(), StoreError> {
        // Read before the lock is taken: victims do not change.
        let items = self.take_items(budget)?;
        let store = self.store.clone();
        let mut tail = lock(&store.shared.tail);
        let _lock = store.lock_store()?;
        store.ready(&mut tail)?;
        self.append(&mut tail, &items)
    }

    /// Appends what was taken. The caller holds the store's lock and has caught up.
    pub(super) fn append(&mut self, tail: &mut Tail, items: &[Item]) -> Result<(), StoreError> {
        if items.is_empty() {
            return Ok(());
        }
        let shared = &self.store.shared;
        let content = Content { items, refs: Vec::new(), last: false };
        tail.append(&shared.view, content, Durability::Buffered, &shared.options)?;
        self.done.copied_objects += items.len() as u64;
        self.done.copied_bytes += items.iter().map(|item| item.object.record_len()).sum::<u64>();
        Ok(())
    }

    /// Reads what is to be copied next, as much as the budget says.
    pub(super) fn take_items(&mut self, mut budget: u64) -> Result<Vec<Item>, StoreError> {
        let view = self.view();
        let survivors = self.survivors(&view);
        let mut items = Vec::new();
        while budget > 0
            && let Some((kind, hash)) = self.to_copy.pop()
        {
            let kept = match survivors.read(kind, &hash, Locator::NONE) {
                Ok(kept) => kept,
                // A damaged copy: another one follows it.
                Err(error) if error.is_damage() => None,
                Err(error) => return Err(error),
            };
            if kept.is_some() {
                continue;
            }
            let (object, _) =
                view.read(kind, &hash, Locator::NONE)?.ok_or(StoreError::Missing { kind, hash })?;
            budget = budget.saturating_sub(object.record_len());
            items.push(Item { kind, hash, object });
        }
        Ok(items)
    }

    /// The store without the victims.
    pub(super) fn survivors(&self, view: &View) -> View {
        let kept = view.segments.iter().filter(|segment| !self.victims.contains(&segment.number));
        View { segments: kept.cloned().collect(), ..view.clone() }
    }
}
