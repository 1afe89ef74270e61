//! What a run consists of: the options, the engines chosen, the directory on disk.

use std::fs;
use std::path::{Path, PathBuf};

use crate::args::Args;
use crate::data::{Dataset, Entry};
use crate::engine::{DurableEngine, Engine, GitEngine, Map, Named, Outcome, SqlEngine, Version};
use crate::engines;
use crate::git;
use crate::measure::{Budget, Cells, Lane, Sample, interleave};
use crate::proc;
use crate::rows::Row;
use crate::table::Table;

/// Entries drawn beyond those in a map, enough for the 1,000 + 1,000 of the merge.
const FRESH: usize = 4_000;

/// One run.
pub struct Bench {
    /// The options.
    pub args: Args,
    in_memory: Vec<Box<dyn Engine>>,
    durable: Vec<Box<dyn DurableEngine>>,
    in_git: Vec<Box<dyn GitEngine>>,
    of_sql: Vec<Box<dyn SqlEngine>>,
}

impl Bench {
    /// Picks the engines.
    pub fn new(args: Args) -> Outcome<Self> {
        let (mut in_memory, mut durable) = (engines::in_memory(), engines::durable());
        let (mut in_git, mut of_sql) = (engines::git(), engines::sql());
        for id in &args.engines {
            if !in_memory.iter().any(|e| e.id() == id)
                && !durable.iter().any(|e| e.id() == id)
                && !in_git.iter().any(|e| e.id() == id)
                && !of_sql.iter().any(|e| e.id() == id)
            {
                return Err(format!("there is no engine {id}").into());
            }
        }
        let chosen = |id: &str| args.engines.is_empty() || args.engines.iter().any(|e| e == id);
        in_memory.retain(|engine| chosen(engine.id()));
        durable.retain(|engine| chosen(engine.id()));
        in_git.retain(|engine| chosen(engine.id()));
        of_sql.retain(|engine| chosen(engine.id()));
        Ok(Self { args, in_memory, durable, in_git, of_sql })
    }

    /// A line about the machine and the input.
    pub fn heading(&self) -> Outcome<String> {
        let Args { seed, plan, rows, .. } = &self.args;
        let git = match rows.iter().any(|row| row.is_of_git()) {
            true => format!(", {}", git::version()?),
            false => String::new(),
        };
        let input = if rows.iter().all(|row| row.is_of_git()) {
            "13-byte keys in random order, values of 80 to 100 bytes"
        } else if rows.iter().all(|row| row.is_of_sql()) {
            "rows of about 100 bytes"
        } else {
            "16-byte keys in random order, 66-byte values"
        };
        Ok(format!(
            "{}{git}; {input}, seed {seed}; median of {} rounds, at most {} s a cell",
            proc::machine(),
            plan.rounds,
            plan.budget.as_secs_f64(),
        ))
    }

    /// Draws the input for maps of `len` entries.
    pub fn dataset(&self, len: usize) -> Dataset {
        Dataset::new(self.args.seed, len, FRESH)
    }

    /// The engines in memory that take part in `row`.
    pub fn engines(&self, row: Row) -> impl Iterator<Item = &dyn Engine> {
        self.in_memory.iter().map(|engine| &**engine).filter(move |engine| engine.takes_part(row))
    }

    /// The engines on disk.
    pub fn durable_engines(&self) -> impl Iterator<Item = &dyn DurableEngine> {
        self.durable.iter().map(|engine| &**engine)
    }

    /// The engines of the Git rows that take part in `row` at the smallest size.
    pub fn git_engines(&self, row: Row) -> impl Iterator<Item = &dyn GitEngine> {
        let size = self.smallest_size();
        let all = self.in_git.iter().map(|engine| &**engine);
        all.filter(move |engine| engine.takes_part(row, size))
    }

    /// The smallest of the sizes, for rows that are measured at one.
    pub fn smallest_size(&self) -> usize {
        self.args.sizes.iter().copied().min().unwrap_or(1)
    }

    /// An empty table with the engines of the Git row `row` as columns.
    pub fn git_table(&self, row: Row, rounds: usize) -> Table {
        Table::new(row, rounds, self.git_engines(row).map(|engine| engine as &dyn Named))
    }

