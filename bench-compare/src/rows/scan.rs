//! Row 5: a visit of all entries.

use std::time::Instant;

use super::{Row, expect_equal};
use crate::bench::Bench;
use crate::data::Dataset;
use crate::engine::{Map, Outcome, Scan};
use crate::measure::{Budget, Sample};
use crate::table::{Table, Unit};

pub(super) fn run(bench: &Bench) -> Outcome<Table> {
    let mut table = bench.table(Row::Scan);
    for &size in &bench.args.sizes {
        let data = bench.dataset(size);
        let wanted = wanted(&data);
        let work = |map: &mut dyn Map, _: &mut Budget| scan(map, wanted);
        let cells = bench.measure_built(Row::Scan, &data.sorted, work)?;
        table.push(size, &[("", Unit::Time)], &cells);
    }
    Ok(table)
}

/// What a right scan must find.
fn wanted(data: &Dataset) -> Scan {
    let mut scan = Scan::default();
    data.sorted.iter().for_each(|entry| scan.add(&entry.key, &entry.value));
    scan
}

fn scan(map: &mut dyn Map, wanted: Scan) -> Outcome<Option<Sample>> {
    let start = Instant::now();
    let found = map.scan()?;
    let elapsed = start.elapsed();
    expect_equal("full scan", found, wanted)?;
    Ok(Some(Sample::mean_ns(elapsed, wanted.entries, wanted.entries)))
}
