//! `std::collections::BTreeMap`: the floor for everything that needs no root.
//!
//! It has no versions; a snapshot is a full copy, made outside the clock, and
//! differences are found by walking both maps.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use crate::data::{Entry, Key, touch};
use crate::engine::{Engine, Map, Named, Outcome, Root, Scan, Version};
use crate::rows::Row;

type Tree = BTreeMap<Vec<u8>, Vec<u8>>;

/// The engine.
pub(super) struct BTreeMapEngine;

impl Named for BTreeMapEngine {
    fn id(&self) -> &'static str {
        "btreemap"
    }

    fn title(&self) -> &'static str {
        "BTreeMap"
    }

    fn note(&self, row: Row) -> Option<&'static str> {
        match row {
            Row::Stream | Row::Insert | Row::Readme => Some("no root hash is computed"),
            Row::Diff | Row::Merge => Some("walks both maps whole"),
            _ => None,
        }
    }
}

impl Engine for BTreeMapEngine {
    fn empty(&self) -> Outcome<Box<dyn Map>> {
        Ok(Box::new(BTreeMapMap::default()))
    }

    fn build(&self, sorted: &[Entry]) -> Outcome<Box<dyn Map>> {
        let pairs = sorted.iter().map(|entry| (entry.key.to_vec(), entry.value.to_vec()));
        Ok(Box::new(BTreeMapMap { tree: pairs.collect(), versions: Vec::new() }))
    }
}

#[derive(Default)]
struct BTreeMapMap {
    tree: Tree,
    versions: Vec<Tree>,
}

impl Map for BTreeMapMap {
    fn put(&mut self, entry: &Entry) -> Outcome<()> {
        self.tree.insert(entry.key.to_vec(), entry.value.to_vec());
        Ok(())
    }

    fn delete(&mut self, key: &Key) -> Outcome<()> {
        self.tree.remove(key.as_slice());
        Ok(())
    }

    fn root(&mut self) -> Outcome<Option<Root>> {
        Ok(None)
    }

    fn put_batch(&mut self, entries: &[Entry]) -> Outcome<()> {
        self.tree.extend(entries.iter().map(|entry| (entry.key.to_vec(), entry.value.to_vec())));
        Ok(())
    }

    fn get_all(&self, keys: &[Key]) -> Outcome<u64> {
        let values = keys.iter().filter_map(|key| self.tree.get(key.as_slice()));
        Ok(values.fold(0, |sum, value| sum.wrapping_add(touch(value))))
    }

    fn scan(&self) -> Outcome<Scan> {
        let mut scan = Scan::default();
        self.tree.iter().for_each(|(key, value)| scan.add(key, value));
        Ok(scan)
    }

    fn snapshot(&mut self) -> Outcome<Version> {
        self.versions.push(self.tree.clone());
        Ok(Version(self.versions.len() - 1))
    }

    fn checkout(&mut self, version: Version) -> Outcome<()> {
        self.tree.clone_from(&self.versions[version.0]);
        Ok(())
    }

    fn forget(&mut self, keep: usize) {
        self.versions.truncate(keep);
    }

    fn diff(&mut self, from: Version, to: Version) -> Outcome<Option<usize>> {
        let mut changes = 0;
        walk(&self.versions[from.0], &self.versions[to.0], |_, _, _| changes += 1);
        Ok(Some(changes))
    }

    fn merge(&mut self, base: Version, theirs: Version) -> Outcome<Option<usize>> {
        let Self { tree: ours, versions } = self;
        let mut conflicts = 0;
        walk(&versions[base.0], &versions[theirs.0], |key, base, theirs| {
            if ours.get(key) != base && ours.get(key) != theirs {
                conflicts += 1;
                return;
            }
            match theirs {
                Some(value) => ours.insert(key.clone(), value.clone()),
                None => ours.remove(key),
            };
        });
        Ok(Some(conflicts))
    }
}

/// Calls `visit` with every key whose value differs, and both values.
fn walk<'a>(
    from: &'a Tree,
    to: &'a Tree,
    mut visit: impl FnMut(&'a Vec<u8>, Option<&'a Vec<u8>>, Option<&'a Vec<u8>>),
) {
    let (mut from, mut to) = (from.iter().peekable(), to.iter().peekable());
    loop {
        let order = match (from.peek(), to.peek()) {
            (None, None) => return,
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some((old, _)), Some((new, _))) => old.cmp(new),
        };
        let old = from.next_if(|_| order.is_le());
        let new = to.next_if(|_| order.is_ge());
        let (old_value, new_value) = (old.map(|pair| pair.1), new.map(|pair| pair.1));
        if let Some((key, _)) = old.or(new).filter(|_| old_value != new_value) {
            visit(key, old_value, new_value);
        }
    }
}
