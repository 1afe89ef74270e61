//! Row 11: a durable commit of one change.

use std::path::Path;
use std::time::Instant;

use super::{Row, expect_equal};
use crate::bench::{Bench, named};
use crate::data::{Dataset, Entry, touch};
use crate::engine::{DurableEngine, DurableMap, Named, Outcome};
use crate::measure::{Lane, Plan, Sample, interleave};
use crate::proc::Written;
use crate::table::{Table, Unit};

/// Commits of each engine. One round is one commit of every engine.
const COMMITS: usize = 200;

const LINES: [(&str, Unit); 3] =
    [("commit", Unit::Time), ("write_bytes", Unit::MeanBytes), ("wchar", Unit::MeanBytes)];

pub(super) fn run(bench: &Bench) -> Outcome<Table> {
    let engines = || bench.durable_engines();
    let mut table = Table::new(Row::Durable, COMMITS, engines().map(|engine| engine as &dyn Named));
    let scratch = bench.scratch()?;
    for &size in &bench.args.sizes {
        let data = bench.dataset(size);
        let changes = changes(&data);
        let lane = |engine: &dyn DurableEngine| {
            let dir = scratch.subdirectory(&format!("{}-{size}", engine.id()))?;
            named(engine, lane(engine, &dir, &data, &changes))
        };
        let lanes = engines().map(lane).collect::<Outcome<_>>()?;
        let plan = Plan { rounds: COMMITS, ..bench.args.plan };
        table.push(size, &LINES, &interleave(lanes, &plan)?);
    }
    Ok(table)
}

/// Updates of random entries and inserts, in turn.
fn changes(data: &Dataset) -> Vec<Entry> {
    let updates = data.shuffled.iter().map(|entry| entry.changed());
    let both = updates.zip(data.fresh.iter().copied());
    both.flat_map(|(update, insert)| [update, insert]).take(COMMITS + 1).collect()
}

fn lane<'a>(
    engine: &dyn DurableEngine,
    dir: &Path,
    data: &Dataset,
    changes: &'a [Entry],
) -> Outcome<Lane<'a>> {
    let mut map = engine.create(dir, &data.sorted)?;
    let mut changes = changes.iter().cycle();
    Ok(Box::new(move |_| match changes.next() {
        Some(change) => commit(&mut *map, change).map(Some),
        None => Ok(None),
    }))
}

fn commit(map: &mut dyn DurableMap, change: &Entry) -> Outcome<Sample> {
    let before = Written::now()?;
    let start = Instant::now();
    map.commit(change)?;
    let elapsed = start.elapsed();
    let written = Written::now()?.since(before);
    expect_equal("value after the commit", map.get(&change.key)?, Some(touch(&change.value)))?;
    let figures = vec![elapsed.as_nanos() as f64, written.write_bytes as f64, written.wchar as f64];
    Ok(Sample::whole(figures, 1))
}
