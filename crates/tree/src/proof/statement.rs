//! Statements: which keys a proof is about.

use std::ops::{Bound, RangeBounds};

use super::cut::Cut;
use crate::range::prefix_end;

/// A set of keys, about all of which a proof tells what the tree holds.
///
/// A proof says for each of these keys whether the tree has it, and with which value. The statement
/// never comes from the proof: who verifies says what is to be proved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// Disjoint and in key order, none of them empty.
    intervals: Vec<Interval>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Interval {
    start: Cut<Vec<u8>>,
    end: Cut<Vec<u8>>,
}

impl Interval {
    fn key(key: &[u8]) -> Self {
        Self { start: Cut::before(key).to_owned(), end: Cut::after(key).to_owned() }
    }
}

impl Statement {
    /// About one key.
    pub fn key(key: &[u8]) -> Self {
        Self { intervals: vec![Interval::key(key)] }
    }

    /// About several keys, in any order.
    pub fn keys<K: AsRef<[u8]>>(keys: impl IntoIterator<Item = K>) -> Self {
        Self::union(keys.into_iter().map(|key| Interval::key(key.as_ref())).collect())
    }

    /// About all keys of a range: nothing in it may be left out.
    pub fn range<'k>(range: impl RangeBounds<&'k [u8]>) -> Self {
        let start = match range.start_bound() {
            Bound::Unbounded => Cut::Start,
            Bound::Included(key) => Cut::before(key),
            Bound::Excluded(key) => Cut::after(key),
        };
        let end = match range.end_bound() {
            Bound::Unbounded => Cut::End,
            Bound::Included(key) => Cut::after(key),
            Bound::Excluded(key) => Cut::before(key),
        };
        Self::union(vec![Interval { start: start.to_owned(), end: end.to_owned() }])
    }

    /// About all keys that begin with `prefix`.
    pub fn prefix(prefix: &[u8]) -> Self {
        let end = prefix_end(prefix);
        let end = end.as_deref().map_or(Bound::Unbounded, Bound::Excluded);
        Self::range((Bound::Included(prefix), end))
    }

    /// Whether the statement is about no key at all, so that there is nothing to prove.
    pub fn is_empty(&self) -> bool {
        self.intervals.is_empty()
    }

    fn union(mut intervals: Vec<Interval>) -> Self {
        intervals.retain(|interval| interval.start < interval.end);
        intervals.sort_unstable();
        intervals.dedup_by(|next, last| {
            let overlaps = next.start <= last.end;
            if overlaps && next.end > last.end {
                std::mem::swap(&mut next.end, &mut last.end);
            }
            overlaps
        });
        Self { intervals }
    }

    /// Whether a key between the two cuts belongs to the statement.
    pub(super) fn intersects(&self, lo: Cut<&[u8]>, hi: Cut<&[u8]>) -> bool {
        let next = self.intervals.partition_point(|interval| interval.end.borrow() <= lo);
        self.intervals.get(next).is_some_and(|interval| interval.start.borrow() < hi)
    }

    pub(super) fn contains(&self, key: &[u8]) -> bool {
        self.intersects(Cut::before(key), Cut::after(key))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_says_nothing_is_empty() {
        assert!(Statement::keys::<&[u8]>([]).is_empty());
        let range = |start: Bound<&'static [u8]>, end| Statement::range((start, end));
        assert!(range(Bound::Included(b"b"), Bound::Excluded(b"b")).is_empty());
        assert!(range(Bound::Included(b"c"), Bound::Included(b"b")).is_empty());
        assert!(range(Bound::Unbounded, Bound::Excluded(b"")).is_empty());
        // No key lies between "b" and "b\0".
        assert!(range(Bound::Excluded(b"b"), Bound::Excluded(b"b\0")).is_empty());
        assert!(!range(Bound::Included(b"b"), Bound::Included(b"b")).is_empty());
        assert!(!Statement::prefix(b"").is_empty());
        assert!(!Statement::key(b"").is_empty());
    }

    proptest! {
        #[test]
        fn a_union_contains_what_its_parts_contain(
            keys in prop::collection::vec(prop::collection::vec(0u8..3, 0..4), 0..12),
            probe in prop::collection::vec(0u8..3, 0..4),
        ) {
            let statement = Statement::keys(&keys);
            prop_assert_eq!(statement.contains(&probe), keys.contains(&probe));
            prop_assert!(statement.intervals.is_sorted());
        }
    }
}
