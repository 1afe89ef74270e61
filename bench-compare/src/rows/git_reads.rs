//! Row 16: point reads right after a store was opened.

use std::path::Path;
use std::time::Instant;

use super::{Row, expect_equal};
use crate::bench::{Bench, named};
use crate::engine::{GitEngine, Outcome};
use crate::git::git;
use crate::measure::Sample;
use crate::records::{Record, Records};
use crate::table::{Table, Unit};

/// Reads after each opening.
const READS: usize = 1_000;
/// One-key commits after the load, so that there is more than one pack.
const COMMITS: usize = 20;

const LINES: [(&str, Unit); 2] = [("open", Unit::Time), ("open and 1,000 reads", Unit::Time)];
const PACKED_LINES: [(&str, Unit); 2] =
    [("open, after gc", Unit::Time), ("open and 1,000 reads, after gc", Unit::Time)];

pub(super) fn run(bench: &Bench) -> Outcome<Table> {
    let mut table = bench.git_table(Row::GitReads, bench.args.plan.rounds);
    let scratch = bench.scratch()?;
    for &size in &bench.args.sizes {
        let records = Records::new(bench.args.seed, size, 0).shuffled;
        let mut dirs = Vec::new();
        for (index, engine) in bench.git_engines(Row::GitReads).enumerate() {
            let dir = scratch.subdirectory(&format!("reads-{size}-{index}"))?;
            if engine.takes_part(Row::GitReads, size) {
                named(engine, fill(engine, &dir, &records))?;
            }
            dirs.push((engine.title(), dir));
        }
        let probes = probes(&records);
        let dir_of = |engine: &dyn GitEngine| {
            let mut dirs = dirs.iter();
            dirs.find(|(title, _)| *title == engine.title()).map(|(_, dir)| dir)
        };
        let measure = || {
            bench.measure_git(Row::GitReads, size, |engine, _| {
                dir_of(engine).map(|dir| read(engine, dir, &probes)).transpose()
            })
        };
        table.push(size, &LINES, &measure()?);
        dirs.iter().try_for_each(|(_, dir)| collect_garbage(dir))?;
        table.push(size, &PACKED_LINES, &measure()?);
    }
    Ok(table)
}

fn fill(engine: &dyn GitEngine, dir: &Path, records: &[Record]) -> Outcome<()> {
    let mut map = engine.create(dir, records)?;
    for change in changes(records) {
        map.set(&change)?;
        map.commit()?;
    }
    Ok(())
}

fn changes(records: &[Record]) -> impl Iterator<Item = Record> {
    records.iter().take(COMMITS).enumerate().map(|(nth, record)| record.changed(nth))
}

/// The records are in random order, so that any of them are random ones; these were
/// not changed, as far as there are enough.
fn probes(records: &[Record]) -> Vec<Record> {
    let mut current: Vec<_> =
        changes(records).chain(records.iter().skip(COMMITS).cloned()).collect();
    current.reverse();
    current.truncate(READS);
    current
}

fn read(engine: &dyn GitEngine, dir: &Path, probes: &[Record]) -> Outcome<Sample> {
    let mut found = Vec::with_capacity(probes.len());
    let start = Instant::now();
    let mut map = engine.open(dir)?;
    let opened = start.elapsed();
    for probe in probes {
        found.push(map.get(&probe.key)?);
    }
    let elapsed = start.elapsed();
    let wanted: Vec<_> =
        probes.iter().map(|probe| Some(probe.value.clone().into_bytes())).collect();
    expect_equal("values read", found == wanted, true)?;
    let figures = vec![opened.as_nanos() as f64, elapsed.as_nanos() as f64];
    Ok(Sample::whole(figures, probes.len()))
}

fn collect_garbage(dir: &Path) -> Outcome<()> {
    if dir.join(".git").exists() {
        git(dir, &["gc", "--quiet"])?;
    }
    Ok(())
}
