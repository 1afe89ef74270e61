//! What SQLite can read as a table without storing it.

use rusqlite::types::ToSqlOutput;

use super::search::Search;
use crate::error::SqlError;
use crate::row::Wanted;
use crate::sqlite::convert::to_sqlite;
use crate::value::{Row, Value};

/// A table that is computed when it is read.
pub(crate) trait Relation: Send + Sync {
    /// The `CREATE TABLE` statement that tells its columns.
    fn schema(&self) -> String;

    /// How a query is best answered; `None` if it cannot be answered with what is known at its place
    /// in a join.
    fn plan(&self, query: &Query) -> Option<Plan>;

    /// The rows that a plan finds: all that the constraints it took admit, others may be among them.
    fn rows(&self, access: &Access, arguments: &[Value]) -> Result<Box<dyn Rows>, SqlError>;
}

/// Rows one after the other.
pub(crate) trait Rows {
    /// Moves to the next row, at first to the first; whether there is one.
    fn advance(&mut self) -> Result<bool, SqlError>;

    /// A cell of the row.
    fn cell(&self, column: usize) -> ToSqlOutput<'_>;

    /// The number of the row.
    fn rowid(&self) -> i64;
}

/// What a query asks of a relation.
#[derive(Debug, Default)]
pub(crate) struct Query {
    pub(crate) constraints: Vec<Constraint>,
    /// The columns that rows are to be ordered by, and whether great values come first.
    pub(crate) order: Vec<(Place, bool)>,
    /// The columns whose cells will be asked for.
    pub(crate) wanted: Wanted,
}

/// A column by its place, or the number of the row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Column(usize),
    Rowid,
}

/// A comparison of a column with a value.
#[derive(Debug)]
pub(crate) struct Constraint {
    pub(crate) place: Place,
    pub(crate) operator: Operator,
    /// The name of the collation that compares.
    pub(crate) collation: String,
    /// Whether the value is known when rows are asked for.
    pub(crate) is_usable: bool,
}

/// How a column and a value compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operator {
    Equal,
    /// As `Equal`, and NULL is itself.
    Is,
    Less,
    AtMost,
    Greater,
    AtLeast,
}

/// How a query is answered.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) access: Access,
    /// The constraints whose values are the arguments, in their order, and whether SQLite need not
    /// check them again.
    pub(crate) taken: Vec<(usize, bool)>,
    /// In units of SQLite's planner: about three for a row that is read.
    pub(crate) cost: f64,
    /// How many rows are expected.
    pub(crate) rows: u64,
    /// Whether there is at most one row.
    pub(crate) is_unique: bool,
    /// Whether rows come in the order that the query asks for.
    pub(crate) is_ordered: bool,
}

/// What is read, as far as it is known when a statement is compiled.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Access {
    /// Which argument each parameter of a table-valued function is, if it is given.
    pub(crate) parameters: Vec<Option<usize>>,
    /// The part of a table that is read; `None` for all of it.
    pub(crate) search: Option<Search>,
    /// Whether the last rows come first.
    pub(crate) reverse: bool,
    /// The columns whose cells will be asked for.
    pub(crate) wanted: Wanted,
    /// The order that was promised.
    pub(crate) order: Vec<(Place, bool)>,
}

impl Access {
    /// The value of a parameter, if it is given.
    pub(crate) fn parameter<'a>(&self, at: usize, arguments: &'a [Value]) -> Option<&'a Value> {
        arguments.get((*self.parameters.get(at)?)?)
    }
}

impl Query {
    /// The query with other places: constraints on what has none are not usable in it.
    pub(crate) fn map(&self, place: impl Fn(Place) -> Option<Place>) -> Self {
        const NOWHERE: Place = Place::Column(usize::MAX);
        let constraints = self.constraints.iter().map(|constraint| {
            let mapped = place(constraint.place);
            Constraint {
                place: mapped.unwrap_or(NOWHERE),
                is_usable: constraint.is_usable && mapped.is_some(),
                collation: constraint.collation.clone(),
                operator: constraint.operator,
            }
        });
        let order = self.order.iter().map(|term| (place(term.0).unwrap_or(NOWHERE), term.1));
        Self { constraints: constraints.collect(), order: order.collect(), wanted: self.wanted }
    }
}

impl Plan {
    /// A plan that reads all of some rows.
    pub(crate) fn of_all(rows: u64) -> Self {
        let (access, taken) = (Access::default(), Vec::new());
        let cost = 3.0 * rows as f64;
        Self { access, taken, cost, rows, is_unique: false, is_ordered: false }
    }

    /// Takes the values of a function's parameters too, which are the columns from `first` on; `None`
    /// if one is given but not known yet.
    pub(crate) fn with_parameters(
        mut self,
        query: &Query,
        first: usize,
        count: usize,
    ) -> Option<Self> {
        let mut parameters = vec![None; count];
        for (at, constraint) in query.constraints.iter().enumerate() {
            let Place::Column(column) = constraint.place else { continue };
            let parameter = column.checked_sub(first).and_then(|at| parameters.get_mut(at));
            let Some(parameter) = parameter else { continue };
            if constraint.operator != Operator::Equal || parameter.is_some() {
                continue;
            }
            if !constraint.is_usable {
                return None;
            }
            *parameter = Some(self.taken.len());
            self.taken.push((at, true));
        }
        self.access.parameters = parameters;
        Some(self)
    }
}

/// Rows that are there as such, numbered from 1 on.
pub(crate) struct Listed<I> {
    rows: I,
    row: Row,
    number: i64,
}

impl<I: Iterator<Item = Result<Row, SqlError>>> Listed<I> {
    pub(crate) fn new(rows: I) -> Self {
        Self { rows, row: Row::new(), number: 0 }
    }
}

impl<I: Iterator<Item = Result<Row, SqlError>>> Rows for Listed<I> {
    fn advance(&mut self) -> Result<bool, SqlError> {
        let Some(row) = self.rows.next() else { return Ok(false) };
        self.row = row?;
        self.number += 1;
        Ok(true)
    }

    fn cell(&self, column: usize) -> ToSqlOutput<'_> {
        to_sqlite(self.row.get(column).unwrap_or(&Value::Null))
    }

    fn rowid(&self) -> i64 {
        self.number
    }
}
