//! Reading.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use futures::stream;
use gluesql_core::ast::IndexOperator;
use gluesql_core::data::{CustomFunction as Function, Key, Schema, Value as GlueValue};
use gluesql_core::error::{ExecuteError, FetchError, IndexError, InsertError, Result};
use gluesql_core::executor::Referencing;
use gluesql_core::store::{CustomFunction, DataRow, Index, MetaIter, Metadata, RowIter, Store};
use prollytree_repo::Backend;

use super::bounds::{Order, for_column};
use super::carrier::{Carrier, Kind};
use super::error::glue_error;
use super::narrow::{Narrowing, Place};
use super::session::{Deleting, Session};
use super::table::{GlueTable, date_time};
use super::value::to_cell;
use super::{ProllyStorage, plan};
use crate::error::SqlError;
use crate::value::{Row, Value};
use crate::version::{ALL_KEYS, TableVersion};

/// Rows and their keys.
type Rows = Box<dyn Iterator<Item = Result<(Vec<u8>, Row), SqlError>> + Send>;

#[async_trait]
impl<B: Backend + 'static> Store for ProllyStorage<32, B> {
    async fn fetch_schema(&self, table_name: &str) -> Result<Option<Schema>> {
        let carrier = Carrier::read(table_name);
        let mut session = self.session();
        if matches!(carrier.kind(), Some(kind) if kind != Kind::Join) {
            session.refresh().map_err(glue_error)?;
        }
        let Some(table) = session.find(carrier.table).map_err(glue_error)? else {
            // GlueSQL would name the table as the plan does.
            let name = carrier.table.to_owned();
            return match carrier.kind() {
                None => Ok(None),
                Some(Kind::Insert) => Err(InsertError::TableNotFound(name).into()),
                Some(Kind::Update) => Err(ExecuteError::TableNotFound(name).into()),
                Some(_) => Err(FetchError::TableNotFound(name).into()),
            };
        };
        let mut schema = table.schema.clone();
        if let Some(load) = carrier.load.filter(|load| load.kind == Kind::Join) {
            plan::as_joined(&mut schema, load.text);
        }
        Ok(Some(schema))
    }

    async fn fetch_all_schemas(&self) -> Result<Vec<Schema>> {
        let mut session = self.session();
        let names: Vec<_> = session.catalog().tables().map(|table| table.name.clone()).collect();
        let schemas = names.iter().map(|name| Ok(session.table(name)?.schema.clone()));
        schemas.collect::<Result<_, SqlError>>().map_err(glue_error)
    }

    async fn fetch_data(&self, table_name: &str, key: &Key) -> Result<Option<DataRow>> {
        let carrier = Carrier::read(table_name);
        let mut session = self.session();
        let table = session.table(carrier.table).map_err(glue_error)?;
        let column = match &carrier.load {
            Some(load) if load.kind == Kind::Join => Some(load.text),
            _ => None,
        };
        find(&mut session, &table, column, key).map_err(glue_error)
    }

    async fn scan_data<'a>(&'a self, table_name: &str) -> Result<RowIter<'a>> {
        let carrier = Carrier::read(table_name);
        let mut session = self.session();
        scan(&mut session, &carrier).map_err(glue_error)
    }

    async fn fetch_referencings(&self, table_name: &str) -> Result<Vec<Referencing>> {
        let name = Carrier::read(table_name).table.to_owned();
        let mut found = Vec::new();
        for schema in self.fetch_all_schemas().await?.into_iter() {
            let table = schema.table_name;
            let keys = schema.foreign_keys.into_iter();
            let keys = keys.filter(|key| key.referenced_table_name == name && table != name);
            found.extend(
                keys.map(|foreign_key| Referencing { table_name: table.clone(), foreign_key }),
            );
        }
        Ok(found)
    }
}

/// The row that has a value in its primary key, or in a unique column.
fn find<B: Backend + 'static>(
    session: &mut Session<B>,
    table: &Arc<GlueTable>,
    column: Option<&str>,
    key: &Key,
) -> Result<Option<DataRow>, SqlError> {
    let unique = match column {
        None => None,
        Some(name) => {
            let column = table.table().columns.iter().position(|column| column.name == name);
            table.unique.iter().find(|(at, _)| Some(*at) == column && column != table.key)
        }
    };
    let bytes = match unique {
        Some((_, index)) => {
            let cell = super::value::key_to_cell(key);
            if cell.is_null() { None } else { unique_key(session, table, index, &cell)? }
        }
        None => table.key_bytes(key)?,
    };
    let Some(bytes) = bytes else { return Ok(None) };
    if let Some(row) = session.get(table, &bytes)? {
        return table.row(&bytes, row).map(Some);
    }
    // Decimals that are equal may have other scales.
    let (Key::Decimal(_), Some(_), None) = (key, table.key, unique) else { return Ok(None) };
    let order = key_order(table);
    let keys = order.range(&IndexOperator::Eq, &super::value::key_to_cell(key))?;
    let found = session.rows(table)?.scan(keys, false).rows().next().transpose()?;
    found.map(|(key, row)| table.row(&key, row)).transpose()
}

