//! Row 12: the table in the README of the older crate, on our keys and values.

use std::hint::black_box;
use std::time::Instant;

use super::{Row, expect_equal};
use crate::bench::{BASE, Bench};
use crate::data::{Dataset, Entry, Key, SplitMix64};
use crate::engine::{Engine, Map, Outcome};
use crate::measure::{Budget, Cells, Sample};
use crate::table::{Table, Unit};

/// The sizes of that table.
const SIZES: [usize; 3] = [100, 1_000, 10_000];

pub(super) fn run(bench: &Bench) -> Outcome<Table> {
    let mut table = bench.table(Row::Readme);
    for size in SIZES {
        let data = bench.dataset(size);
        let ops = mix(&data, bench.args.seed);
        let mut push = |name, cells: Vec<Cells>| table.push(size, &[(name, Unit::Time)], &cells);
        let row = Row::Readme;
        push("insert", bench.measure(row, |engine, budget| insert(engine, &data, budget))?);
        push("batch insert", bench.measure(row, |engine, _| batch(engine, &data.shuffled))?);
        push("lookup", bench.measure_built(row, &data.sorted, |map, _| lookup(map, &data))?);
        push(
            "delete",
            bench.measure_built(row, &data.sorted, |map, budget| {
                delete(map, &data.shuffled, budget)
            })?,
        );
        push(
            "mixed",
            bench.measure_built(row, &data.sorted, |map, budget| mixed(map, &ops, budget))?,
        );
    }
    Ok(table)
}

fn insert(engine: &dyn Engine, data: &Dataset, budget: &mut Budget) -> Outcome<Option<Sample>> {
    let mut map = engine.empty()?;
    let start = Instant::now();
    let mut inserted = 0;
    while inserted < data.len() && budget.allows() {
        map.put(&data.shuffled[inserted])?;
        black_box(map.root()?);
        inserted += 1;
    }
    Ok(Some(Sample::mean_ns(start.elapsed(), inserted, data.len())))
}

fn batch(engine: &dyn Engine, entries: &[Entry]) -> Outcome<Option<Sample>> {
    let mut map = engine.empty()?;
    let start = Instant::now();
    map.put_batch(entries)?;
    let elapsed = start.elapsed();
    expect_equal("entries after the batch", map.scan()?.entries, entries.len())?;
    Ok(Some(Sample::mean_ns(elapsed, entries.len(), entries.len())))
}

fn lookup(map: &mut dyn Map, data: &Dataset) -> Outcome<Option<Sample>> {
    let keys: Vec<Key> = data.shuffled.iter().map(|entry| entry.key).collect();
    let start = Instant::now();
    black_box(map.get_all(&keys)?);
    Ok(Some(Sample::mean_ns(start.elapsed(), keys.len(), keys.len())))
}

fn delete(map: &mut dyn Map, entries: &[Entry], budget: &mut Budget) -> Outcome<Option<Sample>> {
    map.checkout(BASE)?;
    let start = Instant::now();
    let mut deleted = 0;
    while deleted < entries.len() && budget.allows() {
        map.delete(&entries[deleted].key)?;
        black_box(map.root()?);
        deleted += 1;
    }
    let elapsed = start.elapsed();
    expect_equal("entries after the deletes", map.scan()?.entries, entries.len() - deleted)?;
    Ok(Some(Sample::mean_ns(elapsed, deleted, entries.len())))
}

/// One operation of the mix.
enum Op {
    Get(Key),
    Put(Entry),
    Delete(Key),
}

/// As many operations as there are entries, but at most 1,000: 60% lookups, 30%
/// inserts, 10% deletes. Deletes take keys from the end, lookups from before them.
fn mix(data: &Dataset, seed: u64) -> Vec<Op> {
    let mut rng = SplitMix64::new(seed);
    let mut fresh = data.fresh.iter();
    let mut doomed = data.shuffled.iter().rev();
    let op = |_| match rng.below(10) {
        0 => doomed.next().map(|entry| Op::Delete(entry.key)),
        1..=3 => fresh.next().map(|entry| Op::Put(*entry)),
        _ => Some(Op::Get(data.shuffled[rng.below(data.len() / 2)].key)),
    };
    (0..data.len().min(1_000)).filter_map(op).collect()
}

fn mixed(map: &mut dyn Map, ops: &[Op], budget: &mut Budget) -> Outcome<Option<Sample>> {
    map.checkout(BASE)?;
    let start = Instant::now();
    let mut done = 0;
    while done < ops.len() && budget.allows() {
        match &ops[done] {
            Op::Get(key) => drop(black_box(map.get(key)?)),
            Op::Put(entry) => write(map, |map| map.put(entry))?,
            Op::Delete(key) => write(map, |map| map.delete(key))?,
        }
        done += 1;
    }
    Ok(Some(Sample::mean_ns(start.elapsed(), done, ops.len())))
}

fn write(map: &mut dyn Map, change: impl FnOnce(&mut dyn Map) -> Outcome<()>) -> Outcome<()> {
    change(map)?;
    black_box(map.root()?);
    Ok(())
}
