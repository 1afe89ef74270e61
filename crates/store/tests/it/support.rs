//! What the tests share.

use std::sync::Arc;

use prollytree_store::{Durability, Expected, RefUpdate, Store, StoreError, Transaction};
use prollytree_tree::{Hash, Locator, Node, NodeStorage, ObjectKind};

/// The bytes of an object that is as long as asked for, different for each seed.
pub(crate) fn content(seed: u64, len: usize) -> Vec<u8> {
    let words = (0u64..).flat_map(|i| {
        (seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ i.wrapping_mul(0xd134_2543_de82_ef95))
            .to_le_bytes()
    });
    words.take(len).collect()
}

/// Stores a chunk and returns its name.
pub(crate) fn put(store: &Store, bytes: &[u8]) -> Hash {
    let hash = ObjectKind::Chunk.hash(bytes).unwrap();
    store.write_object(ObjectKind::Chunk, &hash, bytes).unwrap();
    hash
}

/// Reads a chunk.
pub(crate) fn get(store: &Store, hash: &Hash) -> Result<Option<Arc<[u8]>>, StoreError> {
    store.read_object(ObjectKind::Chunk, hash)
}

/// Commits, setting one ref whatever it is.
pub(crate) fn set(store: &Store, name: &str, value: &[u8]) -> Result<u64, StoreError> {
    store.commit(&update(name, Expected::Any, Some(value)))
}

/// A durable transaction that changes one ref.
pub(crate) fn update(name: &str, expected: Expected, new: Option<&[u8]>) -> Transaction {
    let update = RefUpdate { name: name.to_owned(), expected, new: new.map(<[u8]>::to_vec) };
    Transaction { updates: vec![update], durability: Durability::Sync, ..Transaction::default() }
}

/// The leaf with these entries, in order; keys shorter than values are long.
pub(crate) fn leaf(entries: &[(&[u8], &[u8])]) -> Node {
    let prefix_len = match entries {
        [first, .., last] => first.0.iter().zip(last.0).take_while(|(a, b)| a == b).count(),
        _ => 0,
    };
    let mut bytes = vec![1, 0];
    bytes.extend((entries.len() as u16).to_le_bytes());
    bytes.extend((prefix_len as u16).to_le_bytes());
    bytes.extend(entries.first().map_or(&[][..], |entry| &entry.0[..prefix_len]));
    for part in [0, 1] {
        let mut end = 0;
        for entry in entries {
            end += [entry.0.len() - prefix_len, entry.1.len()][part] as u16;
            bytes.extend(end.to_le_bytes());
        }
    }
    entries.iter().for_each(|entry| bytes.extend(&entry.0[prefix_len..]));
    entries.iter().for_each(|entry| bytes.extend(entry.1));
    Node::decode(bytes).unwrap()
}

/// Stores a leaf.
pub(crate) fn put_leaf(store: &Store, entries: &[(&[u8], &[u8])]) -> (Hash, Locator) {
    let node = leaf(entries);
    let hash = node.hash();
    (hash, store.write_node(&hash, node).unwrap())
}
