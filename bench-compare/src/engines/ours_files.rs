//! Our durable store: a tree and a ref that names its root.

use std::path::Path;

use prollytree_store::{Expected, RefUpdate, Store, StoreOptions, Transaction};
use prollytree_tree::{Snapshot, TreeConfig, Value};

use crate::data::{Entry, Key, touch};
use crate::engine::{DurableEngine, DurableMap, Named, Outcome};
use crate::rows::Row;

/// The engine.
pub(super) struct OursFiles;

impl Named for OursFiles {
    fn id(&self) -> &'static str {
        "ours"
    }

    fn title(&self) -> &'static str {
        "**ours**"
    }

    fn is_ours(&self) -> bool {
        true
    }

    fn note(&self, _row: Row) -> Option<&'static str> {
        Some("every commit keeps the versions before it")
    }
}

impl DurableEngine for OursFiles {
    fn create(&self, dir: &Path, sorted: &[Entry]) -> Outcome<Box<dyn DurableMap>> {
        let store = Store::create(dir, StoreOptions::default())?;
        let pairs = sorted.iter().map(|entry| (&entry.key, &entry.value));
        let tree = Snapshot::from_sorted(store, TreeConfig::default(), pairs)?;
        let mut map = OursFilesMap { tree, published: Expected::Absent };
        map.publish()?;
        Ok(Box::new(map))
    }
}

struct OursFilesMap {
    tree: Snapshot<Store>,
    published: Expected,
}

impl OursFilesMap {
    fn publish(&mut self) -> Outcome<()> {
        let root = self.tree.root().as_bytes().to_vec();
        let expected = std::mem::replace(&mut self.published, Expected::Is(root.clone()));
        let update = RefUpdate { name: "main".into(), expected, new: Some(root) };
        let transaction = Transaction { updates: vec![update], ..Transaction::default() };
        self.tree.storage().commit(&transaction)?;
        Ok(())
    }
}

impl DurableMap for OursFilesMap {
    fn commit(&mut self, entry: &Entry) -> Outcome<()> {
        let value = Some(Value::Inline(entry.value.to_vec()));
        self.tree = self.tree.apply([(entry.key.to_vec(), value)])?;
        self.publish()
    }

    fn get(&mut self, key: &Key) -> Outcome<Option<u64>> {
        Ok(self.tree.get(key)?.map(|value| touch(&value)))
    }
}
