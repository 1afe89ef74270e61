//! Row 18: statements on tables of N rows.

use std::time::Instant;

use super::{Row, expect_equal};
use crate::bench::{Bench, named};
use crate::engine::{Outcome, SqlDb};
use crate::measure::{Budget, Lane, Sample, interleave};
use crate::sql::{Statements, TABLES, Work};
use crate::table::{Table, Unit};

const LOAD: [(&str, Unit); 1] = [("bulk INSERT in one transaction, per row", Unit::Time)];

pub(super) fn run(bench: &Bench) -> Outcome<Table> {
    let mut table = bench.sql_table(Row::Sql);
    let scratch = bench.scratch()?;
    for &size in &bench.args.sizes {
        let load = Statements::load(size);
        let mut dbs = Vec::new();
        let mut loads = Vec::new();
        for (index, engine) in bench.sql_engines().enumerate() {
            if !engine.takes_part(Row::Sql, size) {
                dbs.push(None);
                loads.push(None);
                continue;
            }
            let dir = scratch.subdirectory(&format!("sql-{size}-{index}"))?;
            let (db, sample) = named(engine, filled(engine.create(&dir)?, &load, size))?;
            dbs.push(Some(db));
            loads.push(Some(sample));
        }
        table.push(size, &LOAD, &loads_as_cells(loads));
        for work in Work::ALL {
            let lanes = bench.sql_engines().zip(&mut dbs).map(|(engine, db)| -> Lane<'_> {
                let mut statements = Statements::new(bench.args.seed, size);
                Box::new(move |budget| match db {
                    Some(db) => {
                        named(engine, measure(&mut **db, work, &mut statements, size, budget))
                            .map(Some)
                    }
                    None => Ok(None),
                })
            });
            let cells = interleave(lanes.collect(), &bench.args.plan)?;
            table.push(size, &[(work.title(), Unit::Time)], &cells);
        }
    }
    Ok(table)
}

fn filled(
    mut db: Box<dyn SqlDb>,
    load: &[String],
    rows: usize,
) -> Outcome<(Box<dyn SqlDb>, Sample)> {
    TABLES.iter().try_for_each(|table| db.run(table).map(drop))?;
    let start = Instant::now();
    db.begin()?;
    for statement in load {
        db.run(statement)?;
    }
    db.commit()?;
    let sample = Sample::mean_ns(start.elapsed(), rows, rows);
    Ok((db, sample))
}

fn loads_as_cells(loads: Vec<Option<Sample>>) -> Vec<crate::measure::Cells> {
    let cell = |sample: Sample| vec![crate::measure::Stat::once(sample.figures[0], sample.ops)];
    loads.into_iter().map(|sample| sample.map(cell)).collect()
}

/// Statements that write run in a transaction that ends behind the clock: what a durable one costs
/// depends on the disk, and is row 19.
fn measure(
    db: &mut dyn SqlDb,
    work: Work,
    statements: &mut Statements,
    size: usize,
    budget: &mut Budget,
) -> Outcome<Sample> {
    let wanted = work.statements().min(size / 10).max(1);
    let texts: Vec<_> = (0..wanted).map(|_| statements.next(work)).collect();
    if work.writes() {
        db.begin()?;
    }
    let start = Instant::now();
    let mut done = 0;
    let mut affected = 0;
    for text in &texts {
        if !budget.allows() {
            break;
        }
        affected += db.run(text)?;
        done += 1;
    }
    let elapsed = start.elapsed();
    if work.writes() {
        db.commit()?;
    }
    // Rows were inserted before others went, so only statements on one row can be counted then.
    let expected = work.expected(size) * done;
    if !matches!(work, Work::Scan | Work::Group) || affected < expected {
        expect_equal(work.title(), affected, expected)?;
    }
    let rows = if matches!(work, Work::Scan | Work::Group) { size } else { 1 };
    Ok(Sample::mean_ns(elapsed, done * rows, wanted * rows))
}
