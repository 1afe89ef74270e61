//! Whatever decodes as a node is canonical, and every read of it works.
#![no_main]

use libfuzzer_sys::fuzz_target;
use prollytree_tree::{ChunkList, Node, Patch};

fuzz_target!(|bytes: &[u8]| {
    if let Ok(node) = Node::decode(bytes) {
        assert_eq!(node.bytes(), bytes);
        let _name = node.hash();
        for i in 0..node.len() {
            let _key = node.key(i);
            if node.is_leaf() {
                let _value = node.value(i);
            }
        }
        assert_eq!(node.children().count() + usize::from(node.is_leaf()) * node.len(), node.len());
    }
    if let Ok(patch) = Patch::from_bytes(bytes) {
        assert_eq!(patch.to_bytes(), bytes);
    }
    let _list = ChunkList::decode(bytes);
});
