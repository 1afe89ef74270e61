//! The mutable tree: a snapshot and the edits that are not in it yet.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::ops::RangeBounds;

use crate::blob::{check_blob, read_value, store_value};
use crate::builder::check_key;
use crate::config::TreeConfig;
use crate::edit::{Edit, Span, With};
use crate::error::TreeError;
use crate::hash::Hash;
use crate::snapshot::Snapshot;
use crate::storage::NodeStorage;
use crate::value::{Blob, MAX_VALUE_LEN, Value, ValueRef};

/// An ordered map from byte keys to byte values, with a root hash that depends on nothing but the
/// content.
///
/// Edits are buffered, and no node is built or hashed until a root is asked for. The methods that
/// begin with `try_` work over any storage; over one that cannot fail, as
/// [`InMemoryNodeStorage`](crate::InMemoryNodeStorage), the short ones return plain values.
///
/// ```
/// use prollytree_tree::{InMemoryNodeStorage, ProllyTree};
/// let mut tree = ProllyTree::new(InMemoryNodeStorage::<32>::new(), Default::default());
/// tree.insert(b"b".to_vec(), b"2".to_vec());
/// tree.insert(b"a".to_vec(), b"1".to_vec());
/// let root = tree.root_hash();
/// tree.insert(b"c".to_vec(), b"3".to_vec());
/// tree.delete(b"c");
/// assert_eq!(tree.root_hash(), root);
/// ```
#[derive(Clone, Debug)]
pub struct ProllyTree<S> {
    base: Snapshot<S>,
    pending: BTreeMap<Vec<u8>, Pending>,
}

/// What a key is to become.
#[derive(Clone, Debug)]
enum Pending {
    Put(Vec<u8>),
    PutBlob(Blob),
    Delete,
}

impl Pending {
    fn into_edit((key, pending): (Vec<u8>, Self)) -> Edit {
        let with = match pending {
            Self::Put(value) => With::Value(Value::Inline(value)),
            Self::PutBlob(blob) => With::Value(Value::Blob(blob)),
            Self::Delete => With::Nothing,
        };
        Edit { span: Span::Key(key), with }
    }

    fn from_edit(edit: Edit) -> Option<(Vec<u8>, Self)> {
        let Span::Key(key) = edit.span else { return None };
        let pending = match edit.with {
            With::Value(Value::Inline(value)) => Self::Put(value),
            With::Value(Value::Blob(blob)) => Self::PutBlob(blob),
            _ => Self::Delete,
        };
        Some((key, pending))
    }
}

impl<S: NodeStorage> ProllyTree<S> {
    /// An empty tree.
    pub fn new(storage: S, config: TreeConfig) -> Self {
        Self::from_snapshot(Snapshot::empty(storage, config))
    }

    /// The tree with a given root.
    ///
    /// # Errors
    /// The root is not in the storage, or the storage fails.
    pub fn load(storage: S, config: TreeConfig, root: Hash) -> Result<Self, TreeError> {
        Snapshot::open(storage, config, root).map(Self::from_snapshot)
    }

    /// A tree that begins as a snapshot.
    pub fn from_snapshot(base: Snapshot<S>) -> Self {
        Self { base, pending: BTreeMap::new() }
    }

    /// The storage that holds the nodes.
    pub fn storage(&self) -> &S {
        &self.base.storage
    }

    /// Sets the value of a key, whether it exists or not. O(log pending edits).
    ///
    /// # Errors
    /// The key or the value is too long.
    pub fn try_insert(&mut self, key: Vec<u8>, value: Vec<u8>) -> Result<(), TreeError> {
        check_key(&key)?;
        if value.len() as u64 > MAX_VALUE_LEN {
            return Err(TreeError::ValueTooLong { len: value.len() as u64 });
        }
        self.pending.insert(key, Pending::Put(value));
        Ok(())
    }

    /// Sets a key to a value that was stored before, see [`store_reader`](crate::store_reader).
    ///
    /// # Errors
    /// The key or an inline value is too long, or a large one has a length that none can have.
    pub fn try_insert_value(&mut self, key: Vec<u8>, value: Value) -> Result<(), TreeError> {
        match value {
            Value::Inline(bytes) => self.try_insert(key, bytes),
            Value::Blob(blob) => {
                check_key(&key)?;
                check_blob(blob)?;
                self.pending.insert(key, Pending::PutBlob(blob));
                Ok(())
            }
        }
    }

    /// Sets the value of a key that exists, and tells whether it does. O(log entries).
    ///
    /// # Errors
    /// The key or the value is too long, a node is missing or damaged, or the storage fails.
    pub fn try_update(&mut self, key: Vec<u8>, value: Vec<u8>) -> Result<bool, TreeError> {
        let exists = self.try_contains(&key)?;
        if exists {
            self.try_insert(key, value)?;
        }
        Ok(exists)
    }

    /// Removes a key, and tells whether it existed. O(log entries).
    ///
    /// # Errors
    /// A node is missing or damaged, or the storage fails.
    pub fn try_delete(&mut self, key: &[u8]) -> Result<bool, TreeError> {
        let exists = self.try_contains(key)?;
        if exists {
            self.pending.insert(key.to_vec(), Pending::Delete);
        }
        Ok(exists)
    }

