//! Tables of one version, read-only.

use std::collections::VecDeque;
use std::ops::Bound;
use std::sync::Arc;

use prollytree_repo::{Backend, MapName, MapRoot, Maps, RepoError};
use prollytree_tree::{BlobReader, Difference, Snapshot, TreeConfig, Value as Stored, ValueRef};

use crate::catalog::{Catalog, catalog_map, index_map, rows_map};
use crate::error::SqlError;
use crate::row::{RowCodec, Wanted};
use crate::schema::{Index, Table};
use crate::value::Row;

/// The tables of a version. Cheap to clone, and readable for as long as the version is kept.
#[derive(Clone, Debug)]
pub struct Version<B> {
    backend: B,
    maps: Arc<Maps>,
    catalog: Arc<Catalog>,
}

impl<B: Backend> Version<B> {
    /// The tables in the maps of a version.
    ///
    /// # Errors
    /// The catalog is damaged, or the backend fails.
    pub fn open(backend: B, maps: Maps) -> Result<Self, SqlError> {
        let map = open_map(&backend, &maps, &catalog_map()?, None)?;
        let catalog = Arc::new(Catalog::read(&map)?);
        Ok(Self { backend, maps: Arc::new(maps), catalog })
    }

    pub(crate) fn with_catalog(backend: B, maps: Maps, catalog: Arc<Catalog>) -> Self {
        Self { backend, maps: Arc::new(maps), catalog }
    }

    /// What tables, views and triggers there are.
    pub fn catalog(&self) -> &Arc<Catalog> {
        &self.catalog
    }

    /// The maps of the version.
    pub fn maps(&self) -> &Maps {
        &self.maps
    }

    /// The bytes of a value, wherever they are stored.
    ///
    /// # Errors
    /// A part of it is missing or damaged, or the backend fails.
    pub(crate) fn read_value(&self, key: &[u8], value: &Stored) -> Result<Vec<u8>, SqlError> {
        read_stored(&self.backend, key, value)
    }

    /// The tree of the catalog.
    ///
    /// # Errors
    /// The root is missing or damaged, or the backend fails.
    pub(crate) fn catalog_tree(&self) -> Result<Snapshot<B>, SqlError> {
        open_map(&self.backend, &self.maps, &catalog_map()?, None)
    }

    /// A table that this version does not have, without rows.
    pub(crate) fn empty_table(&self, table: Arc<Table>, shape: TreeConfig) -> TableVersion<B> {
        TableVersion {
            backend: self.backend.clone(),
            maps: self.maps.clone(),
            codec: Arc::new(RowCodec::new(table)),
            rows: Snapshot::empty(self.backend.clone(), shape),
            wanted: Wanted::ALL,
        }
    }

    /// The rows of a table of this version.
    ///
    /// # Errors
    /// There is no such table, a root is missing or damaged, or the backend fails.
    pub fn table(&self, name: &str) -> Result<TableVersion<B>, SqlError> {
        let table = self.catalog.table(name);
        let table = table.ok_or_else(|| SqlError::NoTable { table: name.to_owned() })?;
        self.rows_of(Arc::new(RowCodec::new(table.clone())))
    }

    /// As [`table`](Self::table), with a codec that is there already.
    pub(crate) fn rows_of(&self, codec: Arc<RowCodec>) -> Result<TableVersion<B>, SqlError> {
        let map = rows_map(&codec.table().name)?;
        let rows = open_map(&self.backend, &self.maps, &map, None)?;
        let (backend, maps) = (self.backend.clone(), self.maps.clone());
        Ok(TableVersion { backend, maps, codec, rows, wanted: Wanted::ALL })
    }
}

/// Opens a map, the empty tree if it does not exist; then of the given shape.
fn open_map<B: Backend>(
    backend: &B,
    maps: &Maps,
    name: &MapName,
    shape: Option<TreeConfig>,
) -> Result<Snapshot<B>, SqlError> {
    let Some(&MapRoot { root, count, config }) = maps.get(name) else {
        return Ok(Snapshot::empty(backend.clone(), shape.unwrap_or_default()));
    };
    let tree = Snapshot::open(backend.clone(), config, root)?;
    if tree.len() != count {
        let (map, found) = (name.clone(), tree.len());
        return Err(RepoError::BadCount { map, expected: count, found }.into());
    }
    Ok(tree)
}

