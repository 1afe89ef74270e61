//! The ordered map.
#![allow(clippy::unwrap_used, reason = "an example may panic")]

use prollytree::storage::InMemoryNodeStorage;
use prollytree::tree::ProllyTree;

fn main() {
    let storage = InMemoryNodeStorage::<32>::new();
    let mut tree = ProllyTree::new(storage, Default::default());
    tree.insert(b"user:alice".to_vec(), b"Alice Johnson".to_vec());
    tree.insert(b"user:bob".to_vec(), b"Bob Smith".to_vec());
    if let Some(value) = tree.find(b"user:alice") {
        println!("Found: {:?}", String::from_utf8(value).unwrap());
    }
    tree.update(b"user:alice".to_vec(), b"Alice Williams".to_vec());
    tree.delete(b"user:bob");
}
