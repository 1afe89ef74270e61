//! A versioned, verifiable, syncable database on prolly trees.
//!
//! A prolly tree is an ordered map from byte keys to byte values whose shape, and so whose root hash,
//! depends on nothing but its content. Versions share what they have in common, two versions are
//! compared by skipping what is equal, and a root hash is enough to check a proof of anything under
//! it.
//!
//! * [`tree`]: the map, its snapshots, diff, merge, patches and proofs.
//! * [`storage`]: where its nodes lie: in memory, or in a durable folder.
//! * [`repo`]: commits, branches, tags and merges of named maps.
//! * `git`, a feature: the same inside a real Git repository, for `git`, its hosts and its habits.
//! * `sql`, the features `sql` (GlueSQL) and `sqlite` (the dialect of SQLite): tables, and SQL over any
//!   version.
//!
//! ```
//! use prollytree::repo::{MapName, Options, Repository};
//! use prollytree::storage::{Store, StoreOptions};
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! let store = Store::create(folder.path(), StoreOptions::default())?;
//! let mut repo = Repository::init(store, Options::default())?;
//! let users = MapName::new("users")?;
//! repo.set(&users, "alice", "engineer")?;
//! repo.commit("Add Alice")?;
//! repo.set(&users, "alice", "lead")?;
//! repo.commit("Promote Alice")?;
//!
//! let before = repo.open_map(&repo.maps_at("HEAD~1")?, &users)?;
//! assert_eq!(before.get(b"alice")?, Some(b"engineer".to_vec()));
//! # Ok(())
//! # }
//! ```
//!
//! The examples of this crate (`cargo run --example …`) are short programs, one a capability.

/// The ordered map: trees, snapshots, diff, merge, patches and proofs.
pub mod tree {
    pub use prollytree_tree::*;
}

/// Where nodes lie: in memory, in a durable folder, or in a storage of your own.
pub mod storage {
    pub use prollytree_store::*;
    pub use prollytree_tree::{InMemoryNodeStorage, Locator, NodeStorage, ObjectKind};
}

/// Commits, branches, tags, merges and history of named maps.
pub mod repo {
    pub use prollytree_repo::*;
}

/// The same repository inside a real Git repository: commits, branches and tags that are Git's.
///
/// Needs the feature `git`.
#[cfg(feature = "git")]
pub mod git {
    pub use prollytree_git::*;
}

/// Tables, and SQL over any version.
///
/// With the feature `sql`, `ProllyStorage` is a storage of GlueSQL; with the
/// feature `sqlite`, `sqlite::Connection` speaks the dialect of SQLite. Both
/// see the same tables.
#[cfg(any(feature = "sql", feature = "sqlite"))]
pub mod sql {
    pub use prollytree_sql::*;
}

/// The programs of the README.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct Readme;
