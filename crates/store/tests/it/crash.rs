//! Power loss at every moment of a workload.

use std::sync::Arc;

use prollytree_store::sim::{Dice, Moment, Mutant, SimVfs};
use prollytree_store::{Durability, Expected, Store, StoreError, StoreOptions, Transaction};
use prollytree_tree::Hash;

use crate::support::{content, get, put, set, update};

/// How many crashes are tried at each moment, for 100,000 states and more altogether.
const CRASHES_PER_MOMENT: u64 = 500;

fn tiny() -> StoreOptions {
    let mut options = StoreOptions::default();
    options.segment_bytes = 6000;
    options.checkpoint_bytes = 1500;
    options.pending_bytes = 3000;
    options.cache_bytes = 0;
    options
}

/// What the workload wrote by the time that a version was committed.
fn objects(version: u64) -> impl Iterator<Item = Vec<u8>> {
    (0..1 + version % 4).map(move |i| content(version * 10 + i, 100 + 400 * (version as usize % 3)))
}

/// Commits versions 1, 2, … of the ref "main", each with objects of its own; some are not synced,
/// some are larger than the budget. Acknowledges each version that is durable.
fn workload(disk: &SimVfs, versions: u64) -> Result<(), StoreError> {
    let store = Store::create_on(Arc::new(disk.clone()), tiny())?;
    for version in 1..=versions {
        objects(version).for_each(|bytes| {
            put(&store, &bytes);
        });
        let buffered = version % 5 == 3;
        let durability = if buffered { Durability::Buffered } else { Durability::Sync };
        let value = version.to_le_bytes();
        store.commit(&Transaction { durability, ..update("main", Expected::Any, Some(&value)) })?;
        if !buffered {
            disk.acknowledge(version);
        }
        if version % 7 == 0 {
            store.commit(&update("main", Expected::Is(value.to_vec()), Some(&value)))?;
        }
    }
    Ok(())
}

/// Why a state after a crash is not acceptable.
#[derive(Debug)]
#[expect(dead_code, reason = "printed when a test fails")]
enum Broken {
    Unopenable(StoreError),
    Lost { acknowledged: u64, found: u64 },
    Incomplete { version: u64, hash: Hash },
    Unreadable(StoreError),
}

fn version(store: &Store) -> Result<u64, StoreError> {
    let value = store.get_ref("main")?;
    Ok(value.map_or(0, |value| u64::from_le_bytes((*value).try_into().unwrap())))
}

/// Opens what a crash left and checks that nothing acknowledged is lost and all that is named is
/// whole, now and after going on from there.
fn check(disk: &SimVfs, acknowledged: u64, created: bool, go_on: bool) -> Result<(), Broken> {
    let store = match Store::open_on(Arc::new(disk.clone()), tiny()) {
        // Before the creation was acknowledged there may be no store, and it can be made.
        Err(_) if !created => Store::create_on(Arc::new(disk.clone()), tiny()),
        store => store,
    }
    .map_err(Broken::Unopenable)?;
    let found = version(&store).map_err(Broken::Unreadable)?;
    if found < acknowledged {
        return Err(Broken::Lost { acknowledged, found });
    }
    for version in 1..=found {
        for bytes in objects(version) {
            let hash = prollytree_tree::ObjectKind::Chunk.hash(&bytes).unwrap();
            match get(&store, &hash) {
                Ok(Some(_)) => {}
                Ok(None) => return Err(Broken::Incomplete { version, hash }),
                Err(error) => return Err(Broken::Unreadable(error)),
            }
        }
    }
    if go_on {
        let next = found + 1;
        objects(next).for_each(|bytes| {
            put(&store, &bytes);
        });
        set(&store, "main", &next.to_le_bytes()).map_err(Broken::Unreadable)?;
        return check(disk, next, true, false);
    }
    Ok(())
}

/// Crashes at every moment, and returns how many states there were and the first that is broken.
fn explore(mutant: Option<Mutant>, crashes: u64) -> (u64, Option<Broken>) {
    let disk = SimVfs::new().with_mutant(mutant);
    disk.record();
    workload(&disk, 40).unwrap();
    let moments = disk.moments();
    let created = moments.iter().position(|moment| moment.acknowledged > 0).unwrap();
    let mut states = 0;
    for (i, moment) in moments.iter().enumerate() {
        for seed in 0..crashes {
            states += 1;
            if let Err(broken) = crash(moment, i as u64 * crashes + seed, i >= created) {
                return (states, Some(broken));
            }
        }
    }
    (states, None)
}

/// One crash; in every eighth state the recovery crashes too.
fn crash(moment: &Moment, seed: u64, created: bool) -> Result<(), Broken> {
    let mut dice = Dice::new(seed);
    let disk = moment.crash(&mut dice);
    if seed % 8 != 0 {
        return check(&disk, moment.acknowledged, created, seed % 4 == 1);
    }
    disk.acknowledge(moment.acknowledged);
    disk.record();
    check(&disk, moment.acknowledged, created, true)?;
    let again = disk.moments();
    let moment = &again[dice.roll(again.len() as u64) as usize];
    check(&moment.crash(&mut dice), moment.acknowledged, created, true)
}

#[test]
fn no_crash_loses_what_was_acknowledged() {
    let (states, broken) = explore(None, CRASHES_PER_MOMENT);
    assert!(broken.is_none(), "state {states}: {broken:?}");
    assert!(states >= 100_000, "only {states} states");
}

#[test]
fn the_exploration_notices_a_missing_sync_of_files() {
    assert!(explore(Some(Mutant::NoFileSync), 50).1.is_some());
}

#[test]
fn the_exploration_notices_a_missing_sync_of_the_directory() {
    assert!(explore(Some(Mutant::NoDirSync), 50).1.is_some());
}

#[test]
fn the_exploration_notices_a_manifest_written_in_place() {
    assert!(explore(Some(Mutant::RenameInPlace), 50).1.is_some());
}

#[test]
fn the_exploration_notices_a_manifest_published_before_the_data() {
    assert!(explore(Some(Mutant::NameBeforeData), 50).1.is_some());
}