    /// Removes all keys of a range without reading them. O(log entries) behind a flush.
    ///
    /// # Errors
    /// As [`try_flush`](Self::try_flush).
    pub fn try_delete_range<'k>(
        &mut self,
        range: impl RangeBounds<&'k [u8]>,
    ) -> Result<(), TreeError> {
        self.try_flush()?;
        self.base.root = self.base.without_range(range)?;
        Ok(())
    }

    /// The value of a key, pending edits included. O(log entries).
    ///
    /// # Errors
    /// A node or a part of the value is missing or damaged, or the storage fails.
    pub fn try_find(&self, key: &[u8]) -> Result<Option<Vec<u8>>, TreeError> {
        match self.pending.get(key) {
            Some(Pending::Put(value)) => Ok(Some(value.clone())),
            Some(Pending::PutBlob(blob)) => {
                read_value(&self.base.storage, ValueRef::Blob(*blob)).map(Some)
            }
            Some(Pending::Delete) => Ok(None),
            None => self.base.get(key),
        }
    }

    /// Whether a key exists, pending edits included. O(log entries).
    ///
    /// # Errors
    /// A node is missing or damaged, or the storage fails.
    pub fn try_contains(&self, key: &[u8]) -> Result<bool, TreeError> {
        match self.pending.get(key) {
            Some(pending) => Ok(!matches!(pending, Pending::Delete)),
            None => self.base.contains(key),
        }
    }

    /// The tree as it was at the last flush: without the edits that are pending.
    pub fn base(&self) -> &Snapshot<S> {
        &self.base
    }

    /// How many edits wait to be built into the tree.
    pub fn pending_len(&self) -> usize {
        self.pending.len()
    }

    /// Builds the pending edits into the tree. O(pending edits · log entries).
    ///
    /// # Errors
    /// A node is missing or damaged, or the storage fails; the edits then stay pending.
    pub fn try_flush(&mut self) -> Result<(), TreeError> {
        // Nothing is copied: the edits move to the tree, and back if it cannot take them.
        for pending in self.pending.values_mut() {
            if let Pending::Put(value) = pending
                && let ValueRef::Blob(blob) = store_value(&self.base.storage, value)?
            {
                *pending = Pending::PutBlob(blob);
            }
        }
        let pending = std::mem::take(&mut self.pending);
        let edits: Vec<_> = pending.into_iter().map(Pending::into_edit).collect();
        match self.base.edited(&edits) {
            Ok(root) => {
                self.base.root = root;
                Ok(())
            }
            Err(error) => {
                self.pending = edits.into_iter().filter_map(Pending::from_edit).collect();
                Err(error)
            }
        }
    }

    /// The tree as it stands, immutable; flushes first.
    ///
    /// # Errors
    /// As [`try_flush`](Self::try_flush).
    pub fn try_snapshot(&mut self) -> Result<&Snapshot<S>, TreeError> {
        self.try_flush()?;
        Ok(&self.base)
    }

    /// The hash of the root; flushes first.
    ///
    /// # Errors
    /// As [`try_flush`](Self::try_flush).
    pub fn try_root_hash(&mut self) -> Result<Hash, TreeError> {
        self.try_snapshot().map(Snapshot::root)
    }
}

/// Unwraps where only a broken promise can fail: the storage cannot, and the tree built its own nodes.
#[expect(
    clippy::panic,
    reason = "documented: the storage lacks nodes that are in use, or a key is too long"
)]
#[track_caller]
fn infallible<T>(result: Result<T, TreeError>) -> T {
    match result {
        Ok(value) => value,
        Err(error) => panic!("{error}"),
    }
}

/// The short methods, for storages that cannot fail.
///
/// # Panics
/// They panic if a key is longer than [`MAX_KEY_LEN`](crate::MAX_KEY_LEN), or if the storage does not have
/// nodes that this tree needs; the `try_` methods return these as errors.
impl<S: NodeStorage<Error = Infallible>> ProllyTree<S> {
    /// Sets the value of a key, whether it exists or not.
    pub fn insert(&mut self, key: Vec<u8>, value: Vec<u8>) {
        infallible(self.try_insert(key, value));
    }

    /// Sets the value of a key that exists, and tells whether it does.
    pub fn update(&mut self, key: Vec<u8>, value: Vec<u8>) -> bool {
        infallible(self.try_update(key, value))
    }

    /// Removes a key, and tells whether it existed.
    pub fn delete(&mut self, key: &[u8]) -> bool {
        infallible(self.try_delete(key))
    }

    /// Removes all keys of a range.
    pub fn delete_range<'k>(&mut self, range: impl RangeBounds<&'k [u8]>) {
        infallible(self.try_delete_range(range));
    }

    /// The value of a key.
    pub fn find(&self, key: &[u8]) -> Option<Vec<u8>> {
        infallible(self.try_find(key))
    }

    /// Whether a key exists.
    pub fn contains(&self, key: &[u8]) -> bool {
        infallible(self.try_contains(key))
    }

    /// How many entries the tree has.
    pub fn len(&mut self) -> u64 {
        self.snapshot().len()
    }

    /// Whether the tree has no entries.
    pub fn is_empty(&mut self) -> bool {
        self.len() == 0
    }

    /// The tree as it stands, immutable.
    pub fn snapshot(&mut self) -> &Snapshot<S> {
        infallible(self.try_snapshot())
    }

    /// The hash of the root.
    pub fn root_hash(&mut self) -> Hash {
        infallible(self.try_root_hash())
    }
}