fn unique_key<B: Backend + 'static>(
    session: &mut Session<B>,
    table: &GlueTable,
    index: &str,
    cell: &Value,
) -> Result<Option<Vec<u8>>, SqlError> {
    let Some((definition, _)) = table.index(index) else { return Ok(None) };
    let entry = table.handle.codec().index_key(
        index,
        &definition.parts,
        std::slice::from_ref(cell),
        &[],
    )?;
    session.get_unique(table, index, &entry)
}

/// How the first part of the primary key is ordered.
pub(super) fn key_order(table: &GlueTable) -> Order {
    let part = table.table().primary_key.first();
    let column = table.key.and_then(|at| table.table().columns.get(at));
    Order {
        collation: column.map(|column| column.collation).unwrap_or_default(),
        descending: part.is_some_and(|part| part.descending),
    }
}

/// The rows that a statement of GlueSQL scans.
fn scan<B: Backend + 'static>(
    session: &mut Session<B>,
    carrier: &Carrier<'_>,
) -> Result<RowIter<'static>, SqlError> {
    let table = session.table(carrier.table)?;
    let Some(load) = &carrier.load else {
        let rows = match referring_rows(session, &table)? {
            Some(rows) => rows,
            None => all_rows(session, &table)?,
        };
        return Ok(stream_of(table, rows, None));
    };
    // The second scan of an UPDATE, as the only one of an INSERT, looks for values that are to be
    // unique. The indexes tell that when rows are written.
    let is_check = load.kind == Kind::Insert || session.statement.scanned;
    if is_check && load.kind != Kind::Join {
        // Keys of equal decimals differ in their scale, so there the rows tell.
        if table.has_unique_decimal() {
            let rows = all_rows(session, &table)?;
            return Ok(stream_of(table, rows, None));
        }
        return Ok(Box::pin(stream::empty()));
    }
    session.statement.scanned = true;
    let narrowing = Narrowing::read(load.narrowing).filter(|narrowing| narrowing.fits(&table));
    let rows = match narrowing {
        Some(narrowing) => narrowed_rows(session, &table, narrowing.place, false)?,
        None => all_rows(session, &table)?,
    };
    let text = load.text.to_owned();
    session.describe(|| text);
    let watched = (load.kind == Kind::DeletePlain).then(|| {
        let row = Arc::new(Mutex::new(None));
        let table = carrier.table.to_owned();
        session.statement.deleting = Some(Deleting { table, row: row.clone() });
        row
    });
    Ok(stream_of(table, rows, watched))
}

fn all_rows<B: Backend + 'static>(
    session: &mut Session<B>,
    table: &GlueTable,
) -> Result<Rows, SqlError> {
    Ok(Box::new(session.rows(table)?.scan(ALL_KEYS, false).rows()))
}

/// The rows with a foreign key to the row that a DELETE read last: if its condition reads no other
/// table, that is what any other table is scanned for.
fn referring_rows<B: Backend + 'static>(
    session: &mut Session<B>,
    table: &Arc<GlueTable>,
) -> Result<Option<Rows>, SqlError> {
    let Some(deleting) = session.statement.deleting.clone() else { return Ok(None) };
    let row = deleting.row.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let parent = session.table(&deleting.table)?;
    let (Some(row), Some(at)) = (row, parent.key) else { return Ok(None) };
    let Some(value) = row.get(at) else { return Ok(None) };
    let mut found: Vec<Rows> = Vec::new();
    for key in table.table().foreign_keys.iter().filter(|key| key.table == deleting.table) {
        let [slot] = key.columns[..] else { return Ok(None) };
        let Some(name) = plan::index_of(table, slot) else { return Ok(None) };
        let Some((index, _)) = table.index(&name) else { return Ok(None) };
        let [part] = &index.parts[..] else { return Ok(None) };
        let order = Order { collation: part.collation, descending: part.descending };
        let keys = order.range(&IndexOperator::Eq, value)?;
        found.push(Box::new(session.rows(table)?.scan_index(&name, keys, false)?.rows()));
    }
    Ok(Some(Box::new(found.into_iter().flatten())))
}

/// The rows of a part of a table.
fn narrowed_rows<B: Backend + 'static>(
    session: &mut Session<B>,
    table: &Arc<GlueTable>,
    place: Place,
    reverse: bool,
) -> Result<Rows, SqlError> {
    let mut keys = match place {
        Place::Rows(keys) => return Ok(Box::new(session.rows(table)?.scan(keys, reverse).rows())),
        Place::Index(name, keys) => {
            return Ok(Box::new(session.rows(table)?.scan_index(&name, keys, reverse)?.rows()));
        }
        Place::Keys(keys) => keys,
        Place::Unique(name, entries) => {
            let keys = entries.iter().map(|entry| session.get_unique(table, &name, entry));
            keys.filter_map(Result::transpose).collect::<Result<_, _>>()?
        }
    };
    if reverse {
        keys.reverse();
    }
    let mut rows = Vec::with_capacity(keys.len());
    for key in keys {
        if let Some(row) = session.get(table, &key)? {
            rows.push(Ok((key, row)));
        }
    }
    Ok(Box::new(rows.into_iter()))
}

