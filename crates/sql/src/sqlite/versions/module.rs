//! Relations as virtual tables of SQLite: the one place of the crate that is unsafe.

use std::borrow::Cow;
use std::ffi::{CStr, CString, c_int};
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::ffi;
use rusqlite::vtab::{
    Context, CreateVTab, Filters, IndexConstraintOp, IndexFlags, IndexInfo, Module, VTab,
    VTabConnection, VTabCursor, VTabKind,
};
use rusqlite::{Connection, Error, Result};

use super::relation::{Access, Constraint, Operator, Place, Query, Relation, Rows};
use crate::error::SqlError;
use crate::row::Wanted;
use crate::sqlite::convert::from_sqlite;

/// Makes a relation readable under a name, as a table or a table-valued function.
pub(crate) fn register(db: &Connection, name: &str, relation: Arc<dyn Relation>) -> Result<()> {
    const MODULE: Module<'_, Table> = Module::eponymous_only_module();
    db.create_module(name, &MODULE, Some(relation))
}

/// As [`register`], as a table that the schema lists.
pub(crate) fn create(db: &Connection, name: &str, relation: Arc<dyn Relation>) -> Result<()> {
    const MODULE: Module<'_, Table> = Module::read_only_module();
    db.create_module(name, &MODULE, Some(relation))?;
    let quoted = super::declare::quote(name);
    db.execute_batch(&format!("CREATE VIRTUAL TABLE {quoted} USING {quoted}"))
}

/// A failure of ours as one of SQLite, with all that is known about its cause.
pub(crate) fn failure(error: &SqlError) -> Error {
    let mut message = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        message = format!("{message}: {cause}");
        source = cause.source();
    }
    Error::ModuleError(message)
}

/// The ways of access that statements were compiled with; their numbers are the places in it. There
/// are few: the constraints of a table can only be combined in so many ways.
type Accesses = Arc<Mutex<Vec<Arc<Access>>>>;

#[repr(C)]
struct Table {
    /// Must be first.
    base: ffi::sqlite3_vtab,
    relation: Arc<dyn Relation>,
    accesses: Accesses,
}

#[expect(unsafe_code, reason = "SQLite's virtual tables are an unsafe trait of rusqlite")]
// SAFETY: the type is `repr(C)`, and its first field is a `sqlite3_vtab`.
unsafe impl<'vtab> VTab<'vtab> for Table {
    type Aux = Arc<dyn Relation>;
    type Cursor = Cursor;

    fn connect(
        _: &mut VTabConnection,
        relation: Option<&Self::Aux>,
        _module: &[u8],
        _database: &[u8],
        _table: &[u8],
        _arguments: &[&[u8]],
    ) -> Result<(Cow<'static, CStr>, Self)> {
        let relation = relation.cloned();
        let relation = relation.ok_or_else(|| Error::ModuleError("no relation".to_owned()))?;
        let schema = CString::new(relation.schema())?;
        let base = ffi::sqlite3_vtab::default();
        Ok((schema.into(), Self { base, relation, accesses: Accesses::default() }))
    }

    fn best_index(&self, info: &mut IndexInfo) -> Result<bool> {
        let (query, places) = read_query(info)?;
        let Some(plan) = self.relation.plan(&query) else { return Ok(false) };
        for (argument, (constraint, is_checked)) in (1..).zip(&plan.taken) {
            let Some(place) = places.get(*constraint) else { continue };
            let mut usage = info.constraint_usage(*place);
            usage.set_argv_index(argument);
            usage.set_omit(*is_checked);
        }
        info.set_estimated_cost(plan.cost);
        info.set_estimated_rows(i64::try_from(plan.rows).unwrap_or(i64::MAX));
        info.set_order_by_consumed(plan.is_ordered && !query.order.is_empty());
        if plan.is_unique {
            info.set_idx_flags(IndexFlags::SQLITE_INDEX_SCAN_UNIQUE);
        }
        if let Some(search) = &plan.access.search {
            info.set_idx_str(&search.to_string());
        }
        info.set_idx_num(number(&self.accesses, plan.access)?);
        Ok(true)
    }

    fn open(&'vtab mut self) -> Result<Cursor> {
        let base = ffi::sqlite3_vtab_cursor::default();
        let (relation, accesses) = (self.relation.clone(), self.accesses.clone());
        Ok(Cursor { base, relation, accesses, rows: None })
    }
}

