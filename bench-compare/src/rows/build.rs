//! Row 3: a map of N from sorted input.

use std::time::Instant;

use super::Row;
use crate::bench::Bench;
use crate::data::Entry;
use crate::engine::{Engine, Outcome};
use crate::measure::Sample;
use crate::table::{Table, Unit};

pub(super) fn run(bench: &Bench) -> Outcome<Table> {
    let mut table = bench.table(Row::Build);
    for &size in &bench.args.sizes {
        let data = bench.dataset(size);
        let cells = bench.measure(Row::Build, |engine, _| build(engine, &data.sorted))?;
        table.push(size, &[("", Unit::Time)], &cells);
    }
    Ok(table)
}

fn build(engine: &dyn Engine, sorted: &[Entry]) -> Outcome<Option<Sample>> {
    let start = Instant::now();
    let map = engine.build(sorted)?;
    let elapsed = start.elapsed();
    drop(map);
    Ok(Some(Sample::mean_ns(elapsed, sorted.len(), sorted.len())))
}
