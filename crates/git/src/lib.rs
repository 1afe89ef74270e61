//! A prolly tree repository inside a real Git repository.
//!
//! [`GitBackend`] is the [`Backend`](prollytree_repo::Backend) of a
//! [`Repository`](prollytree_repo::Repository) whose commits, branches, tags and merges are Git's own.
//! Every node of a version is reachable from its commit, so that `git clone`, `git push`, `git gc`,
//! hosts and backups keep data as they keep code; and the roots are those of every other storage.
//! [`GitVersionedKvStore`] is one map of it as a key-value store:
//!
//! ```
//! use prollytree_git::GitVersionedKvStore;
//! # fn main() -> Result<(), prollytree_git::GitError> {
//! # let folder = tempfile::tempdir().unwrap();
//! let mut store = GitVersionedKvStore::init(folder.path().join("my-data"))?;
//! store.set(b"timeout", b"30")?;
//! store.commit("Configure")?;
//! store.set(b"timeout", b"60")?;
//! store.commit("Be patient")?;
//! assert_eq!(store.get_at("HEAD~1", b"timeout")?, Some(b"30".to_vec()));
//! # Ok(())
//! # }
//! ```
//!
//! The layout is specified in `spec/FORMAT.md`, section "Git repository"; why it is so, in
//! `docs/design/git.md`.
//!
//! # What Git does and what we do
//! * Objects and refs are read and written by us, with Git's locks. Git's hooks are not run, except
//!   those of the `git` program where it is run: `pre-push`, and the like.
//! * What a commit acknowledged survives a power cut: packs and refs are synced, as far as
//!   `core.fsync` does not forbid it.
//! * The `git` program, if it is there, does the rest: network, garbage, and working trees that hold
//!   more than a data set of ours. Version 2.41 or later.

mod backend;
mod commit;
mod data_set;
mod error;
mod files;
mod find;
mod guard;
mod index_lock;
mod intact;
mod kv;
mod leaf;
mod listing;
mod locate;
mod lock;
mod name;
mod objects;
mod pack;
mod pending;
mod place;
mod program;
mod read;
mod reflog;
mod refs;
mod set_up;
mod shared;
mod sparse;
mod state;
mod strategy;
mod tidy;
mod update;
mod working_tree;
mod write;

pub use backend::GitBackend;
pub use data_set::{InitOptions, ObjectFormat};
pub use error::GitError;
pub use kv::{GitVersionedKvStore, KeyStatus};
pub use leaf::LeafError;
pub use listing::ListingError;
pub use shared::ThreadSafeGitVersionedKvStore;
pub use strategy::{StrategyOutcome, merge_strategy};
