//! Which tree of a table answers a query, and which part of it.

use std::fmt;

use super::bounds::{Equal, Part};
use super::declare::{Affinity, affinity, is_plain, may_be_nan};
use super::relation::{Constraint, Operator, Place, Query};
use crate::error::SqlError;
use crate::schema::{Collation, Index, IndexKey, Table};
use crate::value::Value;
use crate::version::{Keys, keys_with_prefix};

/// A tree that rows are found in: that of the rows, or an index.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Path {
    /// The index; `None` for the rows themselves.
    pub(super) index: Option<String>,
    /// What the tree is ordered by, as far as SQLite orders alike.
    pub(super) parts: Vec<(Place, Part)>,
    /// How many parts there are before the row's key.
    own: usize,
    /// Whether no two rows have the same own parts.
    is_unique: bool,
}

/// The part of a tree that is read, told by the arguments that will bound it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Search {
    /// The index; `None` for the rows themselves.
    pub(super) index: Option<String>,
    /// What the first parts of the key equal, and whether NULL does.
    equal: Vec<(usize, bool)>,
    /// The bounds of the part behind them.
    lower: Option<usize>,
    upper: Option<usize>,
}

impl fmt::Display for Search {
    /// As `EXPLAIN QUERY PLAN` shows it: the tree, then how its parts are compared.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.index.as_deref().unwrap_or("primary key"))?;
        let bounds = [(self.lower, ">"), (self.upper, "<")];
        let bounds = bounds.into_iter().filter_map(|(bound, sign)| bound.map(|_| sign));
        let parts: Vec<_> = self.equal.iter().map(|_| "=").chain(bounds).collect();
        if parts.is_empty() { Ok(()) } else { write!(f, " ({})", parts.join(", ")) }
    }
}

/// What a search finds.
pub(super) enum Found {
    /// No row.
    Nothing,
    /// The row of a key.
    Key(Vec<u8>),
    /// The entries of ranges, each behind the one before.
    Ranges(Vec<Keys>),
    /// The entries of a range, where what a value equals cannot be told: they have several values in a
    /// part that equals one.
    Mixed(Keys),
}

/// How a tree answers a query.
pub(super) struct Choice {
    pub(super) search: Search,
    /// The constraints whose values bound the search.
    pub(super) taken: Vec<usize>,
    pub(super) rows: u64,
    pub(super) cost: f64,
    pub(super) is_unique: bool,
    /// Whether the entries come in the order of the query; then, whether the last come first.
    pub(super) order: Option<bool>,
}

impl Path {
    /// The tree of the rows.
    pub(super) fn of_rows(table: &Table) -> Self {
        let mut parts = Vec::new();
        if table.has_hidden_key() {
            let affinity = Affinity::Integer;
            let collation = Collation::Binary;
            let (descending, has_nan, is_order) = (false, false, true);
            let part = Part { affinity, collation, descending, has_nan, is_order };
            parts.push((Place::Rowid, part));
        }
        let columns = table.primary_key.iter().map_while(|key| {
            let collation = table.columns.get(table.position(key.slot)?)?.collation;
            column_part(table, key.slot, collation, key.descending)
        });
        parts.extend(columns);
        let own = table.primary_key.len().max(1);
        Self { index: None, parts, own, is_unique: true }
    }

    /// The tree of an index, which is stored.
    pub(super) fn of_index(table: &Table, index: &Index) -> Self {
        let own = index.parts.iter().map_while(|part| match part.key {
            IndexKey::Column(slot) => column_part(table, slot, part.collation, part.descending),
            _ => None,
        });
        let mut parts: Vec<_> = own.collect();
        let own = index.parts.len();
        // Behind its own parts an index is in the order of the rows.
        if parts.len() == own {
            parts.extend(Self::of_rows(table).parts);
        }
        Self { index: Some(index.name.clone()), parts, own, is_unique: index.unique }
    }

    /// How this tree answers a query on a table of so many rows.
    pub(super) fn choose(&self, query: &Query, same: impl Fn(Place) -> Place, len: u64) -> Choice {
        let usable = |part: &(Place, Part), operators: [Operator; 2]| {
            let fits = |constraint: &Constraint| {
                constraint.is_usable
                    && operators.contains(&constraint.operator)
                    && same(constraint.place) == part.0
                    && is_collation(&constraint.collation, part.1.collation)
            };
            query.constraints.iter().position(fits)
        };
        let (mut taken, mut equal, mut nulls) = (Vec::new(), Vec::new(), false);
        for part in self.parts.iter().take(self.own) {
            let Some(at) = usable(part, [Operator::Equal, Operator::Is]) else { break };
            let is_null = query.constraints.get(at).is_some_and(|c| c.operator == Operator::Is);
            equal.push((taken.len(), is_null));
            taken.push(at);
            nulls |= is_null;
            if part.1.affinity == Affinity::None {
                break;
            }
        }
        let mut bound = |operators| {
            let next = self.parts.get(equal.len()).filter(|_| equal.len() < self.own)?;
            // What converts nothing is not bounded.
            let at = (next.1.affinity != Affinity::None).then(|| usable(next, operators))??;
            taken.push(at);
            Some(taken.len() - 1)
        };
        let lower = bound([Operator::Greater, Operator::AtLeast]);
        let upper = bound([Operator::Less, Operator::AtMost]);
        let is_unique = self.is_unique && equal.len() == self.own && !nulls;
        let order = self.order(query, same, equal.len());
        let bounds = usize::from(lower.is_some()) + usize::from(upper.is_some());
        let rows = if is_unique { len.min(1) } else { expected(len, equal.len(), bounds) };
        let search = Search { index: self.index.clone(), equal, lower, upper };
        let cost = self.cost(len, rows, taken.len(), order.is_none() && !query.order.is_empty());
        Choice { search, taken, rows, cost, is_unique, order }
    }

