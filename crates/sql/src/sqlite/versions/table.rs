//! A table of one version as a relation.

use prollytree_repo::Backend;

use super::computed::is_computed;
use super::mapping::Mapping;
use super::relation::{Access, Plan, Query, Relation, Rows};
use super::rows::{TableRows, search};
use super::shape::Shape;
use crate::error::SqlError;
use crate::row::Wanted;
use crate::value::Value;
use crate::version::TableVersion;

/// A table of one version, by the schema of that version.
pub(super) struct FixedTable<B> {
    shape: Shape,
    table: TableVersion<B>,
    has_computed: bool,
}

impl<B: Backend + 'static> FixedTable<B> {
    pub(super) fn new(table: TableVersion<B>) -> Self {
        let shape = Shape::new(table.table().clone());
        let has_computed = shape.table.columns.iter().any(is_computed);
        Self { shape, table, has_computed }
    }
}

impl<B: Backend + 'static> Relation for FixedTable<B> {
    fn schema(&self) -> String {
        let mut parts: Vec<_> = self.shape.columns("").collect();
        // Rows without a number are told apart by their key.
        let without_rowid = if self.shape.has_rowid() {
            ""
        } else {
            parts.push(format!("PRIMARY KEY ({})", self.shape.key_names().join(", ")));
            " WITHOUT ROWID"
        };
        format!("CREATE TABLE x({}){without_rowid}", parts.join(", "))
    }

    fn plan(&self, query: &Query) -> Option<Plan> {
        Some(self.shape.plan(query, self.table.len()))
    }

    fn rows(&self, access: &Access, arguments: &[Value]) -> Result<Box<dyn Rows>, SqlError> {
        let rows = if self.has_computed {
            let access = Access { wanted: Wanted::ALL, ..access.clone() };
            let rows = search(&self.table, &self.shape, &access, arguments)?;
            Mapping::new(&self.shape.table, &self.shape.table)?.map_all(rows)
        } else {
            search(&self.table, &self.shape, access, arguments)?
        };
        Ok(Box::new(TableRows::new(rows, &self.shape, Vec::new())))
    }
}
