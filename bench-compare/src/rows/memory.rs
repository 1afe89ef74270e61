//! Row 8: memory beyond the raw bytes.

use super::Row;
use crate::alloc::Census;
use crate::bench::{Bench, named};
use crate::data::{Entry, PAIR_BYTES};
use crate::engine::{Engine, Outcome};
use crate::measure::{Cells, Stat};
use crate::table::{Table, Unit};

const LINES: [(&str, Unit); 4] = [
    ("held", Unit::Bytes),
    ("held after a scan", Unit::Bytes),
    ("peak of the build", Unit::Bytes),
    ("blocks held", Unit::Count),
];

pub(super) fn run(bench: &Bench) -> Outcome<Table> {
    let mut table = bench.table_of_rounds(Row::Memory, 1);
    for &size in &bench.args.sizes {
        let data = bench.dataset(size);
        let weigh = |engine| named(engine, weigh(engine, &data.sorted));
        let cells = bench.engines(Row::Memory).map(weigh).collect::<Outcome<Vec<_>>>()?;
        table.push(size, &LINES, &cells);
    }
    Ok(table)
}

fn weigh(engine: &dyn Engine, sorted: &[Entry]) -> Outcome<Cells> {
    // What an engine sets up once for the process must not weigh on its first map.
    drop(engine.build(&sorted[..sorted.len().min(100)])?);
    let pairs = sorted.len() as f64;
    let beyond_raw = |bytes: isize| bytes as f64 / pairs - PAIR_BYTES as f64;

    let census = Census::open();
    let map = engine.build(sorted)?;
    let (held, peak, blocks) = (census.live_bytes(), census.peak_bytes(), census.live_blocks());
    map.scan()?;
    let warm = census.live_bytes();
    drop(map);

    let figures = [beyond_raw(held), beyond_raw(warm), beyond_raw(peak), blocks as f64 / pairs];
    Ok(Some(figures.map(|figure| Stat::once(figure, sorted.len())).to_vec()))
}