/// Rows as GlueSQL reads them; the last one is kept where somebody watches.
fn stream_of(
    table: Arc<GlueTable>,
    rows: Rows,
    watched: Option<Arc<Mutex<Option<Row>>>>,
) -> RowIter<'static> {
    let rows = rows.map(move |row| {
        let (key, row) = row.map_err(glue_error)?;
        if let Some(watched) = &watched {
            *watched.lock().unwrap_or_else(PoisonError::into_inner) = Some(row.clone());
        }
        let row = table.row(&key, row).map_err(glue_error)?;
        Ok((table.row_key(key, &row).map_err(glue_error)?, row))
    });
    Box::pin(stream::iter(rows))
}

#[async_trait]
impl<B: Backend + 'static> Index for ProllyStorage<32, B> {
    async fn scan_indexed_data<'a>(
        &'a self,
        table_name: &str,
        index_name: &str,
        asc: Option<bool>,
        cmp_value: Option<(&IndexOperator, GlueValue)>,
    ) -> Result<RowIter<'a>> {
        let mut session = self.session();
        let table = session.table(Carrier::read(table_name).table).map_err(glue_error)?;
        if let Some(narrowing) = plan::read_index_name(index_name) {
            let reverse = asc == Some(false);
            let rows = if narrowing.fits(&table) {
                narrowed_rows(&mut session, &table, narrowing.place, reverse)
            } else if asc.is_none() {
                all_rows(&mut session, &table)
            } else {
                return Err(super::refused(format!(
                    "table {} has changed since the statement was planned",
                    table.table().name
                )));
            };
            return Ok(stream_of(table, rows.map_err(glue_error)?, None));
        }
        let missing = || IndexError::IndexNameDoesNotExist(index_name.to_owned());
        let (index, ty) = table.index(index_name).ok_or_else(missing)?;
        let part = index.parts.first().ok_or_else(missing)?;
        let order = Order { collation: part.collation, descending: part.descending };
        let wanted = match cmp_value {
            Some((op, value)) => Some((op, to_cell(for_column(value, ty)?))),
            None => None,
        };
        let version = session.rows(&table).map_err(glue_error)?;
        let rows = indexed_rows(&version, index_name, order, asc, wanted).map_err(glue_error)?;
        Ok(stream_of(table.clone(), rows, None))
    }
}

/// Rows in the order of an index. NULL is greater than all values to GlueSQL, in comparisons as well.
fn indexed_rows<B: Backend + 'static>(
    rows: &TableVersion<B>,
    index: &str,
    order: Order,
    asc: Option<bool>,
    wanted: Option<(&IndexOperator, Value)>,
) -> Result<Rows, SqlError> {
    let (values, with_nulls) = match &wanted {
        None => (Some(order.not_null()?), true),
        Some((IndexOperator::Eq, Value::Null)) => (None, true),
        Some((IndexOperator::Lt, Value::Null)) => (Some(order.not_null()?), false),
        Some((_, Value::Null)) => (Some(order.not_null()?), true),
        Some((op, value)) => {
            let with_nulls = matches!(op, IndexOperator::Gt | IndexOperator::GtEq);
            (Some(order.range(op, value)?), with_nulls)
        }
    };
    let descending = asc == Some(false);
    let reverse = descending != order.descending;
    let scan = |keys| rows.scan_index(index, keys, reverse);
    let values = values.map(scan).transpose()?.map(|scan| scan.rows()).into_iter().flatten();
    if !with_nulls {
        return Ok(Box::new(values));
    }
    let nulls = scan(order.nulls()?)?.rows();
    Ok(if descending { Box::new(nulls.chain(values)) } else { Box::new(values.chain(nulls)) })
}

#[async_trait]
impl<B: Backend + 'static> Metadata for ProllyStorage<32, B> {
    /// When tables and indexes were made: a table as its history tells.
    async fn scan_table_meta(&self) -> Result<MetaIter> {
        let session = self.session();
        let mut found = Vec::new();
        for table in session.catalog().tables() {
            if let Some(seconds) = session.created(&table.name).map_err(glue_error)? {
                let created = GlueValue::Timestamp(date_time(Some(seconds)));
                let entry = BTreeMap::from([("CREATED".to_owned(), created)]);
                found.push(Ok((table.name.clone(), entry)));
            }
        }
        Ok(Box::new(found.into_iter()))
    }
}

#[async_trait]
impl<B: Backend + 'static> CustomFunction for ProllyStorage<32, B> {
    async fn fetch_function<'a>(&'a self, func_name: &str) -> Result<Option<&'a Function>> {
        Ok(self.functions.get(&func_name.to_uppercase()))
    }

    async fn fetch_all_functions<'a>(&'a self) -> Result<Vec<&'a Function>> {
        Ok(self.functions.values().collect())
    }
}
