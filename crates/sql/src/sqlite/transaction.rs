//! Transactions: those that the application begins, and the one around each statement outside of them.

use std::time::Duration;

use prollytree_repo::Backend;

use super::connection::{Connection, Text};
use super::error::SqliteError;
use super::known::Known;
use super::outcome::Outcome;
use super::statement::message_of;
use crate::database::Savepoint;
use crate::value::Value;

/// How often a statement that lost a race is run again.
const ATTEMPTS: usize = 8;
/// How long another process may hold the file of the working copy.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);

/// A transaction that the application began.
pub(super) struct Transaction {
    /// The schema as it was before.
    known: Known,
    /// The savepoints within it, oldest first.
    savepoints: Vec<Saved>,
    /// The savepoint that began it, if `BEGIN` did not.
    began_by_savepoint: bool,
    /// The first statement that changed something, and how many did.
    first: Option<String>,
    changes: usize,
    /// Whether foreign keys wait for its end that otherwise do not.
    pub(super) defers: bool,
}

/// A savepoint: the trees hold then what the working copy does.
struct Saved {
    name: String,
    state: Savepoint,
    known: Known,
}

impl<B: Backend + 'static> Connection<B> {
    pub(super) fn begin(&mut self, text: Text<'_>) -> Result<Outcome, SqliteError> {
        if self.transaction.is_some() {
            return self.perform(text, &[]);
        }
        self.pin(text)?;
        self.enter(false);
        Ok(Outcome::Done)
    }

    /// Begins SQLite's transaction on what the connection knows: another process may have moved the
    /// file of the working copy since the look at it.
    fn pin(&mut self, text: Text<'_>) -> Result<(), SqliteError> {
        for _ in 0..ATTEMPTS {
            self.refresh()?;
            self.perform(text, &[])?;
            // This also reads, and so holds the file's version as it is.
            if self.copy.look()?.is_none() {
                return Ok(());
            }
            self.copy.sqlite.execute_batch("ROLLBACK")?;
            self.copy.forget();
        }
        Err(SqliteError::Busy)
    }

    fn enter(&mut self, began_by_savepoint: bool) {
        self.shared.set_writing(true);
        self.transaction = Some(Transaction {
            known: self.copy.known.clone(),
            savepoints: Vec::new(),
            began_by_savepoint,
            first: None,
            changes: 0,
            defers: false,
        });
    }

    /// Runs a statement that may change something: within the application's transaction, or in one
    /// of its own.
    pub(super) fn change(
        &mut self,
        text: Text<'_>,
        params: &[Value],
        defines: bool,
    ) -> Result<Outcome, SqliteError> {
        if self.transaction.is_some() {
            return self.change_within(text, params, defines);
        }
        for _ in 1..ATTEMPTS {
            match self.change_alone(text, params, defines) {
                Err(error) if error.is_retryable() => {}
                result => return result,
            }
        }
        self.change_alone(text, params, defines)
    }

    fn change_alone(
        &mut self,
        text: Text<'_>,
        params: &[Value],
        defines: bool,
    ) -> Result<Outcome, SqliteError> {
        let known = defines.then(|| self.copy.known.clone());
        self.begin_write()?;
        self.shared.set_writing(true);
        let outcome = self.perform(text, params);
        let concluded = match &outcome {
            // What is left of a failed statement is what OR FAIL and RAISE (FAIL) keep.
            Err(_) if defines || self.copy.sqlite.is_autocommit() => Ok(false),
            Err(_) if !self.copy.tracker.has_changed() => Ok(false),
            _ => self.conclude_alone(text, defines).map(|()| true),
        };
        self.shared.set_writing(false);
        if !matches!(concluded, Ok(true)) {
            self.abandon(known)?;
        }
        concluded.and(outcome)
    }

    fn conclude_alone(&mut self, text: Text<'_>, defines: bool) -> Result<(), SqliteError> {
        if defines {
            self.harvest_schema()?;
        }
        self.check_deferred(false)?;
        self.conclude(&message_of(text.sql, 0))?;
        self.end("COMMIT")
    }

    fn change_within(
        &mut self,
        text: Text<'_>,
        params: &[Value],
        defines: bool,
    ) -> Result<Outcome, SqliteError> {
        let outcome =
            if defines { self.define_within(text, params) } else { self.perform(text, params) };
        if outcome.is_err() && self.copy.sqlite.is_autocommit() {
            // The statement said OR ROLLBACK.
            self.leave()?;
        }
        let outcome = outcome?;
        if let Some(transaction) = &mut self.transaction {
            transaction.changes += 1;
            transaction.first.get_or_insert_with(|| text.sql.to_owned());
        }
        Ok(outcome)
    }

    /// Changes the schema within a transaction: in SQLite and in the catalog, or in none of them.
    fn define_within(&mut self, text: Text<'_>, params: &[Value]) -> Result<Outcome, SqliteError> {
        self.harvest()?;
        let (state, known) = (self.shared.database().savepoint()?, self.copy.known.clone());
        self.copy.sqlite.execute_batch("SAVEPOINT prolly_define")?;
        let outcome = self.perform(text, params);
        match outcome.and_then(|outcome| self.harvest_schema().map(|()| outcome)) {
            Ok(outcome) => {
                self.copy.sqlite.execute_batch("RELEASE prolly_define")?;
                Ok(outcome)
            }
            Err(error) => {
                self.copy
                    .sqlite
                    .execute_batch("ROLLBACK TO prolly_define; RELEASE prolly_define")?;
                self.shared.database().roll_back_to(&state)?;
                self.copy.known = known;
                self.copy.tracker.clear();
                Err(error)
            }
        }
    }

    /// Brings all changes to the trees and makes them durable; SQLite's own end of the transaction
    /// comes behind it.
    fn conclude(&mut self, message: &str) -> Result<(), SqliteError> {
        self.harvest()?;
        let mut database = self.shared.database();
        if self.copy.file.is_some() && database.is_changed() {
            self.copy.say(database.current()?.maps())?;
        }
        database.record(message)?;
        Ok(())
    }

    /// Checks foreign keys that wait for the end of the transaction: behind it there is no way back.
    /// `defers` tells whether all do.
    fn check_deferred(&self, defers: bool) -> Result<(), SqliteError> {
        let catalog = self.shared.database().catalog().clone();
        let waiting = catalog
            .tables()
            .filter(|table| table.foreign_keys.iter().any(|key| defers || key.deferred));
        for table in waiting {
            let sql =
                format!("PRAGMA main.foreign_key_check({})", super::text_of::literal(&table.name));
            if self.copy.sqlite.prepare_cached(&sql)?.exists([])? {
                return Err(SqliteError::Statement {
                    sql: "COMMIT".to_owned(),
                    message: format!("FOREIGN KEY constraint failed: {}", table.name),
                    offset: None,
                });
            }
        }
        Ok(())
    }

    /// Ends SQLite's transaction behind ours.
    fn end(&mut self, sql: &str) -> Result<(), SqliteError> {
        let ended = self.copy.sqlite.prepare_cached(sql).and_then(|mut end| end.execute([]));
        if let Err(error) = ended {
            // The trees are ahead of the working copy.
            self.must_rebuild = true;
            return Err(error.into());
        }
        self.copy.settle(true);
        Ok(())
    }

    /// Drops what a transaction did, in SQLite and in the trees.
    fn abandon(&mut self, known: Option<Known>) -> Result<(), SqliteError> {
        if !self.copy.sqlite.is_autocommit() {
            self.copy.sqlite.execute_batch("ROLLBACK")?;
        }
        if let Some(known) = known {
            self.copy.known = known;
        }
        self.copy.tracker.clear();
        self.copy.settle(false);
        Ok(self.shared.database().roll_back()?)
    }

    /// Leaves a transaction that is taken back.
    fn leave(&mut self) -> Result<(), SqliteError> {
        let known = self.transaction.take().map(|transaction| transaction.known);
        self.shared.set_writing(false);
        self.abandon(known)
    }

    pub(super) fn commit_transaction(&mut self, text: Text<'_>) -> Result<Outcome, SqliteError> {
        let Some(transaction) = &self.transaction else { return self.perform(text, &[]) };
        let first = transaction.first.clone().unwrap_or_default();
        let message = message_of(&first, transaction.changes.saturating_sub(1));
        let defers = transaction.defers;
        // A text that SQLite will not run must not be found out when the commit is made.
        let prepared = self.copy.sqlite.prepare_cached(text.sql);
        prepared
            .map(drop)
            .map_err(|error| SqliteError::of_statement(error, text.sql, text.start))?;
        // As in SQLite, the transaction goes on, so that what is missing can be added.
        self.check_deferred(defers)?;
        let ended = self.conclude(&message).and_then(|()| self.end(text.sql));
        match ended {
            Ok(()) => {
                self.transaction = None;
                self.shared.set_writing(false);
            }
            Err(error) => {
                self.leave()?;
                let is_lost = matches!(&error, SqliteError::Sql(error) if error.is_retryable());
                return Err(if is_lost { SqliteError::Busy } else { error });
            }
        }
        Ok(Outcome::Done)
    }

    pub(super) fn roll_back(&mut self, text: Text<'_>) -> Result<Outcome, SqliteError> {
        self.perform(text, &[])?;
        self.leave()?;
        Ok(Outcome::Done)
    }

    pub(super) fn savepoint(
        &mut self,
        text: Text<'_>,
        name: String,
    ) -> Result<Outcome, SqliteError> {
        let state = if self.transaction.is_some() {
            self.harvest()?;
            let state = self.shared.database().savepoint()?;
            self.perform(text, &[])?;
            state
        } else {
            self.pin(text)?;
            self.enter(true);
            self.shared.database().savepoint()?
        };
        let known = self.copy.known.clone();
        if let Some(transaction) = &mut self.transaction {
            transaction.savepoints.push(Saved { name, state, known });
        }
        Ok(Outcome::Done)
    }

    /// Which savepoint has a name: the newest.
    fn position_of(&self, name: &str) -> Option<usize> {
        let savepoints = &self.transaction.as_ref()?.savepoints;
        savepoints.iter().rposition(|saved| saved.name.eq_ignore_ascii_case(name))
    }

    pub(super) fn release(&mut self, text: Text<'_>, name: &str) -> Result<Outcome, SqliteError> {
        let position = self.position_of(name);
        let begins = self.transaction.as_ref().is_some_and(|found| found.began_by_savepoint);
        if position == Some(0) && begins {
            return self.commit_transaction(text);
        }
        self.perform(text, &[])?;
        if let (Some(position), Some(transaction)) = (position, &mut self.transaction) {
            transaction.savepoints.truncate(position);
        }
        Ok(Outcome::Done)
    }

    pub(super) fn roll_back_to(
        &mut self,
        text: Text<'_>,
        name: &str,
    ) -> Result<Outcome, SqliteError> {
        self.perform(text, &[])?;
        let position = self.position_of(name);
        if let (Some(position), Some(transaction)) = (position, &mut self.transaction) {
            transaction.savepoints.truncate(position + 1);
            if let Some(saved) = transaction.savepoints.last() {
                self.shared.database().roll_back_to(&saved.state)?;
                self.copy.known = saved.known.clone();
                self.copy.tracker.clear();
            }
        }
        Ok(Outcome::Done)
    }
}
