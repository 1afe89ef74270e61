//! The rows, one a file: what is measured and how.

mod build;
mod diff;
mod durable;
mod insert;
mod lookup;
mod memory;
mod merge;
mod proof;
mod readme;
mod rewrite;
mod scan;
mod stream;

use crate::bench::Bench;
use crate::engine::Outcome;
use crate::table::Table;

/// A row of the comparison.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Row {
    /// N inserts one by one, the root at the end.
    Stream,
    /// One insert and its root in a map of N.
    Insert,
    /// A map of N from sorted input.
    Build,
    /// A lookup of a random present key.
    Lookup,
    /// A visit of all entries.
    Scan,
    /// The differences between two maps that differ in one entry.
    Diff,
    /// A three-way merge of two sets of changes.
    Merge,
    /// Memory beyond the raw bytes.
    Memory,
    /// Bytes of new nodes for one change.
    Rewrite,
    /// An inclusion proof.
    Proof,
    /// A durable commit of one change.
    Durable,
    /// The table in the README of the older crate.
    Readme,
}

impl Row {
    /// Every row, in the order of their numbers.
    pub const ALL: [Self; 12] = [
        Self::Stream,
        Self::Insert,
        Self::Build,
        Self::Lookup,
        Self::Scan,
        Self::Diff,
        Self::Merge,
        Self::Memory,
        Self::Rewrite,
        Self::Proof,
        Self::Durable,
        Self::Readme,
    ];

    /// The name on the command line.
    pub fn id(self) -> &'static str {
        match self {
            Self::Stream => "stream",
            Self::Insert => "insert",
            Self::Build => "build",
            Self::Lookup => "lookup",
            Self::Scan => "scan",
            Self::Diff => "diff",
            Self::Merge => "merge",
            Self::Memory => "memory",
            Self::Rewrite => "rewrite",
            Self::Proof => "proof",
            Self::Durable => "durable",
            Self::Readme => "readme",
        }
    }

    /// The number, from 1.
    pub fn number(self) -> usize {
        self as usize + 1
    }

    /// Parses a name or a number.
    pub fn parse(word: &str) -> Result<Self, String> {
        let named = |row: &Self| row.id() == word || row.number().to_string() == word;
        Self::ALL.into_iter().find(named).ok_or_else(|| format!("there is no row {word}"))
    }

    /// The heading.
    pub fn title(self) -> &'static str {
        match self {
            Self::Stream => "Stream of N single inserts, root at the end",
            Self::Insert => "One insert and its new root in a map of N",
            Self::Build => "Bulk build from sorted input",
            Self::Lookup => "Lookup of random present keys",
            Self::Scan => "Full scan",
            Self::Diff => "Diff of 1 change in N",
            Self::Merge => "Merge of 1,000 + 1,000 disjoint changes in N",
            Self::Memory => "Memory",
            Self::Rewrite => "Bytes rewritten by one change in N",
            Self::Proof => "Inclusion proof",
            Self::Durable => "Durable commit of 1 change at N keys on disk",
            Self::Readme => "The README table of the older crate",
        }
    }

    /// One sentence on what a figure means.
    pub fn about(self) -> &'static str {
        match self {
            Self::Stream => {
                "Time per insert into a map that starts empty and could be read at any moment."
            }
            Self::Insert => {
                "Mean time of one insert of a new key together with the root hash after it."
            }
            Self::Build => "Time per key, root included.",
            Self::Lookup => "Time per lookup, the value's bytes read.",
            Self::Scan => "Time per entry, every byte of key and value read.",
            Self::Diff => {
                "Time of one diff. Warm: both versions were just made; reopened: caches dropped, the node store in memory."
            }
            Self::Merge => {
                "Total time of the three-way merge and its root. Each side updates 500 entries and inserts 500. Warm and reopened as in the diff. `–`: took longer than a cell's budget at the size before."
            }
            Self::Memory => {
                "A map built from sorted input. Bytes per pair beyond the 82 of the pair itself, as requested from the allocator."
            }
            Self::Rewrite => {
                "Mean bytes of distinct nodes that the node store did not have before."
            }
            Self::Proof => {
                "For one present key: encoded size, time to make and encode, time to decode and verify."
            }
            Self::Durable => {
                "Until the change would survive a power cut; updates and inserts in turn, one engine after the other in each round. Bytes are means from `/proc/self/io`: `write_bytes` counts dirtied pages, `wchar` what was handed to `write`."
            }
            Self::Readme => {
                "Time per operation; every write brings the root up to date. Mixed: 60% lookups, 30% inserts, 10% deletes."
            }
        }
    }

    /// What it means for a figure when a sample was cut by the budget.
    pub fn cut_meaning(self) -> &'static str {
        match self {
            Self::Stream => " (the map stayed smaller than N, so the figure is a lower bound)",
            _ => "",
        }
    }

    /// Measures the row.
    pub fn run(self, bench: &Bench) -> Outcome<Table> {
        match self {
            Self::Stream => stream::run(bench),
            Self::Insert => insert::run(bench),
            Self::Build => build::run(bench),
            Self::Lookup => lookup::run(bench),
            Self::Scan => scan::run(bench),
            Self::Diff => diff::run(bench),
            Self::Merge => merge::run(bench),
            Self::Memory => memory::run(bench),
            Self::Rewrite => rewrite::run(bench),
            Self::Proof => proof::run(bench),
            Self::Durable => durable::run(bench),
            Self::Readme => readme::run(bench),
        }
    }
}

/// Ends the run when an engine computed something else than it should have: a fast
/// wrong answer must not reach a table.
fn expect_equal<T: PartialEq + std::fmt::Debug>(what: &str, found: T, wanted: T) -> Outcome<()> {
    if found == wanted {
        return Ok(());
    }
    Err(format!("{what}: found {found:?}, wanted {wanted:?}").into())
}
