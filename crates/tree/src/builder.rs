//! Builds a tree from sorted entries, one pass, one node a level in memory.

mod parallel;

pub use parallel::AsEntry;

use crate::blob::store_value;
use crate::chunker::{Chunker, Item};
use crate::config::TreeConfig;
use crate::edit::{Root, grow};
use crate::error::TreeError;
use crate::node::Payload;
use crate::storage::NodeStorage;
use crate::value::MAX_KEY_LEN;

/// Builds a tree bottom-up; the nodes of a level become the entries of the next as they are cut.
pub(crate) struct Builder<'s, S> {
    storage: &'s S,
    config: &'s TreeConfig,
    /// One a level. The top one has cut at most one node.
    levels: Vec<Chunker<'s, S>>,
    last_key: Option<Vec<u8>>,
    position: usize,
}

impl<'s, S: NodeStorage> Builder<'s, S> {
    pub(crate) fn new(storage: &'s S, config: &'s TreeConfig) -> Self {
        let levels = vec![Chunker::new(storage, config, 0)];
        Self { storage, config, levels, last_key: None, position: 0 }
    }

    pub(crate) fn push(&mut self, key: &[u8], value: &[u8]) -> Result<(), TreeError> {
        check_key(key)?;
        match &mut self.last_key {
            Some(last) if key <= last.as_slice() => {
                return Err(TreeError::Unsorted { position: self.position });
            }
            Some(last) => {
                last.clear();
                last.extend_from_slice(key);
            }
            None => self.last_key = Some(key.to_vec()),
        }
        self.position += 1;
        let value = store_value(self.storage, value)?;
        self.levels[0].push_sorted(key, &[], &Payload::Value(value))?;
        self.rise(0)
    }

    /// Hands finished nodes up, from `level` on.
    fn rise(&mut self, mut level: usize) -> Result<(), TreeError> {
        loop {
            let is_top = level + 1 == self.levels.len();
            if self.levels[level].items().len() <= usize::from(is_top) {
                return Ok(());
            }
            if is_top {
                let above = Chunker::new(self.storage, self.config, (level + 1) as u8);
                self.levels.push(above);
            }
            let items = self.levels[level].take_items();
            push_items(&mut self.levels[level + 1], &items)?;
            level += 1;
        }
    }

    pub(crate) fn finish(self) -> Result<Root, TreeError> {
        let (storage, config) = (self.storage, self.config);
        let (mut below, mut level) = (Vec::new(), 0);
        for (i, mut chunker) in self.levels.into_iter().enumerate() {
            push_items(&mut chunker, &below)?;
            below = chunker.finish()?;
            level = i as u8;
        }
        grow(storage, config, level, below)
    }
}

fn push_items<S: NodeStorage>(
    chunker: &mut Chunker<'_, S>,
    items: &[Item],
) -> Result<(), TreeError> {
    items.iter().try_for_each(|item| chunker.push(&item.key, &[], &Payload::Child(item.child)))
}

pub(crate) fn check_key(key: &[u8]) -> Result<(), TreeError> {
    if key.len() > MAX_KEY_LEN {
        return Err(TreeError::KeyTooLong { len: key.len() });
    }
    Ok(())
}
