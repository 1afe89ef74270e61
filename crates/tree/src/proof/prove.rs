//! The prover: writes down what the verifier will walk through.

use std::cell::RefCell;
use std::rc::Rc;

use super::cut::Cut;
use super::format::Kind;
use super::part::{Extent, Part, left_len};
use super::statement::Statement;
use crate::codec::{put_key, put_value, put_varint};
use crate::edit::Root;
use crate::error::TreeError;
use crate::hash::Hash;
use crate::node::{Child, Merkle, Node, leaf_separator};
use crate::path::load;
use crate::storage::NodeStorage;

/// How many inner nodes a thread keeps the digests of, in all about a megabyte.
const RECENT: usize = 256;

thread_local! {
    /// The upper nodes of a tree are in every proof, and their digests take as long as all the rest.
    static RECENT_NODES: RefCell<Vec<Option<View>>> = const { RefCell::new(Vec::new()) };
}

/// A node with the digests of all its parts.
#[derive(Clone)]
pub(super) struct View {
    pub(super) node: Node,
    merkle: Rc<Merkle>,
}

impl View {
    pub(super) fn new(hash: &Hash, node: Node) -> Self {
        let make = |node: Node| Self { merkle: Rc::new(Merkle::of(&node)), node };
        if node.is_leaf() {
            return make(node);
        }
        RECENT_NODES.with_borrow_mut(|recent| {
            recent.resize(RECENT, None);
            let slot = &mut recent[usize::from(hash.as_bytes()[0]) % RECENT];
            match slot {
                // The bytes decide, so that whatever a storage returns under a hash stays its own.
                Some(view) if view.node.bytes() == node.bytes() => {
                    Self { merkle: Rc::clone(&view.merkle), node }
                }
                _ => slot.insert(make(node)).clone(),
            }
        })
    }

    /// The digest over the entries `[first, first + len)`, one side of a pair or the whole node.
    pub(super) fn digest(&self, first: usize, len: usize) -> Hash {
        self.merkle.digest(first, len.next_power_of_two())
    }

    /// The key that separates the entries before `i` from those from `i` on.
    pub(super) fn separator(&self, i: usize) -> Vec<u8> {
        let node = &self.node;
        if node.is_leaf() {
            let suffix = leaf_separator(node.suffix(i - 1), node.suffix(i));
            [node.prefix(), suffix].concat()
        } else {
            node.key(i - 1)
        }
    }

    pub(super) fn cut<'k>(&self, separator: &'k [u8]) -> Cut<&'k [u8]> {
        if self.node.is_leaf() { Cut::before(separator) } else { Cut::after(separator) }
    }
}

/// Loads a child and checks that its keys are where its parent says.
///
/// Without this check a tree that shares a child between parents could be walked for ever.
pub(super) fn load_within<S: NodeStorage>(
    storage: &S,
    child: &Child,
    level: u8,
    lo: Cut<&[u8]>,
    last: &[u8],
) -> Result<View, TreeError> {
    let node = load(storage, child, level)?;
    let fits = node.len().checked_sub(1).is_some_and(|end| node.key_is(end, last))
        && Cut::before(&node.key(0)) >= lo;
    if fits {
        Ok(View::new(&child.hash, node))
    } else {
        Err(TreeError::Misfit { hash: child.hash, what: "key" })
    }
}

/// Writes the proof of one tree.
pub(super) struct Prover<'a, S> {
    storage: &'a S,
    statement: &'a Statement,
    kind: Kind,
    /// In a proof of a difference, the parts that are left out as equal, in key order.
    equal: &'a [Part<Vec<u8>>],
    out: &'a mut Vec<u8>,
}

impl<'a, S: NodeStorage> Prover<'a, S> {
    pub(super) fn new(
        storage: &'a S,
        statement: &'a Statement,
        kind: Kind,
        equal: &'a [Part<Vec<u8>>],
        out: &'a mut Vec<u8>,
    ) -> Self {
        Self { storage, statement, kind, equal, out }
    }

