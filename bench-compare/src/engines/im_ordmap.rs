//! `im::OrdMap`: a persistent B-tree that shares nodes between versions but does
//! not hash them. It is here for the merge row only.

use im::OrdMap;
use im::ordmap::DiffItem;

use crate::data::{Entry, Key, touch};
use crate::engine::{Engine, Map, Named, Outcome, Root, Scan, Version};
use crate::rows::Row;

type Tree = OrdMap<Vec<u8>, Vec<u8>>;

/// The engine.
pub(super) struct ImOrdMapEngine;

impl Named for ImOrdMapEngine {
    fn id(&self) -> &'static str {
        "im"
    }

    fn title(&self) -> &'static str {
        "im::OrdMap 15.1"
    }

    fn note(&self, _row: Row) -> Option<&'static str> {
        Some("skips shared nodes by pointer, so only within one process; no root hash")
    }
}

impl Engine for ImOrdMapEngine {
    fn takes_part(&self, row: Row) -> bool {
        row == Row::Merge
    }

    fn empty(&self) -> Outcome<Box<dyn Map>> {
        self.build(&[])
    }

    fn build(&self, sorted: &[Entry]) -> Outcome<Box<dyn Map>> {
        let pairs = sorted.iter().map(|entry| (entry.key.to_vec(), entry.value.to_vec()));
        Ok(Box::new(ImOrdMapMap { tree: pairs.collect(), versions: Vec::new() }))
    }
}

struct ImOrdMapMap {
    tree: Tree,
    versions: Vec<Tree>,
}

impl Map for ImOrdMapMap {
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
        entries.iter().try_for_each(|entry| self.put(entry))
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
        self.tree = self.versions[version.0].clone();
        Ok(())
    }

    fn forget(&mut self, keep: usize) {
        self.versions.truncate(keep);
    }

    fn diff(&mut self, from: Version, to: Version) -> Outcome<Option<usize>> {
        Ok(Some(self.versions[from.0].diff(&self.versions[to.0]).count()))
    }

    fn merge(&mut self, base: Version, theirs: Version) -> Outcome<Option<usize>> {
        let Self { tree: ours, versions } = self;
        let mut conflicts = 0;
        for item in versions[base.0].diff(&versions[theirs.0]) {
            let (key, base, theirs) = sides(&item);
            if ours.get(key) != base && ours.get(key) != theirs {
                conflicts += 1;
                continue;
            }
            match theirs {
                Some(value) => ours.insert(key.clone(), value.clone()),
                None => ours.remove(key),
            };
        }
        Ok(Some(conflicts))
    }
}

type Sides<'a> = (&'a Vec<u8>, Option<&'a Vec<u8>>, Option<&'a Vec<u8>>);

/// Splits a difference into its key, the old value and the new one.
fn sides<'a>(item: &DiffItem<'a, Vec<u8>, Vec<u8>>) -> Sides<'a> {
    match *item {
        DiffItem::Add(key, value) => (key, None, Some(value)),
        DiffItem::Update { old, new } => (new.0, Some(old.1), Some(new.1)),
        DiffItem::Remove(key, value) => (key, Some(value), None),
    }
}
