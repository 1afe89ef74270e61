//! What to do next when a command failed.

use std::borrow::Cow;
use std::error::Error as StdError;
use std::io;

use prollytree_git::GitError;
use prollytree_repo::{BackendError, RepoError};
use prollytree_sql::SqlError;
use prollytree_sql::sqlite::SqliteError;
use prollytree_store::StoreError;
use prollytree_tree::TreeError;

use super::CliError;
use crate::storage::StorageError;

/// What to do next.
pub(super) fn hint(error: &CliError) -> Option<Cow<'_, str>> {
    match error {
        CliError::Statement(error) => match &error.hint {
            Some(hint) => Some(Cow::Borrowed(hint)),
            None => sqlite_hint(&error.cause).map(Cow::Borrowed),
        },
        _ => fixed_hint(error).map(Cow::Borrowed),
    }
}

fn fixed_hint(error: &CliError) -> Option<&'static str> {
    Some(match error {
        CliError::NoCommand => "`prolly init` makes a store, `prolly demo` shows what it can do",
        CliError::NoStore { .. } => {
            "make a store here with `prolly init`, or name one with --store FOLDER"
        }
        CliError::NoSuchStore { .. } => {
            "check the spelling of the path; `prolly init` makes a store"
        }
        CliError::Taken { .. } => USABLE,
        CliError::NeedsGit { .. } => "`prolly convert --git` copies a store into a Git repository",
        CliError::NeedsNative { instead, .. } => instead,
        CliError::NotCloned { .. } => {
            "`git checkout` in it writes its files: a folder among them may be a data set"
        }
        CliError::NoRemote { .. } => "`git remote add NAME URL` makes one",
        CliError::KeyConflicts { .. } => {
            "merge with `prolly merge`, which lets `prolly resolve` settle them"
        }
        CliError::Octopus { .. } => "merge one after the other",
        CliError::File { source, .. } => match source.kind() {
            io::ErrorKind::NotFound => "check the spelling of the path",
            io::ErrorKind::PermissionDenied => "check who may read and write the file",
            io::ErrorKind::AlreadyExists => "move it out of the way, or choose another name",
            io::ErrorKind::StorageFull => "make room on the disk and try again",
            _ => return None,
        },
        CliError::BadArgument { .. } | CliError::MissingArgument { .. } => {
            "see the command's --help for what it takes"
        }
        CliError::BadDate { .. } => "write it as 2026-01-31T12:00:00Z, or unset the variable",
        CliError::Row(error) => error.hint(),
        CliError::NotExportable { .. } => "`--format entries` can hold any key and value",
        CliError::NoKey { .. } => "`prolly list` shows the keys",
        CliError::OtherOperation { .. } => "`prolly status` says what is under way",
        CliError::Refused(_) => {
            "do not trust what came with it: ask for the root, the statement and the proof anew"
        }
        CliError::Demo { .. } => "this is a fault of prolly: please report it with this output",
        CliError::Repo(error) => return repo_hint(error),
        CliError::Store(error) => return store_hint(error),
        CliError::Git(error) => return git_hint(error),
        CliError::Tree(error) => return tree_hint(error),
        CliError::Sqlite(error) => return sqlite_hint(error),
        CliError::Sql(error) => return sql_hint(error),
        CliError::RowConflict => {
            "take --ours, --theirs or --base; or change it with `prolly sql`, then take --working"
        }
        CliError::TableExists { .. } => "without --create rows are added to it",
        CliError::NoTableToImport { .. } => "make it with --create; nothing was imported",
        CliError::Script { source, .. } => match source.kind() {
            io::ErrorKind::InvalidData => "convert it to UTF-8",
            _ => return None,
        },
        CliError::OpenTransaction => "end it with COMMIT",
        CliError::TooDeep { .. } => "does it read itself?",
        CliError::NoCommandOfShell { .. } => "`.help` shows the commands; SQL begins with a word",
        CliError::CommandUsage { .. } => "`.help` shows the commands",
        CliError::CurrentDir { .. }
        | CliError::Output(_)
        | CliError::Terminal(_)
        | CliError::Statement(_) => return None,
    })
}

