//! What can go wrong with a command, and what to do next.

mod hint;

use std::error::Error as StdError;
use std::io;
use std::path::PathBuf;

use prollytree_git::GitError;
use prollytree_repo::{MapName, OperationKind, ParseTimeError, RepoError};
use prollytree_sql::SqlError;
use prollytree_sql::sqlite::SqliteError;
use prollytree_store::StoreError;
use prollytree_tree::{ProofError, TreeError};
use rustyline::error::ReadlineError;

use crate::exit::Exit;
use crate::rows::RowError;
use crate::sql::{Source, StatementError};
use crate::text::{Line, plural};
use hint::hint;

/// A command that failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum CliError {
    /// No command was given.
    #[error("no command was given")]
    NoCommand,
    /// There is no store to work on.
    #[error("there is no prolly store in {} or a folder above", from.display())]
    NoStore {
        /// Where the search began.
        from: PathBuf,
    },
    /// The store that was named is not there.
    #[error("there is no prolly store at {}", path.display())]
    NoSuchStore {
        /// The folder that was named.
        path: PathBuf,
    },
    /// A folder that is to hold a new store holds one already.
    #[error("{} holds {by} already", path.display())]
    Taken {
        /// The folder.
        path: PathBuf,
        /// What it holds.
        by: &'static str,
    },
    /// A command that has a meaning in Git only, on a native store.
    #[error("`prolly {command}` needs a data set in Git, and {} is a native store", path.display())]
    NeedsGit {
        /// The command.
        command: &'static str,
        /// The store.
        path: PathBuf,
    },
    /// A command that has a meaning on a native store only, on a data set in Git.
    #[error("`prolly {command}` needs a native store, and {} is a data set in Git", path.display())]
    NeedsNative {
        /// The command.
        command: &'static str,
        /// The data set.
        path: PathBuf,
        /// What does the same in Git.
        instead: &'static str,
    },
    /// What was cloned has no data set where one is looked for.
    #[error("the repository is cloned, but there is no data set in {}", path.display())]
    NotCloned {
        /// The folder of the clone.
        path: PathBuf,
    },
    /// A remote that the repository does not know by name.
    #[error("there is no remote named {remote}")]
    NoRemote {
        /// The name.
        remote: String,
    },
    /// A merge of more than one other commit.
    #[error("a merge takes one other commit, not {count}")]
    Octopus {
        /// How many were given.
        count: usize,
    },
    /// Keys that both sides of a merge changed, where nobody can be asked.
    #[error("{} changed on both sides: {}", plural(keys.len() as u64, "key"), shown(keys))]
    KeyConflicts {
        /// The keys, with their maps.
        keys: Vec<(MapName, Vec<u8>)>,
    },
    /// The current folder is gone or out of reach.
    #[error("cannot tell the current folder")]
    CurrentDir {
        /// The reason.
        source: io::Error,
    },
    /// The system refused an operation on a file.
    #[error("cannot {operation} {}", path.display())]
    File {
        /// What was tried.
        operation: &'static str,
        /// The file.
        path: PathBuf,
        /// The reason.
        source: io::Error,
    },
    /// Standard output cannot be written.
    #[error("cannot write to standard output")]
    Output(#[source] io::Error),
    /// An argument that is not what it should be.
    #[error("{argument} {value:?} is not {expected}")]
    BadArgument {
        /// The argument.
        argument: &'static str,
        /// What was given.
        value: String,
        /// What would be valid.
        expected: &'static str,
    },
    /// An argument that the others make necessary.
    #[error("{argument} is missing: {reason}")]
    MissingArgument {
        /// The argument.
        argument: &'static str,
        /// Why it is needed.
        reason: &'static str,
    },
    /// The time in a variable cannot be read.
    #[error("the time in {variable} cannot be read")]
    BadDate {
        /// The variable.
        variable: &'static str,
        /// The reason.
        source: ParseTimeError,
    },
    /// A row of a file cannot be imported. Nothing of the file was.
    #[error(transparent)]
    Row(#[from] RowError),
    /// An entry cannot be written in the format of an export.
    #[error("the value of key {} cannot be written as {format}: {reason}", Line(key))]
    NotExportable {
        /// The key.
        key: Vec<u8>,
        /// The format.
        format: &'static str,
        /// Why.
        reason: &'static str,
    },
    /// A key that is to be removed does not exist.
    #[error("there is no key {} in map {map}", Line(key))]
    NoKey {
        /// The map.
        map: MapName,
        /// The key.
        key: Vec<u8>,
    },
    /// Another operation is under way than the one that is to be continued.
    #[error("a {found} is under way, not a {expected}")]
    OtherOperation {
        /// What the command is about.
        expected: OperationKind,
        /// What is under way.
        found: OperationKind,
    },
    /// A proof does not show what it is said to.
    #[error("the proof is refused")]
    Refused(#[from] ProofError),
    /// The demonstration found something else than it should.
    #[error("the demonstration failed at `{command}`: expected {expected}, found {found}")]
    Demo {
        /// The command.
        command: String,
        /// What should have come.
        expected: String,
        /// What came.
        found: String,
    },
    /// The repository refused.
    #[error(transparent)]
    Repo(#[from] RepoError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A Git repository failed.
    #[error(transparent)]
    Git(#[from] GitError),
    /// A tree failed.
    #[error(transparent)]
    Tree(#[from] TreeError),
    /// A statement failed.
    #[error(transparent)]
    Statement(#[from] Box<StatementError>),
    /// A connection failed, not one of its statements.
    #[error(transparent)]
    Sqlite(SqliteError),
    /// Tables failed.
    #[error(transparent)]
    Sql(SqlError),
    /// The conflict of a row is to become something that a row cannot be.
    #[error("a row cannot be settled in this way")]
    RowConflict,
    /// A table that is to be made is there already.
    #[error("there is a table {table} already")]
    TableExists {
        /// The table.
        table: String,
    },
    /// There is no table to import rows into.
    #[error("there is no table {table}")]
    NoTableToImport {
        /// The table.
        table: String,
    },
    /// A script is not text.
    #[error("cannot read {script}")]
    Script {
        /// The script.
        script: String,
        /// The reason.
        source: io::Error,
    },
    /// A script ended within a transaction.
    #[error("the script ends within a transaction, which is rolled back")]
    OpenTransaction,
    /// Scripts read each other without end.
    #[error("{} is not read: too many scripts read each other", path.display())]
    TooDeep {
        /// The script.
        path: PathBuf,
    },
    /// A command of the SQL shell that does not exist.
    #[error("there is no command {name}")]
    NoCommandOfShell {
        /// What was typed.
        name: String,
    },
    /// A command of the SQL shell with other arguments than it takes.
    #[error("{name} is used as `{name} {arguments}`")]
    CommandUsage {
        /// The command.
        name: &'static str,
        /// What it takes.
        arguments: &'static str,
    },
    /// The terminal of the SQL shell cannot be used.
    #[error("the terminal cannot be used")]
    Terminal(#[source] ReadlineError),
}

impl From<SqlError> for CliError {
    fn from(error: SqlError) -> Self {
        // What the repository refuses is told in the same way with tables and without.
        match error {
            SqlError::Repository(error) => Self::Repo(error),
            SqlError::Tree(error) => Self::Tree(error),
            error => Self::Sql(error),
        }
    }
}

impl From<SqliteError> for CliError {
    fn from(error: SqliteError) -> Self {
        match error {
            SqliteError::Sql(error) => error.into(),
            error => Self::Sqlite(error),
        }
    }
}

impl CliError {
    /// The error of an operation on a file.
    pub(crate) fn file(
        operation: &'static str,
        path: impl Into<PathBuf>,
    ) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::File { operation, path, source }
    }

    /// The error of reading a script.
    pub(crate) fn read(script: &Source) -> impl FnOnce(io::Error) -> Self {
        let script = script.to_string();
        move |source| Self::Script { script, source }
    }

    /// Whether the same may succeed when it is done again.
    pub(crate) fn is_retryable(&self) -> bool {
        match self {
            Self::Sqlite(error) => error.is_retryable(),
            Self::Sql(error) => error.is_retryable(),
            Self::Repo(error) => error.is_retryable(),
            _ => false,
        }
    }

    /// Whether nobody reads the output any more, as in `prolly list | head`.
    pub(crate) fn is_broken_pipe(&self) -> bool {
        matches!(self, Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe)
    }

    /// What the process tells.
    pub(crate) fn exit(&self) -> Exit {
        match self {
            Self::NoCommand
            | Self::NoStore { .. }
            | Self::NoSuchStore { .. }
            | Self::NeedsGit { .. }
            | Self::NeedsNative { .. }
            | Self::BadArgument { .. }
            | Self::MissingArgument { .. }
            | Self::BadDate { .. }
            | Self::NoCommandOfShell { .. }
            | Self::CommandUsage { .. }
            | Self::RowConflict
            | Self::Repo(RepoError::Name(_) | RepoError::Identity(_)) => Exit::Usage,
            Self::Refused(_) | Self::NoKey { .. } => Exit::No,
            _ => Exit::Failed,
        }
    }

    /// Tells a person what went wrong, why, and what to do next.
    pub(crate) fn report(&self) {
        use crate::output::style::{REMOVED, STRONG};
        // Without a standard error there is nobody to tell.
        anstream::eprintln!("{REMOVED}error:{REMOVED:#} {self}");
        let mut said = self.to_string();
        let mut source = self.source();
        while let Some(cause) = source {
            let text = cause.to_string();
            if text != said {
                anstream::eprintln!("  because: {text}");
            }
            said = text;
            source = cause.source();
        }
        if let Some(hint) = hint(self) {
            anstream::eprintln!("{STRONG}hint:{STRONG:#} {hint}");
        }
    }
}

/// The most keys that an error lists.
const SHOWN_KEYS: usize = 20;

/// The first of some keys.
fn shown(keys: &[(MapName, Vec<u8>)]) -> String {
    let shown = keys.iter().take(SHOWN_KEYS);
    let shown: Vec<_> = shown.map(|(map, key)| format!("{} in map {map}", Line(key))).collect();
    let more = if keys.len() > SHOWN_KEYS { ", …" } else { "" };
    format!("{}{more}", shown.join(", "))
}
