//! Merging the rows of a table: by key, and where both sides changed a row, cell by cell.

use std::collections::HashMap;

use prollytree_repo::Backend;
use prollytree_tree::{Conflict, Resolution, Snapshot, Value as Stored, merge};

use super::{Expressions, Prefer};
use crate::error::SqlError;
use crate::key;
use crate::row::same_cell;
use crate::value::Row;
use crate::version::TableVersion;

/// What became of the cells of a row that both sides have.
#[derive(Debug, PartialEq)]
pub(super) struct MergedCells {
    /// The row; on cells that both changed, as `prefer` has it.
    pub(super) row: Row,
    /// Which cells both changed, each to something else.
    pub(super) clashing: Vec<usize>,
}

/// Merges a row cell by cell. Without a base, every cell that differs was changed by both.
pub(super) fn merge_cells(
    base: Option<&Row>,
    ours: &Row,
    theirs: &Row,
    prefer: Prefer,
) -> MergedCells {
    let mut clashing = Vec::new();
    let cells = ours.iter().zip(theirs).enumerate().map(|(at, (ours, theirs))| {
        let base = base.and_then(|row| row.get(at));
        if same_cell(ours, theirs) || base.is_some_and(|base| same_cell(base, theirs)) {
            return ours.clone();
        }
        if base.is_some_and(|base| same_cell(base, ours)) {
            return theirs.clone();
        }
        clashing.push(at);
        match (prefer, base) {
            (Prefer::Theirs, _) => theirs.clone(),
            (Prefer::Base, Some(base)) => base.clone(),
            _ => ours.clone(),
        }
    });
    let row = cells.collect();
    MergedCells { row, clashing }
}

/// Merged rows.
pub(super) struct MergedRows<B> {
    pub(super) rows: Snapshot<B>,
    pub(super) conflicts: Vec<Conflict>,
    /// Rows without a key of their own, of which one side's moved because both sides gave the same
    /// number to a row: the number, and the new one.
    pub(super) moved: HashMap<Vec<u8>, Vec<u8>>,
}

/// Three versions of the rows of a table, all in the shape of the merged one.
pub(super) struct Rows<'a, B> {
    pub(super) base: &'a TableVersion<B>,
    pub(super) ours: &'a TableVersion<B>,
    pub(super) theirs: &'a TableVersion<B>,
    /// The greatest rowid that the table ever had.
    pub(super) sequence: i64,
}

impl<B: Backend + 'static> Rows<'_, B> {
    /// Merges the rows.
    ///
    /// O(changed rows · log rows).
    ///
    /// # Errors
    /// A row is damaged, the rowids are used up, or the backend fails.
    pub(super) fn merge(
        &self,
        prefer: Prefer,
        expressions: &mut dyn Expressions,
    ) -> Result<MergedRows<B>, SqlError> {
        let mut homeless = Vec::new();
        let mut failed = None;
        let mut resolve = |conflict: &Conflict| {
            if failed.is_some() {
                return Resolution::Conflict;
            }
            match self.resolve(conflict, prefer, expressions, &mut homeless) {
                Ok(resolution) => resolution,
                Err(error) => {
                    failed = Some(error);
                    Resolution::Conflict
                }
            }
        };
        let (base, ours, theirs) =
            (self.base.snapshot(), self.ours.snapshot(), self.theirs.snapshot());
        let merged = merge(base, ours, theirs, &mut resolve)?;
        if let Some(error) = failed {
            return Err(error);
        }
        let (mut rows, mut moved) = (merged.snapshot, HashMap::new());
        if !homeless.is_empty() {
            let mut rowid = self.last_rowid()?;
            let mut edits = Vec::with_capacity(homeless.len());
            for (key, bytes) in homeless {
                let table = || self.ours.table().name.clone();
                rowid = rowid.checked_add(1).ok_or_else(|| SqlError::NoRowid { table: table() })?;
                let new = key::rowid_key(rowid);
                edits.push((new.clone(), Some(Stored::Inline(bytes))));
                moved.insert(key, new);
            }
            rows = rows.apply(edits)?;
        }
        Ok(MergedRows { rows, conflicts: merged.conflicts, moved })
    }

    fn last_rowid(&self) -> Result<i64, SqlError> {
        let mut last = self.sequence.max(0);
        for side in [self.base, self.ours, self.theirs] {
            if let Some((key, _)) = side.snapshot().last()? {
                last = last.max(side.codec().rowid(&key)?);
            }
        }
        Ok(last)
    }

    fn resolve(
        &self,
        conflict: &Conflict,
        prefer: Prefer,
        expressions: &mut dyn Expressions,
        homeless: &mut Vec<(Vec<u8>, Vec<u8>)>,
    ) -> Result<Resolution, SqlError> {
        let read = |value: &Option<Stored>| {
            let row = value.as_ref().map(|value| self.ours.decode_stored(&conflict.key, value));
            row.transpose()
        };
        let base = read(&conflict.base)?;
        let (Some(ours), Some(theirs)) = (read(&conflict.ours)?, read(&conflict.theirs)?) else {
            return Ok(match prefer {
                Prefer::Record => Resolution::Conflict,
                Prefer::Ours => resolution(conflict.ours.clone()),
                Prefer::Theirs => resolution(conflict.theirs.clone()),
                Prefer::Base => resolution(conflict.base.clone()),
            });
        };
        let codec = self.ours.codec();
        if base.is_none() && codec.table().has_hidden_key() {
            // Two rows that only happen to have one number: the smaller one keeps it.
            let (ours, theirs) = (codec.encode(&ours)?, codec.encode(&theirs)?);
            let (stays, moves) = if ours < theirs { (ours, theirs) } else { (theirs, ours) };
            homeless.push((conflict.key.clone(), moves));
            return Ok(Resolution::Value(Stored::Inline(stays)));
        }
        let mut cells = merge_cells(base.as_ref(), &ours, &theirs, prefer);
        self.compute(&mut cells, &ours, &theirs, expressions)?;
        if !cells.clashing.is_empty() && prefer == Prefer::Record {
            return Ok(Resolution::Conflict);
        }
        Ok(Resolution::Value(Stored::Inline(codec.encode(&cells.row)?)))
    }

    /// Computes stored columns of a row that is neither ours nor theirs. Without someone to compute
    /// them, such a row is a conflict.
    fn compute(
        &self,
        cells: &mut MergedCells,
        ours: &Row,
        theirs: &Row,
        expressions: &mut dyn Expressions,
    ) -> Result<(), SqlError> {
        let table = self.ours.table();
        let computed = generated(table);
        if computed.is_empty() || cells.row == *ours || cells.row == *theirs {
            return Ok(());
        }
        if expressions.generate(table, &mut cells.row)? {
            cells.clashing.retain(|at| !computed.contains(at));
        } else {
            cells.clashing.extend(computed);
            cells.clashing.sort_unstable();
            cells.clashing.dedup();
        }
        Ok(())
    }
}

/// Where the columns of a table stand that are computed and stored.
pub(super) fn generated(table: &crate::schema::Table) -> Vec<usize> {
    let stored =
        table.columns.iter().enumerate().filter(|(_, column)| {
            column.generated.as_ref().is_some_and(|generated| generated.stored)
        });
    stored.map(|(at, _)| at).collect()
}

fn resolution(value: Option<Stored>) -> Resolution {
    value.map_or(Resolution::Delete, Resolution::Value)
}
