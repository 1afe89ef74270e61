//! What a tree needs from the layer below it: nodes and objects by hash.

use std::convert::Infallible;
use std::sync::Arc;

use crate::hash::Hash;
use crate::node::Node;
use crate::object::ObjectKind;

/// A storage's private hint where an object lies: a segment offset, a slot, a Git object id prefix.
///
/// A parent node carries one per child beside the child's hash, so that following a child costs no
/// index look-up. It is never hashed and never trusted: the storage must check that what it finds
/// there has the hash that was asked for, and fall back to a look-up by hash otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Locator(pub u64);

impl Locator {
    /// No hint: look the object up by hash.
    pub const NONE: Self = Self(u64::MAX);
}

/// Stores nodes and other objects by hash.
///
/// Implementations are shared by readers and writers, hence `&self`. What is written may stay in
/// memory until the layer that owns the storage makes it durable; it must be readable at once.
///
/// # Contract
/// * A read returns only what has the hash that was asked for: bytes that fail the check are an
///   error, never `None` and never handed out.
/// * `Ok(None)` means that the storage does not hold the object.
/// * Writing what is already stored is allowed, costs no second copy and heals a damaged one.
pub trait NodeStorage: Send + Sync {
    /// How this storage fails. [`Infallible`] unlocks the short methods
    /// of [`ProllyTree`](crate::ProllyTree) that return no `Result`.
    type Error: std::error::Error + Send + Sync + 'static;

    /// Reads a node, decoded and verified against `hash`.
    fn read_node(&self, hash: &Hash, at: Locator) -> Result<Option<Node>, Self::Error>;

    /// Lends a node that the storage holds decoded and verified for as long as itself.
    ///
    /// Spares a look-up in memory the copies of the nodes on its way. `None`, the default, says nothing:
    /// [`read_node`](Self::read_node) is asked next.
    fn lend_node(&self, hash: &Hash, at: Locator) -> Option<&Node> {
        _ = (hash, at);
        None
    }

    /// Stores a node under its hash and tells where.
    fn write_node(&self, hash: &Hash, node: Node) -> Result<Locator, Self::Error>;

    /// Reads an object other than a node.
    fn read_object(&self, kind: ObjectKind, hash: &Hash) -> Result<Option<Arc<[u8]>>, Self::Error>;

    /// Stores an object other than a node; `hash` is `kind.hash(bytes)`.
    fn write_object(&self, kind: ObjectKind, hash: &Hash, bytes: &[u8]) -> Result<(), Self::Error>;
}

impl<S: NodeStorage + ?Sized> NodeStorage for Arc<S> {
    type Error = S::Error;

    fn read_node(&self, hash: &Hash, at: Locator) -> Result<Option<Node>, S::Error> {
        (**self).read_node(hash, at)
    }

    fn lend_node(&self, hash: &Hash, at: Locator) -> Option<&Node> {
        (**self).lend_node(hash, at)
    }

    fn write_node(&self, hash: &Hash, node: Node) -> Result<Locator, S::Error> {
        (**self).write_node(hash, node)
    }

    fn read_object(&self, kind: ObjectKind, hash: &Hash) -> Result<Option<Arc<[u8]>>, S::Error> {
        (**self).read_object(kind, hash)
    }

    fn write_object(&self, kind: ObjectKind, hash: &Hash, bytes: &[u8]) -> Result<(), S::Error> {
        (**self).write_object(kind, hash, bytes)
    }
}

impl<S: NodeStorage + ?Sized> NodeStorage for &S {
    type Error = S::Error;

    fn read_node(&self, hash: &Hash, at: Locator) -> Result<Option<Node>, S::Error> {
        (**self).read_node(hash, at)
    }

    fn lend_node(&self, hash: &Hash, at: Locator) -> Option<&Node> {
        (**self).lend_node(hash, at)
    }

    fn write_node(&self, hash: &Hash, node: Node) -> Result<Locator, S::Error> {
        (**self).write_node(hash, node)
    }

    fn read_object(&self, kind: ObjectKind, hash: &Hash) -> Result<Option<Arc<[u8]>>, S::Error> {
        (**self).read_object(kind, hash)
    }

    fn write_object(&self, kind: ObjectKind, hash: &Hash, bytes: &[u8]) -> Result<(), S::Error> {
        (**self).write_object(kind, hash, bytes)
    }
}

/// Takes what is written only to be named, and keeps none of it.
pub(crate) struct Nowhere;

impl NodeStorage for Nowhere {
    type Error = Infallible;

    fn read_node(&self, _: &Hash, _: Locator) -> Result<Option<Node>, Infallible> {
        Ok(None)
    }

    fn write_node(&self, _: &Hash, _: Node) -> Result<Locator, Infallible> {
        Ok(Locator::NONE)
    }

    fn read_object(&self, _: ObjectKind, _: &Hash) -> Result<Option<Arc<[u8]>>, Infallible> {
        Ok(None)
    }

    fn write_object(&self, _: ObjectKind, _: &Hash, _: &[u8]) -> Result<(), Infallible> {
        Ok(())
    }
}
