//! Proofs: what a tree holds, shown to someone who has nothing but its root.
//!
//! A node's name is the root of a search tree whose every pair binds the key that separates its
//! halves. So a proof is the part of that tree in which the keys of a statement lie, with a digest in
//! place of every half in which none of them does. One walk proves the presence or absence of a key,
//! of many keys, and all that there is in a range. `spec/FORMAT.md`, section "Proof", has the bytes.
//!
//! Whoever verifies brings the root and the statement; the proof says neither. A proof can neither
//! hide an entry nor invent one, even if whoever built the tree lies: for one root and one key there
//! is one path. What it does not show is that the rest of the tree is well-formed; for that there is
//! [`check_tree`](crate::check_tree).

mod cut;
mod diff;
mod equal;
mod error;
mod format;
mod part;
mod prove;
mod statement;
#[cfg(test)]
mod tests;
mod verify;
mod walk;

use std::convert::Infallible;
use std::ops::RangeBounds;

use crate::error::TreeError;
use crate::snapshot::Snapshot;
use crate::storage::NodeStorage;
use crate::tree::ProllyTree;

pub use diff::{verify_diff, verify_difference};
pub use error::{Limits, ProofError};
use format::Kind;
use prove::Prover;
pub use statement::Statement;
pub use verify::{
    Verified, verify, verify_key, verify_keys, verify_prefix, verify_range, verify_value,
};

/// The bytes of a proof.
///
/// They are meant to be sent: the functions that verify take bytes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Proof(Vec<u8>);

impl Proof {
    /// Wraps bytes that begin as a proof does; only verifying tells whether they are one.
    ///
    /// # Errors
    /// The bytes do not have the header of a proof that this version knows.
    pub fn from_bytes(bytes: impl Into<Vec<u8>>) -> Result<Self, ProofError> {
        let bytes = bytes.into();
        let known = [Kind::Tree, Kind::Diff].iter().any(|kind| bytes.starts_with(&kind.header()));
        if known { Ok(Self(bytes)) } else { Err(ProofError::UnknownFormat) }
    }

    /// The bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The bytes, without a copy.
    pub fn into_bytes(self) -> Vec<u8> {
        self.0
    }
}

impl AsRef<[u8]> for Proof {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

/// Proofs of what the tree holds.
impl<S: NodeStorage> Snapshot<S> {
    /// Proves for each key of a statement whether the tree has it, and with which value.
    ///
    /// O(log entries) for one key, and proportional to what is shown for a range.
    ///
    /// # Errors
    /// The statement is about no key, a node is missing or damaged, or the storage fails.
    pub fn prove(&self, statement: &Statement) -> Result<Proof, TreeError> {
        if statement.is_empty() {
            return Err(TreeError::EmptyStatement);
        }
        let mut out = Vec::with_capacity(2048);
        out.extend_from_slice(&Kind::Tree.header());
        Prover::new(&self.storage, statement, Kind::Tree, &[], &mut out).root(&self.root)?;
        Ok(Proof(out))
    }

    /// Proves that the tree has a key with a value, or does not have it;
    /// see [`verify_key`] and [`verify_value`].
    ///
    /// # Errors
    /// As [`prove`](Self::prove).
    pub fn prove_key(&self, key: &[u8]) -> Result<Proof, TreeError> {
        self.prove(&Statement::key(key))
    }

    /// Proves the same for several keys at once; see [`verify_keys`].
    ///
    /// # Errors
    /// As [`prove`](Self::prove).
    pub fn prove_keys<K: AsRef<[u8]>>(
        &self,
        keys: impl IntoIterator<Item = K>,
    ) -> Result<Proof, TreeError> {
        self.prove(&Statement::keys(keys))
    }

    /// Proves all that there is in a range of keys; see [`verify_range`].
    ///
    /// # Errors
    /// As [`prove`](Self::prove).
    pub fn prove_range<'k>(&self, range: impl RangeBounds<&'k [u8]>) -> Result<Proof, TreeError> {
        self.prove(&Statement::range(range))
    }

    /// Proves all that there is under keys that begin with `prefix`; see [`verify_prefix`].
    ///
    /// # Errors
    /// As [`prove`](Self::prove).
    pub fn prove_prefix(&self, prefix: &[u8]) -> Result<Proof, TreeError> {
        self.prove(&Statement::prefix(prefix))
    }
}

/// Proofs against the tree's own root.
impl<S: NodeStorage<Error = Infallible>> ProllyTree<S> {
    /// Proves that the tree as it stands has a key with a value, or does not have it.
    ///
    /// # Errors
    /// A node that the tree needs was freed.
    pub fn generate_proof(&mut self, key: &[u8]) -> Result<Proof, TreeError> {
        self.try_snapshot()?.prove_key(key)
    }

    /// Whether a proof shows that the tree as it stands has a key with this value.
    ///
    /// Who has the root hash alone calls [`verify_value`].
    pub fn verify_proof(&mut self, proof: &Proof, key: &[u8], value: &[u8]) -> bool {
        verify_value(&self.root_hash(), key, value, proof.as_bytes()).is_ok()
    }
}
