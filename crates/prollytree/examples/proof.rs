//! A proof that a key has a value.
#![allow(clippy::unwrap_used, reason = "an example may panic")]

use prollytree::storage::InMemoryNodeStorage;
use prollytree::tree::ProllyTree;

fn main() {
    let storage = InMemoryNodeStorage::<32>::new();
    let mut tree = ProllyTree::new(storage, Default::default());
    tree.insert(b"balance:alice".to_vec(), b"1000".to_vec());
    tree.insert(b"balance:bob".to_vec(), b"500".to_vec());
    let proof = tree.generate_proof(b"balance:alice").unwrap();
    let root_hash = tree.root_hash();
    let is_valid = tree.verify_proof(&proof, b"balance:alice", b"1000");
    assert!(is_valid);
    tree.update(b"balance:alice".to_vec(), b"1100".to_vec());
    let new_root = tree.root_hash();
    assert_ne!(root_hash, new_root);
}
