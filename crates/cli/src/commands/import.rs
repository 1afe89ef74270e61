//! `prolly import`

use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use clap::Args;
use prollytree_repo::CommitOptions;
use prollytree_tree::MAX_KEY_LEN;
use serde_json::json;

use crate::context::{Context, MapArg, open_input, retry};
use crate::error::CliError;
use crate::exit::Exit;
use crate::progress::{Progress, Unit};
use crate::rows::{Format, KeyRule, Problem, Reader, Row, RowError};
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

impl Import {
    pub(crate) fn run(self, context: &mut Context) -> Result<Exit, CliError> {
        let format = chosen(self.format, &self.file)?;
        if format.has_columns() {
            if format == Format::Jsonl && self.key.is_empty() {
                let reason = "the fields of a JSON object have no order that would tell the key";
                return Err(CliError::MissingArgument { argument: "--key", reason });
            }
        } else if let Some(column) = self.key.first() {
            let expected = "of use: this format has keys of its own";
            return Err(CliError::BadArgument {
                argument: "--key",
                value: column.clone(),
                expected,
            });
        }
        let map = self.map.name()?;
        let mut repo = context.open()?;
        let before = repo.working_map(&map)?.len();
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
            repo.set(&map, key, value)?;
            count += 1;
            progress.set(read.load(Ordering::Relaxed));
        }
        drop(progress);
        let commit = match &self.message {
            Some(message) => {
                let options = CommitOptions { message: message.clone(), ..Default::default() };
                Some(retry(&mut repo, |repo| repo.commit_with(options.clone()))?)
            }
            None => {
                retry(&mut repo, |repo| repo.save())?;
                None
            }
        };
        let entries = repo.working_map(&map)?.len();
        let mut text = format!("Imported {}", plural(count, "row"));
        if seen.repeated > 0 {
            let repeated = plural(seen.repeated, "row");
            text.push_str(&format!(
                ", {repeated} of which replaced an earlier row of the same key"
            ));
        }
        text.push_str(&format!("; map {map} has {}", plural(entries, "key")));
        if let Some(id) = commit {
            text.push_str(&format!("; commit {}", id.short()));
        }
        let document = || {
            json!({
                "map": map.as_str(),
                "rows": count,
                "repeated": seen.repeated,
                "entries_before": before,
                "entries": entries,
                "commit": commit.map(|id| id.to_string()),
            })
        };
        context.out.either(text, document)?;
        Ok(Exit::Ok)
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
type Opened = (Box<dyn Read>, Option<u64>, Arc<AtomicU64>);

fn open(path: &Path) -> Result<Opened, CliError> {
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
