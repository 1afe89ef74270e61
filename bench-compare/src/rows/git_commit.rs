//! Row 14: a commit of one changed key.

use std::path::Path;
use std::time::Instant;

use super::{Row, expect_equal};
use crate::bench::{Bench, named};
use crate::engine::{GitEngine, GitMap, Outcome};
use crate::measure::{Lane, Plan, Sample, interleave};
use crate::records::{Record, Records};
use crate::table::{Table, Unit};

/// Commits of each engine. One round is one commit of every engine.
const COMMITS: usize = 50;

pub(super) fn run(bench: &Bench) -> Outcome<Table> {
    let mut table = bench.git_table(Row::GitCommit, COMMITS);
    let scratch = bench.scratch()?;
    for &size in &bench.args.sizes {
        let records = Records::new(bench.args.seed, size, 0).shuffled;
        let lane = |(index, engine): (usize, &dyn GitEngine)| {
            if !engine.takes_part(Row::GitCommit, size) {
                return Ok(Box::new(|_: &mut _| Ok(None)) as Lane<'_>);
            }
            let dir = scratch.subdirectory(&format!("commit-{size}-{index}"))?;
            named(engine, lane(engine, &dir, &records))
        };
        let lanes = bench.git_engines(Row::GitCommit).enumerate().map(lane);
        let plan = Plan { rounds: COMMITS, ..bench.args.plan };
        let cells = interleave(lanes.collect::<Outcome<_>>()?, &plan)?;
        table.push(size, &[("", Unit::Time)], &cells);
    }
    Ok(table)
}

fn lane<'a>(engine: &dyn GitEngine, dir: &Path, records: &'a [Record]) -> Outcome<Lane<'a>> {
    let mut map = engine.create(dir, records)?;
    let mut changes = records.iter().cycle().enumerate();
    Ok(Box::new(move |_| match changes.next() {
        Some((nth, record)) => commit(&mut *map, &record.changed(nth)).map(Some),
        None => Ok(None),
    }))
}

fn commit(map: &mut dyn GitMap, change: &Record) -> Outcome<Sample> {
    let start = Instant::now();
    map.set(change)?;
    map.commit()?;
    let elapsed = start.elapsed();
    let found = map.get(&change.key)?;
    expect_equal("value after the commit", found, Some(change.value.clone().into()))?;
    Ok(Sample::whole(vec![elapsed.as_nanos() as f64], 1))
}