/// A table of one version.
#[derive(Clone, Debug)]
pub struct TableVersion<B> {
    backend: B,
    maps: Arc<Maps>,
    codec: Arc<RowCodec>,
    rows: Snapshot<B>,
    wanted: Wanted,
}

/// A range of keys.
pub type Keys = (Bound<Vec<u8>>, Bound<Vec<u8>>);

/// All keys.
pub const ALL_KEYS: Keys = (Bound::Unbounded, Bound::Unbounded);

/// The keys that begin with a prefix.
pub fn keys_with_prefix(prefix: Vec<u8>) -> Keys {
    let end = crate::key::behind(&prefix).map_or(Bound::Unbounded, Bound::Excluded);
    (Bound::Included(prefix), end)
}

impl<B: Backend + 'static> TableVersion<B> {
    /// What the table looks like.
    pub fn table(&self) -> &Arc<Table> {
        self.codec.table()
    }

    /// How rows are written and read.
    pub fn codec(&self) -> &Arc<RowCodec> {
        &self.codec
    }

    /// The same table, whose rows have NULL in the columns that are not wanted: reading them costs
    /// nothing.
    pub fn with_columns(&self, wanted: Wanted) -> Self {
        Self { wanted, ..self.clone() }
    }

    /// The tree of the rows.
    pub fn snapshot(&self) -> &Snapshot<B> {
        &self.rows
    }

    /// The same table with other rows, read by another schema.
    pub(crate) fn with_rows(&self, codec: Arc<RowCodec>, rows: Snapshot<B>) -> Self {
        Self {
            backend: self.backend.clone(),
            maps: self.maps.clone(),
            codec,
            rows,
            wanted: Wanted::ALL,
        }
    }

    /// How many rows there are. O(1).
    pub fn len(&self) -> u64 {
        self.rows.len()
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The row of a key. O(log rows).
    ///
    /// # Errors
    /// The row is damaged, or the backend fails.
    pub fn get(&self, key: &[u8]) -> Result<Option<Row>, SqlError> {
        let read = |value: ValueRef<'_>| match value {
            ValueRef::Inline(bytes) => Ok(self.codec.decode_some(key, bytes, self.wanted)),
            ValueRef::Blob(_) => Err(()),
        };
        match self.rows.get_with(key, read)? {
            None => Ok(None),
            Some(Ok(row)) => row.map(Some),
            Some(Err(())) => {
                let value = self.rows.get(key)?;
                value.map(|value| self.codec.decode_some(key, &value, self.wanted)).transpose()
            }
        }
    }

    /// The rows of a range of keys, in their order, or the last first. O(log rows) to begin, then
    /// amortised O(1) a row.
    pub fn scan(&self, keys: Keys, reverse: bool) -> RowScan<B> {
        let (codec, wanted) = (self.codec.clone(), self.wanted);
        let read = move |key: &[u8], value: &[u8]| {
            Ok((key.to_vec(), codec.decode_some(key, value, wanted)?))
        };
        RowScan { entries: Batches::new(self.rows.clone(), keys, reverse), read: Box::new(read) }
    }

    /// The rows that a range of an index's keys leads to, in the order of the index.
    ///
    /// # Errors
    /// There is no such index, it is no tree, its root is missing or damaged, or the backend fails.
    pub fn scan_index(
        &self,
        name: &str,
        keys: Keys,
        reverse: bool,
    ) -> Result<RowScan<B>, SqlError> {
        let index = self.stored_index(name)?.clone();
        let tree = self.index_snapshot(&index)?;
        let table = self.clone();
        let read = move |key: &[u8], value: &[u8]| {
            let row_key = table.indexed_key(&index, key, value)?;
            let row = table.get(row_key)?.ok_or_else(|| SqlError::BadIndex {
                table: table.table().name.clone(),
                index: index.name.clone(),
            })?;
            Ok((row_key.to_vec(), row))
        };
        Ok(RowScan { entries: Batches::new(tree, keys, reverse), read: Box::new(read) })
    }

    /// The key of the row that an entry of an index leads to.
    fn indexed_key<'k>(
        &self,
        index: &Index,
        key: &'k [u8],
        value: &'k [u8],
    ) -> Result<&'k [u8], SqlError> {
        if value.is_empty() { self.codec.indexed_row_key(&index.parts, key) } else { Ok(value) }
    }

    fn stored_index(&self, name: &str) -> Result<&Index, SqlError> {
        let index = self.table().index(name).filter(|index| index.is_stored());
        index.ok_or_else(|| SqlError::NoIndex {
            table: self.table().name.clone(),
            index: name.to_owned(),
        })
    }

    /// The tree of an index: from its parts, and the row's key behind them, to nothing; where they
    /// must be unique, from the parts to the row's key.
    ///
    /// # Errors
    /// The root is missing or damaged, or the backend fails.
    pub fn index_snapshot(&self, index: &Index) -> Result<Snapshot<B>, SqlError> {
        let map = index_map(&self.table().name, &index.name)?;
        open_map(&self.backend, &self.maps, &map, None)
    }

    /// Calls `see` with each row that differs in a later version of the table, in the order of their
    /// keys, until it answers `false`. Both are read by their own schema.
    ///
    /// O(differences · log rows).
    ///
    /// # Errors
    /// A row is missing or damaged, `see` fails, or the backend fails.
    pub fn diff(
        &self,
        after: &Self,
        see: impl FnMut(RowDiff) -> Result<bool, SqlError>,
    ) -> Result<(), SqlError> {
        self.diff_keys(after, &ALL_KEYS, see)
    }

    /// As [`diff`](Self::diff), in a range of keys.
    ///
    /// # Errors
    /// As [`diff`](Self::diff).
    pub fn diff_keys(
        &self,
        after: &Self,
        (start, end): &Keys,
        mut see: impl FnMut(RowDiff) -> Result<bool, SqlError>,
    ) -> Result<(), SqlError> {
        // A table without rows has no tree, and so the shape of the other.
        let empty = |other: &Self| Snapshot::empty(self.backend.clone(), *other.rows.config());
        let (none_before, none_after) = (empty(after), empty(self));
        let rows = if self.is_empty() { &none_before } else { &self.rows };
        let rows_after = if after.is_empty() { &none_after } else { &after.rows };
        for difference in rows.diff(rows_after, (as_slice(start), as_slice(end)))? {
            let Difference { key, before: old, after: new } = difference?;
            let before = old.map(|value| self.decode_stored(&key, &value)).transpose()?;
            let after = new.map(|value| after.decode_stored(&key, &value)).transpose()?;
            if !see(RowDiff { key, before, after })? {
                break;
            }
        }
        Ok(())
    }

    pub(crate) fn decode_stored(&self, key: &[u8], value: &Stored) -> Result<Row, SqlError> {
        match value {
            Stored::Inline(bytes) => self.codec.decode_some(key, bytes, self.wanted),
            Stored::Blob(blob) => {
                let mut bytes = Vec::new();
                let mut reader = BlobReader::new(&self.backend, *blob);
                std::io::Read::read_to_end(&mut reader, &mut bytes).map_err(|_| {
                    SqlError::BadRow { table: self.table().name.clone(), key: key.to_vec() }
                })?;
                self.codec.decode_some(key, &bytes, self.wanted)
            }
        }
    }
}

