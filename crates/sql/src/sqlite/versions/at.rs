//! `prolly_at_<table>(revision)`: a table as of any revision.

use std::sync::Arc;

use prollytree_repo::Backend;

use super::declare::{free_name, quote};
use super::mapping::Mapping;
use super::relation::{Access, Place, Plan, Query, Relation, Rows};
use super::rows::{KeyedRows, TableRows, search, sorted};
use super::shape::Shape;
use super::source::{Versions, WORKING, revision_of};
use crate::error::SqlError;
use crate::row::Wanted;
use crate::schema::Table;
use crate::value::Value;
use crate::version::ALL_KEYS;

/// A table as of any revision, in the columns that it has now.
pub(super) struct TableAt<B> {
    shape: Shape,
    versions: Arc<Versions<B>>,
    /// How many rows are expected.
    len: u64,
}

impl<B: Backend + 'static> TableAt<B> {
    pub(super) fn new(table: Arc<Table>, versions: Arc<Versions<B>>, len: u64) -> Self {
        Self { shape: Shape::new(table), versions, len }
    }

    fn search(&self, access: &Access, arguments: &[Value]) -> Result<KeyedRows, SqlError> {
        let mut access = access.clone();
        let revision = revision_of(access.parameter(0, arguments), WORKING);
        let version = self.versions.at(&revision)?;
        let Some(table) = version.catalog().find_table(&self.shape.table.name) else {
            return Ok(Box::new(std::iter::empty()));
        };
        let rows = version.table(&table.name)?;
        let mapping = Mapping::new(&self.shape.table, rows.table())?;
        if !mapping.is_nothing() {
            access.wanted = Wanted::ALL;
        }
        let access = &access;
        if **rows.table() == *self.shape.table {
            return Ok(mapping.map_all(search(&rows, &self.shape, access, arguments)?));
        }
        let other = Shape::new(rows.table().clone());
        if self.shape.has_same_path(&other, access) {
            return Ok(mapping.map_all(search(&rows, &other, access, arguments)?));
        }
        // What the plan relies on is not there: all rows are read, and put in order.
        let all = mapping.map_all(Box::new(rows.scan(ALL_KEYS, false).rows()));
        sorted(all, &self.shape, access)
    }
}

impl<B: Backend + 'static> Relation for TableAt<B> {
    fn schema(&self) -> String {
        let table = &self.shape.table;
        let revision = quote(&free_name(table, "revision"));
        let mut parts: Vec<_> = self.shape.columns("").collect();
        parts.push(format!("{revision} HIDDEN"));
        let mut key = self.shape.key_names();
        if table.has_hidden_key() {
            let rowid = quote(&free_name(table, "rowid"));
            parts.push(format!("{rowid} INTEGER HIDDEN"));
            key.push(rowid);
        }
        // The revision, too, tells rows apart.
        key.push(revision);
        format!(
            "CREATE TABLE x({}, PRIMARY KEY ({})) WITHOUT ROWID",
            parts.join(", "),
            key.join(", ")
        )
    }

    fn plan(&self, query: &Query) -> Option<Plan> {
        let width = self.shape.width();
        let own = query.map(|place| match place {
            Place::Column(at) if at < width => Some(place),
            Place::Column(at) if at == width + 1 => Some(Place::Rowid),
            _ => None,
        });
        self.shape.plan(&own, self.len).with_parameters(query, width, 1)
    }

    fn rows(&self, access: &Access, arguments: &[Value]) -> Result<Box<dyn Rows>, SqlError> {
        let rows = self.search(access, arguments)?;
        let revision = Value::Text(revision_of(access.parameter(0, arguments), WORKING));
        Ok(Box::new(TableRows::new(rows, &self.shape, vec![revision])))
    }
}
