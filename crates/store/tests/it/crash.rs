//! Power loss at every moment of a workload.

use std::sync::Arc;

use prollytree_store::sim::{Dice, Fault, Moment, Mutant, SimVfs};
use prollytree_store::{
    Durability, Expected, Refs, Store, StoreError, StoreOptions, Trace, TraceError, Transaction,
};
use prollytree_tree::{Hash, ObjectKind};

use crate::collect::{Lists, is_whole, try_put_list};
use crate::support::update;

/// How many crashes are tried at each moment: 100,000 states and more altogether, or as many times
/// as many as the environment says.
fn crashes_per_moment() -> u64 {
    let times = std::env::var("PROLLYTREE_TEST_EFFORT").map_or(1, |times| times.parse().unwrap());
    500 * times
}

fn tiny() -> StoreOptions {
    let mut options = StoreOptions::default();
    options.segment_bytes = 6000;
    options.checkpoint_bytes = 1500;
    options.pending_bytes = 1500;
    options.cache_bytes = 0;
    options
}

/// The list that belongs to a version; half of it is the list before's.
fn list(store: &Store, version: u64) -> Result<Hash, StoreError> {
    try_put_list(store, version * 2..version * 2 + 4 + version % 3)
}

/// Follows the ref "main", which holds a list's name.
struct Main;

impl Trace for Main {
    fn roots(&self, refs: &Refs) -> Result<Vec<(ObjectKind, Hash)>, TraceError> {
        let main = refs.get("main").map(|value| Hash::from_slice(value).ok_or("no hash"));
        Ok(main.transpose()?.into_iter().map(|hash| (ObjectKind::ChunkList, hash)).collect())
    }

    fn children(
        &self,
        kind: ObjectKind,
        bytes: &[u8],
    ) -> Result<Vec<(ObjectKind, Hash)>, TraceError> {
        Lists.children(kind, bytes)
    }
}

/// Sets "main" to a version's list and "version" to its number.
fn both(version: u64, list: &Hash, durability: Durability) -> Transaction {
    let mut transaction = update("main", Expected::Any, Some(list.as_bytes()));
    let number = update("version", Expected::Any, Some(&version.to_le_bytes()));
    transaction.updates.extend(number.updates);
    Transaction { durability, ..transaction }
}

/// Commits versions 1, 2, …; some are not synced, some are larger than the budget, and garbage is
/// collected now and then. Acknowledges each version that is durable.
fn workload(disk: &SimVfs, versions: u64) -> Result<(), StoreError> {
    let store = Store::create_on(Arc::new(disk.clone()), tiny())?;
    disk.acknowledge(1);
    for version in 1..=versions {
        let list = list(&store, version)?;
        let buffered = version % 5 == 3;
        let durability = if buffered { Durability::Buffered } else { Durability::Sync };
        store.commit(&both(version, &list, durability))?;
        if !buffered {
            disk.acknowledge(1 + version);
        }
        if version % 8 == 0 {
            store.collect(Main)?.run()?;
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
    Incomplete { version: u64 },
    Mixed { version: u64 },
    Unreadable(StoreError),
}

fn found(refs: &Refs) -> u64 {
    refs.get("version").map_or(0, |value| u64::from_le_bytes((**value).try_into().unwrap()))
}

/// Opens what a crash left and checks that nothing acknowledged is lost and that the version found
/// is whole, now and after going on from there.
fn check(disk: &SimVfs, acknowledged: u64, go_on: bool) -> Result<(), Broken> {
    let store = match Store::open_on(Arc::new(disk.clone()), tiny()) {
        // Before the creation is acknowledged there may be no store, and it can be made.
        Err(_) if acknowledged == 0 => Store::create_on(Arc::new(disk.clone()), tiny()),
        store => store,
    }
    .map_err(Broken::Unopenable)?;
    let refs = store.refs().map_err(Broken::Unreadable)?;
    let found = found(&refs);
    if found + 1 < acknowledged {
        return Err(Broken::Lost { acknowledged, found });
    }
    if found > 0 {
        let scratch = Store::create_on(Arc::new(SimVfs::new()), tiny()).unwrap();
        let list = list(&scratch, found).unwrap();
        if refs.get("main").is_none_or(|value| **value != list.as_bytes()[..]) {
            return Err(Broken::Mixed { version: found });
        }
        if !is_whole(&store, &list).map_err(Broken::Unreadable)? {
            return Err(Broken::Incomplete { version: found });
        }
    }
    if go_on {
        let next = found + 1;
        let list = list(&store, next).map_err(Broken::Unreadable)?;
        store.commit(&both(next, &list, Durability::Sync)).map_err(Broken::Unreadable)?;
        if found.is_multiple_of(2) {
            store.collect(Main).and_then(|it| it.run()).map_err(Broken::Unreadable)?;
        }
        return check(disk, 1 + next, false);
    }
    Ok(())
}

/// Crashes at every moment, and returns how many states there were and the first that is broken.
fn explore(mutant: Option<Mutant>, crashes: u64) -> (u64, Option<Broken>) {
    let disk = SimVfs::new().with_mutant(mutant);
    disk.record();
    workload(&disk, 40).unwrap();
    let moments = disk.moments();
    let mut states = 0;
    for (i, moment) in moments.iter().enumerate() {
        for seed in 0..crashes {
            states += 1;
            if let Err(broken) = crash(moment, i as u64 * crashes + seed) {
                return (states, Some(broken));
            }
        }
    }
    (states, None)
}

/// One crash; in every eighth state the recovery crashes too.
fn crash(moment: &Moment, seed: u64) -> Result<(), Broken> {
    let mut dice = Dice::new(seed);
    let disk = moment.crash(&mut dice);
    if !seed.is_multiple_of(8) {
        return check(&disk, moment.acknowledged, seed % 4 == 1);
    }
    disk.acknowledge(moment.acknowledged);
    disk.record();
    check(&disk, moment.acknowledged, true)?;
    let again = disk.moments();
    let moment = &again[dice.roll(again.len() as u64) as usize];
    check(&moment.crash(&mut dice), moment.acknowledged, true)
}

#[test]
fn no_crash_loses_what_was_acknowledged() {
    let (states, broken) = explore(None, crashes_per_moment());
    assert!(broken.is_none(), "state {states}: {broken:?}");
    assert!(states >= 100_000, "only {states} states");
}

/// A process is killed at some call, another one goes on, and then the power fails.
#[test]
fn no_crash_after_a_kill_loses_what_was_acknowledged() {
    let run = |killed_at: Option<u64>| {
        let disk = SimVfs::new();
        disk.set_fault(killed_at.map(Fault::Killed));
        // Errors are what a killed process no longer sees.
        let _killed = workload(&disk, 9);
        (disk.calls(), disk)
    };
    let (calls, _) = run(None);
    let mut dice = Dice::new(1);
    for killed_at in 0..calls {
        let (_, disk) = run(Some(killed_at));
        disk.set_fault(None);
        disk.record();
        let Ok(store) = Store::open_on(Arc::new(disk.clone()), tiny()) else { continue };
        let next = found(&store.refs().unwrap()) + 1;
        for version in next..next + 2 {
            let list = list(&store, version).unwrap();
            store.commit(&both(version, &list, Durability::Sync)).unwrap();
            disk.acknowledge(1 + version);
            store.collect(Main).unwrap().run().unwrap();
        }
        for moment in disk.moments() {
            let disk = moment.crash(&mut dice);
            let checked = check(&disk, moment.acknowledged, false);
            assert!(checked.is_ok(), "killed at {killed_at}: {checked:?}");
        }
    }
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
