//! The command line.

use std::path::PathBuf;
use std::time::Duration;

use crate::measure::Plan;
use crate::rows::Row;

/// What `--help` prints.
pub const USAGE: &str = "\
usage: bench-compare [options]

  --rows a,b,…      rows to run, by name or number (default: all)
                    1 stream, 2 insert, 3 build, 4 lookup, 5 scan, 6 diff,
                    7 merge, 8 memory, 9 rewrite, 10 proof, 11 durable, 12 readme,
                    13 git-load, 14 git-commit, 15 git-size, 16 git-reads,
                    17 git-writers, 18 sql, 19 sql-durable, 20 sql-versions
  --sizes n,m,…     numbers of keys, such as 10k,100k,1m (the default)
  --engines a,b,…   engines to run: ours, btreemap, im, prollytree, prolly-map,
                    redb, sqlite, git, gluesql, ours-gluesql, ours-sqlite
                    (default: all)
  --rounds n        rounds after the warm-up (default: 5)
  --budget-s s      time for one cell over all its rounds (default: 10)
  --max-rss-mb n    resident memory at which loops stop early (default: 6000)
  --seed n          seed of the keys and values (default: 1)
  --dir path        where the engines on disk write (default: a directory below the
                    system's temporary one, deleted at the end)
  --markdown        print Markdown tables";

/// The options of a run.
pub struct Args {
    /// Rows to run.
    pub rows: Vec<Row>,
    /// Numbers of keys.
    pub sizes: Vec<usize>,
    /// Ids of the engines to run; empty for all.
    pub engines: Vec<String>,
    /// Rounds and limits of a cell.
    pub plan: Plan,
    /// Seed of the input.
    pub seed: u64,
    /// Where to write instead of a temporary directory.
    pub dir: Option<PathBuf>,
    /// Whether to print Markdown.
    pub markdown: bool,
    /// Whether only the usage was asked for.
    pub help: bool,
}

impl Default for Args {
    fn default() -> Self {
        let plan =
            Plan { rounds: 5, budget: Duration::from_secs(10), max_rss_bytes: 6_000_000_000 };
        Self {
            rows: Row::ALL.to_vec(),
            sizes: vec![10_000, 100_000, 1_000_000],
            engines: Vec::new(),
            plan,
            seed: 1,
            dir: None,
            markdown: false,
            help: false,
        }
    }
}

impl Args {
    /// Parses the arguments after the program's name.
    pub fn parse(mut words: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut args = Self::default();
        while let Some(option) = words.next() {
            match option.as_str() {
                "--markdown" => args.markdown = true,
                "--help" | "-h" => args.help = true,
                _ => {
                    let value = words.next().ok_or_else(|| format!("{option} needs a value"))?;
                    args.set(&option, &value).map_err(|why| format!("{option} {value}: {why}"))?;
                }
            }
        }
        Ok(args)
    }

    fn set(&mut self, option: &str, value: &str) -> Result<(), String> {
        match option {
            "--rows" => self.rows = list(value, Row::parse)?,
            "--sizes" => self.sizes = list(value, size)?,
            "--engines" => self.engines = list(value, |id| Ok(id.to_owned()))?,
            "--rounds" => self.plan.rounds = number::<usize>(value)?.max(1),
            "--budget-s" => self.plan.budget = seconds(value)?,
            "--max-rss-mb" => self.plan.max_rss_bytes = number::<u64>(value)? * 1_000_000,
            "--seed" => self.seed = number(value)?,
            "--dir" => self.dir = Some(value.into()),
            _ => return Err("no such option".to_owned()),
        }
        Ok(())
    }
}

fn list<T>(value: &str, parse: impl Fn(&str) -> Result<T, String>) -> Result<Vec<T>, String> {
    value.split(',').map(|word| parse(word.trim())).collect()
}

fn number<T: std::str::FromStr>(word: &str) -> Result<T, String> {
    word.parse().map_err(|_| format!("{word} is not a number"))
}

fn seconds(word: &str) -> Result<Duration, String> {
    Duration::try_from_secs_f64(number(word)?).map_err(|error| error.to_string())
}

/// Parses `10k`, `1m` or a plain number.
fn size(word: &str) -> Result<usize, String> {
    let lower = word.to_ascii_lowercase();
    let (digits, scale) = match (lower.strip_suffix('k'), lower.strip_suffix('m')) {
        (Some(digits), _) => (digits, 1_000),
        (_, Some(digits)) => (digits, 1_000_000),
        _ => (lower.as_str(), 1),
    };
    match number::<usize>(digits)?.checked_mul(scale) {
        Some(size) if size > 0 => Ok(size),
        _ => Err(format!("{word} is not a number of keys")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Args, String> {
        Args::parse(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn lists_and_sizes() {
        let args = parse("--rows 1,proof --sizes 10k,1M,77 --budget-s 0.5 --markdown").unwrap();
        assert!(args.rows == [Row::Stream, Row::Proof]);
        assert_eq!(args.sizes, [10_000, 1_000_000, 77]);
        assert_eq!(args.plan.budget, Duration::from_millis(500));
        assert!(args.markdown);
    }

    #[test]
    fn mistakes_are_told() {
        for line in ["--rows nine", "--sizes 0", "--sizes k", "--budget-s -1", "--what 1", "--seed"]
        {
            assert!(parse(line).is_err(), "{line}");
        }
    }
}
