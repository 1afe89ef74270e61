//! Merges of what is checked out: of tables as tables, of all other maps key by key.

use prollytree_repo::Choice;
use prollytree_sql::{ColumnType, Database, History, MergeStrategy, RowChoice, Value};
use serde_json::Value as Json;

use crate::error::CliError;
use crate::sql::cell_from_json;
use crate::storage::Storage;
use crate::store::Repo;

/// The tables of a repository; there may be none.
pub(crate) fn open(repo: Repo) -> Result<Database<Storage>, CliError> {
    Ok(Database::new(repo, History::Explicit)?)
}

/// What is done about conflicts.
pub(crate) fn strategy(ours: bool, theirs: bool) -> MergeStrategy {
    match (ours, theirs) {
        (true, _) => MergeStrategy::Ours,
        (_, true) => MergeStrategy::Theirs,
        _ => MergeStrategy::Record,
    }
}

/// What a row becomes.
pub(crate) fn choice(choice: &Choice) -> Result<RowChoice, CliError> {
    Ok(match choice {
        Choice::Ours => RowChoice::Ours,
        Choice::Theirs => RowChoice::Theirs,
        Choice::Base => RowChoice::Base,
        Choice::Working => RowChoice::Working,
        _ => return Err(CliError::RowConflict),
    })
}

/// A key in an argument as its columns: a JSON array, or one text or number.
pub(crate) fn key_values(database: &Database<Storage>, table: &str, text: &str) -> Vec<Value> {
    if text.is_empty() {
        return Vec::new();
    }
    if let Ok(Json::Array(values)) = serde_json::from_str(text) {
        return values.into_iter().map(cell_from_json).collect();
    }
    let table = database.catalog().table(table);
    let column = table.and_then(|table| {
        let first = table.primary_key.first()?;
        table.columns.iter().find(|column| column.slot == first.slot)
    });
    match text.parse() {
        Ok(number) if column.is_none_or(|column| column.ty != ColumnType::Text) => {
            vec![Value::Int(number)]
        }
        _ => vec![Value::Text(text.to_owned())],
    }
}
