//! Verification: from a trusted root and a statement, without any storage.

use std::ops::RangeBounds;

use super::error::{Limits, ProofError};
use super::format::Kind;
use super::statement::Statement;
use super::walk::walk;
use crate::blob::name_value;
use crate::codec::Reader;
use crate::hash::Hash;
use crate::value::{Value, ValueRef};

/// What a proof says about one key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verified {
    /// The tree has the key, with this value.
    Present(Value),
    /// The tree does not have the key.
    Absent,
}

impl Verified {
    fn from_shown(entry: Option<&(&[u8], ValueRef<'_>)>) -> Self {
        entry.map_or(Self::Absent, |(_, value)| Self::Present(value.to_value()))
    }
}

/// Verifies a proof of any statement about one tree, and returns all entries that the tree has among
/// the statement's keys, in key order.
///
/// O(length of the proof) in time and memory.
///
/// # Errors
/// The bytes are not the one proof of this statement for this root.
pub fn verify(
    root: &Hash,
    statement: &Statement,
    proof: &[u8],
    limits: &Limits,
) -> Result<Vec<(Vec<u8>, Value)>, ProofError> {
    let entries = shown(root, statement, proof, limits)?;
    Ok(entries.into_iter().map(|(key, value)| (key.to_vec(), value.to_value())).collect())
}

/// Verifies what a tree holds for one key.
///
/// ```
/// use prollytree_tree::{InMemoryNodeStorage, Snapshot, Value, Verified, verify_key};
/// let entries = [("alice", "1000"), ("bob", "500")];
/// let tree = Snapshot::from_sorted(InMemoryNodeStorage::new(), Default::default(), entries)?;
/// let (root, proof) = (tree.root(), tree.prove_key(b"bob")?);
/// // Elsewhere, with nothing but the root and the bytes of the proof:
/// let verified = verify_key(&root, b"bob", proof.as_bytes())?;
/// assert_eq!(verified, Verified::Present(Value::Inline(b"500".to_vec())));
/// let proof = tree.prove_key(b"carol")?;
/// assert_eq!(verify_key(&root, b"carol", proof.as_bytes())?, Verified::Absent);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// As [`verify`].
pub fn verify_key(root: &Hash, key: &[u8], proof: &[u8]) -> Result<Verified, ProofError> {
    let entries = shown(root, &Statement::key(key), proof, &Limits::default())?;
    Ok(Verified::from_shown(entries.first()))
}

/// Verifies that a tree holds these very bytes under a key; they may be those of a large value.
///
/// # Errors
/// As [`verify`], and the tree holds another value, or none.
pub fn verify_value(root: &Hash, key: &[u8], value: &[u8], proof: &[u8]) -> Result<(), ProofError> {
    let entries = shown(root, &Statement::key(key), proof, &Limits::default())?;
    let equal = match entries.first() {
        Some((_, ValueRef::Inline(bytes))) => *bytes == value,
        Some((_, ValueRef::Blob(blob))) => {
            blob.len == value.len() as u64
                && matches!(name_value(value), Ok(ValueRef::Blob(named)) if named == *blob)
        }
        None => false,
    };
    if equal { Ok(()) } else { Err(ProofError::ValueMismatch) }
}

/// Verifies what a tree holds for several keys: one item a key, in the order of `keys`.
///
/// # Errors
/// As [`verify`].
pub fn verify_keys<K: AsRef<[u8]>>(
    root: &Hash,
    keys: &[K],
    proof: &[u8],
) -> Result<Vec<(Vec<u8>, Verified)>, ProofError> {
    let entries = shown(root, &Statement::keys(keys), proof, &Limits::default())?;
    let answer = |key: &[u8]| {
        let found = entries.binary_search_by_key(&key, |(key, _)| key).ok();
        Verified::from_shown(found.map(|i| &entries[i]))
    };
    Ok(keys.iter().map(|key| (key.as_ref().to_vec(), answer(key.as_ref()))).collect())
}

/// Verifies all that a tree holds in a range of keys: nothing is left out.
///
/// # Errors
/// As [`verify`].
pub fn verify_range<'k>(
    root: &Hash,
    range: impl RangeBounds<&'k [u8]>,
    proof: &[u8],
) -> Result<Vec<(Vec<u8>, Value)>, ProofError> {
    verify(root, &Statement::range(range), proof, &Limits::default())
}

/// Verifies all that a tree holds under keys that begin with `prefix`: nothing is left out.
///
/// # Errors
/// As [`verify`].
pub fn verify_prefix(
    root: &Hash,
    prefix: &[u8],
    proof: &[u8],
) -> Result<Vec<(Vec<u8>, Value)>, ProofError> {
    verify(root, &Statement::prefix(prefix), proof, &Limits::default())
}

fn shown<'p>(
    root: &Hash,
    statement: &Statement,
    proof: &'p [u8],
    limits: &Limits,
) -> Result<Vec<(&'p [u8], ValueRef<'p>)>, ProofError> {
    let mut reader = open(statement, proof, Kind::Tree, limits)?;
    let shown = walk(&mut reader, Kind::Tree, root, statement, limits)?;
    reader.finish()?;
    Ok(shown.entries)
}

pub(super) fn open<'p>(
    statement: &Statement,
    proof: &'p [u8],
    kind: Kind,
    limits: &Limits,
) -> Result<Reader<'p>, ProofError> {
    if statement.is_empty() {
        return Err(ProofError::EmptyStatement);
    }
    if proof.len() > limits.bytes {
        return Err(ProofError::TooLong { len: proof.len(), limit: limits.bytes });
    }
    kind.open(proof)
}
