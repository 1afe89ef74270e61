//! A prolly tree repository inside a real Git repository.

mod backend;
mod commit;
mod data_set;
mod error;
mod files;
mod index_lock;
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
