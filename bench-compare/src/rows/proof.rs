//! Row 10: an inclusion proof, made, encoded, decoded and verified.

use std::time::{Duration, Instant};

use super::{Row, expect_equal};
use crate::bench::{BASE, Bench};
use crate::data::Entry;
use crate::engine::{Map, Outcome};
use crate::measure::{Budget, Sample};
use crate::table::{Table, Unit};

/// Proofs in a round.
const PROOFS: usize = 200;

const LINES: [(&str, Unit); 3] =
    [("size", Unit::Bytes), ("make", Unit::Time), ("verify", Unit::Time)];

pub(super) fn run(bench: &Bench) -> Outcome<Table> {
    let mut table = bench.table(Row::Proof);
    for &size in &bench.args.sizes {
        let data = bench.dataset(size);
        let probes = &data.shuffled[..PROOFS.min(size)];
        let work = |map: &mut dyn Map, budget: &mut Budget| prove(map, probes, budget);
        let cells = bench.measure_built(Row::Proof, &data.sorted, work)?;
        table.push(size, &LINES, &cells);
    }
    Ok(table)
}

fn prove(map: &mut dyn Map, probes: &[Entry], budget: &mut Budget) -> Outcome<Option<Sample>> {
    map.checkout(BASE)?;
    let Some(root) = map.root()? else {
        return Ok(None);
    };
    let (mut bytes, mut ops) = (0, 0);
    let (mut making, mut verifying) = (Duration::ZERO, Duration::ZERO);
    for entry in probes {
        if !budget.allows() {
            break;
        }
        let start = Instant::now();
        let Some(proof) = map.prove(&entry.key)? else {
            return Ok(None);
        };
        let made = Instant::now();
        let valid = map.verify(&proof, &root, entry)?;
        verifying += made.elapsed();
        making += made - start;
        expect_equal("a proof is valid", valid, true)?;
        expect_equal(
            "it proves another value",
            map.verify(&proof, &root, &entry.changed())?,
            false,
        )?;
        bytes += proof.len();
        ops += 1;
    }
    let mean = |total: f64| total / ops.max(1) as f64;
    let (making, verifying) = (making.as_nanos() as f64, verifying.as_nanos() as f64);
    let figures = vec![mean(bytes as f64), mean(making), mean(verifying)];
    Ok(Some(Sample { figures, ops, wanted: probes.len() }))
}