impl CreateVTab<'_> for Table {
    const KIND: VTabKind = VTabKind::Default;
}

/// The constraints that relations know, each with its place among all of them, and the order.
fn read_query(info: &IndexInfo) -> Result<(Query, Vec<usize>)> {
    let place = |column| usize::try_from(column).map_or(Place::Rowid, Place::Column);
    let (mut query, mut places) = (Query::default(), Vec::new());
    for (at, constraint) in info.constraints().enumerate() {
        let operator = match constraint.operator() {
            IndexConstraintOp::SQLITE_INDEX_CONSTRAINT_EQ => Operator::Equal,
            IndexConstraintOp::SQLITE_INDEX_CONSTRAINT_IS
            | IndexConstraintOp::SQLITE_INDEX_CONSTRAINT_ISNULL => Operator::Is,
            IndexConstraintOp::SQLITE_INDEX_CONSTRAINT_LT => Operator::Less,
            IndexConstraintOp::SQLITE_INDEX_CONSTRAINT_LE => Operator::AtMost,
            IndexConstraintOp::SQLITE_INDEX_CONSTRAINT_GT => Operator::Greater,
            IndexConstraintOp::SQLITE_INDEX_CONSTRAINT_GE => Operator::AtLeast,
            _ => continue,
        };
        places.push(at);
        query.constraints.push(Constraint {
            place: place(constraint.column()),
            operator,
            collation: info.collation(at)?.to_owned(),
            is_usable: constraint.is_usable(),
        });
    }
    let order = info.order_bys().map(|term| (place(term.column()), term.is_order_by_desc()));
    query.order = order.collect();
    query.wanted = Wanted(info.col_used());
    Ok((query, places))
}

/// The number of a way of access.
fn number(accesses: &Accesses, access: Access) -> Result<c_int> {
    let mut accesses = accesses.lock().unwrap_or_else(PoisonError::into_inner);
    let found = accesses.iter().position(|known| **known == access);
    let number = found.unwrap_or_else(|| {
        accesses.push(Arc::new(access));
        accesses.len() - 1
    });
    c_int::try_from(number).map_err(|_| Error::ModuleError("too many plans".to_owned()))
}

#[repr(C)]
struct Cursor {
    /// Must be first.
    base: ffi::sqlite3_vtab_cursor,
    relation: Arc<dyn Relation>,
    accesses: Accesses,
    /// `None` before the first and behind the last row.
    rows: Option<Box<dyn Rows>>,
}

#[expect(unsafe_code, reason = "SQLite's virtual tables are an unsafe trait of rusqlite")]
// SAFETY: the type is `repr(C)`, and its first field is a `sqlite3_vtab_cursor`.
unsafe impl VTabCursor for Cursor {
    fn filter(&mut self, number: c_int, _: Option<&str>, arguments: &Filters<'_>) -> Result<()> {
        self.rows = None;
        let accesses = self.accesses.lock().unwrap_or_else(PoisonError::into_inner);
        let access = usize::try_from(number).ok().and_then(|at| accesses.get(at)).cloned();
        drop(accesses);
        let access = access.ok_or_else(|| Error::ModuleError("no such plan".to_owned()))?;
        let arguments: Vec<_> = arguments.iter().map(from_sqlite).collect();
        self.rows = Some(self.relation.rows(&access, &arguments).map_err(|error| failure(&error))?);
        self.next()
    }

    fn next(&mut self) -> Result<()> {
        let Some(rows) = &mut self.rows else { return Ok(()) };
        match rows.advance() {
            Ok(true) => Ok(()),
            Ok(false) => {
                self.rows = None;
                Ok(())
            }
            Err(error) => {
                self.rows = None;
                Err(failure(&error))
            }
        }
    }

    fn eof(&self) -> bool {
        self.rows.is_none()
    }

    fn column(&self, context: &mut Context, column: c_int) -> Result<()> {
        let (Some(rows), Ok(column)) = (&self.rows, usize::try_from(column)) else {
            return Ok(());
        };
        context.set_result(rows.cell(column))
    }

    fn rowid(&self) -> Result<i64> {
        Ok(self.rows.as_ref().map_or(0, |rows| rows.rowid()))
    }
}
