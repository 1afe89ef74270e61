//! What an engine must be able to do to be measured.
//!
//! Engines only perform operations; the rows hold the clock, so that everybody is
//! measured by the same code. Keys and values come as borrowed bytes: an engine
//! whose interface wants owned bytes pays for the copy. Default bodies say "not
//! supported", which the tables print as `–`.

use std::error::Error;
use std::path::Path;

use crate::data::{Entry, Key};
use crate::measure::Budget;
use crate::records::Record;
use crate::rows::Row;

/// A result whose error ends the run.
pub type Outcome<T> = Result<T, Box<dyn Error>>;

/// A root hash.
pub type Root = [u8; 32];

/// A saved state of a [`Map`]: the index in the order of the calls to [`Map::snapshot`].
#[derive(Clone, Copy)]
pub struct Version(pub usize);

/// The result of a full scan.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub struct Scan {
    /// Entries seen.
    pub entries: usize,
    /// Sum of [`touch`](crate::data::touch) over every key and every value.
    pub sum: u64,
}

impl Scan {
    /// Counts one entry.
    pub fn add(&mut self, key: &[u8], value: &[u8]) {
        self.entries += 1;
        self.sum =
            self.sum.wrapping_add(crate::data::touch(key)).wrapping_add(crate::data::touch(value));
    }
}

/// What both kinds of engine have in common.
pub trait Named {
    /// The name on the command line.
    fn id(&self) -> &'static str;

    /// The column heading, with the version.
    fn title(&self) -> &'static str;

    /// Whether this is our own engine: the reference of every ratio when present.
    fn is_ours(&self) -> bool {
        false
    }

    /// What a reader must know to judge this engine's cells in `row`.
    fn note(&self, _row: Row) -> Option<&'static str> {
        None
    }
}

/// A library whose maps live in memory.
pub trait Engine: Named {
    /// Whether the engine has cells in `row` at all.
    fn takes_part(&self, _row: Row) -> bool {
        true
    }

    /// Makes an empty map.
    fn empty(&self) -> Outcome<Box<dyn Map>>;

    /// Builds a map from entries in ascending key order, the fastest way on offer,
    /// and brings its root up to date.
    fn build(&self, sorted: &[Entry]) -> Outcome<Box<dyn Map>>;

    /// Builds a map that counts the bytes of the nodes it stores.
    fn build_counting(&self, _sorted: &[Entry]) -> Outcome<Option<Box<dyn Map>>> {
        Ok(None)
    }
}

/// One map in memory.
///
/// [`put`](Map::put) and [`delete`](Map::delete) may stage a change; reads,
/// snapshots and proofs are called only after [`root`](Map::root) has brought
/// everything up to date.
pub trait Map {
    /// Inserts or replaces one entry.
    fn put(&mut self, entry: &Entry) -> Outcome<()>;

    /// Removes one key.
    fn delete(&mut self, key: &Key) -> Outcome<()>;

    /// Brings the root hash up to date and returns it; `None` where there is none.
    fn root(&mut self) -> Outcome<Option<Root>>;

    /// Inserts entries in random order as one batch, with the root at the end.
    fn put_batch(&mut self, entries: &[Entry]) -> Outcome<()>;

    /// Inserts entries one by one until they or the budget run out, with the root
    /// at the end; returns how many went in. The map could be read in between.
    fn stream(&mut self, entries: &[Entry], budget: &mut Budget) -> Outcome<usize> {
        let mut inserted = 0;
        while inserted < entries.len() && budget.allows() {
            self.put(&entries[inserted])?;
            inserted += 1;
        }
        self.root()?;
        Ok(inserted)
    }

    /// Looks up one present key and touches its value.
    fn get(&self, key: &Key) -> Outcome<u64> {
        self.get_all(std::slice::from_ref(key))
    }

    /// Looks up present keys one after the other and sums the touched values.
    /// A read session may be opened once for all of them.
    fn get_all(&self, keys: &[Key]) -> Outcome<u64>;

    /// Visits every entry in key order and touches key and value.
    fn scan(&self) -> Outcome<Scan>;

    /// Keeps the current state.
    fn snapshot(&mut self) -> Outcome<Version>;

    /// Makes a kept state the current one.
    fn checkout(&mut self, version: Version) -> Outcome<()>;

