//! What can go wrong with a command, and what to do next.

use std::error::Error as StdError;
use std::io;
use std::path::PathBuf;

use prollytree_repo::{BackendError, MapName, OperationKind, ParseTimeError, RepoError};
use prollytree_store::StoreError;
use prollytree_tree::{ProofError, TreeError};

use crate::exit::Exit;
use crate::rows::RowError;
use crate::text::Line;

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
    /// A tree failed.
    #[error(transparent)]
    Tree(#[from] TreeError),
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
            | Self::BadArgument { .. }
            | Self::MissingArgument { .. }
            | Self::BadDate { .. }
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
        if let Some(hint) = self.hint() {
            anstream::eprintln!("{STRONG}hint:{STRONG:#} {hint}");
        }
    }

    /// What to do next.
    fn hint(&self) -> Option<&'static str> {
        Some(match self {
            Self::NoCommand => "`prolly init` makes a store, `prolly demo` shows what it can do",
            Self::NoStore { .. } => {
                "make a store here with `prolly init`, or name one with --store FOLDER"
            }
            Self::NoSuchStore { .. } => {
                "check the spelling of the path; `prolly init` makes a store"
            }
            Self::File { source, .. } => match source.kind() {
                io::ErrorKind::NotFound => "check the spelling of the path",
                io::ErrorKind::PermissionDenied => "check who may read and write the file",
                io::ErrorKind::StorageFull => "make room on the disk and try again",
                _ => return None,
            },
            Self::BadArgument { .. } | Self::MissingArgument { .. } => {
                "see the command's --help for what it takes"
            }
            Self::BadDate { .. } => "write it as 2026-01-31T12:00:00Z, or unset the variable",
            Self::Row(error) => error.hint(),
            Self::NotExportable { .. } => "`--format entries` can hold any key and value",
            Self::NoKey { .. } => "`prolly list` shows the keys",
            Self::OtherOperation { .. } => "`prolly status` says what is under way",
            Self::Refused(_) => {
                "do not trust what came with it: ask for the root, the statement and the proof anew"
            }
            Self::Demo { .. } => "this is a fault of prolly: please report it with this output",
            Self::Repo(error) => return repo_hint(error),
            Self::Store(error) => return store_hint(error),
            Self::Tree(error) => return tree_hint(error),
            Self::CurrentDir { .. } | Self::Output(_) => return None,
        })
    }
}

fn repo_hint(error: &RepoError) -> Option<&'static str> {
    Some(match error {
        RepoError::NotARepository => "`prolly init` makes one",
        RepoError::HeadMoved { .. } | RepoError::WorkingMoved => "nothing is lost: try again",
        RepoError::NothingToCommit => "`prolly set` and `prolly import` make changes",
        RepoError::Uncommitted { .. } => {
            "commit them with `prolly commit -m MESSAGE`, or drop them with `prolly reset --hard`"
        }
        RepoError::CarryConflict { .. } => "commit your changes first, then switch and merge",
        RepoError::OperationUnderWay { .. } => {
            "`prolly status` shows what is open; end it with --continue or --abort"
        }
        RepoError::NoOperation => "`prolly merge BRANCH` begins a merge",
        RepoError::Unresolved { .. } => {
            "`prolly status` lists them; settle each with `prolly resolve KEY --ours` or --theirs"
        }
        RepoError::NoConflict { .. } => "`prolly status` lists the open conflicts",
        RepoError::UnknownRevision { .. } | RepoError::NoRef { .. } => {
            "`prolly branch`, `prolly tag` and `prolly log` show what there is"
        }
        RepoError::AmbiguousRevision { .. } => "write more digits, or the full name",
        RepoError::Unborn { .. } => "make the first commit with `prolly commit -m MESSAGE`",
        RepoError::RefExists { .. } | RepoError::RefClash { .. } => "choose another name",
        RepoError::Name(_) => {
            "the rules are those of Git: letters, digits and `-`, `_`, `/`, `.` are fine"
        }
        RepoError::Identity(_) => "set it with `prolly config user.name` and `user.email`",
        RepoError::CheckedOut { .. } => "check out another branch first",
        RepoError::NotMerged { .. } => "merge it, or delete it all the same with -D",
        RepoError::MissingCommit { .. } | RepoError::BadCount { .. } => DAMAGED,
        RepoError::NotFastForward => "merge without --ff-only",
        RepoError::Unrelated(..) => "merge them all the same with --allow-unrelated",
        RepoError::Mainline { .. } => "choose with --mainline 1 or --mainline 2",
        RepoError::Tree(error) => return tree_hint(error),
        RepoError::Backend(error) => return backend_hint(error),
        _ => return None,
    })
}

/// What to do about damage.
const DAMAGED: &str = "`prolly check` lists all damage, `prolly salvage` rescues what is intact";

fn backend_hint(error: &BackendError) -> Option<&'static str> {
    match error {
        BackendError::Conflict { .. } | BackendError::Collected { .. } => {
            Some("nothing is lost: try again")
        }
        BackendError::Storage(source) => source.downcast_ref().and_then(store_hint),
        BackendError::Record { id: None, .. } => None,
        _ => Some(DAMAGED),
    }
}

fn tree_hint(error: &TreeError) -> Option<&'static str> {
    match error {
        TreeError::Storage { source, .. } => source.downcast_ref().and_then(store_hint),
        TreeError::MissingNode { .. }
        | TreeError::MissingObject { .. }
        | TreeError::Misfit { .. }
        | TreeError::BadBlob { .. }
        | TreeError::Disorder { .. } => Some(DAMAGED),
        _ => None,
    }
}

fn store_hint(error: &StoreError) -> Option<&'static str> {
    Some(match error {
        StoreError::Damaged { .. } => DAMAGED,
        StoreError::UnsupportedVersion { .. } => "a newer version of prolly can read it",
        StoreError::NotAStore { .. } => "`prolly init` makes a store",
        StoreError::AlreadyExists { .. } => "it can be used as it is: try `prolly status`",
        StoreError::Conflict { .. } | StoreError::Missing { .. } => "nothing is lost: try again",
        StoreError::Io { source, .. } => match source.kind() {
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                "check who may read and write the store"
            }
            io::ErrorKind::StorageFull => "make room on the disk and try again: nothing is lost",
            _ => return None,
        },
        _ => return None,
    })
}
