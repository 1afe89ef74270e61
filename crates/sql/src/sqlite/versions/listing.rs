//! Relations that list what a repository has: commits, branches, tags.

use std::sync::Arc;

use prollytree_repo::{Backend, Commit, CommitId};

use super::relation::{Access, Listed, Plan, Query, Relation, Rows};
use super::source::{HEAD, Versions, revision_of, start};
use crate::error::SqlError;
use crate::value::{Row, Value};

/// The rows of a listing.
pub(super) type ListedRows = Box<dyn Iterator<Item = Result<Row, SqlError>>>;

/// Gives the rows of a listing, for the arguments that were given.
type List<B> = fn(&Versions<B>, &[Option<Value>]) -> Result<ListedRows, SqlError>;

/// A relation whose rows are computed one after the other, from the first on.
pub(super) struct Listing<B> {
    versions: Arc<Versions<B>>,
    columns: &'static str,
    width: usize,
    parameters: &'static [&'static str],
    list: List<B>,
}

impl<B: Backend + 'static> Listing<B> {
    /// `columns` are declared as in `CREATE TABLE`.
    pub(super) fn new(
        versions: Arc<Versions<B>>,
        columns: &'static str,
        parameters: &'static [&'static str],
        list: List<B>,
    ) -> Self {
        let width = columns.split(',').count();
        Self { versions, columns, width, parameters, list }
    }
}

impl<B: Backend + 'static> Relation for Listing<B> {
    fn schema(&self) -> String {
        let hidden: String =
            self.parameters.iter().map(|name| format!(", {name} HIDDEN")).collect();
        format!("CREATE TABLE x({}{hidden})", self.columns)
    }

    fn plan(&self, query: &Query) -> Option<Plan> {
        Plan::of_all(1000).with_parameters(query, self.width, self.parameters.len())
    }

    fn rows(&self, access: &Access, arguments: &[Value]) -> Result<Box<dyn Rows>, SqlError> {
        let parameters = 0..self.parameters.len();
        let given: Vec<_> = parameters.map(|at| access.parameter(at, arguments).cloned()).collect();
        let shown: Vec<_> = given.iter().map(|value| value.clone().unwrap_or_default()).collect();
        let rows = (self.list)(&self.versions, &given)?;
        let rows = rows.map(move |row| {
            row.map(|mut row| {
                row.extend(shown.iter().cloned());
                row
            })
        });
        Ok(Box::new(Listed::new(rows)))
    }
}

pub(super) fn text(content: impl Into<String>) -> Value {
    Value::Text(content.into())
}

/// Who made a commit, when and why.
fn about(commit: &Commit) -> [Value; 4] {
    let author = &commit.author;
    let date = text(commit.time.to_string());
    [text(&author.name), text(&author.email), date, text(&commit.message)]
}

pub(super) const LOG: &str =
    "commit_id TEXT, author TEXT, email TEXT, date TEXT, message TEXT, parents TEXT";

/// The commits that lead to a revision, newest first.
pub(super) fn log<B: Backend + 'static>(
    versions: &Versions<B>,
    given: &[Option<Value>],
) -> Result<ListedRows, SqlError> {
    let revision = revision_of(given.first().and_then(Option::as_ref), HEAD);
    let database = versions.database();
    let Some(from) = start(database.repository(), &revision)? else {
        return Ok(Box::new(std::iter::empty()));
    };
    let commits = database.repository().log(&from)?;
    Ok(Box::new(commits.map(|found| {
        let (id, commit) = found?;
        let parents = commit.parents.iter().map(CommitId::to_string).collect::<Vec<_>>();
        let mut row = vec![text(id.to_string())];
        row.extend(about(&commit));
        row.push(text(serde_json::Value::from(parents).to_string()));
        Ok(row)
    })))
}

pub(super) const BRANCHES: &str = "name TEXT, commit_id TEXT, is_current INTEGER, author TEXT, email TEXT, date TEXT, message TEXT";

/// The branches that have commits.
pub(super) fn branches<B: Backend + 'static>(
    versions: &Versions<B>,
    _: &[Option<Value>],
) -> Result<ListedRows, SqlError> {
    let database = versions.database();
    let repo = database.repository();
    let row = |branch: prollytree_repo::Branch| {
        let name = branch.name.short();
        let is_current = repo.current_branch() == Some(name);
        let mut row = vec![text(name), text(branch.tip.to_string()), Value::Int(is_current.into())];
        row.extend(about(&repo.read_commit(&branch.tip)?));
        Ok(row)
    };
    let rows: Vec<_> = repo.branches()?.into_iter().map(row).collect();
    Ok(Box::new(rows.into_iter()))
}

pub(super) const TAGS: &str = "name TEXT, commit_id TEXT, tagger TEXT, date TEXT, message TEXT";

/// The tags; those without a message have neither tagger nor date.
pub(super) fn tags<B: Backend + 'static>(
    versions: &Versions<B>,
    _: &[Option<Value>],
) -> Result<ListedRows, SqlError> {
    let tags = versions.database().repository().tags()?;
    Ok(Box::new(tags.into_iter().map(|tag| {
        let mut row = vec![text(tag.name.short()), text(tag.target.to_string())];
        row.extend(match tag.tag {
            Some(tag) => [text(tag.tagger.name), text(tag.time.to_string()), text(tag.message)],
            None => [Value::Null, Value::Null, Value::Null],
        });
        Ok(row)
    })))
}
