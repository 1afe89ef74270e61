//! Row 6: the differences between two maps that differ in one entry.

use std::time::{Duration, Instant};

use super::{Row, expect_equal};
use crate::bench::{BASE, Bench};
use crate::data::Entry;
use crate::engine::{Map, Outcome};
use crate::measure::{Budget, Sample};
use crate::table::{Table, Unit};

/// Diffs in a round of the fast engines.
const DIFFS: usize = 100;

pub(super) fn run(bench: &Bench) -> Outcome<Table> {
    let mut table = bench.table(Row::Diff);
    for &size in &bench.args.sizes {
        let data = bench.dataset(size);
        let changed = data.shuffled[0].changed();
        for (label, reopen) in [("warm", false), ("reopened", true)] {
            let work = |map: &mut dyn Map, budget: &mut Budget| diff(map, &changed, reopen, budget);
            let cells = bench.measure_built(Row::Diff, &data.sorted, work)?;
            table.push(size, &[(label, Unit::Time)], &cells);
        }
    }
    Ok(table)
}

fn diff(
    map: &mut dyn Map,
    changed: &Entry,
    reopen: bool,
    budget: &mut Budget,
) -> Outcome<Option<Sample>> {
    map.forget(1);
    map.checkout(BASE)?;
    map.put(changed)?;
    map.root()?;
    let to = map.snapshot()?;
    let mut elapsed = Duration::ZERO;
    let mut ops = 0;
    while ops < DIFFS && (budget.allows() || ops == 0) {
        if reopen {
            map.reopen()?;
        }
        let start = Instant::now();
        let differences = map.diff(BASE, to)?;
        elapsed += start.elapsed();
        let Some(differences) = differences else {
            return Ok(None);
        };
        expect_equal("differences", differences, 1)?;
        ops += 1;
    }
    Ok(Some(Sample::mean_ns(elapsed, ops, DIFFS)))
}
