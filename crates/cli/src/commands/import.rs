//! `prolly import`

use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use clap::Args;
use prollytree_repo::{CommitId, CommitOptions, MapName};
use prollytree_tree::MAX_KEY_LEN;
use serde_json::{Value, json};

use crate::context::{Context, MapArg, open_input, retry};
use crate::error::CliError;
use crate::exit::Exit;
use crate::progress::{Progress, Unit};
use crate::rows::{Format, KeyRule, Problem, Reader, Row, RowError};
use crate::store::Repo;
use crate::text::plural;

/// Reads a file of rows into the working state: all of it, or nothing.
///
/// The value of a CSV or TSV row is the row as a compact JSON object of texts, in the order of the
/// columns; that of a JSON line is the line as it is; that of a kv line is what follows the first
/// TAB. Keys that are there already get the new value. The file is read once, from front to back, so
/// it may be longer than the memory.
#[derive(Args, Debug)]
pub(crate) struct Import {
    /// The file; `-` is standard input.
    file: PathBuf,
    /// The format [default: what the file's name ends with says].
    #[arg(short, long)]
    format: Option<Format>,
    /// A column or field that makes the key; several are joined [default: the first column].
    #[arg(short, long, value_name = "COLUMN")]
    key: Vec<String>,
    /// What joins several key columns.
    #[arg(long, value_name = "TEXT", default_value = ":")]
    join: String,
    /// What each key begins with.
    #[arg(short, long, default_value = "", hide_default_value = true)]
    prefix: String,
    /// Refuses a file in which a key occurs twice; otherwise its last row wins.
    #[arg(long)]
    strict: bool,
    /// Commits right away, with this message.
    #[arg(short, long)]
    message: Option<String>,
    #[command(flatten)]
    map: MapArg,
}

/// What an import did.
struct Imported {
    map: MapName,
    rows: u64,
    repeated: u64,
    entries_before: u64,
    entries: u64,
    commit: Option<CommitId>,
}

impl Import {
    pub(crate) fn run(self, context: &mut Context) -> Result<Exit, CliError> {
        let format = chosen(self.format, &self.file)?;
        self.check_key(format)?;
        let map = self.map.name()?;
        let mut repo = context.open()?;
        let entries_before = repo.working_map(&map)?.len();
        let (rows, repeated) = self.read(&mut repo, &map, format)?;
        let commit = self.finish(&mut repo)?;
        let entries = repo.working_map(&map)?.len();
        let done = Imported { map, rows, repeated, entries_before, entries, commit };
        context.out.either(done.text(), || done.json())?;
        Ok(Exit::Ok)
    }

    /// Refuses key columns where the format has none, and their absence where it needs them.
    fn check_key(&self, format: Format) -> Result<(), CliError> {
        match self.key.first() {
            None if format == Format::Jsonl => {
                let reason = "the fields of a JSON object have no order that would tell the key";
                Err(CliError::MissingArgument { argument: "--key", reason })
            }
            Some(column) if !format.has_columns() => {
                let (argument, value) = ("--key", column.clone());
                let expected = "of use: this format has keys of its own";
                Err(CliError::BadArgument { argument, value, expected })
            }
            _ => Ok(()),
        }
    }

    /// Puts the rows into the map; tells how many there were, and how many replaced an earlier one.
    fn read(&self, repo: &mut Repo, map: &MapName, format: Format) -> Result<(u64, u64), CliError> {
        let (source, size, read) = open(&self.file)?;
        let mut progress = Progress::new("importing", Unit::Bytes, size);
        let rule = KeyRule { columns: self.key.clone(), join: self.join.clone() };
        let mut rows = Reader::new(&self.file, source, format, rule)?;
        let mut seen = Seen::default();
        let mut count = 0;
        while let Some(Row { line, key, value }) = rows.next()? {
            let key = [self.prefix.as_bytes(), &key].concat();
            let error = |problem| RowError { path: self.file.clone(), line, column: None, problem };
            if key.len() > MAX_KEY_LEN {
                return Err(error(Problem::KeyTooLong { len: key.len() }).into());
            }
            if !seen.insert(&key) && self.strict {
                return Err(error(Problem::Duplicate { key }).into());
            }
            repo.set(map, key, value)?;
            count += 1;
            progress.set(read.load(Ordering::Relaxed));
        }
        Ok((count, seen.repeated))
    }

    /// Makes the rows durable, as a commit if a message was given.
    fn finish(&self, repo: &mut Repo) -> Result<Option<CommitId>, CliError> {
        let Some(message) = &self.message else {
            retry(repo, |repo| repo.save())?;
            return Ok(None);
        };
        let options = CommitOptions { message: message.clone(), ..CommitOptions::default() };
        Ok(Some(retry(repo, |repo| repo.commit_with(options.clone()))?))
    }
}

impl Imported {
    fn text(&self) -> String {
        let mut text = format!("Imported {}", plural(self.rows, "row"));
        if self.repeated > 0 {
            let repeated = plural(self.repeated, "row");
            text.push_str(&format!(
                ", {repeated} of which replaced an earlier row of the same key"
            ));
        }
        text.push_str(&format!("; map {} has {}", self.map, plural(self.entries, "key")));
        if let Some(id) = self.commit {
            text.push_str(&format!("; commit {}", id.short()));
        }
        text
    }

    fn json(&self) -> Value {
        json!({
            "map": self.map.as_str(),
            "rows": self.rows,
            "repeated": self.repeated,
            "entries_before": self.entries_before,
            "entries": self.entries,
            "commit": self.commit.map(|id| id.to_string()),
        })
    }
}

/// The format that was named, or that the file's name tells.
pub(crate) fn chosen(named: Option<Format>, path: &Path) -> Result<Format, CliError> {
    named.or_else(|| Format::of(path)).ok_or(CliError::MissingArgument {
        argument: "--format",
        reason: "the file's name does not end with .csv, .tsv, .jsonl, .kv or .entries",
    })
}

/// A file, its size if it has one, and how much of it was read.
pub(crate) type Opened = (Box<dyn Read>, Option<u64>, Arc<AtomicU64>);

/// Opens a file to be read with a progress bar.
pub(crate) fn open(path: &Path) -> Result<Opened, CliError> {
    let source = open_input(path)?;
    // A pipe has no size; whether the file can be read is known by now.
    let size = std::fs::metadata(path).ok().filter(std::fs::Metadata::is_file);
    let read = Arc::new(AtomicU64::new(0));
    let counted = Counted { source, read: Arc::clone(&read) };
    Ok((Box::new(counted), size.map(|metadata| metadata.len()), read))
}

/// Counts the bytes that go through.
struct Counted<R> {
    source: R,
    read: Arc<AtomicU64>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let len = self.source.read(buffer)?;
        self.read.fetch_add(len as u64, Ordering::Relaxed);
        Ok(len)
    }
}

/// The keys of a file, as 64-bit hashes: eight bytes a row, where the keys themselves could be more
/// than the memory holds. Two of a million keys collide once in thirty million files.
#[derive(Default)]
struct Seen {
    hasher: RandomState,
    hashes: HashSet<u64>,
    repeated: u64,
}

impl Seen {
    /// Whether the key is new.
    fn insert(&mut self, key: &[u8]) -> bool {
        let is_new = self.hashes.insert(self.hasher.hash_one(key));
        self.repeated += u64::from(!is_new);
        is_new
    }
}
