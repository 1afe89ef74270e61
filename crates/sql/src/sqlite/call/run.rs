//! What calls do.

use prollytree_repo::{
    Backend, Choice, CommitId, MapName, MergeOptions, MergeOutcome, PickOutcome, Repository,
    ResetMode, Strategy, Uncommitted,
};

use serde_json::Value as Json;

use super::{Call, Decide, Side};
use crate::catalog::rows_map;
use crate::database::Database;
use crate::error::SqlError;
use crate::key;
use crate::sqlite::outcome::ResultSet;
use crate::sqlite::versions::resolve;
use crate::value::{ColumnType, Value};

/// Does what a call says, and tells what was done. The caller's view of the tables must follow.
///
/// # Errors
/// Changes are not recorded, what the call names is not there, someone else was faster (retryable), or
/// the backend fails.
pub(crate) fn run_call<B: Backend + 'static>(
    database: &mut Database<B>,
    call: Call,
) -> Result<ResultSet, SqlError> {
    if database.is_changed() {
        return Err(SqlError::InTransaction { what: "a call of a procedure" });
    }
    Ok(match call {
        Call::Commit { message } => one(&[("commit_id", id(&database.commit(&message)?))]),
        Call::Resolve { table, key, side } => {
            let open = resolve_conflicts(database, table.as_deref(), key.as_deref(), side)?;
            one(&[("open_conflicts", Value::Int(i64::try_from(open).unwrap_or(i64::MAX)))])
        }
        call => database.with_repository(|repo| in_repository(repo, call))?,
    })
}

fn in_repository<B: Backend>(repo: &mut Repository<B>, call: Call) -> Result<ResultSet, SqlError> {
    Ok(match call {
        Call::Branch { name, start } => {
            let at = resolve(repo, &start)?;
            repo.create_branch(&name, &at)?;
            named("branch", &name, &at)
        }
        Call::BranchDelete { name, force } => {
            let tip = repo.delete_branch(&name, force)?;
            named("branch", &name, &tip)
        }
        Call::Checkout { revision } => {
            repo.checkout(&revision, Uncommitted::Carry)?;
            head(repo)
        }
        Call::CheckoutNew { name, start } => {
            let at = resolve(repo, &start)?;
            repo.create_branch(&name, &at)?;
            repo.checkout(&name, Uncommitted::Carry)?;
            head(repo)
        }
        Call::Merge { revision, decide } => {
            let strategy = match decide {
                Decide::Record => Strategy::Record,
                Decide::Ours => Strategy::Ours,
                Decide::Theirs => Strategy::Theirs,
            };
            merged(repo.merge(&revision, MergeOptions { strategy, ..MergeOptions::default() })?)
        }
        Call::Revert { revision } => {
            let id = resolve(repo, &revision)?;
            picked(repo.revert(&id, None, Strategy::Record)?)
        }
        Call::CherryPick { revision } => {
            let id = resolve(repo, &revision)?;
            picked(repo.cherry_pick(&id, None, Strategy::Record)?)
        }
        Call::Tag { name, message, revision } => {
            let target = resolve(repo, &revision)?;
            repo.create_tag(&name, &target, message.as_deref())?;
            named("tag", &name, &target)
        }
        Call::TagDelete { name } => {
            let target = repo.delete_tag(&name)?;
            named("tag", &name, &target)
        }
        Call::Reset { hard, revision } => {
            let to = resolve(repo, &revision)?;
            repo.reset(&to, if hard { ResetMode::Hard } else { ResetMode::Soft })?;
            head(repo)
        }
        Call::Abort => {
            repo.abort_operation()?;
            head(repo)
        }
        Call::Continue { message } => {
            one(&[("commit_id", id(&repo.continue_operation(message.as_deref())?))])
        }
        // They are of the tables.
        Call::Commit { .. } | Call::Resolve { .. } => ResultSet::default(),
    })
}

