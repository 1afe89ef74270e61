//! What an attacker achieves who chooses keys by their boundary hashes, at 600 tries a key.

use super::Rule;
use crate::config::TreeConfig;
use crate::memory::InMemoryNodeStorage;
use crate::snapshot::Snapshot;
use crate::value::Value;

const KEYS: usize = 20_000;
const TRIES: u64 = 600;
const VALUE: [u8; 66] = [7; 66];

type Tree = Snapshot<InMemoryNodeStorage<32>>;

fn mix(seed: u64) -> u64 {
    let z = (seed ^ seed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb)
}

/// A key at a place of its own, and with as many variants as the attacker cares to try.
fn key(place: u64, variant: u64) -> Vec<u8> {
    [mix(place).to_be_bytes(), mix(place << 20 | variant).to_be_bytes()].concat()
}

/// Builds a tree of the keys that `cost` likes best.
fn ground(cost: impl Fn(&[Rule; 2], u64, &[u8]) -> u64) -> Tree {
    let config = TreeConfig::default();
    let rules = [Rule::new(&config, 0), Rule::new(&config, 1)];
    let mut keys: Vec<_> = (0..KEYS as u64)
        .map(|place| {
            let variants = (0..TRIES).map(|variant| key(place, variant));
            variants.min_by_key(|key| cost(&rules, place, key)).unwrap()
        })
        .collect();
    keys.sort();
    let entries = keys.iter().map(|key| (key, VALUE));
    Snapshot::from_sorted(InMemoryNodeStorage::new(), config, entries).unwrap()
}

/// The bytes of new nodes that one random insert writes, on average.
fn bytes_per_insert(tree: &Tree) -> usize {
    const INSERTS: usize = 300;
    let before = tree.storage().size_bytes();
    for i in 0..INSERTS as u64 {
        let insert = (key(1 << 40 | i, 0), Some(Value::Inline(VALUE.to_vec())));
        tree.apply([insert]).unwrap();
    }
    (tree.storage().size_bytes() - before) / INSERTS
}

#[test]
fn grinding_keys_buys_little() {
    let honest = ground(|_, _, key| u64::from(key[8]));
    let honest_bytes = bytes_per_insert(&honest);
    let never = ground(|rules, _, key| u64::MAX - rules[0].hash(key));
    let always = ground(|rules, _, key| rules[0].hash(key));
    let never_above = ground(|rules, _, key| {
        // Ends leaves always and inner nodes never: many children, all in nodes cut by force.
        (rules[0].hash(key) >> 58 << 32) + (!rules[1].hash(key) >> 32)
    });
    let always_above = ground(|rules, _, key| rules[0].hash(key).max(rules[1].hash(key)));
    // Hashes fall with the key, so that each entry beats the best candidate so far.
    let ramp = ground(|rules, place, key| {
        let wanted = !mix(place);
        rules[0].hash(key).abs_diff(wanted)
    });
    let attacks = [
        ("never", never),
        ("always", always),
        ("never above", never_above),
        ("always above", always_above),
        ("ramp", ramp),
    ];
    for (name, tree) in attacks {
        let stats = tree.stats().unwrap();
        let largest = stats.levels.iter().map(|level| level.max_bytes).max().unwrap();
        let bytes = bytes_per_insert(&tree);
        assert!(largest <= 3 * 4096, "{name}: a node of {largest} bytes");
        assert!(tree.height() <= 2 * honest.height(), "{name}: {} levels", tree.height());
        assert!(
            bytes <= 4 * honest_bytes,
            "{name}: {bytes} bytes an insert, honest {honest_bytes}"
        );
    }
}
