//! What both stores read from a snapshot.

use std::ops::RangeBounds;

use prollytree_repo::RepoError;
use prollytree_tree::{Entry, Proof, Snapshot};

use crate::{GitBackend, GitError};

pub(crate) fn keys(snapshot: &Snapshot<GitBackend>) -> Result<Vec<Vec<u8>>, GitError> {
    let mut keys = Vec::new();
    let collected = snapshot.for_each(.., |key, _| keys.push(key.to_vec()));
    collected.map_err(RepoError::from)?;
    Ok(keys)
}

pub(crate) fn range<'k>(
    snapshot: &Snapshot<GitBackend>,
    range: impl RangeBounds<&'k [u8]>,
) -> Result<Vec<Entry>, GitError> {
    let entries = snapshot.range(range).and_then(Iterator::collect);
    Ok(entries.map_err(RepoError::from)?)
}

pub(crate) fn prefix(
    snapshot: &Snapshot<GitBackend>,
    prefix: &[u8],
) -> Result<Vec<Entry>, GitError> {
    let entries = snapshot.prefix(prefix).and_then(Iterator::collect);
    Ok(entries.map_err(RepoError::from)?)
}

pub(crate) fn prove(snapshot: &Snapshot<GitBackend>, key: &[u8]) -> Result<Proof, GitError> {
    Ok(snapshot.prove_key(key).map_err(RepoError::from)?)
}
