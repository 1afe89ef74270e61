//! Cursors: a position among the entries of a tree.

use crate::blob::read_value;
use crate::error::TreeError;
use crate::path::Path;
use crate::snapshot::Snapshot;
use crate::storage::NodeStorage;
use crate::value::ValueRef;

/// A position between two entries, moved in either direction, that lends entries without copying.
///
/// ```
/// use prollytree_tree::{InMemoryNodeStorage, Snapshot};
/// let entries = [("a", "1"), ("b", "2"), ("c", "3")];
/// let storage = InMemoryNodeStorage::new();
/// let tree = Snapshot::from_sorted(storage, Default::default(), entries)?;
/// let mut cursor = tree.cursor()?;
/// cursor.seek(b"b")?;
/// assert_eq!(cursor.next()?.map(|entry| entry.key()), Some(&b"b"[..]));
/// assert_eq!(cursor.next()?.map(|entry| entry.key()), Some(&b"c"[..]));
/// assert!(cursor.next()?.is_none());
/// assert_eq!(cursor.previous()?.map(|entry| entry.key()), Some(&b"c"[..]));
/// # Ok::<(), prollytree_tree::TreeError>(())
/// ```
pub struct Cursor<'s, S> {
    snapshot: &'s Snapshot<S>,
    path: Path<'s, S>,
    /// The entry of the leaf that is next; its length if the next entry is in the next leaf.
    index: usize,
    /// The key last lent; its first bytes are the prefix of the leaf that it came from.
    key: Vec<u8>,
    prefix_len: usize,
}

/// An entry lent by a [`Cursor`].
pub struct EntryRef<'c, S> {
    storage: &'c S,
    key: &'c [u8],
    value: ValueRef<'c>,
}

impl<'c, S: NodeStorage> EntryRef<'c, S> {
    /// The key.
    pub fn key(&self) -> &'c [u8] {
        self.key
    }

    /// The value, or the reference to a large one.
    pub fn value(&self) -> ValueRef<'c> {
        self.value
    }

    /// Copies the value out, reading a large one.
    ///
    /// # Errors
    /// A part of a large value is missing or damaged, or the storage fails.
    pub fn read_value(&self) -> Result<Vec<u8>, TreeError> {
        read_value(self.storage, self.value)
    }
}

impl<'s, S: NodeStorage> Cursor<'s, S> {
    /// A cursor before the first entry.
    pub(crate) fn first(snapshot: &'s Snapshot<S>) -> Result<Self, TreeError> {
        let path = Path::first(&snapshot.storage, &snapshot.root.node, 0)?;
        Ok(Self::at(snapshot, path, 0))
    }

    fn at(snapshot: &'s Snapshot<S>, path: Path<'s, S>, index: usize) -> Self {
        Self { snapshot, path, index, key: Vec::new(), prefix_len: 0 }.entered()
    }

    /// A cursor before the entry of this rank, or behind the last.
    pub(crate) fn select(snapshot: &'s Snapshot<S>, rank: u64) -> Result<Self, TreeError> {
        let (storage, root) = (&snapshot.storage, &snapshot.root.node);
        if rank >= snapshot.len() {
            let path = Path::last(storage, root, 0)?;
            let index = path.node().len();
            return Ok(Self::at(snapshot, path, index));
        }
        let (path, index) = Path::select(storage, root, rank)?;
        Ok(Self::at(snapshot, path, index))
    }

    /// Moves before the first entry whose key is at least `key`. O(log entries).
    ///
    /// # Errors
    /// A node is missing or damaged, or the storage fails.
    pub fn seek(&mut self, key: &[u8]) -> Result<(), TreeError> {
        self.path = Path::find(&self.snapshot.storage, &self.snapshot.root.node, 0, key)?;
        self.index = self.path.node().lower_bound(key);
        self.enter();
        Ok(())
    }

    /// How many entries lie before the cursor.
    pub fn rank(&self) -> u64 {
        self.path.rank() + self.index as u64
    }

    /// Lends the entry behind the cursor and moves past it; `None` at the end.
    ///
    /// # Errors
    /// A node is missing or damaged, or the storage fails.
    #[expect(clippy::should_implement_trait, reason = "an iterator cannot lend")]
    pub fn next(&mut self) -> Result<Option<EntryRef<'_, S>>, TreeError> {
        if self.index >= self.path.node().len() {
            if !self.path.advance()? {
                return Ok(None);
            }
            self.index = 0;
            self.enter();
        }
        self.index += 1;
        Ok(Some(self.lend(self.index - 1)))
    }

    /// Lends the entry before the cursor and moves before it; `None` at the start.
    ///
    /// # Errors
    /// A node is missing or damaged, or the storage fails.
    pub fn previous(&mut self) -> Result<Option<EntryRef<'_, S>>, TreeError> {
        if self.index == 0 {
            if !self.path.retreat()? {
                return Ok(None);
            }
            self.index = self.path.node().len();
            self.enter();
        }
        self.index -= 1;
        Ok(Some(self.lend(self.index)))
    }

    fn lend(&mut self, i: usize) -> EntryRef<'_, S> {
        let node = self.path.node();
        self.key.truncate(self.prefix_len);
        self.key.extend_from_slice(node.suffix(i));
        EntryRef { storage: &self.snapshot.storage, key: &self.key, value: node.value(i) }
    }

    fn entered(mut self) -> Self {
        self.enter();
        self
    }

    /// Takes over the prefix of a new leaf.
    fn enter(&mut self) {
        let prefix = self.path.node().prefix();
        self.key.clear();
        self.key.extend_from_slice(prefix);
        self.prefix_len = prefix.len();
    }
}