/// Resolves conflicts, and tells how many are left.
fn resolve_conflicts<B: Backend + 'static>(
    database: &mut Database<B>,
    table: Option<&str>,
    key: Option<&str>,
    side: Side,
) -> Result<usize, SqlError> {
    let choice = match side {
        Side::Ours => Choice::Ours,
        Side::Theirs => Choice::Theirs,
        Side::Base => Choice::Base,
    };
    let map = table.map(rows_map).transpose()?;
    let key = match (table, key) {
        (Some(table), Some(key)) => Some(row_key(database, table, key)?),
        _ => None,
    };
    let open = database.repository().conflicts()?;
    let is_meant = |name: &MapName, found: &[u8]| {
        map.as_ref().is_none_or(|map| map == name) && key.as_ref().is_none_or(|key| key == found)
    };
    let meant: Vec<_> = open.iter().filter(|(map, found)| is_meant(map, &found.key)).collect();
    if meant.is_empty() {
        let (table, key) = (table.unwrap_or("*").to_owned(), key.unwrap_or_default());
        return Err(SqlError::NoConflict { table, key: crate::text::hex(&key) });
    }
    database.with_repository(|repo| {
        for (map, conflict) in &meant {
            repo.resolve_conflict(map, &conflict.key, &choice)?;
        }
        Ok(())
    })?;
    Ok(open.len() - meant.len())
}

/// The key of a row, from its text: a value, or a JSON array of several.
fn row_key<B: Backend + 'static>(
    database: &mut Database<B>,
    table: &str,
    text: &str,
) -> Result<Vec<u8>, SqlError> {
    let handle = database.table(table)?;
    let first = handle.table().primary_key.first().map(|key| key.slot);
    let first = first.and_then(|slot| handle.table().columns.iter().find(|c| c.slot == slot));
    let is_text = first.is_some_and(|column| column.ty == ColumnType::Text);
    let values = match serde_json::from_str(text) {
        Ok(Json::Array(values)) => values.into_iter().map(value_of).collect(),
        Ok(json @ Json::Number(_)) if !is_text => vec![value_of(json)],
        _ => vec![Value::Text(text.to_owned())],
    };
    match &values[..] {
        [Value::Int(rowid)] if handle.table().has_hidden_key() => Ok(key::rowid_key(*rowid)),
        values => handle.codec().key_of(values),
    }
}

fn value_of(json: Json) -> Value {
    match json {
        Json::Null => Value::Null,
        Json::Bool(value) => Value::Bool(value),
        Json::Number(number) => match number.as_i64() {
            Some(number) => Value::Int(number),
            None => Value::Float(number.as_f64().unwrap_or(f64::NAN)),
        },
        Json::String(text) => Value::Text(text),
        other => Value::Text(other.to_string()),
    }
}

fn one(cells: &[(&str, Value)]) -> ResultSet {
    let (columns, row) =
        cells.iter().map(|(name, cell)| ((*name).to_owned(), cell.clone())).unzip();
    ResultSet { columns, rows: vec![row] }
}

fn id(id: &CommitId) -> Value {
    Value::Text(id.to_string())
}

fn named(kind: &str, name: &str, at: &CommitId) -> ResultSet {
    one(&[(kind, Value::Text(name.to_owned())), ("commit_id", id(at))])
}

/// What is checked out: the branch is NULL while it is a commit alone.
fn head<B: Backend>(repo: &Repository<B>) -> ResultSet {
    let branch = repo.current_branch().map_or(Value::Null, |name| Value::Text(name.to_owned()));
    one(&[("branch", branch), ("commit_id", repo.tip().map_or(Value::Null, |tip| id(&tip)))])
}

fn outcome(what: &str, commit: Option<&CommitId>, conflicts: u64) -> ResultSet {
    one(&[
        ("outcome", Value::Text(what.to_owned())),
        ("commit_id", commit.map_or(Value::Null, id)),
        ("conflicts", Value::Int(i64::try_from(conflicts).unwrap_or(i64::MAX))),
    ])
}

fn merged(found: MergeOutcome) -> ResultSet {
    match found {
        MergeOutcome::AlreadyUpToDate => outcome("already up to date", None, 0),
        MergeOutcome::FastForward(id) => outcome("fast-forward", Some(&id), 0),
        MergeOutcome::Merged(id) => outcome("committed", Some(&id), 0),
        MergeOutcome::Conflicts(count) => outcome("conflicts", None, count),
    }
}

fn picked(found: PickOutcome) -> ResultSet {
    match found {
        PickOutcome::Committed(id) => outcome("committed", Some(&id), 0),
        PickOutcome::Conflicts(count) => outcome("conflicts", None, count),
    }
}
