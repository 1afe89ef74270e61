//! The prolly tree.
mod blob;
mod boundary;
mod builder;
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
    Limits, Proof, ProofError, Statement, Verified, verify, verify_key, verify_keys, verify_prefix,
    verify_range, verify_value,
};
pub use range::{Entry, Range};
pub use snapshot::Snapshot;
pub use stats::{LevelStats, Sharing, TreeStats};
pub use storage::{Locator, NodeStorage};
pub use tree::ProllyTree;
pub use value::{Blob, MAX_INLINE_LEN, MAX_KEY_LEN, MAX_VALUE_LEN, Value, ValueRef};
