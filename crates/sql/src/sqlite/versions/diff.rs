//! `prolly_diff_<table>(from, to)`: the rows of a table that differ between two revisions.

use std::collections::VecDeque;
use std::ops::Bound;
use std::sync::Arc;

use prollytree_repo::Backend;
use rusqlite::types::{ToSqlOutput, ValueRef};

use super::mapping::Mapping;
use super::relation::{Access, Operator, Place, Plan, Query, Relation, Rows};
use super::rows::rowid;
use super::search::Found;
use super::shape::Shape;
use super::source::{HEAD, Versions, WORKING, revision_of};
use crate::error::SqlError;
use crate::schema::Table;
use crate::sqlite::convert::to_sqlite;
use crate::value::{Row, Value};
use crate::version::{ALL_KEYS, Keys, TableVersion, Version};

/// The rows of a table that differ between two revisions, in the columns that the table has now.
///
/// Columns: `change`; `old_…` for each column, then `new_…`; `rowid` where rows have no key of their
/// own; hidden: `from_revision`, `to_revision`, `row_key`.
pub(super) struct TableDiff<B> {
    shape: Shape,
    versions: Arc<Versions<B>>,
    len: u64,
}

impl<B: Backend + 'static> TableDiff<B> {
    pub(super) fn new(table: Arc<Table>, versions: Arc<Versions<B>>, len: u64) -> Self {
        Self { shape: Shape::new(table), versions, len }
    }

    /// Where the parameters begin.
    fn first_hidden(&self) -> usize {
        1 + 2 * self.shape.width() + usize::from(self.shape.table.has_hidden_key())
    }
}

/// A table of two versions.
pub(super) type Pair<B> = (TableVersion<B>, TableVersion<B>);

/// A table of two versions. Where a version does not have it, it is empty.
pub(super) fn pair<B: Backend + 'static>(
    before: &Version<B>,
    after: &Version<B>,
    table: &str,
) -> Result<Option<Pair<B>>, SqlError> {
    let name = |version: &Version<B>| version.catalog().find_table(table).map(|t| t.name.clone());
    Ok(match (name(before), name(after)) {
        (None, None) => None,
        (Some(old), Some(new)) => Some((before.table(&old)?, after.table(&new)?)),
        (Some(old), None) => {
            let old = before.table(&old)?;
            let new = after.rows_of(old.codec().clone())?;
            Some((old, new))
        }
        (None, Some(new)) => {
            let new = after.table(&new)?;
            Some((before.rows_of(new.codec().clone())?, new))
        }
    })
}

/// The ranges of keys that a search bounds, where the tables' keys are those that it was planned for.
pub(super) fn ranges<'t>(
    shape: &Shape,
    access: &Access,
    arguments: &[Value],
    tables: impl IntoIterator<Item = &'t Arc<Table>>,
) -> Result<Vec<Keys>, SqlError> {
    let (Some(search), Some(path)) = (&access.search, shape.path(access)) else {
        return Ok(vec![ALL_KEYS]);
    };
    let mut tables = tables.into_iter();
    let is_planned_for =
        tables.all(|table| shape.has_same_path(&Shape::new(table.clone()), access));
    if !is_planned_for {
        return Ok(vec![ALL_KEYS]);
    }
    Ok(match path.find(search, arguments)? {
        Found::Nothing => Vec::new(),
        Found::Key(key) => vec![(Bound::Included(key.clone()), Bound::Included(key))],
        Found::Ranges(ranges) => ranges,
        Found::Mixed(keys) => vec![keys],
    })
}

/// A query on the columns of two rows as one on those of a table. Absent rows have NULLs, so that only
/// comparisons with values say something of the key.
pub(super) fn on_table(query: &Query, place: impl Fn(Place) -> Option<Place>) -> Query {
    let mut query = query.map(place);
    for constraint in &mut query.constraints {
        constraint.is_usable &= constraint.operator != Operator::Is;
    }
    query.order.clear();
    query
}

