//! The prolly tree: an ordered map from byte keys to byte values whose shape, and so whose root hash,
//! depends on nothing but its content.
//!
//! ```
//! use prollytree_tree::{InMemoryNodeStorage, ProllyTree, verify_key, Verified};
//!
//! let mut tree = ProllyTree::new(InMemoryNodeStorage::<32>::new(), Default::default());
//! tree.insert(b"apple".to_vec(), b"red".to_vec());
//! tree.insert(b"plum".to_vec(), b"blue".to_vec());
//! let root = tree.root_hash();
//!
//! // Whoever has the root hash can check what is under it, without the tree.
//! let proof = tree.snapshot().prove_key(b"plum")?;
//! assert!(matches!(verify_key(&root, b"plum", proof.as_bytes())?, Verified::Present(_)));
//!
//! // Old versions stay readable and share their nodes with new ones.
//! let before = tree.snapshot().clone();
//! tree.insert(b"plum".to_vec(), b"yellow".to_vec());
//! assert_eq!(before.diff(tree.snapshot(), ..)?.count(), 1);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! * [`ProllyTree`] is the map that changes: edits are buffered until a root is asked for.
//! * [`Snapshot`] is the map as it stands: reads, ranges, [diff](Snapshot::diff), [`merge`], proofs.
//! * [`NodeStorage`] is what lies below: nodes and chunks of large values by hash.
//!
//! No I/O, no clock, and no threads but those that a caller asks for. The bytes are specified in
//! `spec/FORMAT.md`.

mod blob;
mod boundary;
mod builder;
mod check;
mod chunker;
mod codec;
mod config;
mod cursor;
mod diff;
mod digest;
mod divergence;
mod edit;
mod error;
mod hash;
mod memory;
mod merge;
mod node;
mod object;
mod patch;
mod path;
mod proof;
mod range;
mod snapshot;
mod stats;
mod storage;
mod tree;
mod value;

pub use blob::{BlobReader, ChunkList, MAX_CHUNK_LEN, Part, store_reader};
pub use builder::AsEntry;
pub use check::{Checked, check_tree};
pub use config::{ConfigError, TreeConfig};
pub use cursor::{Cursor, EntryRef};
pub use diff::{Diff, Difference};
pub use error::TreeError;
pub use hash::{HASH_LEN, Hash, ParseHashError};
pub use memory::InMemoryNodeStorage;
pub use merge::{CollectConflicts, Conflict, KeyRange, Merge, Resolution, Resolver, Side, merge};
pub use node::{Child, MAX_LEVEL, MAX_NODE_LEN, Node, NodeError};
pub use object::ObjectKind;
pub use patch::{ApplyError, Patch, PatchError};
pub use proof::{
    Limits, Proof, ProofError, Statement, Verified, verify, verify_diff, verify_difference,
    verify_key, verify_keys, verify_prefix, verify_range, verify_value,
};
pub use range::{Entry, Range};
pub use snapshot::Snapshot;
pub use stats::{LevelStats, Sharing, TreeStats};
pub use storage::{Locator, NodeStorage};
pub use tree::ProllyTree;
pub use value::{Blob, MAX_INLINE_LEN, MAX_KEY_LEN, MAX_VALUE_LEN, Value, ValueRef};
