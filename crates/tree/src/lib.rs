//! The prolly tree.
mod boundary;
mod config;
mod digest;
mod hash;
mod memory;
mod node;
mod object;
mod storage;
mod value;

pub use config::{ConfigError, TreeConfig};
pub use hash::{HASH_LEN, Hash, ParseHashError};
pub use memory::InMemoryNodeStorage;
pub use node::{Child, MAX_LEVEL, MAX_NODE_LEN, Node, NodeError};
pub use object::ObjectKind;
pub use storage::{Locator, NodeStorage};
pub use value::{Blob, MAX_INLINE_LEN, MAX_KEY_LEN, MAX_VALUE_LEN, Value, ValueRef};
