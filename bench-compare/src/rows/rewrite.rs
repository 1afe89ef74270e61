//! Row 9: bytes of new nodes for one change.

use super::Row;
use crate::bench::{BASE, Bench, named};
use crate::data::{Dataset, Entry};
use crate::engine::{Engine, Map, Outcome};
use crate::measure::{Budget, Cells, Plan, Stat};
use crate::table::{Table, Unit};

/// Changes behind each mean. Each starts from the same map.
const CHANGES: usize = 200;

pub(super) fn run(bench: &Bench) -> Outcome<Table> {
    let mut table = bench.table_of_rounds(Row::Rewrite, 1);
    for &size in &bench.args.sizes {
        let data = bench.dataset(size);
        let rewrite = |engine| named(engine, rewrite(engine, &data, &bench.args.plan));
        let cells = bench.engines(Row::Rewrite).map(rewrite).collect::<Outcome<Vec<_>>>()?;
        table.push(size, &[("update", Unit::Bytes), ("insert", Unit::Bytes)], &cells);
    }
    Ok(table)
}

fn rewrite(engine: &dyn Engine, data: &Dataset, plan: &Plan) -> Outcome<Cells> {
    let Some(mut map) = engine.build_counting(&data.sorted)? else {
        return Ok(None);
    };
    map.snapshot()?;
    let updates: Vec<_> = data.shuffled.iter().take(CHANGES).map(|entry| entry.changed()).collect();
    let inserts = &data.fresh[..CHANGES];
    Ok(Some(vec![mean_bytes(&mut *map, &updates, plan)?, mean_bytes(&mut *map, inserts, plan)?]))
}

fn mean_bytes(map: &mut dyn Map, changes: &[Entry], plan: &Plan) -> Outcome<Stat> {
    let mut budget = Budget::new(plan.budget, plan.max_rss_bytes);
    let mut bytes = Vec::new();
    for change in changes {
        if !budget.allows() {
            break;
        }
        map.checkout(BASE)?;
        let before = map.node_bytes_written().unwrap_or(0);
        map.put(change)?;
        map.root()?;
        bytes.push((map.node_bytes_written().unwrap_or(0) - before) as f64);
    }
    let mean = bytes.iter().sum::<f64>() / bytes.len().max(1) as f64;
    Ok(Stat { wanted: changes.len(), ..Stat::once(mean, bytes.len()) })
}
