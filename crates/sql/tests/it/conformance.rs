//! The published suite of GlueSQL, against each backend that this crate knows.

#[macro_use]
#[path = "conformance/suite.rs"]
mod suite;

use prollytree_repo::MemoryBackend;
use prollytree_sql::ProllyStorage;
use prollytree_store::Store;

conformance!(native, Store, tempfile::TempDir, {
    let dir = tempfile::tempdir().unwrap();
    (ProllyStorage::init(dir.path()).unwrap(), dir)
});

conformance!(memory, MemoryBackend, (), { (ProllyStorage::in_memory().unwrap(), ()) });
