//! Row 2: one insert and its root in a map of N.

use std::hint::black_box;
use std::time::Instant;

use super::Row;
use crate::bench::{BASE, Bench};
use crate::data::Entry;
use crate::engine::{Map, Outcome};
use crate::measure::{Budget, Sample};
use crate::table::{Table, Unit};

/// Inserts in a round, all into the same map, which hardly grows by them.
const INSERTS: usize = 200;
/// Untimed inserts before them. Going back to the base can leave millions of freed
/// blocks behind, which the next allocations sort out.
const WARM_UP: usize = 5;

pub(super) fn run(bench: &Bench) -> Outcome<Table> {
    let mut table = bench.table(Row::Insert);
    for &size in &bench.args.sizes {
        let data = bench.dataset(size);
        let fresh = &data.fresh[..WARM_UP + INSERTS];
        let work = |map: &mut dyn Map, budget: &mut Budget| insert(map, fresh, budget);
        let cells = bench.measure_built(Row::Insert, &data.sorted, work)?;
        table.push(size, &[("", Unit::Time)], &cells);
    }
    Ok(table)
}

fn insert(map: &mut dyn Map, fresh: &[Entry], budget: &mut Budget) -> Outcome<Option<Sample>> {
    map.checkout(BASE)?;
    let (warm_up, fresh) = fresh.split_at(WARM_UP);
    for entry in warm_up {
        map.put(entry)?;
        map.root()?;
    }
    let start = Instant::now();
    let mut inserted = 0;
    while inserted < fresh.len() && budget.allows() {
        map.put(&fresh[inserted])?;
        black_box(map.root()?);
        inserted += 1;
    }
    Ok(Some(Sample::mean_ns(start.elapsed(), inserted, fresh.len())))
}
