//! Durable storage: a directory that holds nodes, objects and refs, and survives crashes.
//!
//! A [`Store`] is a log of batches in append-only segment files. Nodes and objects, named by their
//! hashes, are written into memory at first; a [commit](Store::commit) appends them, changes refs
//! by compare-and-swap, and makes it all durable, in one write and one sync.
//!
//! ```
//! use prollytree_store::{Expected, RefUpdate, Store, StoreOptions, Transaction};
//! use prollytree_tree::{NodeStorage, ObjectKind};
//!
//! # let dir = tempfile::tempdir()?;
//! # let dir = dir.path();
//! let store = Store::create(dir, StoreOptions::default())?;
//! let hash = ObjectKind::Chunk.hash(b"hello").expect("chunks are hashed as they are");
//! store.write_object(ObjectKind::Chunk, &hash, b"hello")?;
//! store.commit(&Transaction {
//!     updates: vec![RefUpdate {
//!         name: "greeting".into(),
//!         expected: Expected::Absent,
//!         new: Some(hash.as_bytes().to_vec()),
//!     }],
//!     ..Transaction::default()
//! })?;
//!
//! let again = Store::open_read_only(dir, StoreOptions::default())?;
//! assert_eq!(again.get_ref("greeting")?.as_deref(), Some(&hash.as_bytes()[..]));
//! assert_eq!(again.read_object(ObjectKind::Chunk, &hash)?.as_deref(), Some(&b"hello"[..]));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! What is on the disk is specified in `spec/FORMAT.md`, section "Store".

mod append;
mod cache;
mod check;
mod collect;
mod commit;
pub mod conformance;
mod create;
mod dir;
mod error;
mod format;
mod lock;
mod objects;
mod options;
mod pending;
mod pin;
mod references;
mod refs;
mod salvage;
mod scan;
mod segment;
mod store;
mod tail;
mod vfs;
mod view;
mod walk;

pub use check::{Problem, Report};
pub use collect::{Collected, Collection, Progress, Trace, TraceError};
pub use commit::Transaction;
pub use error::{Damage, StoreError};
pub use options::{Durability, StoreOptions};
pub use pin::Pin;
pub use references::references;
pub use refs::{Expected, MAX_REF_NAME_LEN, MAX_REF_VALUE_LEN, RefUpdate, check_ref_name};
pub use salvage::Salvaged;
pub use store::{MAX_OBJECT_LEN, Store};
#[cfg(any(test, feature = "sim"))]
pub use vfs::sim;
pub use vfs::{OpenMode, OsVfs, Vfs, VfsFile};
pub use view::Refs;