    pub(super) fn root(&mut self, root: &Root) -> Result<(), TreeError> {
        let node = &root.node;
        self.out.push(node.level());
        put_varint(self.out, node.count());
        if node.is_empty() {
            return Ok(());
        }
        self.node(&View::new(&root.hash, node.clone()), Cut::Start, Cut::End)
    }

    fn node(&mut self, view: &View, lo: Cut<&[u8]>, hi: Cut<&[u8]>) -> Result<(), TreeError> {
        let len = view.node.len();
        if !view.node.is_leaf() {
            put_varint(self.out, len as u64);
        }
        self.half(view, 0, len, lo, hi)
    }

    fn half(
        &mut self,
        view: &View,
        first: usize,
        len: usize,
        lo: Cut<&[u8]>,
        hi: Cut<&[u8]>,
    ) -> Result<(), TreeError> {
        match (len, view.node.level()) {
            (1, 0) => self.entry(view, first, hi),
            (1, _) => return self.child(view, first, lo, hi),
            _ => return self.pair(view, first, len, lo, hi),
        }
        Ok(())
    }

    fn pair(
        &mut self,
        view: &View,
        first: usize,
        len: usize,
        lo: Cut<&[u8]>,
        hi: Cut<&[u8]>,
    ) -> Result<(), TreeError> {
        let (left, middle) = (left_len(len), first + left_len(len));
        let separator = view.separator(middle);
        let cut = view.cut(&separator);
        let halves = [(first, left, lo, cut), (middle, len - left, cut, hi)];
        let shown = halves.map(|(first, len, lo, hi)| {
            let extent = Extent::Entries { level: view.node.level(), len };
            self.is_shown(lo, hi, extent, || view.digest(first, len))
        });
        let flags = u64::from(shown[0]) << 1 | u64::from(shown[1]);
        match self.kind {
            Kind::Tree => put_varint(self.out, separator.len() as u64),
            Kind::Diff => put_varint(self.out, (separator.len() as u64) << 2 | flags),
        }
        self.out.extend_from_slice(&separator);
        for ((first, len, lo, hi), shown) in halves.into_iter().zip(shown) {
            if shown {
                self.half(view, first, len, lo, hi)?;
            } else {
                self.out.extend_from_slice(view.digest(first, len).as_bytes());
            }
        }
        Ok(())
    }

    fn entry(&mut self, view: &View, i: usize, hi: Cut<&[u8]>) {
        let is_known = i + 1 == view.node.len() && hi != Cut::End;
        if !is_known {
            put_key(self.out, &view.node.key(i));
        }
        put_value(self.out, &view.node.value(i));
    }

    fn child(
        &mut self,
        view: &View,
        i: usize,
        lo: Cut<&[u8]>,
        hi: Cut<&[u8]>,
    ) -> Result<(), TreeError> {
        let (key, child, level) = (view.node.key(i), view.node.child(i), view.node.level() - 1);
        if hi == Cut::End {
            put_key(self.out, &key);
        }
        let hi = Cut::after(&key);
        let extent = Extent::Node { level, count: child.count };
        let shown = self.is_shown(lo, hi, extent, || child.hash);
        let number = child.count << 1 | u64::from(child.natural);
        match self.kind {
            Kind::Tree => put_varint(self.out, number),
            Kind::Diff => put_varint(self.out, number << 1 | u64::from(shown)),
        }
        if !shown {
            self.out.extend_from_slice(child.hash.as_bytes());
            return Ok(());
        }
        let view = load_within(self.storage, &child, level, lo, &key)?;
        self.node(&view, lo, hi)
    }

    fn is_shown(
        &self,
        lo: Cut<&[u8]>,
        hi: Cut<&[u8]>,
        extent: Extent,
        digest: impl FnOnce() -> Hash,
    ) -> bool {
        if !self.statement.intersects(lo, hi) {
            return false;
        }
        match self.equal.binary_search_by(|part| part.lo.borrow().cmp(&lo)) {
            Ok(i) => {
                let part = &self.equal[i];
                (part.hi.borrow(), part.extent, part.digest) != (hi, extent, digest())
            }
            Err(_) => true,
        }
    }
}
