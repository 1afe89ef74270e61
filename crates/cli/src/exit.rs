//! What the process tells the one that started it.

use std::process::ExitCode;

/// The exit codes, as `prolly help` explains them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// It is done, or the answer is yes.
    Ok = 0,
    /// The answer is no: an absent key, differences, conflicts, a refused proof, damage found.
    No = 1,
    /// The command line is wrong, or there is no store to work on.
    Usage = 2,
    /// It could not be done; nothing was changed.
    Failed = 3,
}

impl Exit {
    /// Yes or no.
    pub(crate) fn from_answer(yes: bool) -> Self {
        if yes { Self::Ok } else { Self::No }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}
