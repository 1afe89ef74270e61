//! Random histories, beside a model of what a store is.

use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::prelude::*;

use prollytree_store::sim::{Dice, SimVfs};
use prollytree_store::{Durability, Expected, Store, StoreError, StoreOptions, Transaction};
use prollytree_tree::Hash;

use crate::collect::{Lists, is_whole, try_put_list};
use crate::support::update;

#[derive(Clone, Debug)]
enum Step {
    /// Write a list, and set a ref to it.
    Commit {
        handle: usize,
        name: u8,
        seed: u64,
        durability: Durability,
    },
    /// Write a list and commit nothing.
    Write {
        handle: usize,
        seed: u64,
    },
    Delete {
        handle: usize,
        name: u8,
    },
    /// Change a ref only if it is what it is not.
    Conflict {
        handle: usize,
        name: u8,
    },
    Collect {
        handle: usize,
    },
    Reopen {
        handle: usize,
    },
    /// The power fails, and both handles are opened again.
    Crash {
        seed: u64,
    },
}

fn step() -> impl Strategy<Value = Step> {
    let handle = || 0..2usize;
    let durability = prop_oneof![3 => Just(Durability::Sync), 1 => Just(Durability::Buffered)];
    prop_oneof![
        8 => (handle(), 0..4u8, 0..40u64, durability)
            .prop_map(|(handle, name, seed, durability)| Step::Commit { handle, name, seed, durability }),
        3 => (handle(), 0..40u64).prop_map(|(handle, seed)| Step::Write { handle, seed }),
        1 => (handle(), 0..4u8).prop_map(|(handle, name)| Step::Delete { handle, name }),
        1 => (handle(), 0..4u8).prop_map(|(handle, name)| Step::Conflict { handle, name }),
        1 => handle().prop_map(|handle| Step::Collect { handle }),
        1 => handle().prop_map(|handle| Step::Reopen { handle }),
        1 => any::<u64>().prop_map(|seed| Step::Crash { seed }),
    ]
}

fn tiny() -> StoreOptions {
    let mut options = StoreOptions::default();
    options.segment_bytes = 4000;
    options.checkpoint_bytes = 1200;
    options.pending_bytes = 1800;
    options.cache_bytes = 1000;
    options
}

type Refs = BTreeMap<String, Hash>;

struct World {
    disk: SimVfs,
    handles: Vec<Store>,
    refs: Refs,
    /// The states since the last that is durable, which is the first.
    possible: Vec<Refs>,
}

fn ref_name(name: u8) -> String {
    format!("ref/{name}")
}

impl World {
    fn new() -> Self {
        let disk = SimVfs::new();
        let store = Store::create_on(Arc::new(disk.clone()), tiny()).unwrap();
        let handles = vec![store.clone(), open(&disk)];
        Self { disk, handles, refs: Refs::new(), possible: vec![Refs::new()] }
    }

    /// Writes a list, and again if what the session wrote before is void.
    fn put_list(&self, handle: usize, seeds: std::ops::Range<u64>) -> Hash {
        match try_put_list(&self.handles[handle], seeds.clone()) {
            Err(StoreError::Collected { .. }) => {
                try_put_list(&self.handles[handle], seeds).unwrap()
            }
            list => list.unwrap(),
        }
    }

    fn commit(&mut self, handle: usize, name: u8, to: Option<Hash>, durability: Durability) {
        let name = ref_name(name);
        let current = self.refs.get(&name);
        let expected =
            current.map_or(Expected::Absent, |hash| Expected::Is(hash.as_bytes().to_vec()));
        let transaction = update(&name, expected, to.as_ref().map(|hash| &hash.as_bytes()[..]));
        let result = self.handles[handle].commit(&Transaction { durability, ..transaction });
        // Another handle's collection may have taken what an earlier step wrote or relied on.
        if matches!(result, Err(StoreError::Collected { .. })) {
            return;
        }
        result.unwrap();
        match to {
            Some(hash) => self.refs.insert(name, hash),
            None => self.refs.remove(&name),
        };
        if durability == Durability::Sync {
            self.possible.clear();
        }
        self.possible.push(self.refs.clone());
    }

    fn take(&mut self, step: &Step) {
        match *step {
            Step::Commit { handle, name, seed, durability } => {
                let list = self.put_list(handle, seed..seed + 1 + seed % 5);
                self.commit(handle, name, Some(list), durability);
            }
            Step::Write { handle, seed } => {
                self.put_list(handle, seed..seed + 4);
            }
            Step::Delete { handle, name } => self.commit(handle, name, None, Durability::Sync),
            Step::Conflict { handle, name } => {
                let wrong = Expected::Is(b"never a value".to_vec());
                let result = self.handles[handle].commit(&update(&ref_name(name), wrong, None));
                assert!(matches!(result, Err(StoreError::Conflict { .. })));
            }
            Step::Collect { handle } => {
                self.handles[handle].collect(Lists).unwrap().run().unwrap();
            }
            Step::Reopen { handle } => self.handles[handle] = open(&self.disk),
            Step::Crash { seed } => {
                self.disk.record();
                let now = self.disk.moments().pop().unwrap();
                self.disk = now.crash(&mut Dice::new(seed));
                self.handles = vec![open(&self.disk), open(&self.disk)];
                let found = read(&self.handles[0]);
                assert!(self.possible.contains(&found), "{found:?} of {:?}", self.possible);
                // What was found was made durable by nobody, but a crash loses no more of it.
                self.refs = found.clone();
                self.possible = vec![found];
            }
        }
        for store in &self.handles {
            assert_eq!(read(store), self.refs);
            for list in self.refs.values() {
                assert!(is_whole(store, list).unwrap());
            }
        }
    }
}

fn open(disk: &SimVfs) -> Store {
    Store::open_on(Arc::new(disk.clone()), tiny()).unwrap()
}

fn read(store: &Store) -> Refs {
    let refs = store.refs().unwrap();
    refs.iter().map(|(name, value)| (name.clone(), Hash::from_slice(value).unwrap())).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, ..ProptestConfig::default() })]

    #[test]
    fn any_history_leaves_what_the_model_has(steps in prop::collection::vec(step(), 1..60)) {
        let mut world = World::new();
        for step in &steps {
            world.take(step);
        }
        assert_eq!(world.handles[0].check().unwrap().problems, []);
        assert_eq!(world.handles[1].check_reachable(&Lists).unwrap().problems, []);
    }
}
