//! What calls do.

use prollytree_repo::{Backend, CommitId, Repository, ResetMode, Uncommitted};
use serde_json::Value as Json;

use super::{Call, Decide, Side};
use crate::database::Database;
use crate::error::SqlError;
use crate::merge::{MergeStrategy, NoExpressions, RowChoice, TableMergeOptions, TableMergeOutcome};
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
        Call::Merge { revision, decide } => {
            let strategy = match decide {
                Decide::Record => MergeStrategy::Record,
                Decide::Ours => MergeStrategy::Ours,
                Decide::Theirs => MergeStrategy::Theirs,
            };
            let options = TableMergeOptions { strategy, ..TableMergeOptions::default() };
            // The message says what the user said, unless it is a time.
            let revision = match database.repository().resolve(&revision) {
                Ok(_) => revision,
                Err(_) => resolve(database.repository(), &revision)?.to_string(),
            };
            outcome(database.merge(&revision, &options, &mut NoExpressions)?)
        }
        Call::Revert { revision } => {
            let revision = resolve(database.repository(), &revision)?.to_string();
            outcome(database.revert(&revision, None, MergeStrategy::Record, &mut NoExpressions)?)
        }
        Call::CherryPick { revision } => {
            let revision = resolve(database.repository(), &revision)?.to_string();
            let strategy = MergeStrategy::Record;
            outcome(database.cherry_pick(&revision, None, strategy, &mut NoExpressions)?)
        }
        Call::Continue { message } => {
            let done = database.continue_operation(message.as_deref(), &mut NoExpressions)?;
            one(&[("commit_id", id(&done))])
        }
        Call::Abort => {
            database.abort()?;
            head(database.repository())
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
        // They are done to the tables.
        _ => ResultSet::default(),
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
        Side::Ours => RowChoice::Ours,
        Side::Theirs => RowChoice::Theirs,
        Side::Base => RowChoice::Base,
    };
    match (table, key) {
        (None, _) => drop(database.resolve_all(&choice, &mut NoExpressions)?),
        (Some(table), Some(key)) => {
            let key = key_values(database, table, key);
            database.resolve(table, &key, &choice, &mut NoExpressions)?;
        }
        (Some(table), None) => {
            let mut keys: Vec<Vec<Value>> = Vec::new();
            for found in database.conflicts()?.into_iter().filter(|found| found.table == table) {
                if !keys.contains(&found.key) {
                    keys.push(found.key);
                }
            }
            if keys.is_empty() {
                let (table, key) = (table.to_owned(), String::new());
                return Err(SqlError::NoConflict { table, key });
            }
            for key in keys {
                database.resolve(table, &key, &choice, &mut NoExpressions)?;
            }
        }
    }
    Ok(database.conflicts()?.len())
}

/// The values of a key, from their text: one value, or a JSON array.
fn key_values<B: Backend + 'static>(database: &Database<B>, table: &str, text: &str) -> Vec<Value> {
    let table = database.catalog().table(table);
    let first = table.and_then(|table| {
        let slot = table.primary_key.first()?.slot;
        table.columns.iter().find(|column| column.slot == slot)
    });
    let is_text = first.is_some_and(|column| column.ty == ColumnType::Text);
    match serde_json::from_str(text) {
        Ok(Json::Array(values)) => values.into_iter().map(value_of).collect(),
        Ok(json @ Json::Number(_)) if !is_text => vec![value_of(json)],
        _ => vec![Value::Text(text.to_owned())],
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

fn outcome(found: TableMergeOutcome) -> ResultSet {
    let (what, commit, conflicts) = match found {
        TableMergeOutcome::AlreadyUpToDate => ("already up to date", None, 0),
        TableMergeOutcome::FastForward(id) => ("fast-forward", Some(id), 0),
        TableMergeOutcome::Committed(id) => ("committed", Some(id), 0),
        TableMergeOutcome::Conflicts(count) => ("conflicts", None, count),
    };
    one(&[
        ("outcome", Value::Text(what.to_owned())),
        ("commit_id", commit.as_ref().map_or(Value::Null, id)),
        ("conflicts", Value::Int(i64::try_from(conflicts).unwrap_or(i64::MAX))),
    ])
}
