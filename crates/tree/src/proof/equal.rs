//! The parts that two trees have in common: what a proof of their difference leaves out.

use std::rc::Rc;

use super::cut::Cut;
use super::part::{Extent, Part, left_len};
use super::prove::{View, load_within};
use super::statement::Statement;
use crate::edit::Root;
use crate::error::TreeError;
use crate::node::Child;
use crate::storage::NodeStorage;

/// Finds the largest parts, among the keys of the statement, that are equal in both trees.
///
/// O(what differs · log entries).
pub(super) fn equal_parts<A: NodeStorage, B: NodeStorage>(
    (before_storage, before): (&A, &Root),
    (after_storage, after): (&B, &Root),
    statement: &Statement,
) -> Result<Vec<Part<Vec<u8>>>, TreeError> {
    let mut a = Frontier::new(before_storage, before, statement);
    let mut b = Frontier::new(after_storage, after, statement);
    let mut equal = Vec::new();
    while let (Some(first), Some(second)) = (a.open.last(), b.open.last()) {
        let (left, right) = (&first.part, &second.part);
        if left == right {
            equal.extend(a.open.pop().map(|open| open.part));
            b.open.pop();
            continue;
        }
        // The one that begins first, or else ends last, has no equal: the other tree is cut inside
        // it, or has nothing there. Of two with the same bounds, the greater may hold the smaller.
        let order = (right.lo.cmp(&left.lo))
            .then(left.hi.cmp(&right.hi))
            .then(left.extent.rank().cmp(&right.extent.rank()));
        if order.is_ge() {
            a.expand()?;
        }
        if order.is_le() {
            b.expand()?;
        }
    }
    Ok(equal)
}

/// The parts of a tree that have not been compared, the next one last.
struct Frontier<'a, S> {
    storage: &'a S,
    statement: &'a Statement,
    open: Vec<Open>,
}

struct Open {
    part: Part<Vec<u8>>,
    source: Source,
}

/// Where what lies in a part is found.
enum Source {
    Entries { view: Rc<View>, first: usize, len: usize },
    Node { child: Child, level: u8, last: Vec<u8> },
}

impl<'a, S: NodeStorage> Frontier<'a, S> {
    fn new(storage: &'a S, root: &Root, statement: &'a Statement) -> Self {
        let mut frontier = Self { storage, statement, open: Vec::new() };
        if !root.node.is_empty() {
            // The root is always shown.
            frontier.open_node(View::new(&root.hash, root.node.clone()), Cut::Start, Cut::End);
        }
        frontier
    }

    /// Puts what lies in the next part in its place.
    fn expand(&mut self) -> Result<(), TreeError> {
        let Some(Open { part, source }) = self.open.pop() else { return Ok(()) };
        let (lo, hi) = (part.lo.borrow(), part.hi.borrow());
        match source {
            Source::Entries { view, first, len } => self.open_entries(&view, first, len, lo, hi),
            Source::Node { child, level, last } => {
                let view = load_within(self.storage, &child, level, lo, &last)?;
                self.open_node(view, lo, hi);
            }
        }
        Ok(())
    }

    fn open_node(&mut self, view: View, lo: Cut<&[u8]>, hi: Cut<&[u8]>) {
        let len = view.node.len();
        self.open_entries(&Rc::new(view), 0, len, lo, hi);
    }

    fn open_entries(
        &mut self,
        view: &Rc<View>,
        first: usize,
        len: usize,
        lo: Cut<&[u8]>,
        hi: Cut<&[u8]>,
    ) {
        let level = view.node.level();
        match (len, level) {
            (1, 0) => {}
            (1, _) => {
                let (child, last, level) =
                    (view.node.child(first), view.node.key(first), level - 1);
                let extent = Extent::Node { level, count: child.count };
                let (lo, hi) = (lo.to_owned(), Cut::after(&last).to_owned());
                let part = Part { lo, hi, extent, digest: child.hash };
                self.push(part, Source::Node { child, level, last });
            }
            _ => {
                let (left, middle) = (left_len(len), first + left_len(len));
                let separator = view.separator(middle);
                let cut = view.cut(&separator);
                for (first, len, lo, hi) in [(middle, len - left, cut, hi), (first, left, lo, cut)]
                {
                    let (lo, hi) = (lo.to_owned(), hi.to_owned());
                    let extent = Extent::Entries { level, len };
                    let part = Part { lo, hi, extent, digest: view.digest(first, len) };
                    self.push(part, Source::Entries { view: Rc::clone(view), first, len });
                }
            }
        }
    }

    fn push(&mut self, part: Part<Vec<u8>>, source: Source) {
        if self.statement.intersects(part.lo.borrow(), part.hi.borrow()) {
            self.open.push(Open { part, source });
        }
    }
}
