//! Row 4: lookups of random present keys.

use std::time::Instant;

use super::{Row, expect_equal};
use crate::bench::Bench;
use crate::data::{Entry, Key, touch};
use crate::engine::{Map, Outcome};
use crate::measure::{Budget, Sample};
use crate::table::{Table, Unit};

/// Lookups in a round.
const LOOKUPS: usize = 100_000;
/// Lookups between two looks at the budget.
const STEP: usize = 2_000;

pub(super) fn run(bench: &Bench) -> Outcome<Table> {
    let mut table = bench.table(Row::Lookup);
    for &size in &bench.args.sizes {
        let data = bench.dataset(size);
        let probes = &data.shuffled[..LOOKUPS.min(size)];
        let work = |map: &mut dyn Map, budget: &mut Budget| lookup(map, probes, budget);
        let cells = bench.measure_built(Row::Lookup, &data.sorted, work)?;
        table.push(size, &[("", Unit::Time)], &cells);
    }
    Ok(table)
}

fn lookup(map: &mut dyn Map, probes: &[Entry], budget: &mut Budget) -> Outcome<Option<Sample>> {
    let keys: Vec<Key> = probes.iter().map(|entry| entry.key).collect();
    let mut sum = 0u64;
    let mut done = 0;
    let start = Instant::now();
    for step in keys.chunks(STEP) {
        if !budget.allows() {
            break;
        }
        sum = sum.wrapping_add(map.get_all(step)?);
        done += step.len();
    }
    let elapsed = start.elapsed();
    let values = probes[..done].iter().map(|entry| touch(&entry.value));
    expect_equal("sum of the values looked up", sum, values.fold(0, u64::wrapping_add))?;
    Ok(Some(Sample::mean_ns(elapsed, done, probes.len())))
}
