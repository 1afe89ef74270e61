//! The verifier's walk: from the root down through all that the proof shows.
//!
//! Bounds are passed down, digests come back up. At a pair both halves are bounded by its separator;
//! a half without a key of the statement is its digest, every other half is shown in full. So the
//! statement decides what each byte of the proof means, and no part of it can be left out.

use super::cut::Cut;
use super::error::{Limits, ProofError};
use super::format::{Kind, read_count, read_hash, read_separator};
use super::part::{Extent, Part, left_len};
use super::statement::Statement;
use crate::codec::Reader;
use crate::hash::Hash;
use crate::node::{Child, MAX_LEVEL, Node, Payload, entry_digest, node_hash, pair_digest};
use crate::storage::Locator;
use crate::value::ValueRef;

/// What a proof shows of one tree, borrowed from its bytes.
#[derive(Default)]
pub(super) struct Shown<'p> {
    /// The entries with keys of the statement, in key order.
    pub(super) entries: Vec<(&'p [u8], ValueRef<'p>)>,
    /// In a proof of a difference, the parts that are left out as equal, in key order.
    pub(super) parts: Vec<Part<&'p [u8]>>,
}

/// Reads a tree and checks that it is what `root` names.
pub(super) fn walk<'p>(
    reader: &mut Reader<'p>,
    kind: Kind,
    root: &Hash,
    statement: &Statement,
    limits: &Limits,
) -> Result<Shown<'p>, ProofError> {
    let mut walk = Walk { reader, kind, statement, limits, shown: Shown::default() };
    let found = walk.root()?;
    if found != *root {
        return Err(ProofError::RootMismatch { expected: *root, found });
    }
    Ok(walk.shown)
}

struct Walk<'w, 'p> {
    reader: &'w mut Reader<'p>,
    kind: Kind,
    statement: &'w Statement,
    limits: &'w Limits,
    shown: Shown<'p>,
}

/// A run of entries of a node.
#[derive(Clone, Copy)]
struct Half<'p> {
    level: u8,
    len: usize,
    /// Whether the node's last entry is one of them.
    is_last: bool,
    lo: Cut<&'p [u8]>,
    hi: Cut<&'p [u8]>,
}

/// The digest of a part, and how many entries lie below it.
struct Digest {
    hash: Hash,
    /// At least so many.
    entries: u64,
    /// And not more.
    exact: bool,
}