/// The bytes of a value of a key, wherever they are stored.
///
/// # Errors
/// A part of it is missing or damaged, or the backend fails.
pub(crate) fn read_stored<B: Backend>(
    backend: &B,
    key: &[u8],
    value: &Stored,
) -> Result<Vec<u8>, SqlError> {
    match value {
        Stored::Inline(bytes) => Ok(bytes.clone()),
        Stored::Blob(blob) => {
            let (mut bytes, mut reader) = (Vec::new(), BlobReader::new(backend, *blob));
            let bad = |_| SqlError::BadValue { key: key.to_vec() };
            std::io::Read::read_to_end(&mut reader, &mut bytes).map_err(bad)?;
            Ok(bytes)
        }
    }
}

/// A row that differs between two versions of a table.
#[derive(Clone, Debug, PartialEq)]
pub struct RowDiff {
    /// The row's key.
    pub key: Vec<u8>,
    /// The row in the first version, by the schema of that one; `None` if it was added.
    pub before: Option<Row>,
    /// The row in the second version, by the schema of that one; `None` if it was removed.
    pub after: Option<Row>,
}

/// How many entries of a tree are read at a time, so that a scan borrows nothing.
const BATCH: usize = 128;

/// The entries of a range, read in batches.
struct Batches<B> {
    tree: Snapshot<B>,
    keys: Keys,
    reverse: bool,
    /// The first batches are small: most scans end early.
    size: usize,
    done: bool,
}

