//! Calls that fail, and disks that are full.

use std::sync::Arc;

use prollytree_store::sim::{Dice, Fault, SimVfs};
use prollytree_store::{Expected, Store, StoreError, StoreOptions};
use prollytree_tree::Hash;

use crate::collect::{Lists, is_whole, put_list, try_put_list};
use crate::support::{get, set, update};

fn tiny() -> StoreOptions {
    let mut options = StoreOptions::default();
    options.segment_bytes = 3000;
    options.checkpoint_bytes = 1000;
    options.pending_bytes = 1500;
    options.cache_bytes = 0;
    options
}

fn open(disk: &SimVfs) -> Result<Store, StoreError> {
    Store::open_on(Arc::new(disk.clone()), tiny())
}

/// The refs a store may have after an interrupted workload: how many versions of the ref "main"
/// were acknowledged and how many were tried.
#[derive(Default)]
struct Tally {
    created: bool,
    acknowledged: u64,
    tried: u64,
    lists: Vec<Hash>,
}

/// Creates a store, commits, collects, commits: some of the calls fail.
fn workload(disk: &SimVfs, tally: &mut Tally) -> Result<(), StoreError> {
    let store = Store::create_on(Arc::new(disk.clone()), tiny())?;
    tally.created = true;
    for version in 1..=8 {
        if version == 6 {
            store.collect(Lists)?.run()?;
        }
        let list = try_put_list(&store, version * 5..version * 5 + 6)?;
        tally.lists.push(list);
        tally.tried = version;
        set(&store, "main", list.as_bytes())?;
        tally.acknowledged = version;
    }
    Ok(())
}

/// The store opens, has one of the versions that it may have, whole, and can be written to.
fn is_sound(disk: &SimVfs, tally: &Tally) {
    let store = match open(disk) {
        Err(_) if !tally.created => Store::create_on(Arc::new(disk.clone()), tiny()),
        store => store,
    }
    .unwrap();
    let found = store.get_ref("main").unwrap().map(|value| Hash::from_slice(&value).unwrap());
    let allowed = tally.acknowledged..=tally.tried;
    let version = |hash| tally.lists.iter().position(|list| *list == hash).unwrap() as u64 + 1;
    assert!(allowed.contains(&found.map_or(0, version)));
    assert!(found.is_none_or(|list| is_whole(&store, &list).unwrap()));
    assert_eq!(store.check().unwrap().problems, []);
    let list = put_list(&store, 900..903);
    set(&store, "after", list.as_bytes()).unwrap();
    store.collect(Lists).unwrap().run().unwrap();
    assert!(is_whole(&open(disk).unwrap(), &list).unwrap());
    assert!(found.is_none_or(|list| is_whole(&store, &list).unwrap()));
}

#[test]
fn whatever_call_fails_nothing_acknowledged_is_lost() {
    let calls = {
        let disk = SimVfs::new();
        workload(&disk, &mut Tally::default()).unwrap();
        disk.calls()
    };
    assert!(calls > 300);
    for fault in (0..calls).flat_map(|call| [Fault::Once(call), Fault::From(call)]) {
        let disk = SimVfs::new();
        disk.set_fault(Some(fault));
        let mut tally = Tally::default();
        // A failed hint, or a session file that stays, fails no commit.
        let _result = workload(&disk, &mut tally);
        disk.set_fault(None);
        disk.record();
        let Some(now) = disk.moments().pop() else { continue };
        for seed in 0..4 {
            is_sound(&now.crash(&mut Dice::new(seed)), &tally);
        }
        is_sound(&disk, &tally);
    }
}

#[test]
fn a_failed_sync_poisons_the_handle_and_not_the_store() {
    let disk = SimVfs::new();
    let store = Store::create_on(Arc::new(disk.clone()), tiny()).unwrap();
    let reader = open(&disk).unwrap();
    set(&store, "main", b"1").unwrap();
    let mut taken_back = 0;
    for call in 0.. {
        let store = open(&disk).unwrap();
        let before = store.get_ref("main").unwrap();
        disk.set_fault(Some(Fault::Once(call)));
        let result = set(&store, "main", &call.to_le_bytes());
        let all = disk.calls();
        disk.set_fault(None);
        if all <= call {
            result.unwrap();
            break;
        }
        match set(&store, "main", &call.to_le_bytes()) {
            Err(StoreError::Poisoned { .. }) => {
                // What was not acknowledged is taken back for all, unless the manifest that names
                // it may be durable already.
                let seen = reader.get_ref("main").unwrap();
                if seen == before {
                    taken_back += 1;
                } else {
                    assert_eq!(seen.as_deref(), Some(&call.to_le_bytes()[..]));
                }
                let next = open(&disk).unwrap();
                set(&next, "main", b"after").unwrap();
                assert_eq!(reader.get_ref("main").unwrap().as_deref(), Some(&b"after"[..]));
            }
            again => {
                again.unwrap();
            }
        }
    }
    assert!(taken_back >= 1);
}

#[test]
fn a_full_disk_is_a_clean_error_and_what_was_written_waits() {
    let disk = SimVfs::new();
    let store = Store::create_on(Arc::new(disk.clone()), tiny()).unwrap();
    for capacity in (1000..12_000).step_by(77) {
        disk.set_capacity(Some(capacity));
        let list = match try_put_list(&store, capacity..capacity + 4) {
            Ok(list) => list,
            Err(error) => {
                assert!(is_full(&error), "{error}");
                continue;
            }
        };
        let name = format!("v{capacity}");
        let result = store.commit(&update(&name, Expected::Absent, Some(list.as_bytes())));
        if let Err(error) = result {
            assert!(is_full(&error), "{error}");
            assert!(is_whole(&store, &list).unwrap());
            disk.set_capacity(None);
            store.commit(&update(&name, Expected::Absent, Some(list.as_bytes()))).unwrap();
        }
        assert!(is_whole(&open(&disk).unwrap(), &list).unwrap());
    }
    disk.set_capacity(None);
    assert_eq!(store.check().unwrap().problems, []);
    assert!(get(&store, &Hash::from_bytes([7; 32])).unwrap().is_none());
}

fn is_full(error: &StoreError) -> bool {
    matches!(error, StoreError::Io { source, .. } if source.kind() == std::io::ErrorKind::StorageFull)
}

#[test]
fn a_salvage_that_fails_leaves_the_damaged_store_alone() {
    let disk = SimVfs::new();
    workload(&disk, &mut Tally::default()).unwrap();
    let files: Vec<_> = prollytree_store::Vfs::list(&disk).unwrap();
    let before: Vec<_> = files.iter().map(|name| disk.content(name)).collect();
    let salvage = |to: &SimVfs| {
        let store = Store::create_on(Arc::new(to.clone()), tiny())?;
        store.salvage_on(Arc::new(disk.clone()))
    };
    let to = SimVfs::new();
    salvage(&to).unwrap();
    for call in 0..to.calls() {
        let to = SimVfs::new();
        to.set_fault(Some(Fault::From(call)));
        let _result = salvage(&to);
        disk.set_fault(Some(Fault::From(call)));
        let _result = salvage(&SimVfs::new());
        disk.set_fault(None);
        assert!(files.iter().map(|name| disk.content(name)).eq(before.iter().cloned()));
    }
}