impl<B: Backend + 'static> Relation for TableDiff<B> {
    fn schema(&self) -> String {
        let mut parts = vec!["change TEXT".to_owned()];
        parts.extend(self.shape.columns("old_"));
        parts.extend(self.shape.columns("new_"));
        if self.shape.table.has_hidden_key() {
            parts.push("rowid INTEGER".to_owned());
        }
        let hidden = "from_revision HIDDEN, to_revision HIDDEN, row_key BLOB HIDDEN";
        let key = "PRIMARY KEY (row_key, from_revision, to_revision)";
        format!("CREATE TABLE x({}, {hidden}, {key}) WITHOUT ROWID", parts.join(", "))
    }

    fn plan(&self, query: &Query) -> Option<Plan> {
        let width = self.shape.width();
        let own = on_table(query, |place| match place {
            Place::Column(at) if (1..=2 * width).contains(&at) => {
                Some(Place::Column((at - 1) % width))
            }
            Place::Column(at) if at > 2 * width && at < self.first_hidden() => Some(Place::Rowid),
            _ => None,
        });
        let mut plan = self.shape.plan_by_key(&own, self.len);
        plan.is_ordered = false;
        // What differs is mostly little.
        plan.rows = plan.rows.min(1000);
        plan.cost = 3.0 * plan.rows as f64 + 20.0;
        plan.with_parameters(query, self.first_hidden(), 2)
    }

    fn rows(&self, access: &Access, arguments: &[Value]) -> Result<Box<dyn Rows>, SqlError> {
        let revision = |at, default| revision_of(access.parameter(at, arguments), default);
        let before = self.versions.at(&revision(0, HEAD))?;
        let after = self.versions.at(&revision(1, WORKING))?;
        let pair = pair(&before, &after, &self.shape.table.name)?;
        let tables = pair.iter().flat_map(|(old, new)| [old.table(), new.table()]);
        let ranges = ranges(&self.shape, access, arguments, tables)?;
        let differences = match pair {
            None => None,
            Some((old, new)) => {
                let target = &self.shape.table;
                let of = |table: &TableVersion<B>| Mapping::new(target, table.table());
                let (mappings, ranges) = ((of(&old)?, of(&new)?), ranges.into());
                Some(Differences { old, new, mappings, ranges, found: VecDeque::new() })
            }
        };
        let parameter = |at| access.parameter(at, arguments).cloned().unwrap_or_default();
        Ok(Box::new(DiffRows {
            differences,
            current: None,
            width: self.shape.width(),
            first_hidden: self.first_hidden(),
            parameters: [parameter(0), parameter(1)],
        }))
    }
}

/// A row that differs, in the columns of today.
pub(super) struct Differing {
    pub(super) key: Vec<u8>,
    pub(super) old: Option<Row>,
    pub(super) new: Option<Row>,
}

impl Differing {
    /// What happened to the row.
    pub(super) fn change(&self) -> &'static str {
        match (&self.old, &self.new) {
            (None, _) => "added",
            (_, None) => "removed",
            _ => "changed",
        }
    }
}

/// How many differences are read at a time, so that nothing stays borrowed.
const BATCH: usize = 256;

/// The rows that differ between two versions of a table.
pub(super) struct Differences<B> {
    old: TableVersion<B>,
    new: TableVersion<B>,
    mappings: (Mapping, Mapping),
    /// What is still to be read.
    ranges: VecDeque<Keys>,
    found: VecDeque<Differing>,
}

impl<B: Backend + 'static> Differences<B> {
    fn next(&mut self) -> Result<Option<Differing>, SqlError> {
        while self.found.is_empty() {
            let Some(range) = self.ranges.pop_front() else { return Ok(None) };
            let (mut seen, mut last) = (0, None);
            self.old.diff_keys(&self.new, &range, |difference| {
                let old = difference.before.map(|row| self.mappings.0.map(row)).transpose()?;
                let new = difference.after.map(|row| self.mappings.1.map(row)).transpose()?;
                seen += 1;
                if seen == BATCH {
                    last = Some(difference.key.clone());
                }
                // Rows that differ only in columns that are gone do not differ today.
                if old != new {
                    self.found.push_back(Differing { key: difference.key, old, new });
                }
                Ok(seen < BATCH)
            })?;
            if let Some(last) = last {
                self.ranges.push_front((Bound::Excluded(last), range.1));
            }
        }
        Ok(self.found.pop_front())
    }
}

struct DiffRows<B> {
    differences: Option<Differences<B>>,
    current: Option<Differing>,
    width: usize,
    first_hidden: usize,
    parameters: [Value; 2],
}

impl<B: Backend + 'static> Rows for DiffRows<B> {
    fn advance(&mut self) -> Result<bool, SqlError> {
        self.current = match &mut self.differences {
            Some(differences) => differences.next()?,
            None => None,
        };
        Ok(self.current.is_some())
    }

    fn cell(&self, column: usize) -> ToSqlOutput<'_> {
        let Some(row) = &self.current else { return to_sqlite(&Value::Null) };
        let (first_old, first_new) = (1, 1 + self.width);
        if column == 0 {
            return ToSqlOutput::from(row.change());
        }
        if let Some(hidden) = column.checked_sub(self.first_hidden) {
            return match self.parameters.get(hidden) {
                Some(parameter) => to_sqlite(parameter),
                None => ToSqlOutput::Borrowed(ValueRef::Blob(&row.key)),
            };
        }
        if column >= first_new + self.width {
            return ToSqlOutput::from(rowid(&row.key).unwrap_or_default());
        }
        let (cells, at) = if column < first_new {
            (&row.old, column - first_old)
        } else {
            (&row.new, column - first_new)
        };
        let cell = cells.as_ref().and_then(|row| row.get(at));
        to_sqlite(cell.unwrap_or(&Value::Null))
    }

    fn rowid(&self) -> i64 {
        0
    }
}