/// The recursion is at most 64 levels of nodes deep, and 17 halves in each.
impl<'p> Walk<'_, 'p> {
    fn root(&mut self) -> Result<Hash, ProofError> {
        let level = self.reader.take(1)?[0];
        let (count, _) = read_count(self.reader, 0)?;
        if level > MAX_LEVEL || (count == 0 && level > 0) {
            return Err(self.malformed("level"));
        }
        if count == 0 {
            return Ok(Node::empty().hash());
        }
        self.node(level, count, Cut::Start, Cut::End)
    }

    /// A node that its parent says to have `count` entries below it, and its name.
    fn node(
        &mut self,
        level: u8,
        count: u64,
        lo: Cut<&'p [u8]>,
        hi: Cut<&'p [u8]>,
    ) -> Result<Hash, ProofError> {
        let len = if level == 0 { count } else { self.reader.varint("number of entries")? };
        if len == 0 || len > count || len > u64::from(u16::MAX) {
            return Err(self.malformed("number of entries"));
        }
        let len = len as usize;
        let digest = self.half(Half { level, len, is_last: true, lo, hi })?;
        if digest.entries > count || (digest.exact && digest.entries != count) {
            return Err(ProofError::Count { at: self.reader.at() });
        }
        Ok(node_hash(level, len, count, &digest.hash))
    }

    /// A half that is shown.
    fn half(&mut self, half: Half<'p>) -> Result<Digest, ProofError> {
        match (half.len, half.level) {
            (1, 0) => self.entry(half),
            (1, _) => self.child(half),
            _ => self.pair(half),
        }
    }

    fn pair(&mut self, half: Half<'p>) -> Result<Digest, ProofError> {
        let (separator, shown) = read_separator(self.reader, self.kind.flags(2))?;
        let cut = if half.level == 0 { Cut::before(separator) } else { Cut::after(separator) };
        if cut <= half.lo || cut >= half.hi {
            return Err(self.out_of_bounds("separator"));
        }
        let len = left_len(half.len);
        let left = Half { len, is_last: false, hi: cut, ..half };
        let right = Half { len: half.len - len, lo: cut, ..half };
        let left = self.half_or_digest(left, shown & 2 != 0)?;
        let right = self.half_or_digest(right, shown & 1 != 0)?;
        Ok(Digest {
            hash: pair_digest(half.level, &left.hash, &right.hash, separator),
            entries: left.entries.saturating_add(right.entries),
            exact: left.exact && right.exact,
        })
    }

    fn half_or_digest(&mut self, half: Half<'p>, flag: bool) -> Result<Digest, ProofError> {
        if self.is_shown(half.lo, half.hi, flag)? {
            return self.half(half);
        }
        let extent = Extent::Entries { level: half.level, len: half.len };
        let hash = self.digest(half.lo, half.hi, extent)?;
        // Every entry of an inner node has at least one entry below it.
        Ok(Digest { hash, entries: half.len as u64, exact: half.level == 0 })
    }

    fn entry(&mut self, half: Half<'p>) -> Result<Digest, ProofError> {
        let key = match half.hi {
            // The parent knows the last key of its child, so it is not sent again.
            Cut::At(last, _) if half.is_last => last,
            _ => self.reader.key()?,
        };
        if Cut::before(key) < half.lo || Cut::after(key) > half.hi {
            return Err(self.out_of_bounds("key"));
        }
        let value = self.reader.value()?;
        if self.statement.contains(key) {
            if self.shown.entries.len() == self.limits.entries {
                return Err(ProofError::TooManyEntries { limit: self.limits.entries });
            }
            self.shown.entries.push((key, value));
        }
        let hash = entry_digest(key, &Payload::Value(value));
        Ok(Digest { hash, entries: 1, exact: true })
    }

    fn child(&mut self, half: Half<'p>) -> Result<Digest, ProofError> {
        let key = match half.hi {
            // The separator behind an entry of an inner node is the entry's key.
            Cut::At(key, _) => key,
            _ => self.reader.key()?,
        };
        let hi = Cut::after(key);
        if hi <= half.lo {
            return Err(self.out_of_bounds("key"));
        }
        let flags = self.kind.flags(1);
        let (count, bits) = read_count(self.reader, 1 + flags)?;
        let natural = bits >> flags != 0;
        let level = half.level - 1;
        let hash = if self.is_shown(half.lo, hi, bits & 1 != 0)? {
            self.node(level, count, half.lo, hi)?
        } else {
            self.digest(half.lo, hi, Extent::Node { level, count })?
        };
        let child = Child { hash, count, natural, locator: Locator::NONE };
        let hash = entry_digest(key, &Payload::Child(child));
        Ok(Digest { hash, entries: count, exact: true })
    }

    /// Whether a part is shown; a proof of a difference has a flag for what could be left out.
    fn is_shown(&self, lo: Cut<&[u8]>, hi: Cut<&[u8]>, flag: bool) -> Result<bool, ProofError> {
        let matters = self.statement.intersects(lo, hi);
        match self.kind {
            Kind::Tree => Ok(matters),
            Kind::Diff if flag && !matters => Err(self.malformed("flag")),
            Kind::Diff => Ok(flag),
        }
    }

    /// The digest of a part that is not shown.
    fn digest(
        &mut self,
        lo: Cut<&'p [u8]>,
        hi: Cut<&'p [u8]>,
        extent: Extent,
    ) -> Result<Hash, ProofError> {
        let digest = read_hash(self.reader)?;
        if self.kind == Kind::Diff && self.statement.intersects(lo, hi) {
            self.shown.parts.push(Part { lo, hi, extent, digest });
        }
        Ok(digest)
    }

    fn malformed(&self, what: &'static str) -> ProofError {
        self.reader.malformed(what).into()
    }

    fn out_of_bounds(&self, what: &'static str) -> ProofError {
        ProofError::OutOfBounds { what, at: self.reader.at() }
    }
}
