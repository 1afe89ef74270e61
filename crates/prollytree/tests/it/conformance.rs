//! The published suite of GlueSQL, against each backend.

#[macro_use]
#[path = "conformance/suite.rs"]
mod suite;

use prollytree::git::GitBackend;
use prollytree::repo::MemoryBackend;
use prollytree::sql::ProllyStorage;
use prollytree::storage::Store;
use tempfile::TempDir;

use crate::support::in_git;

conformance!(native, Store, TempDir, {
    let dir = tempfile::tempdir().unwrap();
    (ProllyStorage::init(dir.path()).unwrap(), dir)
});

conformance!(memory, MemoryBackend, (), { (ProllyStorage::in_memory().unwrap(), ()) });

conformance!(git, GitBackend, TempDir, {
    let folder = tempfile::tempdir().unwrap();
    (ProllyStorage::with_repository(in_git(&folder)).unwrap(), folder)
});
