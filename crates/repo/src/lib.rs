//! Version control for prolly trees.
//!
//! A [`Repository`] holds named maps from byte keys to byte values, and their versions: commits,
//! branches, tags, merges, and a working state that survives a restart. It lies in a [`Backend`]: in
//! memory, in a durable store, or in whatever implements the trait.
//!
//! ```
//! use prollytree_repo::{MapName, MemoryBackend, Options, Repository};
//! # fn main() -> Result<(), prollytree_repo::RepoError> {
//! let mut repo = Repository::init(MemoryBackend::new(), Options::default())?;
//! let users = MapName::new("users")?;
//! repo.set(&users, "alice", "engineer")?;
//! let first = repo.commit("Add Alice")?;
//! repo.set(&users, "alice", "lead")?;
//! repo.commit("Promote Alice")?;
//!
//! assert_eq!(repo.get(&users, b"alice")?, Some(b"lead".to_vec()));
//! assert_eq!(repo.resolve("HEAD~1")?, first);
//! let old = repo.open_map(&repo.maps_at("HEAD~1")?, &users)?;
//! assert_eq!(old.get(b"alice")?, Some(b"engineer".to_vec()));
//! # Ok(())
//! # }
//! ```

mod adjust;
mod backend;
mod codec;
mod commit;
mod config;
mod conflict;
pub mod conformance;
mod copy;
mod diff;
mod error;
mod graph;
mod history;
mod id;
mod identity;
mod log;
mod memory;
mod merge;
mod name;
mod operation;
mod options;
mod repository;
mod revision;
mod store;
mod tag;
mod time;
pub mod trace;
mod value;
mod working;

pub use adjust::{Adjust, Versions};
pub use backend::{Backend, BackendError, RefUpdate, RefValue};
pub use codec::{MAX_RECORD_LEN, RecordError};
pub use commit::{Commit, MapRoot, Maps};
pub use copy::{Copied, copy_repository};
pub use diff::{Change, MapDiff, MapsDiff};
pub use error::RepoError;
pub use graph::{Ancestors, topological};
pub use history::{KeyHistory, KeyVersion};
pub use id::{CommitId, ParseIdError, TagId};
pub use identity::{Identity, IdentityError};
pub use log::{LogEntry, Reason};
pub use memory::MemoryBackend;
pub use merge::{ConflictResolver, MergedMaps};
pub use name::{MAX_NAME_LEN, MapName, NameError, RefName};
pub use operation::{Operation, OperationKind};
pub use options::Options;
pub use repository::{
    Branch, Choice, CommitOptions, FastForward, Head, MergeOptions, MergeOutcome, PickOutcome,
    Repository, ResetMode, Strategy, TagRef, Uncommitted,
};
pub use store::RepositoryTrace;
pub use tag::Tag;
pub use time::{Clock, ManualClock, ParseTimeError, SystemClock, Timestamp};
pub use value::ValueReader;
