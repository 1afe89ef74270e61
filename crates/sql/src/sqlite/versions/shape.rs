//! A table as SQLite reads it: its columns, its rowid, and the trees that find rows.

use std::sync::Arc;

use super::declare::{column, quote};
use super::relation::{Access, Place, Plan, Query};
use super::search::Path;
use crate::error::SqlError;
use crate::key;
use crate::row::Wanted;
use crate::schema::{Collation, Table};
use crate::sqlite::text_of::has_rowid_alias;
use crate::value::Value;

/// A table as SQLite reads it.
#[derive(Clone, Debug)]
pub(super) struct Shape {
    pub(super) table: Arc<Table>,
    /// The trees: the rows, then the indexes.
    pub(super) paths: Vec<Path>,
    /// The column that is the rowid, as `INTEGER PRIMARY KEY` is.
    pub(super) alias: Option<usize>,
}

impl Shape {
    pub(super) fn new(table: Arc<Table>) -> Self {
        let stored = table.indexes.iter().filter(|index| index.is_stored());
        let indexes = stored.map(|index| Path::of_index(&table, index));
        let paths = std::iter::once(Path::of_rows(&table)).chain(indexes).collect();
        let key = table.primary_key.first().filter(|_| has_rowid_alias(&table));
        let alias = key.and_then(|key| table.position(key.slot));
        Self { table, paths, alias }
    }

    /// Whether rows have a number.
    pub(super) fn has_rowid(&self) -> bool {
        self.table.has_hidden_key() || self.alias.is_some()
    }

    /// How many columns there are.
    pub(super) fn width(&self) -> usize {
        self.table.columns.len()
    }

    /// The declarations of the columns, with a prefix of their names.
    pub(super) fn columns<'s>(&'s self, prefix: &'s str) -> impl Iterator<Item = String> + 's {
        let columns = self.table.columns.iter();
        columns.map(move |c| column(c, self.table.strict, &format!("{prefix}{}", c.name)))
    }

    /// The names of the columns of the primary key, in quotes.
    pub(super) fn key_names(&self) -> Vec<String> {
        let positions = self.key_positions();
        positions.filter_map(|at| Some(quote(&self.table.columns.get(at)?.name))).collect()
    }

    /// Where the columns of the primary key stand.
    pub(super) fn key_positions(&self) -> impl Iterator<Item = usize> + '_ {
        self.table.primary_key.iter().filter_map(|key| self.table.position(key.slot))
    }

    /// How a query is best answered, by any of the trees.
    pub(super) fn plan(&self, query: &Query, len: u64) -> Plan {
        self.plan_with(&self.paths, query, len)
    }

    /// How a query is best answered by the keys of the rows.
    pub(super) fn plan_by_key(&self, query: &Query, len: u64) -> Plan {
        self.plan_with(self.paths.get(..1).unwrap_or_default(), query, len)
    }

    fn plan_with(&self, paths: &[Path], query: &Query, len: u64) -> Plan {
        let same = |place| match place {
            Place::Rowid => self.alias.map_or(place, Place::Column),
            Place::Column(_) => place,
        };
        let choices = paths.iter().map(|path| path.choose(query, same, len));
        let best = choices.min_by(|a, b| a.cost.total_cmp(&b.cost));
        let Some(best) = best else { return Plan::of_all(len) };
        let is_all = best.taken.is_empty() && best.search.index.is_none();
        let order = best.order.map(|_| query.order.clone()).unwrap_or_default();
        Plan {
            access: Access {
                parameters: Vec::new(),
                search: (!is_all).then_some(best.search),
                reverse: best.order.unwrap_or(false),
                wanted: self.key_positions().fold(query.wanted, Wanted::with),
                order,
            },
            taken: best.taken.into_iter().map(|at| (at, false)).collect(),
            cost: best.cost,
            rows: best.rows,
            is_unique: best.is_unique,
            is_ordered: best.order.is_some(),
        }
    }

    /// Bytes that order a row among others as a query asks for.
    pub(super) fn order_key(
        &self,
        order: &[(Place, bool)],
        row: &[Value],
        rowid: i64,
    ) -> Result<Vec<u8>, SqlError> {
        let (mut bytes, rowid) = (Vec::new(), Value::Int(rowid));
        for (place, descending) in order {
            let (value, collation) = match place {
                Place::Rowid => (&rowid, Collation::Binary),
                Place::Column(at) => {
                    let collation = self.table.columns.get(*at).map(|column| column.collation);
                    (row.get(*at).unwrap_or(&Value::Null), collation.unwrap_or_default())
                }
            };
            key::push(&mut bytes, value, collation, *descending)?;
            // 1 and 1.0 are the same in an order.
            if matches!(value, Value::Int(_) | Value::Float(_)) {
                bytes.pop();
            }
            // A text that descends must not end with its end: one with a zero byte there comes first.
            bytes.push(1);
        }
        Ok(bytes)
    }

    /// Whether the tree that an access reads is the same in another schema: there, of the same columns
    /// and in the same order.
    pub(super) fn has_same_path(&self, other: &Self, access: &Access) -> bool {
        let (Some(own), Some(theirs)) = (self.path(access), other.path(access)) else {
            return false;
        };
        let name = |shape: &Self, place| match place {
            Place::Rowid => None,
            Place::Column(at) => shape.table.columns.get(at).map(|c| c.name.to_ascii_lowercase()),
        };
        let mut places = own.parts.iter().map(|part| part.0);
        own == theirs && places.all(|place| name(self, place) == name(other, place))
    }

    /// The tree that a search is in; that of the rows if there is no search.
    pub(super) fn path(&self, access: &Access) -> Option<&Path> {
        let index = access.search.as_ref().and_then(|search| search.index.as_ref());
        self.paths.iter().find(|path| path.index.as_ref() == index)
    }
}
