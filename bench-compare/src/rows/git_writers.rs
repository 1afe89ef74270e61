//! Row 17: several processes that commit to one branch.

use std::io::Write as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use super::{Row, expect_equal};
use crate::bench::{Bench, Scratch, named};
use crate::engine::{GitEngine, GitMap, Outcome};
use crate::engines;
use crate::git::commits;
use crate::measure::{Cells, Stat};
use crate::records::{Record, Records};
use crate::table::{Table, Unit};

/// Processes that write at once.
const WRITERS: usize = 4;
/// Commits of one new key each that a process makes.
const COMMITS: usize = 100;
/// How often a process tries one commit.
const TRIES: usize = 5;

/// What a process prints for a commit that was made, before the number of its key.
const MADE: &str = "made ";
/// What it prints for a try that failed, before the reason.
const FAILED: &str = "failed ";

const LINES: [(&str, Unit); 5] = [
    ("time", Unit::Time),
    ("acknowledged commits", Unit::Whole),
    ("commits on the branch", Unit::Whole),
    ("acknowledged keys there", Unit::Whole),
    ("failed tries", Unit::Whole),
];

pub(super) fn run(bench: &Bench) -> Outcome<Table> {
    let mut table = bench.git_table(Row::GitWriters, 1);
    let scratch = bench.scratch()?;
    let size = bench.smallest_size();
    let measure = |engine: &dyn GitEngine| match engine.takes_part(Row::GitWriters, size) {
        true => named(engine, measure(engine, bench.args.seed, size, &scratch)).map(Some),
        false => Ok(None),
    };
    let cells = bench.git_engines(Row::GitWriters).map(measure).collect::<Outcome<Vec<Cells>>>()?;
    table.push(size, &LINES, &cells);
    Ok(table)
}

fn measure(
    engine: &dyn GitEngine,
    seed: u64,
    size: usize,
    scratch: &Scratch,
) -> Outcome<Vec<Stat>> {
    let records = Records::new(seed, size, WRITERS * COMMITS);
    let dir = scratch.subdirectory(&format!("writers-{}", number_of(engine)?))?;
    drop(engine.create(&dir, &records.shuffled)?);
    let before = commits(&dir)?;
    let start = Instant::now();
    let writers = (0..WRITERS).map(|writer| start_writer(engine, &dir, seed, size, writer));
    let reports = writers.collect::<Outcome<Vec<_>>>()?.into_iter().map(report);
    let reports = reports.collect::<Outcome<Vec<String>>>()?.concat();
    let elapsed = start.elapsed();

    let failures: Vec<_> = reports.lines().filter_map(|line| line.strip_prefix(FAILED)).collect();
    let made = reports.lines().filter_map(|line| line.strip_prefix(MADE));
    let made =
        made.map(|key| Ok(&records.fresh[key.parse::<usize>()?])).collect::<Outcome<Vec<_>>>()?;
    if let Some(first) = failures.first() {
        eprintln!("  {}: the first of {} failures: {first}", engine.title(), failures.len());
    }
    // Another crate's repository may be beyond reading; that is the result then.
    let kept = commits(&dir).map_or(0, |after| after.saturating_sub(before));
    let there = keys_there(engine, &dir, &made).unwrap_or(0);
    if engine.is_ours() {
        let all = WRITERS * COMMITS;
        expect_equal("commits kept, keys kept", (kept as usize, there), (all, all))?;
    }
    let counts = [made.len(), kept as usize, there, failures.len()];
    let figures = [elapsed.as_nanos() as f64].into_iter().chain(counts.map(|count| count as f64));
    Ok(figures.map(|figure| Stat::once(figure, WRITERS * COMMITS)).collect())
}

/// How many of the records are in the store.
fn keys_there(engine: &dyn GitEngine, dir: &Path, records: &[&Record]) -> Outcome<usize> {
    let mut map = engine.open(dir)?;
    let mut there = 0;
    for record in records {
        there += usize::from(map.get(&record.key)?.as_deref() == Some(record.value.as_bytes()));
    }
    Ok(there)
}

/// The engine's place among those that a writer knows.
fn number_of(engine: &dyn GitEngine) -> Outcome<usize> {
    let number = engines::git().iter().position(|other| other.title() == engine.title());
    Ok(number.ok_or("an engine is not in the list of engines")?)
}

fn start_writer(
    engine: &dyn GitEngine,
    dir: &Path,
    seed: u64,
    size: usize,
    writer: usize,
) -> Outcome<Child> {
    let numbers = [number_of(engine)?, size, writer].map(|number| number.to_string());
    let mut command = Command::new(std::env::current_exe()?);
    command.arg(WRITER).arg(seed.to_string()).args(numbers).arg(dir);
    Ok(command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?)
}

/// What a writer printed until it ended, with a failure more if it did not end well.
fn report(writer: Child) -> Outcome<String> {
    let output = writer.wait_with_output()?;
    let mut report = String::from_utf8(output.stdout)?;
    if !output.status.success() {
        let message = String::from_utf8_lossy(&output.stderr);
        let first = message.lines().find(|line| !line.is_empty()).unwrap_or_default();
        report += &format!("{FAILED}a writer ended with {}: {first}\n", output.status);
    }
    Ok(report)
}

/// The first argument of a process that is a writer.
pub(super) const WRITER: &str = "git-writer";

/// Writes as one of the processes: `words` are what [`start_writer`] passed on.
pub(super) fn write(words: &[String]) -> Outcome<()> {
    let [seed, engine, size, writer, dir] = words else {
        return Err(format!("{WRITER} is for bench-compare itself").into());
    };
    let engines = engines::git();
    let engine = engines.get(engine.parse::<usize>()?).ok_or("there is no such engine")?;
    let records = Records::new(seed.parse()?, size.parse()?, WRITERS * COMMITS);
    let first = writer.parse::<usize>()? * COMMITS;
    let dir = Path::new(dir);
    let mut map = None;
    for key in first..first + COMMITS {
        for _ in 0..TRIES {
            let tried = set_and_commit(&**engine, dir, &mut map, &records.fresh[key]);
            // Each line is on its way before the next try: the process may not survive that.
            let mut report = std::io::stdout();
            match tried {
                Ok(()) => writeln!(report, "{MADE}{key}")?,
                Err(ref error) => writeln!(report, "{FAILED}{}", one_line(&error.to_string()))?,
            }
            if tried.is_ok() {
                break;
            }
            map = None;
        }
    }
    Ok(())
}

fn set_and_commit(
    engine: &dyn GitEngine,
    dir: &Path,
    map: &mut Option<Box<dyn GitMap>>,
    record: &Record,
) -> Outcome<()> {
    let map = match map {
        Some(map) => map,
        none => none.insert(engine.open(dir)?),
    };
    map.set(record)?;
    map.commit()
}

/// Short enough that the pipe holds the reports of all failures.
fn one_line(message: &str) -> String {
    message.replace('\n', " ").chars().take(100).collect()
}
