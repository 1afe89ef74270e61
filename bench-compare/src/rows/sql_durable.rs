//! Row 19: one row changed and durable.

use std::time::Instant;

use super::{Row, expect_equal};
use crate::bench::{Bench, named};
use crate::engine::{Outcome, SqlDb};
use crate::measure::{Budget, Lane, Sample, interleave};
use crate::sql::{Statements, TABLES, Work};
use crate::table::{Table, Unit};

/// Statements of a round.
const UPDATES: usize = 200;

const LINES: [(&str, Unit); 1] = [("UPDATE by key, durable", Unit::Time)];

pub(super) fn run(bench: &Bench) -> Outcome<Table> {
    let mut table = bench.sql_table(Row::SqlDurable);
    let scratch = bench.scratch()?;
    for &size in &bench.args.sizes {
        let mut dbs = Vec::new();
        for (index, engine) in bench.sql_engines().enumerate() {
            let takes_part = engine.takes_part(Row::SqlDurable, size);
            let dir = scratch.subdirectory(&format!("sql-durable-{size}-{index}"))?;
            let fill = || -> Outcome<Box<dyn SqlDb>> {
                let mut db = engine.create(&dir)?;
                fill(&mut *db, size)?;
                Ok(db)
            };
            dbs.push(takes_part.then(|| named(engine, fill())).transpose()?);
        }
        let lanes = bench.sql_engines().zip(&mut dbs).map(|(engine, db)| -> Lane<'_> {
            let mut statements = Statements::new(bench.args.seed, size);
            Box::new(move |budget| match db {
                Some(db) => named(engine, update(&mut **db, &mut statements, budget)).map(Some),
                None => Ok(None),
            })
        });
        table.push(size, &LINES, &interleave(lanes.collect(), &bench.args.plan)?);
    }
    Ok(table)
}

/// Fills the tables in one transaction.
pub(super) fn fill(db: &mut dyn SqlDb, size: usize) -> Outcome<()> {
    TABLES.iter().try_for_each(|table| db.run(table).map(drop))?;
    db.begin()?;
    Statements::load(size).iter().try_for_each(|statement| db.run(statement).map(drop))?;
    db.commit()
}

fn update(db: &mut dyn SqlDb, statements: &mut Statements, budget: &mut Budget) -> Outcome<Sample> {
    let texts: Vec<_> = (0..UPDATES).map(|_| statements.next(Work::Update)).collect();
    let (mut done, mut affected) = (0, 0);
    let start = Instant::now();
    for text in &texts {
        if !budget.allows() {
            break;
        }
        affected += db.run(text)?;
        done += 1;
    }
    let elapsed = start.elapsed();
    expect_equal("rows updated", affected, done)?;
    Ok(Sample::mean_ns(elapsed, done, UPDATES))
}
