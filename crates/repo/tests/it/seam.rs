//! Every backend passes the same suite.

use std::sync::Arc;

use prollytree_repo::{
    MapName, MemoryBackend, Repository, RepositoryTrace, ResetMode, Uncommitted, conformance,
};
use prollytree_store::{Store, StoreOptions, sim::SimVfs};

use crate::basics::options;
use crate::histories::{Run, ops};
use proptest::prelude::*;

#[test]
fn memory_is_a_backend() {
    conformance::run(|| {
        let backend = MemoryBackend::new();
        move || backend.clone()
    })
    .unwrap();
}

#[test]
fn a_store_is_a_backend() {
    conformance::run(|| {
        let dir = tempfile::tempdir().unwrap();
        Store::create(dir.path(), StoreOptions::default()).unwrap();
        move || Store::open(dir.path(), StoreOptions::default()).unwrap()
    })
    .unwrap();
}

fn simulated() -> (Arc<SimVfs>, Store) {
    let disk = Arc::new(SimVfs::new());
    let store = Store::create_on(disk.clone(), StoreOptions::default()).unwrap();
    (disk, store)
}

proptest! {
    #[test]
    fn a_repository_in_a_store_is_its_model(ops in ops()) {
        let (disk, store) = simulated();
        let mut run = Run::new(store, 1, 300);
        for (i, op) in ops.iter().enumerate() {
            run.step(op);
            if i % 20 == 19 {
                run.repo.collect(i64::MIN).unwrap().run().unwrap();
            }
            run.check_working();
        }
        run.check_commits();
        let other = Store::open_on(disk, StoreOptions::default()).unwrap();
        prop_assert_eq!(&other.check().unwrap().problems, &[]);
        prop_assert_eq!(&other.check_reachable(&RepositoryTrace).unwrap().problems, &[]);
    }
}

#[test]
fn a_collection_keeps_what_refs_and_young_log_entries_lead_to() {
    let (disk, store) = simulated();
    let mut repo = Repository::init(store, options()).unwrap();
    let map = MapName::default();
    let commit = |repo: &mut Repository<Store>, n: u32| {
        let noise: Vec<u8> = (0..20_000u32).flat_map(|i| (i * 7919 + n).to_le_bytes()).collect();
        repo.set_reader(&map, format!("key {n}"), &noise[..]).unwrap();
        repo.set(&map, "n", n.to_string()).unwrap();
        repo.commit(n.to_string()).unwrap()
    };
    let first = commit(&mut repo, 1);
    let kept = commit(&mut repo, 2);
    repo.create_tag("kept", &kept, Some("annotated")).unwrap();
    repo.reset(&first, ResetMode::Hard).unwrap();
    let logged = commit(&mut repo, 3);
    repo.reset(&first, ResetMode::Hard).unwrap();
    repo.set(&map, "draft", "saved").unwrap();
    repo.save().unwrap();

    repo.collect(0).unwrap().run().unwrap();
    repo.read_commit(&logged).unwrap();
    let collected = repo.collect(i64::MAX).unwrap().run().unwrap();
    assert!(collected.dropped_bytes > 0);
    drop(repo);

    let store = Store::open_on(disk, StoreOptions::default()).unwrap();
    assert!(store.check_reachable(&RepositoryTrace).unwrap().problems.is_empty());
    let mut repo = Repository::open(store, options()).unwrap();
    assert_eq!(repo.get(&map, b"draft").unwrap(), Some(b"saved".to_vec()));
    assert!(repo.read_commit(&logged).is_err());
    repo.checkout("kept", Uncommitted::Discard).unwrap();
    assert_eq!(repo.get(&map, b"n").unwrap(), Some(b"2".to_vec()));
    assert_eq!(repo.get(&map, b"key 2").unwrap().unwrap().len(), 80_000);
}
