//! Row 13: N keys set one by one and committed at once.

use std::fs;
use std::path::Path;
use std::time::Instant;

use super::{Row, expect_equal};
use crate::bench::{Bench, Scratch};
use crate::engine::{GitEngine, Outcome};
use crate::measure::{Budget, Sample};
use crate::records::{Record, Records};
use crate::table::{Table, Unit};

/// Keys read back after each load.
const CHECKS: usize = 20;

pub(super) fn run(bench: &Bench) -> Outcome<Table> {
    let mut table = bench.git_table(Row::GitLoad, bench.args.plan.rounds);
    let scratch = bench.scratch()?;
    for &size in &bench.args.sizes {
        let records = Records::new(bench.args.seed, size, 0).shuffled;
        let cells = bench.measure_git(Row::GitLoad, size, |engine, budget| {
            load(engine, &scratch, &records, budget).map(Some)
        })?;
        table.push(size, &[("", Unit::Time)], &cells);
    }
    Ok(table)
}

fn load(
    engine: &dyn GitEngine,
    scratch: &Scratch,
    records: &[Record],
    budget: &mut Budget,
) -> Outcome<Sample> {
    let dir = scratch.subdirectory("load")?;
    let mut map = engine.create(&dir, &[])?;
    let mut loaded = 0;
    let start = Instant::now();
    while loaded < records.len() && budget.allows() {
        map.set(&records[loaded])?;
        loaded += 1;
    }
    map.commit()?;
    let elapsed = start.elapsed();
    drop(map);
    check(engine, &dir, &records[..loaded])?;
    fs::remove_dir_all(&dir).map_err(|error| format!("{}: {error}", dir.display()))?;
    Ok(Sample::mean_ns(elapsed, loaded, records.len()))
}

fn check(engine: &dyn GitEngine, dir: &Path, loaded: &[Record]) -> Outcome<()> {
    let mut map = engine.open(dir)?;
    for record in loaded.iter().step_by(loaded.len().div_ceil(CHECKS).max(1)) {
        expect_equal("loaded value", map.get(&record.key)?, Some(record.value.clone().into()))?;
    }
    Ok(())
}