    /// Drops every snapshot but the first `keep`.
    fn forget(&mut self, keep: usize);

    /// Drops every cache that a restart would lose, keeping what is in the node store.
    fn reopen(&mut self) -> Outcome<()> {
        Ok(())
    }

    /// Lists the differences between two states and returns their number.
    fn diff(&mut self, _from: Version, _to: Version) -> Outcome<Option<usize>> {
        Ok(None)
    }

    /// Merges `theirs` into the current state, which descends from `base` too, with
    /// the root at the end. Returns the number of conflicts.
    fn merge(&mut self, _base: Version, _theirs: Version) -> Outcome<Option<usize>> {
        Ok(None)
    }

    /// Proves that `key` is present, as the bytes that would be sent.
    fn prove(&self, _key: &Key) -> Outcome<Option<Vec<u8>>> {
        Ok(None)
    }

    /// Checks the bytes of a proof that `entry` is in the map with this `root`.
    fn verify(&self, _proof: &[u8], _root: &Root, _entry: &Entry) -> Outcome<bool> {
        Ok(false)
    }

    /// Bytes of distinct nodes given to the store so far, in a map from
    /// [`Engine::build_counting`].
    fn node_bytes_written(&self) -> Option<u64> {
        None
    }
}

/// A library that keeps its map on disk.
pub trait DurableEngine: Named {
    /// Creates a store below `dir`, which exists and is empty, holding `sorted`.
    fn create(&self, dir: &Path, sorted: &[Entry]) -> Outcome<Box<dyn DurableMap>>;
}

/// One map on disk.
pub trait DurableMap {
    /// Inserts or replaces one entry and returns once it would survive a power cut.
    fn commit(&mut self, entry: &Entry) -> Outcome<()>;

    /// Looks one key up in the committed state; returns the touched value.
    fn get(&mut self, key: &Key) -> Outcome<Option<u64>>;
}

/// A way to keep versions of a map in a Git repository, or what it is compared with.
pub trait GitEngine: Named {
    /// Whether the engine has a cell in `row` at `keys` keys.
    fn takes_part(&self, row: Row, keys: usize) -> bool;

    /// Creates a store in `dir`, which exists and is empty, with `records` committed at
    /// once, the fastest way on offer.
    fn create(&self, dir: &Path, records: &[Record]) -> Outcome<Box<dyn GitMap>>;

    /// Opens the store in `dir` with no cache filled.
    fn open(&self, dir: &Path) -> Outcome<Box<dyn GitMap>>;

    /// Whether a path in a commit is that of a file with keys and values, and no more.
    fn is_leaf(&self, _path: &str) -> bool {
        false
    }
}

/// One map with versions.
pub trait GitMap {
    /// Inserts or replaces one record.
    fn set(&mut self, record: &Record) -> Outcome<()>;

    /// Commits what was set.
    fn commit(&mut self) -> Outcome<()>;

    /// Looks one key up, committed or set.
    fn get(&mut self, key: &str) -> Outcome<Option<Vec<u8>>>;
}

/// A database that takes SQL.
pub trait SqlEngine: Named {
    /// Whether the engine has cells in `row` with so many rows.
    fn takes_part(&self, row: Row, rows: usize) -> bool;

    /// An empty database, in `dir` if it is one on disk.
    fn create(&self, dir: &Path) -> Outcome<Box<dyn SqlDb>>;
}

/// A database of a [`SqlEngine`].
pub trait SqlDb {
    /// Runs a statement to its end, and tells how many rows it returned or changed.
    fn run(&mut self, sql: &str) -> Outcome<usize>;

    /// Begins a transaction, where the engine has any.
    fn begin(&mut self) -> Outcome<()> {
        self.run("BEGIN").map(drop)
    }

    /// Ends the transaction.
    fn commit(&mut self) -> Outcome<()> {
        self.run("COMMIT").map(drop)
    }

    /// Runs a query on an older version; `None` where there are none.
    fn run_at(&mut self, _revision: &str, _sql: &str) -> Outcome<Option<usize>> {
        Ok(None)
    }

    /// Counts the rows of `items` that differ between the last two commits; `None` where there are
    /// none.
    fn last_diff(&mut self) -> Outcome<Option<usize>> {
        Ok(None)
    }
}
