//! `prolly_history_<table>(revision)`: every version of every row; `prolly_blame_<table>(revision)`: the
//! last change of each row.

use std::sync::Arc;

use prollytree_repo::Backend;
use rusqlite::types::{ToSqlOutput, ValueRef};

use super::declare::{column, free_name, quote};
use super::diff::{on_table, ranges};
use super::relation::{Access, Place, Plan, Query, Relation, Rows};
use super::rows::rowid;
use super::shape::Shape;
use super::source::{HEAD, Versions, revision_of, start};
use super::walk::{Asked, Change, Walk};
use crate::error::SqlError;
use crate::schema::Table;
use crate::sqlite::convert::to_sqlite;
use crate::value::Value;

/// Which changes are shown.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Shown {
    /// All, with all columns.
    History,
    /// The last of each row that is there, with the columns of the key.
    Blame,
}

/// What a commit says, before the columns of the table.
const ABOUT: [&str; 5] =
    ["commit_id", "commit_author", "commit_date", "commit_message", "commit_change"];

/// The changes of a table's rows, in the columns that the table has now.
pub(super) struct TableHistory<B> {
    shape: Shape,
    versions: Arc<Versions<B>>,
    len: u64,
    shown: Shown,
    /// The columns of the table that are shown.
    columns: Vec<usize>,
}

impl<B: Backend + 'static> TableHistory<B> {
    pub(super) fn new(
        table: Arc<Table>,
        versions: Arc<Versions<B>>,
        len: u64,
        shown: Shown,
    ) -> Self {
        let shape = Shape::new(table);
        let columns = match shown {
            Shown::History => (0..shape.width()).collect(),
            Shown::Blame => shape.key_positions().collect(),
        };
        Self { shape, versions, len, shown, columns }
    }

    fn has_rowid_column(&self) -> bool {
        self.shape.table.has_hidden_key()
    }

    /// Where the parameter stands, behind the columns.
    fn first_hidden(&self) -> usize {
        ABOUT.len() + self.columns.len() + usize::from(self.has_rowid_column())
    }
}

impl<B: Backend + 'static> Relation for TableHistory<B> {
    fn schema(&self) -> String {
        let table = &self.shape.table;
        let name = |name: &str| quote(&free_name(table, name));
        let mut parts: Vec<_> = ABOUT.iter().map(|about| format!("{} TEXT", name(about))).collect();
        let shown = self.columns.iter().filter_map(|&at| table.columns.get(at));
        parts.extend(shown.map(|shown| column(shown, table.strict, &shown.name)));
        if self.has_rowid_column() {
            parts.push(format!("{} INTEGER", name("rowid")));
        }
        let (revision, row_key, commit) = (name("revision"), name("row_key"), name(ABOUT[0]));
        let parts = parts.join(", ");
        let hidden = format!("{revision} HIDDEN, {row_key} BLOB HIDDEN");
        let key = format!("PRIMARY KEY ({row_key}, {commit}, {revision})");
        format!("CREATE TABLE x({parts}, {hidden}, {key}) WITHOUT ROWID")
    }

    fn plan(&self, query: &Query) -> Option<Plan> {
        let own = on_table(query, |place| match place {
            Place::Column(at) => match at.checked_sub(ABOUT.len()) {
                Some(at) if at < self.columns.len() => {
                    self.columns.get(at).map(|&at| Place::Column(at))
                }
                Some(at) if at == self.columns.len() && self.has_rowid_column() => {
                    Some(Place::Rowid)
                }
                _ => None,
            },
            Place::Rowid => None,
        });
        let mut plan = self.shape.plan_by_key(&own, self.len);
        (plan.is_ordered, plan.is_unique) = (false, false);
        plan.with_parameters(query, self.first_hidden(), 1)
    }

    fn rows(&self, access: &Access, arguments: &[Value]) -> Result<Box<dyn Rows>, SqlError> {
        let revision = revision_of(access.parameter(0, arguments), HEAD);
        let from = start(self.versions.database().repository(), &revision)?;
        let (shape, access_of, values) = (self.shape.clone(), access.clone(), arguments.to_vec());
        let asked = Asked {
            table: self.shape.table.clone(),
            ranges: Box::new(move |tables| {
                ranges(&shape, &access_of, &values, tables.iter().copied())
            }),
            only_last: self.shown == Shown::Blame,
        };
        Ok(Box::new(HistoryRows {
            walk: Walk::new(self.versions.clone(), from, asked)?,
            shown: self.shown,
            key: self.shape.key_positions().collect(),
            columns: self.columns.clone(),
            first_hidden: self.first_hidden(),
            revision: access.parameter(0, arguments).cloned().unwrap_or_default(),
            current: None,
            date: String::new(),
            id: String::new(),
        }))
    }
}

struct HistoryRows<B> {
    walk: Walk<B>,
    shown: Shown,
    /// Where the columns of the primary key stand.
    key: Vec<usize>,
    columns: Vec<usize>,
    first_hidden: usize,
    revision: Value,
    current: Option<Change>,
    date: String,
    id: String,
}

impl<B: Backend + 'static> HistoryRows<B> {
    /// A column of the table. Of a row that was removed, only the key is left.
    fn table_cell<'c>(&self, change: &'c Change, at: usize) -> &'c Value {
        const NULL: &Value = &Value::Null;
        let cell = match &change.row.new {
            Some(row) => row.get(at),
            None => {
                change.row.old.as_ref().filter(|_| self.key.contains(&at)).and_then(|r| r.get(at))
            }
        };
        cell.unwrap_or(NULL)
    }
}

impl<B: Backend + 'static> Rows for HistoryRows<B> {
    fn advance(&mut self) -> Result<bool, SqlError> {
        loop {
            self.current = self.walk.next()?;
            let Some(change) = &self.current else { return Ok(false) };
            if self.shown == Shown::Blame && change.row.new.is_none() {
                continue;
            }
            let (id, commit) = &*change.commit;
            (self.id, self.date) = (id.to_string(), commit.time.to_string());
            return Ok(true);
        }
    }

    fn cell(&self, column: usize) -> ToSqlOutput<'_> {
        let Some(change) = &self.current else { return to_sqlite(&Value::Null) };
        let commit = &change.commit.1;
        match column {
            0 => return self.id.as_str().into(),
            1 => return ToSqlOutput::from(commit.author.to_string()),
            2 => return self.date.as_str().into(),
            3 => return commit.message.as_str().into(),
            4 => return change.row.change().into(),
            _ => {}
        }
        match self.columns.get(column - ABOUT.len()) {
            Some(&at) => to_sqlite(self.table_cell(change, at)),
            None if column < self.first_hidden => {
                ToSqlOutput::from(rowid(&change.row.key).unwrap_or_default())
            }
            None if column == self.first_hidden => to_sqlite(&self.revision),
            None => ToSqlOutput::Borrowed(ValueRef::Blob(&change.row.key)),
        }
    }

    fn rowid(&self) -> i64 {
        0
    }
}