impl<B: Backend> Batches<B> {
    fn new(tree: Snapshot<B>, keys: Keys, reverse: bool) -> Self {
        Self { tree, keys, reverse, size: 8, done: false }
    }

    /// Reads the next entries.
    fn next(
        &mut self,
        see: impl FnMut(&[u8], &[u8]) -> Result<(), SqlError>,
    ) -> Result<(), SqlError> {
        let size = self.size;
        self.size = BATCH.min(2 * size);
        let last =
            if self.reverse { self.backwards(size, see)? } else { self.forwards(size, see)? };
        match last {
            None => self.done = true,
            Some(last) if self.reverse => self.keys.1 = Bound::Excluded(last),
            Some(last) => self.keys.0 = Bound::Excluded(last),
        }
        Ok(())
    }

    /// Reads entries from the start of the range on, and gives the last key; `None` if the range is
    /// read to its end.
    fn forwards(
        &self,
        size: usize,
        mut see: impl FnMut(&[u8], &[u8]) -> Result<(), SqlError>,
    ) -> Result<Option<Vec<u8>>, SqlError> {
        let mut cursor = self.tree.cursor()?;
        if let Bound::Included(start) | Bound::Excluded(start) = &self.keys.0 {
            cursor.seek(start)?;
        }
        let mut left = size;
        while let Some(entry) = cursor.next()? {
            let key = entry.key();
            if matches!(&self.keys.0, Bound::Excluded(start) if start == key) {
                continue;
            }
            let is_behind = match &self.keys.1 {
                Bound::Unbounded => false,
                Bound::Included(end) => key > end.as_slice(),
                Bound::Excluded(end) => key >= end.as_slice(),
            };
            if is_behind {
                return Ok(None);
            }
            match entry.value() {
                ValueRef::Inline(value) => see(key, value)?,
                ValueRef::Blob(_) => see(key, &entry.read_value()?)?,
            }
            left -= 1;
            if left == 0 {
                return Ok(Some(key.to_vec()));
            }
        }
        Ok(None)
    }

    /// As [`forwards`](Self::forwards), from the end of the range.
    fn backwards(
        &self,
        size: usize,
        mut see: impl FnMut(&[u8], &[u8]) -> Result<(), SqlError>,
    ) -> Result<Option<Vec<u8>>, SqlError> {
        let range = self.tree.range((as_slice(&self.keys.0), as_slice(&self.keys.1)))?;
        let mut left = size;
        for entry in range.rev() {
            let (key, value) = entry?;
            see(&key, &value)?;
            left -= 1;
            if left == 0 {
                return Ok(Some(key));
            }
        }
        Ok(None)
    }
}

fn as_slice(bound: &Bound<Vec<u8>>) -> Bound<&[u8]> {
    bound.as_ref().map(Vec::as_slice)
}

/// A row's key and the row.
type KeyedRow = (Vec<u8>, Row);

/// Reads a row from an entry of a tree.
type ReadEntry = dyn Fn(&[u8], &[u8]) -> Result<KeyedRow, SqlError> + Send + Sync;

/// Rows of a scan. The iteration ends behind an error.
pub struct RowScan<B> {
    entries: Batches<B>,
    read: Box<ReadEntry>,
}

impl<B: Backend> RowScan<B> {
    /// Reads the next rows into a queue; none are left if it stays empty.
    ///
    /// # Errors
    /// A row is damaged, or the backend fails.
    pub fn next_batch(&mut self, rows: &mut VecDeque<KeyedRow>) -> Result<(), SqlError> {
        if self.entries.done {
            return Ok(());
        }
        let read = &self.read;
        let outcome = self.entries.next(|key, value| {
            rows.push_back(read(key, value)?);
            Ok(())
        });
        self.entries.done |= outcome.is_err();
        outcome
    }

    /// The rows one by one.
    pub fn rows(mut self) -> impl Iterator<Item = Result<KeyedRow, SqlError>> {
        let mut queue = VecDeque::new();
        std::iter::from_fn(move || {
            if queue.is_empty()
                && let Err(error) = self.next_batch(&mut queue)
            {
                return Some(Err(error));
            }
            queue.pop_front().map(Ok)
        })
    }
}
