//! Row 15: what the repository takes after many small commits.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use super::{Row, expect_equal};
use crate::bench::{Bench, Scratch, named};
use crate::engine::{GitEngine, Outcome};
use crate::git::{Usage, changed_file_bytes, commits, git};
use crate::measure::{Cells, Stat};
use crate::records::{Record, Records};
use crate::table::{Table, Unit};

/// Commits of one changed key each.
const COMMITS: usize = 300;

const LINES: [(&str, Unit); 11] = [
    ("loaded", Unit::Bytes),
    ("and 300 commits", Unit::Bytes),
    ("growth", Unit::Bytes),
    ("files", Unit::Whole),
    ("loaded, after gc", Unit::Bytes),
    ("and 300 commits, after gc", Unit::Bytes),
    ("growth, after gc", Unit::Bytes),
    ("files, after gc", Unit::Whole),
    ("changed keys and values", Unit::Bytes),
    ("growth after gc by byte of these", Unit::Count),
    ("mean time of a commit", Unit::Time),
];
const LEAF_LINES: [(&str, Unit); 2] =
    [("changed leaves", Unit::Bytes), ("growth after gc by byte of leaves", Unit::Count)];

pub(super) fn run(bench: &Bench) -> Outcome<Table> {
    let mut table = bench.git_table(Row::GitSize, 1);
    let scratch = bench.scratch()?;
    let size = bench.smallest_size();
    let records = Records::new(bench.args.seed, size, 0).shuffled;
    let (mut cells, mut leaf_cells): (Vec<Cells>, Vec<Cells>) = (Vec::new(), Vec::new());
    for engine in bench.git_engines(Row::GitSize) {
        let measured = match engine.takes_part(Row::GitSize, size) {
            true => Some(named(engine, measure(engine, &scratch, &records))?),
            false => None,
        };
        cells.push(measured.as_ref().map(Measured::stats));
        leaf_cells.push(measured.as_ref().and_then(Measured::leaf_stats));
    }
    table.push(size, &LINES, &cells);
    table.push(size, &LEAF_LINES, &leaf_cells);
    Ok(table)
}

/// What one engine's repository took.
struct Measured {
    loaded: Usage,
    grown: Usage,
    loaded_packed: Usage,
    grown_packed: Usage,
    changed_bytes: usize,
    leaf_bytes: u64,
    elapsed: Duration,
}

impl Measured {
    fn growth_after_gc(&self) -> f64 {
        self.grown_packed.bytes as f64 - self.loaded_packed.bytes as f64
    }

    /// The figures of [`LINES`].
    fn stats(&self) -> Vec<Stat> {
        let changed_bytes = self.changed_bytes as f64;
        let figures = [
            self.loaded.bytes as f64,
            self.grown.bytes as f64,
            self.grown.bytes as f64 - self.loaded.bytes as f64,
            self.grown.files as f64,
            self.loaded_packed.bytes as f64,
            self.grown_packed.bytes as f64,
            self.growth_after_gc(),
            self.grown_packed.files as f64,
            changed_bytes,
            self.growth_after_gc() / changed_bytes,
            self.elapsed.as_nanos() as f64 / COMMITS as f64,
        ];
        figures.map(|figure| Stat::once(figure, COMMITS)).to_vec()
    }

    /// The figures of [`LEAF_LINES`], where commits have leaves.
    fn leaf_stats(&self) -> Cells {
        let leaf_bytes = self.leaf_bytes as f64;
        let figures = [leaf_bytes, self.growth_after_gc() / leaf_bytes];
        (self.leaf_bytes > 0).then(|| figures.map(|figure| Stat::once(figure, COMMITS)).to_vec())
    }
}

fn measure(engine: &dyn GitEngine, scratch: &Scratch, records: &[Record]) -> Outcome<Measured> {
    let dir = scratch.subdirectory("loaded")?;
    drop(engine.create(&dir, records)?);
    let loaded = Usage::of(&dir.join(".git"))?;
    let loaded_packed = collect_garbage(&dir)?;
    remove(&dir)?;

    let dir = scratch.subdirectory("with-commits")?;
    let mut map = engine.create(&dir, records)?;
    let before = commits(&dir)?;
    let changes = records.iter().cycle().take(COMMITS).enumerate();
    let changes: Vec<_> = changes.map(|(nth, record)| record.changed(nth)).collect();
    let start = Instant::now();
    for change in &changes {
        map.set(change)?;
        map.commit()?;
    }
    let elapsed = start.elapsed();
    drop(map);
    expect_equal("commits", commits(&dir)? - before, COMMITS as u64)?;
    let grown = Usage::of(&dir.join(".git"))?;
    let leaf_bytes = changed_file_bytes(&dir, COMMITS, |path| engine.is_leaf(path))?;
    let grown_packed = collect_garbage(&dir)?;
    check(engine, &dir, &changes)?;
    remove(&dir)?;
    let changed_bytes = changes.iter().map(Record::len_bytes).sum();
    Ok(Measured { loaded, grown, loaded_packed, grown_packed, changed_bytes, leaf_bytes, elapsed })
}

fn collect_garbage(dir: &Path) -> Outcome<Usage> {
    git(dir, &["gc", "--quiet"])?;
    Usage::of(&dir.join(".git"))
}

/// The last changes: with few keys, earlier ones were changed again.
fn check(engine: &dyn GitEngine, dir: &Path, changes: &[Record]) -> Outcome<()> {
    let mut map = engine.open(dir)?;
    for change in changes.iter().rev().take(10) {
        let found = map.get(&change.key)?;
        expect_equal("value after git gc", found, Some(change.value.clone().into()))?;
    }
    Ok(())
}

fn remove(dir: &Path) -> Outcome<()> {
    Ok(fs::remove_dir_all(dir).map_err(|error| format!("{}: {error}", dir.display()))?)
}
