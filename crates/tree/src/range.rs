//! Iterators over the entries of a snapshot.

use std::ops::{Bound, RangeBounds};

use crate::cursor::Cursor;
use crate::error::TreeError;
use crate::path::Path;
use crate::snapshot::Snapshot;
use crate::storage::NodeStorage;
use crate::value::ValueRef;

/// A key and its value.
pub type Entry = (Vec<u8>, Vec<u8>);

/// The entries of a range of keys, in key order; double-ended, and its length is known.
///
/// An item is an error if a node or a part of a value is missing or damaged; the iteration ends
/// behind the error.
pub struct Range<'s, S> {
    snapshot: &'s Snapshot<S>,
    /// The ranks of the entries that are left.
    start: u64,
    end: u64,
    front: Option<Cursor<'s, S>>,
    back: Option<Cursor<'s, S>>,
}

impl<'s, S: NodeStorage> Range<'s, S> {
    pub(crate) fn new(
        snapshot: &'s Snapshot<S>,
        range: (Bound<&[u8]>, Bound<&[u8]>),
    ) -> Result<Self, TreeError> {
        let start = match range.0 {
            Bound::Unbounded => 0,
            Bound::Included(key) => snapshot.rank(key)?,
            Bound::Excluded(key) => snapshot.rank_behind(key)?,
        };
        let end = match range.1 {
            Bound::Unbounded => snapshot.len(),
            Bound::Included(key) => snapshot.rank_behind(key)?,
            Bound::Excluded(key) => snapshot.rank(key)?,
        };
        Ok(Self { snapshot, start, end: end.max(start), front: None, back: None })
    }

    fn step(
        &mut self,
        take: impl FnOnce(&mut Self) -> Result<Option<Entry>, TreeError>,
    ) -> Option<Result<Entry, TreeError>> {
        if self.start == self.end {
            return None;
        }
        let item = take(self).transpose();
        if !matches!(item, Some(Ok(_))) {
            self.end = self.start;
        }
        item
    }
}

impl<S: NodeStorage> Iterator for Range<'_, S> {
    type Item = Result<Entry, TreeError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.step(|range| {
            let cursor = match &mut range.front {
                Some(cursor) => cursor,
                front => front.insert(Cursor::select(range.snapshot, range.start)?),
            };
            let Some(entry) = cursor.next()? else { return Ok(None) };
            range.start += 1;
            Ok(Some((entry.key().to_vec(), entry.read_value()?)))
        })
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = usize::try_from(self.end - self.start);
        (left.unwrap_or(usize::MAX), left.ok())
    }
}

impl<S: NodeStorage> DoubleEndedIterator for Range<'_, S> {
    fn next_back(&mut self) -> Option<Self::Item> {
        self.step(|range| {
            let cursor = match &mut range.back {
                Some(cursor) => cursor,
                back => back.insert(Cursor::select(range.snapshot, range.end)?),
            };
            let Some(entry) = cursor.previous()? else { return Ok(None) };
            range.end -= 1;
            Ok(Some((entry.key().to_vec(), entry.read_value()?)))
        })
    }
}

impl<S: NodeStorage> Snapshot<S> {
    /// A cursor before the first entry.
    ///
    /// # Errors
    /// A node is missing or damaged, or the storage fails.
    pub fn cursor(&self) -> Result<Cursor<'_, S>, TreeError> {
        Cursor::first(self)
    }

    /// The entries with keys in a range. O(log entries) to start and amortised O(1) a step.
    ///
    /// # Errors
    /// A node is missing or damaged, or the storage fails.
    pub fn range<'k>(&self, range: impl RangeBounds<&'k [u8]>) -> Result<Range<'_, S>, TreeError> {
        Range::new(self, (range.start_bound().cloned(), range.end_bound().cloned()))
    }

    /// Calls `see` with every entry of a range in key order, without copying it: the fastest scan.
    ///
    /// # Errors
    /// A node is missing or damaged, or the storage fails.
    pub fn for_each<'k>(
        &self,
        range: impl RangeBounds<&'k [u8]>,
        mut see: impl FnMut(&[u8], ValueRef<'_>),
    ) -> Result<(), TreeError> {
        let range = Range::new(self, (range.start_bound().cloned(), range.end_bound().cloned()))?;
        let (mut left, start) = (range.end - range.start, range.start);
        if left == 0 {
            return Ok(());
        }
        let (mut path, mut first) = Path::select(&self.storage, &self.root.node, start)?;
        let mut key = Vec::new();
        loop {
            let leaf = path.node();
            let end = leaf.len().min(first + usize::try_from(left).unwrap_or(usize::MAX));
            leaf.for_each(first..end, &mut key, &mut see);
            left -= (end - first) as u64;
            first = 0;
            if left == 0 || !path.advance()? {
                return Ok(());
            }
        }
    }

    /// All entries.
    ///
    /// # Errors
    /// A node is missing or damaged, or the storage fails.
    pub fn iter(&self) -> Result<Range<'_, S>, TreeError> {
        self.range(..)
    }

    /// The entries whose keys begin with `prefix`.
    ///
    /// # Errors
    /// A node is missing or damaged, or the storage fails.
    pub fn prefix(&self, prefix: &[u8]) -> Result<Range<'_, S>, TreeError> {
        let end = prefix_end(prefix);
        Range::new(
            self,
            (Bound::Included(prefix), end.as_deref().map_or(Bound::Unbounded, Bound::Excluded)),
        )
    }

    /// The entry with the smallest key.
    ///
    /// # Errors
    /// A node or a part of the value is missing or damaged, or the storage fails.
    pub fn first(&self) -> Result<Option<Entry>, TreeError> {
        self.iter()?.next().transpose()
    }

    /// The entry with the greatest key.
    ///
    /// # Errors
    /// As [`first`](Self::first).
    pub fn last(&self) -> Result<Option<Entry>, TreeError> {
        self.iter()?.next_back().transpose()
    }

    /// The entry before which `rank` entries lie. O(log entries).
    ///
    /// # Errors
    /// As [`first`](Self::first).
    pub fn select(&self, rank: u64) -> Result<Option<Entry>, TreeError> {
        let mut cursor = Cursor::select(self, rank)?;
        let Some(entry) = cursor.next()? else { return Ok(None) };
        Ok(Some((entry.key().to_vec(), entry.read_value()?)))
    }
}

/// The smallest key behind all keys with a prefix; `None` if there is none.
pub(crate) fn prefix_end(prefix: &[u8]) -> Option<Vec<u8>> {
    let last = prefix.iter().rposition(|&byte| byte != 0xff)?;
    let mut end = prefix[..=last].to_vec();
    end[last] += 1;
    Some(end)
}
