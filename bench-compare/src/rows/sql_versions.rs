//! Row 20: what versions of tables cost.

use std::time::Instant;

use super::sql_durable::fill;
use super::{Row, expect_equal};
use crate::bench::{Bench, named};
use crate::engine::{Outcome, SqlDb};
use crate::measure::{Lane, Sample, interleave};
use crate::sql::{Statements, Work};
use crate::table::{Table, Unit};

/// Rows that one commit changes for the larger diff.
const CHANGED: usize = 100;
/// Queries of a round.
const QUERIES: usize = 500;

const LINES: [(&str, Unit); 5] = [
    ("commit of one changed row", Unit::Time),
    ("diff of it", Unit::Time),
    ("diff of 100 changed rows", Unit::Time),
    ("point SELECT at HEAD", Unit::Time),
    ("point SELECT at HEAD~2", Unit::Time),
];

pub(super) fn run(bench: &Bench) -> Outcome<Table> {
    let mut table = bench.sql_table(Row::SqlVersions);
    let scratch = bench.scratch()?;
    for &size in &bench.args.sizes {
        let mut dbs = Vec::new();
        for (index, engine) in bench.sql_engines().enumerate() {
            let takes_part = engine.takes_part(Row::SqlVersions, size);
            let dir = scratch.subdirectory(&format!("sql-versions-{size}-{index}"))?;
            let filled = || -> Outcome<Box<dyn SqlDb>> {
                let mut db = engine.create(&dir)?;
                fill(&mut *db, size)?;
                Ok(db)
            };
            dbs.push(takes_part.then(|| named(engine, filled())).transpose()?);
        }
        let lanes = bench.sql_engines().zip(&mut dbs).map(|(engine, db)| -> Lane<'_> {
            let mut statements = Statements::new(bench.args.seed, size);
            Box::new(move |_| match db {
                Some(db) => named(engine, measure(&mut **db, &mut statements)),
                None => Ok(None),
            })
        });
        table.push(size, &LINES, &interleave(lanes.collect(), &bench.args.plan)?);
    }
    Ok(table)
}

fn measure(db: &mut dyn SqlDb, statements: &mut Statements) -> Outcome<Option<Sample>> {
    db.begin()?;
    for _ in 0..CHANGED {
        db.run(&statements.next(Work::Update))?;
    }
    db.commit()?;
    let (many, diff_of_many) = timed(|| db.last_diff())?;
    let Some(many) = many else { return Ok(None) };
    // Some rows may have been drawn twice.
    expect_equal("rows of the larger diff", (CHANGED / 2..=CHANGED).contains(&many), true)?;
    let update = statements.next(Work::Update);
    let (_, commit) = timed(|| db.run(&update))?;
    let (one, diff_of_one) = timed(|| db.last_diff())?;
    expect_equal("rows of the smaller diff", one, Some(1))?;
    let mut figures = vec![commit, diff_of_one, diff_of_many];
    let texts: Vec<_> = (0..QUERIES).map(|_| statements.next(Work::Point)).collect();
    for revision in ["HEAD", "HEAD~2"] {
        let (found, elapsed) = timed(|| {
            texts.iter().try_fold(0, |found, text| -> Outcome<usize> {
                Ok(found + db.run_at(revision, text)?.unwrap_or_default())
            })
        })?;
        expect_equal("rows found", found, QUERIES)?;
        figures.push(elapsed / QUERIES as f64);
    }
    Ok(Some(Sample::whole(figures, 1)))
}

/// The result of some work, and how many nanoseconds it took.
fn timed<T>(work: impl FnOnce() -> Outcome<T>) -> Outcome<(T, f64)> {
    let start = Instant::now();
    let result = work()?;
    Ok((result, start.elapsed().as_nanos() as f64))
}
