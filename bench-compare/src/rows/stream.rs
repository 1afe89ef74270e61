//! Row 1: N inserts one by one, the root at the end.

use std::time::Instant;

use super::{Row, expect_equal};
use crate::bench::Bench;
use crate::data::Dataset;
use crate::engine::{Engine, Outcome};
use crate::measure::{Budget, Sample};
use crate::table::{Table, Unit};

pub(super) fn run(bench: &Bench) -> Outcome<Table> {
    let mut table = bench.table(Row::Stream);
    for &size in &bench.args.sizes {
        let data = bench.dataset(size);
        let cells = bench.measure(Row::Stream, |engine, budget| stream(engine, &data, budget))?;
        table.push(size, &[("", Unit::Time)], &cells);
    }
    Ok(table)
}

fn stream(engine: &dyn Engine, data: &Dataset, budget: &mut Budget) -> Outcome<Option<Sample>> {
    let mut map = engine.empty()?;
    let start = Instant::now();
    let inserted = map.stream(&data.shuffled, budget)?;
    let elapsed = start.elapsed();
    expect_equal("entries after the stream", map.scan()?.entries, inserted)?;
    Ok(Some(Sample::mean_ns(elapsed, inserted, data.len())))
}