    /// Measures a work of a Git row at `keys` keys.
    pub fn measure_git<'a>(
        &'a self,
        row: Row,
        keys: usize,
        work: impl Fn(&dyn GitEngine, &mut Budget) -> Outcome<Option<Sample>> + Copy + 'a,
    ) -> Outcome<Vec<Cells>> {
        let lane = |engine: &'a dyn GitEngine| -> Lane<'a> {
            Box::new(move |budget| match engine.takes_part(row, keys) {
                true => named(engine, work(engine, budget)),
                false => Ok(None),
            })
        };
        interleave(self.git_engines(row).map(lane).collect(), &self.args.plan)
    }

    /// The engines of the SQL rows.
    pub fn sql_engines(&self) -> impl Iterator<Item = &dyn SqlEngine> {
        self.of_sql.iter().map(|engine| &**engine)
    }

    /// An empty table with the engines of the SQL row `row` as columns.
    pub fn sql_table(&self, row: Row) -> Table {
        let engines = self.sql_engines().map(|engine| engine as &dyn Named);
        Table::new(row, self.args.plan.rounds, engines)
    }

    /// An empty table with the engines of `row` as columns, measured as the options say.
    pub fn table(&self, row: Row) -> Table {
        self.table_of_rounds(row, self.args.plan.rounds)
    }

    /// An empty table with the engines of `row` as columns, for cells of `rounds` rounds.
    pub fn table_of_rounds(&self, row: Row, rounds: usize) -> Table {
        Table::new(row, rounds, self.engines(row).map(|engine| engine as &dyn Named))
    }

    /// Measures a work that makes its own maps.
    pub fn measure<'a>(
        &'a self,
        row: Row,
        work: impl Fn(&dyn Engine, &mut Budget) -> Outcome<Option<Sample>> + Copy + 'a,
    ) -> Outcome<Vec<Cells>> {
        let lane = |engine: &'a dyn Engine| -> Lane<'a> {
            Box::new(move |budget| named(engine, work(engine, budget)))
        };
        interleave(self.engines(row).map(lane).collect(), &self.args.plan)
    }

    /// Measures a work on maps that hold `sorted`, with that state kept as [`BASE`].
    /// All the maps are alive at the same time.
    pub fn measure_built<'a>(
        &'a self,
        row: Row,
        sorted: &[Entry],
        work: impl Fn(&mut dyn Map, &mut Budget) -> Outcome<Option<Sample>> + Copy + 'a,
    ) -> Outcome<Vec<Cells>> {
        let lane = |engine: &'a dyn Engine| -> Outcome<Lane<'a>> {
            let mut map = named(engine, engine.build(sorted))?;
            map.snapshot()?;
            Ok(Box::new(move |budget| named(engine, work(&mut *map, budget))))
        };
        let lanes = self.engines(row).map(lane).collect::<Outcome<_>>()?;
        interleave(lanes, &self.args.plan)
    }

    /// Makes the directory that the engines on disk write to.
    pub fn scratch(&self) -> Outcome<Scratch> {
        Scratch::new(&self.args, "")
    }
}

/// Puts the engine's name before an error.
pub fn named<T>(engine: &(impl Named + ?Sized), result: Outcome<T>) -> Outcome<T> {
    result.map_err(|error| format!("{}: {error}", engine.title()).into())
}

/// The first snapshot of a map of [`Bench::measure_built`].
pub const BASE: Version = Version(0);

/// A directory that is deleted with its contents, unless the user chose its place.
pub struct Scratch {
    path: PathBuf,
    keep: bool,
}

impl Scratch {
    /// Makes a directory of this process, with `suffix` in its name.
    pub fn new(args: &Args, suffix: &str) -> Outcome<Self> {
        let name = format!("bench-compare-{}{suffix}", std::process::id());
        let keep = args.dir.is_some();
        let path = args.dir.clone().unwrap_or_else(std::env::temp_dir).join(name);
        fs::create_dir_all(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        Ok(Self { path, keep })
    }

    /// The directory itself.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Makes an empty directory inside.
    pub fn subdirectory(&self, name: &str) -> Outcome<PathBuf> {
        let path = self.path.join(name);
        fs::create_dir_all(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        Ok(path)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if self.keep {
            return;
        }
        if let Err(error) = fs::remove_dir_all(&self.path) {
            eprintln!("warning: cannot delete {}: {error}", self.path.display());
        }
    }
}
