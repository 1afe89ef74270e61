//! Proofs of the difference of two trees.

use std::cmp::Ordering;
use std::ops::RangeBounds;

use super::Proof;
use super::equal::equal_parts;
use super::error::{Limits, ProofError};
use super::format::Kind;
use super::prove::Prover;
use super::statement::Statement;
use super::verify::open;
use super::walk::{Shown, walk};
use crate::diff::Difference;
use crate::error::TreeError;
use crate::hash::Hash;
use crate::snapshot::Snapshot;
use crate::storage::NodeStorage;
use crate::value::ValueRef;

impl<S: NodeStorage> Snapshot<S> {
    /// Proves in which entries of a range this tree and a later one differ; see [`verify_diff`].
    ///
    /// O(differences · log entries).
    ///
    /// # Errors
    /// The range has no key, a node is missing or damaged, or a storage fails.
    pub fn prove_diff<'k, T: NodeStorage>(
        &self,
        after: &Snapshot<T>,
        range: impl RangeBounds<&'k [u8]>,
    ) -> Result<Proof, TreeError> {
        self.prove_difference(after, &Statement::range(range))
    }

    /// Proves in which entries with keys of a statement this tree and a later one differ;
    /// see [`verify_difference`].
    ///
    /// # Errors
    /// As [`prove_diff`](Self::prove_diff).
    pub fn prove_difference<T: NodeStorage>(
        &self,
        after: &Snapshot<T>,
        statement: &Statement,
    ) -> Result<Proof, TreeError> {
        if statement.is_empty() {
            return Err(TreeError::EmptyStatement);
        }
        let equal =
            equal_parts((&self.storage, &self.root), (&after.storage, &after.root), statement)?;
        let mut out = Kind::Diff.header().to_vec();
        Prover::new(&self.storage, statement, Kind::Diff, &equal, &mut out).root(&self.root)?;
        Prover::new(&after.storage, statement, Kind::Diff, &equal, &mut out).root(&after.root)?;
        Ok(Proof(out))
    }
}

/// Verifies in which entries of a range two trees differ, and returns them in key order: none is
/// left out.
///
/// # Errors
/// As [`verify_difference`].
pub fn verify_diff<'k>(
    before: &Hash,
    after: &Hash,
    range: impl RangeBounds<&'k [u8]>,
    proof: &[u8],
) -> Result<Vec<Difference>, ProofError> {
    verify_difference(before, after, &Statement::range(range), proof, &Limits::default())
}

/// Verifies in which entries with keys of a statement two trees differ.
///
/// O(length of the proof) in time and memory. The limit of entries holds for each of the trees.
///
/// # Errors
/// The bytes do not prove a difference of these roots for this statement.
pub fn verify_difference(
    before: &Hash,
    after: &Hash,
    statement: &Statement,
    proof: &[u8],
    limits: &Limits,
) -> Result<Vec<Difference>, ProofError> {
    let mut reader = open(statement, proof, Kind::Diff, limits)?;
    let before = walk(&mut reader, Kind::Diff, before, statement, limits)?;
    let after = walk(&mut reader, Kind::Diff, after, statement, limits)?;
    reader.finish()?;
    // Outside of these parts everything is shown, so that what is shown is the whole difference.
    if before.parts != after.parts {
        return Err(ProofError::UnequalParts);
    }
    Ok(differences(&before, &after))
}

fn differences(before: &Shown<'_>, after: &Shown<'_>) -> Vec<Difference> {
    let (mut before, mut after) = (&before.entries[..], &after.entries[..]);
    let mut differences = Vec::new();
    loop {
        let order = match (before, after) {
            ([], []) => return differences,
            ([], _) => Ordering::Greater,
            (_, []) => Ordering::Less,
            ([(a, _), ..], [(b, _), ..]) => a.cmp(b),
        };
        let removed = if order.is_le() { take_first(&mut before) } else { None };
        let added = if order.is_ge() { take_first(&mut after) } else { None };
        let (was, is) = (removed.map(|(_, value)| value), added.map(|(_, value)| value));
        if let Some((key, _)) = removed.or(added)
            && was != is
        {
            let owned = |value: Option<ValueRef<'_>>| value.map(ValueRef::to_value);
            differences.push(Difference {
                key: key.to_vec(),
                before: owned(was),
                after: owned(is),
            });
        }
    }
}

fn take_first<T: Copy>(slice: &mut &[T]) -> Option<T> {
    slice.split_off_first().copied()
}
