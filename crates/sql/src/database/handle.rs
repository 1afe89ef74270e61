//! A table that is ready to be read and changed.

use std::sync::Arc;

use prollytree_repo::MapName;

use crate::catalog::{index_map, rows_map};
use crate::error::SqlError;
use crate::row::RowCodec;
use crate::schema::{Index, Table};

/// A table, its codec, and the maps that hold it.
#[derive(Clone, Debug)]
pub struct TableHandle {
    codec: Arc<RowCodec>,
    rows: MapName,
    /// The indexes that are trees.
    indexes: Vec<(Index, MapName)>,
}

impl TableHandle {
    pub(crate) fn new(table: Arc<Table>) -> Result<Self, SqlError> {
        let stored = table.indexes.iter().filter(|index| index.is_stored());
        let named = stored.map(|index| Ok((index.clone(), index_map(&table.name, &index.name)?)));
        Ok(Self {
            rows: rows_map(&table.name)?,
            indexes: named.collect::<Result<_, SqlError>>()?,
            codec: Arc::new(RowCodec::new(table)),
        })
    }

    /// What the table looks like.
    pub fn table(&self) -> &Arc<Table> {
        self.codec.table()
    }

    /// How rows are written and read.
    pub fn codec(&self) -> &Arc<RowCodec> {
        &self.codec
    }

    /// The map of the rows.
    pub fn rows_map(&self) -> &MapName {
        &self.rows
    }

    /// The indexes that are trees, and their maps.
    pub fn indexes(&self) -> &[(Index, MapName)] {
        &self.indexes
    }
}
