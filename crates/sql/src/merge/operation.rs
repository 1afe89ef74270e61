//! Merges, cherry-picks and reverts of tables, and how they end.

use prollytree_repo::{
    Backend, CommitId, MapName, MergeOptions, MergeOutcome, OperationKind, PickOutcome, RepoError,
    Strategy,
};
use prollytree_tree::Conflict;

use super::conflicts::{Subject, describe, subject};
use super::tables::TableMerger;
use super::{
    Expressions, MergeStrategy, RowChoice, RowConflict, TableMergeOptions, TableMergeOutcome,
};
use crate::database::Database;
use crate::error::SqlError;
use crate::key;
use crate::text;
use crate::value::Value;

/// Conflicts as the repository records them.
pub(super) type Recorded = Vec<(MapName, Conflict)>;

impl<B: Backend + 'static> Database<B> {
    /// Merges a revision into what is checked out: tables as tables, all other maps key by key.
    ///
    /// # Errors
    /// Changes are not recorded or not committed, an operation is under way, a revision names nothing,
    /// the histories are unrelated, an expression cannot be computed, someone else moved the head
    /// (retryable), or the backend fails.
    pub fn merge(
        &mut self,
        revision: &str,
        options: &TableMergeOptions,
        expressions: &mut dyn Expressions,
    ) -> Result<TableMergeOutcome, SqlError> {
        let TableMergeOptions { message, fast_forward, strategy, allow_unrelated } =
            options.clone();
        let mut merger = self.merger(strategy, expressions);
        let strategy = key_by_key(strategy);
        let options = MergeOptions { message, fast_forward, strategy, allow_unrelated };
        let outcome = self.with_repository(|repo| {
            repo.merge_adjusted(revision, options, &mut merger).map_err(plain)
        })?;
        Ok(match outcome {
            MergeOutcome::AlreadyUpToDate => TableMergeOutcome::AlreadyUpToDate,
            MergeOutcome::FastForward(id) => TableMergeOutcome::FastForward(id),
            MergeOutcome::Merged(id) => TableMergeOutcome::Committed(id),
            MergeOutcome::Conflicts(count) => TableMergeOutcome::Conflicts(count),
        })
    }

    /// Makes the changes of another commit again, on top of what is checked out.
    ///
    /// `mainline` chooses the parent, from 1 on, that the changes of a merge commit are told from.
    ///
    /// # Errors
    /// As [`merge`](Self::merge), or there is nothing to commit.
    pub fn cherry_pick(
        &mut self,
        revision: &str,
        mainline: Option<usize>,
        strategy: MergeStrategy,
        expressions: &mut dyn Expressions,
    ) -> Result<TableMergeOutcome, SqlError> {
        let mut merger = self.merger(strategy, expressions);
        let outcome = self.with_repository(|repo| {
            let id = repo.resolve(revision)?;
            let strategy = key_by_key(strategy);
            repo.cherry_pick_adjusted(&id, mainline, strategy, &mut merger).map_err(plain)
        })?;
        Ok(outcome.into())
    }

    /// Takes the changes of a commit back, in a new commit on top of what is checked out.
    ///
    /// `mainline` as in [`cherry_pick`](Self::cherry_pick).
    ///
    /// # Errors
    /// As [`cherry_pick`](Self::cherry_pick).
    pub fn revert(
        &mut self,
        revision: &str,
        mainline: Option<usize>,
        strategy: MergeStrategy,
        expressions: &mut dyn Expressions,
    ) -> Result<TableMergeOutcome, SqlError> {
        let mut merger = self.merger(strategy, expressions);
        let outcome = self.with_repository(|repo| {
            let id = repo.resolve(revision)?;
            let strategy = key_by_key(strategy);
            repo.revert_adjusted(&id, mainline, strategy, &mut merger).map_err(plain)
        })?;
        Ok(outcome.into())
    }

    fn merger<'e>(
        &self,
        strategy: MergeStrategy,
        expressions: &'e mut dyn Expressions,
    ) -> TableMerger<'e, B> {
        let backend = self.repository().backend().clone();
        TableMerger { backend, prefer: strategy.into(), expressions }
    }

    /// The open conflicts of tables. Those of other maps are
    /// [the repository's](prollytree_repo::Repository::conflicts).
    ///
    /// # Errors
    /// A record or a row is damaged, or the backend fails.
    pub fn conflicts(&mut self) -> Result<Vec<RowConflict>, SqlError> {
        let version = self.current()?;
        let mut conflicts = Vec::new();
        for (map, conflict) in self.repository().conflicts()? {
            conflicts.extend(describe(&version, &map, &conflict)?);
        }
        Ok(conflicts)
    }

    /// Resolves the conflicts on a row, or, with an empty key, on what a table looks like; durably.
    /// Indexes follow. Rows that then break a constraint are conflicts again.
    ///
    /// # Errors
    /// There is no such conflict, changes are not recorded, the row breaks the schema or a unique
    /// index, or is another's, the working state was changed by someone else (retryable), or the
    /// backend fails.
    pub fn resolve(
        &mut self,
        table: &str,
        key: &[Value],
        choice: &RowChoice,
        expressions: &mut dyn Expressions,
    ) -> Result<(), SqlError> {
        let version = self.current()?;
        let row_key = if key.is_empty() { None } else { Some(self.key_bytes(table, key)?) };
        let (mut chosen, mut rest) = (Recorded::new(), Recorded::new());
        for (map, conflict) in self.repository().conflicts()? {
            let is_it = match (subject(&version, &map, &conflict)?, &row_key) {
                (Some(Subject::Entry { name, .. }), None) => name == table,
                (Some(Subject::Row { table: found, key }), Some(row_key))
                | (Some(Subject::Violation { table: found, key, .. }), Some(row_key)) => {
                    found == table && key == *row_key
                }
                _ => false,
            };
            if is_it { &mut chosen } else { &mut rest }.push((map, conflict));
        }
        if chosen.is_empty() {
            return Err(SqlError::NoConflict { table: table.to_owned(), key: text::list(key) });
        }
        self.resolve_these(chosen, rest, choice, expressions)
    }

    /// Resolves all conflicts of tables in the same way, durably, and tells how many.
    ///
    /// # Errors
    /// As [`resolve`](Self::resolve); then none is resolved.
    pub fn resolve_all(
        &mut self,
        choice: &RowChoice,
        expressions: &mut dyn Expressions,
    ) -> Result<u64, SqlError> {
        let version = self.current()?;
        let (mut chosen, mut rest) = (Recorded::new(), Recorded::new());
        for (map, conflict) in self.repository().conflicts()? {
            let is_of_table = subject(&version, &map, &conflict)?.is_some();
            if is_of_table { &mut chosen } else { &mut rest }.push((map, conflict));
        }
        let count = chosen.len() as u64;
        self.resolve_these(chosen, rest, choice, expressions)?;
        Ok(count)
    }

    /// Ends the operation under way with its commit. All that the merge changed is checked again.
    ///
    /// # Errors
    /// There is no operation, changes are not recorded, conflicts are open or rows break a constraint,
    /// which are conflicts then, someone else moved the head (retryable), or the backend fails.
    pub fn continue_operation(
        &mut self,
        message: Option<&str>,
        expressions: &mut dyn Expressions,
    ) -> Result<CommitId, SqlError> {
        self.require_operation()?;
        let open = self.repository().conflicts()?.len() as u64;
        let count = if open == 0 { self.check_again(Vec::new(), expressions)? } else { open };
        if count > 0 {
            return Err(RepoError::Unresolved { count }.into());
        }
        self.with_repository(|repo| Ok(repo.continue_operation(message)?))
    }

    /// Ends the operation under way, and goes back to what is checked out.
    ///
    /// # Errors
    /// There is no operation, changes are not recorded, someone else moved the head (retryable), or
    /// the backend fails.
    pub fn abort(&mut self) -> Result<(), SqlError> {
        self.with_repository(|repo| Ok(repo.abort_operation()?))
    }

    /// The kind of the operation under way, on which work may go on.
    pub(super) fn require_operation(&self) -> Result<OperationKind, SqlError> {
        if self.is_changed() {
            return Err(SqlError::InTransaction { what: "work on conflicts" });
        }
        let operation = self.repository().operation().ok_or(RepoError::NoOperation)?;
        Ok(operation.kind)
    }

    fn key_bytes(&mut self, table: &str, key: &[Value]) -> Result<Vec<u8>, SqlError> {
        let handle = self.table(table)?;
        match key {
            [Value::Int(rowid)] if handle.table().has_hidden_key() => Ok(key::rowid_key(*rowid)),
            _ => handle.codec().key_of(key),
        }
    }
}

fn key_by_key(strategy: MergeStrategy) -> Strategy<'static> {
    match strategy {
        MergeStrategy::Record => Strategy::Record,
        MergeStrategy::Ours => Strategy::Ours,
        MergeStrategy::Theirs => Strategy::Theirs,
    }
}

/// The error of the layer of tables, if it was that.
fn plain(error: RepoError) -> SqlError {
    match error {
        RepoError::Adjust(error) => match error.downcast::<SqlError>() {
            Ok(error) => *error,
            Err(error) => RepoError::Adjust(error).into(),
        },
        error => error.into(),
    }
}

impl From<PickOutcome> for TableMergeOutcome {
    fn from(outcome: PickOutcome) -> Self {
        match outcome {
            PickOutcome::Committed(id) => Self::Committed(id),
            PickOutcome::Conflicts(count) => Self::Conflicts(count),
        }
    }
}
