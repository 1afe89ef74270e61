//! Row 7: a three-way merge of two sets of changes.

use std::time::Instant;

use super::{Row, expect_equal};
use crate::bench::{BASE, Bench, named};
use crate::data::{Dataset, Entry};
use crate::engine::{Engine, Map, Outcome, Version};
use crate::measure::{Cells, Lane, Sample, interleave};
use crate::table::{Table, Unit};

/// Entries each side updates, and entries it inserts.
const HALF: usize = 500;

pub(super) fn run(bench: &Bench) -> Outcome<Table> {
    let mut table = bench.table(Row::Merge);
    let sizes = bench.args.sizes.iter().filter(|&&size| size >= 2 * HALF);
    let mut too_slow = [Vec::new(), Vec::new()];
    for &size in sizes {
        let data = bench.dataset(size);
        for (label, reopen) in [("warm", false), ("reopened", true)] {
            let slow = &mut too_slow[usize::from(reopen)];
            let lane = |engine| named(engine, lane(engine, &data, reopen, slow));
            let lanes = bench.engines(Row::Merge).map(lane).collect::<Outcome<_>>()?;
            let cells = interleave(lanes, &bench.args.plan)?;
            slow.extend(over_budget(bench, &cells));
            table.push(size, &[(label, Unit::Time)], &cells);
        }
    }
    Ok(table)
}

/// The engines whose merge took longer than the budget. A merge cannot be cut short,
/// so they sit out the sizes that follow.
fn over_budget<'a>(
    bench: &'a Bench,
    cells: &'a [Cells],
) -> impl Iterator<Item = &'static str> + 'a {
    let budget_ns = bench.args.plan.budget.as_nanos() as f64;
    let slow = move |cell: &Cells| cell.as_ref().is_some_and(|stats| stats[0].median > budget_ns);
    let engines = bench.engines(Row::Merge).zip(cells);
    engines.filter(move |(_, cell)| slow(cell)).map(|(engine, _)| engine.title())
}

/// Makes the three versions and returns the work that merges them.
fn lane<'a>(
    engine: &'a dyn Engine,
    data: &Dataset,
    reopen: bool,
    slow: &[&str],
) -> Outcome<Lane<'a>> {
    if slow.contains(&engine.title()) {
        return Ok(Box::new(|_| Ok(None)));
    }
    let mut map = engine.build(&data.sorted)?;
    map.snapshot()?;
    let ours = branch(&mut *map, &changes(data, 0))?;
    let theirs = branch(&mut *map, &changes(data, 1))?;
    let entries = data.len() + 2 * HALF;
    Ok(Box::new(move |_| named(engine, merge(&mut *map, ours, theirs, reopen, entries))))
}

/// The changes of one side, which are disjoint from those of the other.
fn changes(data: &Dataset, side: usize) -> Vec<Entry> {
    let part = side * HALF..(side + 1) * HALF;
    let updates = data.shuffled[part.clone()].iter().map(|entry| entry.changed());
    updates.chain(data.fresh[part].iter().copied()).collect()
}

fn branch(map: &mut dyn Map, changes: &[Entry]) -> Outcome<Version> {
    map.checkout(BASE)?;
    map.put_batch(changes)?;
    map.snapshot()
}

fn merge(
    map: &mut dyn Map,
    ours: Version,
    theirs: Version,
    reopen: bool,
    entries: usize,
) -> Outcome<Option<Sample>> {
    map.checkout(ours)?;
    if reopen {
        map.reopen()?;
    }
    let start = Instant::now();
    let conflicts = map.merge(BASE, theirs)?;
    let elapsed = start.elapsed();
    let Some(conflicts) = conflicts else {
        return Ok(None);
    };
    expect_equal("conflicts", conflicts, 0)?;
    expect_equal("entries after the merge", map.scan()?.entries, entries)?;
    Ok(Some(Sample::whole(vec![elapsed.as_nanos() as f64], 1)))
}
