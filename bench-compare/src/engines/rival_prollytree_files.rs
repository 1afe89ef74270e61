//! The `FileNodeStorage` of `prollytree` 0.4.1: one file a node, each synced with
//! its directory.

use std::fs;
use std::path::Path;

use rival_prollytree::storage::{FileNodeStorage, InMemoryNodeStorage};
use rival_prollytree::tree::{ProllyTree, Tree};

use super::rival_prollytree::{Node, build_tree, encode, find};
use crate::data::{Entry, Key};
use crate::engine::{DurableEngine, DurableMap, Named, Outcome};
use crate::rows::Row;

/// The engine.
pub(super) struct RivalProllytreeFiles;

impl Named for RivalProllytreeFiles {
    fn id(&self) -> &'static str {
        "prollytree"
    }

    fn title(&self) -> &'static str {
        "prollytree 0.4.1 files"
    }

    fn note(&self, _row: Row) -> Option<&'static str> {
        Some("`insert`, which stores the nodes and the configuration with the root")
    }
}

impl DurableEngine for RivalProllytreeFiles {
    fn create(&self, dir: &Path, sorted: &[Entry]) -> Outcome<Box<dyn DurableMap>> {
        let loaded = build_tree(InMemoryNodeStorage::new(), |_| None, sorted).tree;
        write_nodes(dir, &loaded.root, &loaded.storage)?;
        let storage = FileNodeStorage::new(dir.to_path_buf())?;
        let tree = ProllyTree { root: loaded.root, storage, config: loaded.config };
        tree.save_config()?;
        Ok(Box::new(RivalProllytreeFilesMap { tree }))
    }
}

/// Writes a tree without an `fsync` a node, which would take minutes at 1M keys.
fn write_nodes(dir: &Path, node: &Node, storage: &InMemoryNodeStorage<32>) -> Outcome<()> {
    fs::write(dir.join(format!("{:x}", node.get_hash())), encode(node)?)?;
    node.children(storage).iter().try_for_each(|child| write_nodes(dir, child, storage))
}

struct RivalProllytreeFilesMap {
    tree: ProllyTree<32, FileNodeStorage<32>>,
}

impl DurableMap for RivalProllytreeFilesMap {
    fn commit(&mut self, entry: &Entry) -> Outcome<()> {
        self.tree.insert(entry.key.to_vec(), entry.value.to_vec());
        Ok(())
    }

    fn get(&mut self, key: &Key) -> Outcome<Option<u64>> {
        let config = ProllyTree::load_config(&self.tree.storage)?;
        let tree = ProllyTree::load_from_storage(self.tree.storage.clone(), config);
        Ok(find(&tree.ok_or("the saved root is missing")?, key))
    }
}
