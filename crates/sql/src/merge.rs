//! Merging tables: what they look like, their rows cell by cell, their indexes, and what a merge breaks.
//!
//! A merge of maps key by key knows nothing of tables. Here
//!
//! * entries of the catalog are merged property by property, and columns keep what they are whatever
//!   slot a merge gives them;
//! * rows are merged cell by cell, rows of older schemas included;
//! * indexes are never merged: those of `ours` are edited by what the merge changed in the rows;
//! * constraints are checked on changed rows. A row that breaks one is put back to what `ours` has, and
//!   is a conflict until someone resolves it, so tables and indexes are sound all the time.
//!
//! A conflict has the values of the three versions in the shape of the merged table. Where a table
//! cannot be merged at all, its entry in the catalog is the conflict, and all of the table stays as
//! `ours` has it.

mod columns;
mod conflicts;
mod definitions;
mod indexes;
mod inspect;
mod operation;
mod plan;
mod references;
mod reshape;
mod resolve;
mod rows;
mod schema;
mod settle;
mod tables;

use prollytree_repo::{CommitId, FastForward};

use crate::database::no_expressions;
use crate::error::SqlError;
use crate::schema::{IndexKey, Table};
use crate::value::{Row, Value};

/// What the layer of tables cannot compute: expressions in the dialect of an engine.
pub trait Expressions {
    /// The value of an expression that an index orders rows by.
    ///
    /// # Errors
    /// It cannot be computed. The default computes nothing.
    fn index_value(&mut self, key: &IndexKey, row: &Row) -> Result<Value, SqlError> {
        no_expressions(key, row)
    }

    /// Computes the stored columns of a row that a merge put together from both sides, and tells
    /// whether it did. Unless it does, which is the default, such a row is a conflict.
    ///
    /// # Errors
    /// They cannot be computed.
    fn generate(&mut self, table: &Table, row: &mut Row) -> Result<bool, SqlError> {
        _ = (table, row);
        Ok(false)
    }

    /// The name or the text of a `CHECK` that a merged row breaks. The default reports nothing: rows
    /// that break such a condition only together with the other side's changes are then not noticed.
    ///
    /// # Errors
    /// A condition cannot be computed.
    fn broken_check(&mut self, table: &Table, row: &Row) -> Result<Option<String>, SqlError> {
        _ = (table, row);
        Ok(None)
    }
}

/// No expressions: checks are not looked at, and an index on an expression that a merge changes is an
/// error.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoExpressions;

impl Expressions for NoExpressions {}

/// What is done about cells, rows and properties of tables that both sides changed, each to something
/// else.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MergeStrategy {
    /// They are recorded, to be resolved, and the operation is then continued or aborted.
    #[default]
    Record,
    /// What is checked out is kept.
    Ours,
    /// What is merged in is taken.
    Theirs,
}

/// How a merge of tables is made.
#[derive(Clone, Debug, Default)]
pub struct TableMergeOptions {
    /// The message of the merge commit, if it is not to be `Merge branch 'name'`.
    pub message: Option<String>,
    /// Whether the branch may just move forward.
    pub fast_forward: FastForward,
    /// What is done about conflicts. Rows that break a constraint are recorded in any case: neither
    /// side says what should become of them.
    pub strategy: MergeStrategy,
    /// Merges even if the two have no common ancestor.
    pub allow_unrelated: bool,
}

/// What a merge, a cherry-pick or a revert did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TableMergeOutcome {
    /// Nothing: the other commit was merged before.
    AlreadyUpToDate,
    /// The branch moved forward to this commit.
    FastForward(CommitId),
    /// This commit was made.
    Committed(CommitId),
    /// This many conflicts were recorded; resolve them, then continue or abort.
    Conflicts(u64),
}

/// Why a row, or a table, waits for a decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ConflictKind {
    /// Both sides changed the same cells, or both added the row.
    Cells,
    /// The row was deleted here and changed there.
    DeletedHere,
    /// The row was changed here and deleted there.
    DeletedThere,
    /// A unique index has another row with the same values.
    NotUnique,
    /// A column must have a value.
    NotNull,
    /// A column holds no such value.
    WrongType,
    /// A row refers to one that is gone, or is referred to and would go.
    ForeignKey,
    /// A condition is broken.
    Check,
    /// What the table looks like was changed on both sides, or the table was changed and dropped.
    Schema,
}

/// A row, or all of a table, that waits for a decision.
#[derive(Clone, Debug, PartialEq)]
pub struct RowConflict {
    /// The table; the view or the trigger, if it is a conflict of the schema.
    pub table: String,
    /// The row's primary key, or its rowid; empty for a conflict of the schema.
    pub key: Vec<Value>,
    /// The row before both, in the shape of the table as it is now.
    pub base: Option<Row>,
    /// The row as it was checked out.
    pub ours: Option<Row>,
    /// The row as the other side has it; for a broken constraint, as the merge would have it.
    pub theirs: Option<Row>,
    /// The columns in conflict.
    pub columns: Vec<String>,
    /// Why.
    pub kind: ConflictKind,
    /// The index, foreign key, column or condition that is broken, or the parts of the schema that
    /// clash; else empty.
    pub because: String,
}

/// How a conflict is resolved.
#[derive(Clone, Debug, PartialEq)]
pub enum RowChoice {
    /// As it was checked out.
    Ours,
    /// As the other side has it.
    Theirs,
    /// As it was before both.
    Base,
    /// Another row.
    Row(Row),
    /// As the tables have it now.
    Working,
}

/// What stands where both sides changed something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Prefer {
    Record,
    Ours,
    Theirs,
    Base,
}

impl From<MergeStrategy> for Prefer {
    fn from(strategy: MergeStrategy) -> Self {
        match strategy {
            MergeStrategy::Record => Self::Record,
            MergeStrategy::Ours => Self::Ours,
            MergeStrategy::Theirs => Self::Theirs,
        }
    }
}

/// Parts of a schema that both sides changed, each to something else.
#[derive(Debug, Default)]
struct Clashes(Vec<String>);

impl Clashes {
    fn add(&mut self, what: impl Into<String>) {
        self.0.push(what.into());
    }
}
