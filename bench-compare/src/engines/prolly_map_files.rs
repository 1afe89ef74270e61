//! The `FileNodeStore` of `prolly-map`: one file a node, one `fsync` each.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use prolly::{Config, FileNodeStore, MemStore, NodeStoreScan, Prolly, Store, Tree};

use super::prolly_map::build_tree;
use crate::data::{Entry, Key, touch};
use crate::engine::{DurableEngine, DurableMap, Named, Outcome};
use crate::rows::Row;

const NAME: &[u8] = b"main";

/// The engine.
pub(super) struct ProllyMapFiles;

impl Named for ProllyMapFiles {
    fn id(&self) -> &'static str {
        "prolly-map"
    }

    fn title(&self) -> &'static str {
        "prolly-map 0.7.2 files"
    }

    fn note(&self, _row: Row) -> Option<&'static str> {
        Some("put and `publish_named_root`; directories are not synced, so a power cut may undo it")
    }
}

impl DurableEngine for ProllyMapFiles {
    fn create(&self, dir: &Path, sorted: &[Entry]) -> Outcome<Box<dyn DurableMap>> {
        let store = FileNodeStore::open(dir)?;
        let tree = load(&store, sorted)?;
        let manager = Prolly::new(store, Config::default());
        manager.publish_named_root(NAME, &tree)?;
        Ok(Box::new(ProllyMapFilesMap { manager, tree }))
    }
}

/// Fills the store without an `fsync` a node, which would take minutes at 1M keys.
fn load(store: &FileNodeStore, sorted: &[Entry]) -> Outcome<Tree> {
    let nodes = Arc::new(MemStore::new());
    let tree = build_tree(&nodes, sorted)?;
    for cid in nodes.list_node_cids()? {
        let path = store.path_for_cid(&cid);
        fs::create_dir_all(path.parent().ok_or("a node path has a parent")?)?;
        fs::write(path, nodes.get(&cid.0)?.ok_or("a listed node is present")?)?;
    }
    Ok(tree)
}

struct ProllyMapFilesMap {
    manager: Prolly<FileNodeStore>,
    tree: Tree,
}

impl DurableMap for ProllyMapFilesMap {
    fn commit(&mut self, entry: &Entry) -> Outcome<()> {
        self.tree = self.manager.put(&self.tree, entry.key.to_vec(), entry.value.to_vec())?;
        Ok(self.manager.publish_named_root(NAME, &self.tree)?)
    }

    fn get(&mut self, key: &Key) -> Outcome<Option<u64>> {
        let tree = self.manager.load_named_root(NAME)?.ok_or("the named root is missing")?;
        Ok(self.manager.get_with(&tree, key, touch)?)
    }
}