fn sqlite_hint(error: &SqliteError) -> Option<&'static str> {
    match error {
        SqliteError::Sql(error) => sql_hint(error),
        _ if error.is_retryable() => Some("nothing is lost: try again"),
        _ => None,
    }
}

fn sql_hint(error: &SqlError) -> Option<&'static str> {
    Some(match error {
        SqlError::Repository(error) => return repo_hint(error),
        SqlError::Tree(error) => return tree_hint(error),
        SqlError::NoConflict { .. } => "`prolly status` lists the open conflicts",
        SqlError::NoTable { .. } => "`prolly sql -c .tables` shows what there is",
        SqlError::BadRow { .. }
        | SqlError::BadKey { .. }
        | SqlError::BadIndex { .. }
        | SqlError::BadCatalog { .. } => DAMAGED,
        _ => return None,
    })
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

/// What to do with a store that is there already.
const USABLE: &str = "it can be used as it is: try `prolly status`";
/// What to do about damage.
const DAMAGED: &str = "`prolly check` lists all damage, `prolly salvage` rescues what is intact";

fn backend_hint(error: &BackendError) -> Option<&'static str> {
    match error {
        BackendError::Conflict { .. } | BackendError::Collected { .. } => {
            Some("nothing is lost: try again")
        }
        BackendError::Storage(source) => storage_hint(source.as_ref()),
        BackendError::Record { id: None, .. } => None,
        _ => Some(DAMAGED),
    }
}

fn tree_hint(error: &TreeError) -> Option<&'static str> {
    match error {
        TreeError::Storage { source, .. } => storage_hint(source.as_ref()),
        TreeError::MissingNode { .. }
        | TreeError::MissingObject { .. }
        | TreeError::Misfit { .. }
        | TreeError::BadBlob { .. }
        | TreeError::Disorder { .. } => Some(DAMAGED),
        _ => None,
    }
}

/// What to do about the error of a storage, however deep it is wrapped.
fn storage_hint(error: &(dyn StdError + Send + Sync + 'static)) -> Option<&'static str> {
    match error.downcast_ref() {
        Some(StorageError::Native(error)) => return store_hint(error),
        Some(StorageError::Git(error)) => return git_hint(error),
        None => {}
    }
    let git = || error.downcast_ref().and_then(git_hint);
    error.downcast_ref().and_then(store_hint).or_else(git)
}

fn git_hint(error: &GitError) -> Option<&'static str> {
    Some(match error {
        GitError::NotADataSet { .. } => "`prolly init --git` makes a data set",
        GitError::ForeignRepository { .. } => {
            "name a folder in it for the data: `prolly init --git FOLDER`"
        }
        GitError::Program { source, .. } => match source.kind() {
            io::ErrorKind::NotFound => "install Git, or put it in PATH",
            _ => return None,
        },
        GitError::MissingObject { .. }
        | GitError::Damaged { .. }
        | GitError::Leaf { .. }
        | GitError::Listing { .. }
        | GitError::Mismatch { .. } => {
            "`prolly check` lists the damage; a clone of the repository may have what is lost"
        }
        GitError::Repo(error) => return repo_hint(error),
        GitError::Io { source, .. } => return io_hint(source),
        _ => return None,
    })
}

/// What to do about an error of the system in a store.
fn io_hint(error: &io::Error) -> Option<&'static str> {
    match error.kind() {
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            Some("check who may read and write the store")
        }
        io::ErrorKind::StorageFull => Some("make room on the disk and try again: nothing is lost"),
        _ => None,
    }
}

fn store_hint(error: &StoreError) -> Option<&'static str> {
    Some(match error {
        StoreError::Damaged { .. } => DAMAGED,
        StoreError::UnsupportedVersion { .. } => "a newer version of prolly can read it",
        StoreError::NotAStore { .. } => "`prolly init` makes a store",
        StoreError::AlreadyExists { .. } => USABLE,
        StoreError::Conflict { .. } | StoreError::Missing { .. } => "nothing is lost: try again",
        StoreError::Io { source, .. } => return io_hint(source),
        _ => return None,
    })
}
