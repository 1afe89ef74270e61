//! The memory backend passes the suite that every backend runs.

use prollytree_repo::{MemoryBackend, conformance};

#[test]
fn memory_is_a_backend() {
    conformance::run(|| {
        let backend = MemoryBackend::new();
        move || backend.clone()
    })
    .unwrap();
}
