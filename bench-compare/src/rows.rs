//! The rows, one a file: what is measured and how.

mod build;
mod diff;
mod durable;
mod git_commit;
mod git_load;
mod git_reads;
mod git_size;
mod git_writers;
mod insert;
mod lookup;
mod memory;
mod merge;
mod proof;
mod readme;
mod rewrite;
mod scan;
mod sql;
mod sql_durable;
mod sql_versions;
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
    /// Many keys set and committed to Git.
    GitLoad,
    /// A commit of one changed key in Git.
    GitCommit,
    /// What a Git repository takes after many commits.
    GitSize,
    /// Reads right after opening a store in Git.
    GitReads,
    /// Processes that commit to one branch.
    GitWriters,
    /// SQL statements on tables of N rows.
    Sql,
    /// One row changed by SQL and durable.
    SqlDurable,
    /// Versions of tables.
    SqlVersions,
}

impl Row {
    /// Every row, in the order of their numbers.
    pub const ALL: [Self; 20] = [
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
        Self::GitLoad,
        Self::GitCommit,
        Self::GitSize,
        Self::GitReads,
        Self::GitWriters,
        Self::Sql,
        Self::SqlDurable,
        Self::SqlVersions,
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
            Self::GitLoad => "git-load",
            Self::GitCommit => "git-commit",
            Self::GitSize => "git-size",
            Self::GitReads => "git-reads",
            Self::GitWriters => "git-writers",
            Self::Sql => "sql",
            Self::SqlDurable => "sql-durable",
            Self::SqlVersions => "sql-versions",
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
            Self::GitLoad => "Load of N keys into Git, in one commit",
            Self::GitCommit => "Commit of 1 changed key at N keys in Git",
            Self::GitSize => "Size of `.git` after 300 commits of 1 changed key each",
            Self::GitReads => "1,000 random reads after opening a store of N keys",
            Self::GitWriters => "4 processes with 100 commits each on one branch",
            Self::Sql => "SQL on a table of N rows",
            Self::SqlDurable => "One row changed by SQL, durable, at N rows",
            Self::SqlVersions => "Versions of a table of N rows",
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
            Self::GitLoad => {
                "A repository with an empty store, then each key set and one commit of all: time per key. Text: keys of 13 bytes, JSON values of 80 to 100."
            }
            Self::GitCommit => {
                "Set and commit of one key of N, one engine after the other in each round. The repositories of one file do not depend on N."
            }
            Self::GitSize => {
                "Lengths of all files in `.git`. Leaves: the files of a commit that hold keys and values, each as long as it is after each change. After gc: after `git gc --quiet`."
            }
            Self::GitReads => {
                "A load and 20 commits of one key before. The caches of the process are empty, those of the system are not. After gc: after `git gc --quiet`."
            }
            Self::Sql => {
                "Time per statement, its text parsed each time. Rows of about 100 bytes, keys from 1 to N; a second table has a row for each hundred. Statements that write run in one transaction, whose end is not measured."
            }
            Self::SqlDurable => {
                "Each statement is a transaction of its own, until it would survive a power cut; for ours it is a commit in the history."
            }
            Self::SqlVersions => {
                "A commit of one changed row (durable), the difference of the last two commits row by row, and a point SELECT on a version."
            }
            Self::GitWriters => {
                "Each commit is of one new key. A commit is tried five times. The commits and keys of ours must all be there, or the run ends."
            }
        }
    }

    /// What it means for a figure when a sample was cut by the budget.
    pub fn cut_meaning(self) -> &'static str {
        match self {
            Self::Stream | Self::GitLoad => {
                " (the map stayed smaller than N, so the figure is a lower bound)"
            }
            _ => "",
        }
    }

    /// Whether the row runs Git.
    pub fn is_of_git(self) -> bool {
        use Row::{GitCommit, GitLoad, GitReads, GitSize, GitWriters};
        matches!(self, GitLoad | GitCommit | GitSize | GitReads | GitWriters)
    }

    /// Whether the row is of SQL.
    pub fn is_of_sql(self) -> bool {
        matches!(self, Self::Sql | Self::SqlDurable | Self::SqlVersions)
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
            Self::GitLoad => git_load::run(bench),
            Self::GitCommit => git_commit::run(bench),
            Self::GitSize => git_size::run(bench),
            Self::GitReads => git_reads::run(bench),
            Self::GitWriters => git_writers::run(bench),
            Self::Sql => sql::run(bench),
            Self::SqlDurable => sql_durable::run(bench),
            Self::SqlVersions => sql_versions::run(bench),
        }
    }
}

/// Does the work of this process if a row started it as one of several writers.
pub fn writer_process() -> Option<Outcome<()>> {
    let words: Vec<_> = std::env::args().skip(1).collect();
    let (first, words) = words.split_first()?;
    (first == git_writers::WRITER).then(|| git_writers::write(words))
}

/// Ends the run when an engine computed something else than it should have: a fast
/// wrong answer must not reach a table.
fn expect_equal<T: PartialEq + std::fmt::Debug>(what: &str, found: T, wanted: T) -> Outcome<()> {
    if found == wanted {
        return Ok(());
    }
    Err(format!("{what}: found {found:?}, wanted {wanted:?}").into())
}
