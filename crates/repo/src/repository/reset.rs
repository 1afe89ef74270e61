//! Moving the checked out branch elsewhere.

use super::{Repository, Transition};
use crate::backend::Backend;
use crate::error::RepoError;
use crate::id::CommitId;

/// What a reset does with the working state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResetMode {
    /// Keeps its content, so what differs from the new commit is uncommitted then.
    Soft,
    /// Drops uncommitted changes and takes the content of the new commit.
    Hard,
}

impl<B: Backend> Repository<B> {
    /// Moves the checked out branch, or a detached `HEAD`, to another commit. An operation under way
    /// is dropped.
    ///
    /// # Errors
    /// The commit is not stored, someone else moved the head (retryable), or the backend fails.
    pub fn reset(&mut self, to: &CommitId, mode: ResetMode) -> Result<(), RepoError> {
        let target = self.read_commit(to)?.maps;
        let maps = match mode {
            ResetMode::Soft => self.working.maps()?,
            ResetMode::Hard => target,
        };
        self.advance(*to, maps, &format!("reset: moving to {to}"))
    }

    /// Drops all uncommitted changes, and an operation under way.
    ///
    /// # Errors
    /// The working state was changed by someone else (retryable), or the backend fails.
    pub fn discard(&mut self) -> Result<(), RepoError> {
        self.transition(Transition { operation: None, ..self.stay() })
    }
}