    fn cost(&self, len: u64, rows: u64, bounds: usize, is_sorted_later: bool) -> f64 {
        let (height, rows) = ((len as f64 + 2.0).log2(), rows as f64);
        // Behind each entry of an index is a look into the rows.
        let row = if self.index.is_some() { 3.0 + height } else { 3.0 };
        let seek = if bounds > 0 { height } else { 0.0 };
        let sort = if is_sorted_later { rows * (rows + 2.0).log2() / 2.0 } else { 0.0 };
        seek + rows * row + sort
    }

    /// Whether entries come in the order of the query, forwards or backwards, if the first parts are
    /// the same in all of them.
    fn order(&self, query: &Query, same: impl Fn(Place) -> Place, fixed: usize) -> Option<bool> {
        let fixed_parts = self.parts.iter().take(fixed);
        let is_fixed = |place| {
            let mut parts = fixed_parts.clone();
            parts.any(|part| part.0 == place && part.1.is_order)
        };
        // What converts nothing may equal several values.
        if fixed_parts.clone().any(|part| part.1.affinity == Affinity::None) {
            return query.order.is_empty().then_some(false);
        }
        let (mut direction, mut is_last) = (None, false);
        let mut parts = self.parts.iter().skip(fixed);
        for (place, descending) in &query.order {
            let place = same(*place);
            if is_fixed(place) {
                continue;
            }
            let part =
                parts.next().filter(|part| part.0 == place && part.1.is_order && !is_last)?;
            // What converts nothing may hold 1 and 1.0, which are in an order here and in none there.
            is_last = part.1.affinity == Affinity::None;
            let reverse = part.1.descending != *descending;
            if *direction.get_or_insert(reverse) != reverse {
                return None;
            }
        }
        Some(direction.unwrap_or(false))
    }

    /// Where a search ends, now that its arguments are known.
    pub(super) fn find(&self, search: &Search, arguments: &[Value]) -> Result<Found, SqlError> {
        let argument = |at: usize| arguments.get(at).unwrap_or(&Value::Null);
        let mut prefix = Vec::new();
        for ((_, part), (at, is_null)) in self.parts.iter().zip(&search.equal) {
            match part.equal(&prefix, argument(*at), *is_null)? {
                Equal::Nothing => return Ok(Found::Nothing),
                Equal::Prefix(longer) => prefix = longer,
                Equal::Ranges(ranges) => return Ok(Found::Ranges(ranges)),
                Equal::Unknown => return Ok(Found::Mixed(keys_with_prefix(prefix))),
            }
        }
        if self.index.is_none() && search.equal.len() == self.own {
            return Ok(Found::Key(prefix));
        }
        let bounds = [search.lower, search.upper].map(|bound| bound.map(argument));
        let next = self.parts.get(search.equal.len()).filter(|_| bounds != [None, None]);
        Ok(match next {
            None => Found::Ranges(vec![keys_with_prefix(prefix)]),
            Some((_, part)) => match part.between(&prefix, bounds[0], bounds[1])? {
                Some(keys) => Found::Ranges(vec![keys]),
                None => Found::Nothing,
            },
        })
    }
}

/// A column as a part of a key; `None` if SQLite does not see its values as they are.
fn column_part(
    table: &Table,
    slot: u32,
    collation: Collation,
    descending: bool,
) -> Option<(Place, Part)> {
    let position = table.position(slot)?;
    let column = table.columns.get(position).filter(|column| is_plain(column))?;
    let affinity = affinity(column, table.strict);
    let has_nan = may_be_nan(column, table);
    let is_order = column.collation == collation && !has_nan;
    Some((Place::Column(position), Part { affinity, collation, descending, has_nan, is_order }))
}

fn is_collation(name: &str, collation: Collation) -> bool {
    name.eq_ignore_ascii_case(match collation {
        Collation::Binary => "BINARY",
        Collation::NoCase => "NOCASE",
        Collation::Rtrim => "RTRIM",
    })
}

/// How many rows are expected, as SQLite guesses without statistics.
fn expected(len: u64, equal: usize, bounds: usize) -> u64 {
    let rows = if equal == 0 { len } else { len.min(11_u64.saturating_sub(equal as u64).max(2)) };
    (rows >> (2 * bounds)).max(len.min(1))
}
