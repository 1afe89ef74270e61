//! Which rows of merged tables break a constraint, and what the indexes are.
//!
//! Only rows that differ from the side that has the constraint are looked at: that side kept it.

use std::collections::HashMap;
use std::rc::Rc;

use prollytree_repo::Backend;

use super::indexes;
use super::plan::{Plan, Plans, Reference};
use super::references::{IndexTrees, Lookup, cells, comparable, referenced_slots};
use super::{ConflictKind, Expressions};
use crate::error::SqlError;
use crate::schema::{Column, ForeignKey, Table};
use crate::value::{Row, Value};
use crate::version::{ALL_KEYS, RowDiff};

/// A row that breaks a constraint.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Violation {
    pub(super) table: String,
    pub(super) key: Vec<u8>,
    pub(super) kind: ConflictKind,
    /// The index, the column, the table that a foreign key refers to, or the condition.
    pub(super) because: String,
}

/// What was found.
pub(super) struct Inspection<B> {
    pub(super) violations: Vec<Violation>,
    /// The indexes of the merged rows.
    pub(super) trees: IndexTrees<B>,
}

/// The key of a row, and that of the row that it refers to.
type Orphan = (Vec<u8>, Vec<u8>);

/// Rows that differ from a side, read once for all constraints.
type Changes = HashMap<(String, Reference), Rc<Vec<RowDiff>>>;

/// Inspects merged tables. O(changed rows · log rows), but for foreign keys whose columns have no index.
///
/// # Errors
/// An expression cannot be computed, a row is damaged, or the backend fails.
pub(super) fn inspect<B: Backend + 'static>(
    plans: &Plans<B>,
    expressions: &mut dyn Expressions,
) -> Result<Inspection<B>, SqlError> {
    let mut inspector =
        Inspector { plans, changes: Changes::new(), trees: IndexTrees::new(), found: Vec::new() };
    for plan in plans.values() {
        inspector.indexes(plan, expressions)?;
        inspector.cells(plan)?;
        inspector.checks(plan, expressions)?;
    }
    for plan in plans.values() {
        for key in &plan.table().foreign_keys {
            inspector.children(plan, key)?;
            inspector.parents(plan, key)?;
        }
    }
    let Inspector { mut found, trees, .. } = inspector;
    found.sort_unstable();
    found.dedup();
    Ok(Inspection { violations: found, trees })
}

struct Inspector<'a, B> {
    plans: &'a Plans<B>,
    changes: Changes,
    trees: IndexTrees<B>,
    found: Vec<Violation>,
}

impl<B: Backend + 'static> Inspector<'_, B> {
    fn changes(
        &mut self,
        plan: &Plan<B>,
        against: Reference,
    ) -> Result<Rc<Vec<RowDiff>>, SqlError> {
        let place = (plan.table().name.clone(), against);
        if let Some(changes) = self.changes.get(&place) {
            return Ok(changes.clone());
        }
        let changes = Rc::new(plan.changes(against)?);
        self.changes.insert(place, changes.clone());
        Ok(changes)
    }

    fn add(&mut self, plan: &Plan<B>, key: &[u8], kind: ConflictKind, because: &str) {
        let (table, key, because) = (plan.table().name.clone(), key.to_vec(), because.to_owned());
        self.found.push(Violation { table, key, kind, because });
    }

    /// Brings the indexes up to date.
    fn indexes(
        &mut self,
        plan: &Plan<B>,
        expressions: &mut dyn Expressions,
    ) -> Result<(), SqlError> {
        for index in plan.table().indexes.iter().filter(|index| index.is_stored()) {
            let reference = indexes::reference(plan, index);
            let changes = self.changes(plan, reference)?;
            let merged = indexes::follow(plan, index, reference, &changes, expressions)?;
            for (row, other) in merged.twins {
                // The one is to go that ours does not have.
                let key = if plan.differs(&row)? || !plan.differs(&other)? { row } else { other };
                self.add(plan, &key, ConflictKind::NotUnique, &index.name);
            }
            let place = (plan.table().name.clone(), index.name.clone());
            self.trees.insert(place, merged.tree);
        }
        Ok(())
    }

    /// Checks what columns demand of their cells.
    fn cells(&mut self, plan: &Plan<B>) -> Result<(), SqlError> {
        let table = plan.table().clone();
        for (at, column) in table.columns.iter().enumerate() {
            let is_key = table.primary_key.iter().any(|part| part.slot == column.slot);
            let is_computed = column.generated.as_ref().is_some_and(|how| !how.stored);
            if is_key || is_computed || !column.not_null && !table.strict {
                continue;
            }
            let demand = |column: &Column, table: &Table| {
                (column.not_null, table.strict.then_some(column.ty))
            };
            let has = |side: &Table| {
                let same = side.columns.iter().find(|found| found.slot == column.slot);
                same.is_some_and(|found| demand(found, side) == demand(column, &table))
            };
            // Rows of a side without the column have its initial value there.
            let reference = plan.reference(has);
            for RowDiff { key, after, .. } in self.changes(plan, reference)?.iter() {
                let Some(cell) = after.as_ref().and_then(|row| row.get(at)) else { continue };
                if column.not_null && cell.is_null() {
                    self.add(plan, key, ConflictKind::NotNull, &column.name);
                } else if table.strict && !column.ty.admits(cell) {
                    self.add(plan, key, ConflictKind::WrongType, &column.name);
                }
            }
        }
        Ok(())
    }

    fn checks(
        &mut self,
        plan: &Plan<B>,
        expressions: &mut dyn Expressions,
    ) -> Result<(), SqlError> {
        let table = plan.table().clone();
        if table.checks.is_empty() {
            return Ok(());
        }
        let has = |side: &Table| table.checks.iter().all(|check| side.checks.contains(check));
        for RowDiff { key, after, .. } in self.changes(plan, plan.reference(has))?.iter() {
            let Some(row) = after else { continue };
            if let Some(check) = expressions.broken_check(&table, row)? {
                self.add(plan, key, ConflictKind::Check, &check);
            }
        }
        Ok(())
    }

    fn reference(&self, plan: &Plan<B>, key: &ForeignKey) -> Reference {
        plan.reference(|side| side.foreign_keys.contains(key))
    }

    /// Looks for changed rows that refer to nothing.
    fn children(&mut self, plan: &Plan<B>, key: &ForeignKey) -> Result<(), SqlError> {
        let parent = find(self.plans, &key.table);
        // Without the table, rows that nobody changed refer to nothing, too.
        let reference = parent.map_or(Reference::Nothing, |_| self.reference(plan, key));
        for RowDiff { key: row_key, after, .. } in self.changes(plan, reference)?.iter() {
            let values = after.as_ref().and_then(|row| cells(plan.table(), &key.columns, row));
            let Some(values) = values else { continue };
            let found = match parent {
                None => false,
                Some(parent) => {
                    let slots = referenced_slots(key, parent.table());
                    let lookup = Lookup { trees: &self.trees };
                    lookup.has_row(parent, &slots, &values)?
                }
            };
            if !found {
                self.add(plan, row_key, ConflictKind::ForeignKey, &key.table);
            }
        }
        Ok(())
    }

    /// Looks for rows that are gone, or have another key, though rows that nobody changed refer to
    /// them.
    fn parents(&mut self, child: &Plan<B>, key: &ForeignKey) -> Result<(), SqlError> {
        let Some(parent) = find(self.plans, &key.table) else { return Ok(()) };
        let gone = self.gone(child, parent, key)?;
        for (orphan, row_key) in self.orphans(child, key, &gone)? {
            if parent.differs(&row_key)? || !child.differs(&orphan)? {
                self.add(parent, &row_key, ConflictKind::ForeignKey, &child.table().name);
            } else {
                self.add(child, &orphan, ConflictKind::ForeignKey, &parent.table().name);
            }
        }
        Ok(())
    }

    /// The values that no row of a table has any more, and the rows that had them.
    fn gone(
        &mut self,
        child: &Plan<B>,
        parent: &Plan<B>,
        key: &ForeignKey,
    ) -> Result<Vec<Gone>, SqlError> {
        let slots = referenced_slots(key, parent.table());
        let changes = self.changes(parent, self.reference(child, key))?;
        let lookup = Lookup { trees: &self.trees };
        let mut gone = Vec::new();
        for RowDiff { key: row_key, before, after } in changes.iter() {
            let values = |row: &Row| cells(parent.table(), &slots, row);
            let Some(old) = before.as_ref().and_then(values) else { continue };
            let compared = comparable(parent.table(), &slots, &old)?;
            if let Some(new) = after.as_ref().and_then(values)
                && comparable(parent.table(), &slots, &new)? == compared
            {
                continue;
            }
            if !lookup.has_row(parent, &slots, &old)? {
                gone.push(Gone { values: old, row_key: row_key.clone() });
            }
        }
        Ok(gone)
    }

    /// For each of these values a row that nobody changed and that refers to it, if there is one, and
    /// the row that it refers to.
    fn orphans(
        &self,
        child: &Plan<B>,
        key: &ForeignKey,
        gone: &[Gone],
    ) -> Result<Vec<Orphan>, SqlError> {
        let (table, slots) = (child.table(), &key.columns);
        // A changed child was found from its own side.
        let unchanged = child.rows_of(self.reference(child, key));
        let lookup = Lookup { trees: &self.trees };
        let mut orphans = Vec::new();
        if gone.len() < 2 || lookup.is_fast(table, slots) {
            for Gone { values, row_key } in gone {
                lookup.rows_with(child, slots, values, &mut |key, row| {
                    let is_orphan = unchanged.get(key)?.as_ref() == Some(row);
                    orphans.extend(is_orphan.then(|| (key.to_vec(), row_key.clone())));
                    Ok(!is_orphan)
                })?;
            }
            return Ok(orphans);
        }
        // Without an index all rows are read, but once.
        let mut wanted = HashMap::new();
        for Gone { values, row_key } in gone {
            wanted.insert(comparable(table, slots, values)?, row_key.clone());
        }
        for row in child.merged.scan(ALL_KEYS, false).rows() {
            let (key, row) = row?;
            let Some(found) = cells(table, slots, &row) else { continue };
            let found = comparable(table, slots, &found)?;
            if wanted.contains_key(&found) && unchanged.get(&key)?.as_ref() == Some(&row) {
                orphans.extend(wanted.remove(&found).map(|row_key| (key, row_key)));
            }
        }
        Ok(orphans)
    }
}

/// Values of a row that is gone or has others now.
struct Gone {
    values: Vec<Value>,
    row_key: Vec<u8>,
}

/// The table of this name, whatever the case of its letters.
fn find<'p, B>(plans: &'p Plans<B>, name: &str) -> Option<&'p Plan<B>> {
    let same = |(found, _): &(&String, _)| found.eq_ignore_ascii_case(name);
    plans.get(name).or_else(|| plans.iter().find(same).map(|(_, plan)| plan))
}
