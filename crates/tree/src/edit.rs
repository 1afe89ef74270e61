//! Edits: the one way in which a tree changes.
//!
//! On every level an edit replaces a run of entries by another run. The nodes that it touches are
//! cut anew, and the cutting goes on until a new boundary meets an old one; the run of nodes that was
//! replaced is then an edit of the same form one level up. Insert, update, delete, delete of a range
//! and the splicing in of another tree's nodes are all this.

use std::iter::Peekable;
use std::ops::Bound;
use std::slice::Iter;

use crate::boundary::Rule;
use crate::chunker::{Chunker, Item};
use crate::config::TreeConfig;
use crate::error::TreeError;
use crate::hash::Hash;
use crate::node::{Child, MAX_LEVEL, Node, Payload};
use crate::path::{Path, load};
use crate::storage::{Locator, NodeStorage};
use crate::value::Value;

/// Which keys an edit replaces.
#[derive(Clone, Debug)]
pub(crate) enum Span {
    Key(Vec<u8>),
    /// From the first key, inclusive, to the bound.
    Range(Vec<u8>, Bound<Vec<u8>>),
}

impl Span {
    pub(crate) fn start(&self) -> &[u8] {
        match self {
            Self::Key(key) | Self::Range(key, _) => key,
        }
    }

    /// The first entry of the node that is not before the span.
    fn first_in(&self, node: &Node) -> usize {
        node.lower_bound(self.start())
    }

    /// The first entry of the node that is behind the span.
    fn first_behind(&self, node: &Node) -> usize {
        match self {
            Self::Key(key) | Self::Range(_, Bound::Included(key)) => after(node, key),
            Self::Range(_, Bound::Excluded(key)) => node.lower_bound(key),
            Self::Range(_, Bound::Unbounded) => node.len(),
        }
    }
}

/// The first entry of the node with a key greater than `key`.
fn after(node: &Node, key: &[u8]) -> usize {
    node.search(key).map_or_else(|i| i, |i| i + 1)
}

/// A root and its name.
#[derive(Clone, Debug)]
pub(crate) struct Root {
    pub(crate) node: Node,
    pub(crate) hash: Hash,
}

impl Root {
    pub(crate) fn empty() -> Self {
        let node = Node::empty();
        Self { hash: node.hash(), node }
    }

    /// The root as a parent would hold it; nothing follows it, so how it ended does not matter.
    pub(crate) fn as_item(&self) -> Item {
        let key = self.node.len().checked_sub(1).map_or_else(Vec::new, |last| self.node.key(last));
        let child = Child {
            hash: self.hash,
            count: self.node.count(),
            natural: false,
            locator: Locator::NONE,
        };
        Item { key, child }
    }
}

/// What takes the place of the replaced entries.
#[derive(Clone, Debug)]
pub(crate) enum With {
    Nothing,
    /// The span's only key gets this value.
    Value(Value),
    /// On an inner level: these children.
    Children(Vec<Item>),
    /// On the leaf level: the entries of these leaves.
    Leaves(Vec<Item>),
}

/// A replacement of all entries of one level whose keys lie in a span.
#[derive(Clone, Debug)]
pub(crate) struct Edit {
    pub(crate) span: Span,
    pub(crate) with: With,
}

/// Applies edits, disjoint and in key order, and returns the new root.
///
/// O(edits · log entries), less when edits lie close together.
pub(crate) fn apply<S: NodeStorage>(
    storage: &S,
    config: &TreeConfig,
    root: &Root,
    edits: &[Edit],
) -> Result<Root, TreeError> {
    let mut edits = Pass::new(storage, config, root, 0).run(edits)?;
    for level in 1..=root.node.level() {
        edits = Pass::new(storage, config, root, level).run(&edits)?;
    }
    if edits.is_empty() {
        return Ok(root.clone());
    }
    // The root's level has one node, so what is left replaces the root.
    let items = edits.into_iter().flat_map(|edit| match edit.with {
        With::Children(items) => items,
        _ => Vec::new(),
    });
    grow(storage, config, root.node.level(), items.collect())
}

/// Puts levels above the nodes of a level until one node is left, and returns it.
pub(crate) fn grow<S: NodeStorage>(
    storage: &S,
    config: &TreeConfig,
    level: u8,
    mut items: Vec<Item>,
) -> Result<Root, TreeError> {
    let mut level = level;
    while items.len() > 1 {
        if level == MAX_LEVEL {
            return Err(TreeError::TooManyEntries);
        }
        level += 1;
        let mut chunker = Chunker::new(storage, config, level);
        for item in &items {
            chunker.push(&item.key, &[], &Payload::Child(item.child))?;
        }
        items = chunker.finish()?;
    }
    let Some(Item { child: top, .. }) = items.pop() else {
        return Ok(Root::empty());
    };
    let mut root = Root { node: load(storage, &top, level)?, hash: top.hash };
    // Deletes can leave single children behind; built from scratch, the tree would not be so high.
    while root.node.level() > 0 && root.node.len() == 1 {
        let only = root.node.child(0);
        root = Root { node: load(storage, &only, root.node.level() - 1)?, hash: only.hash };
    }
    Ok(root)
}

/// The edit of one level.
struct Pass<'a, S> {
    storage: &'a S,
    config: &'a TreeConfig,
    root: &'a Root,
    level: u8,
    /// The last key of the last old node that was replaced.
    replaced_up_to: Option<Vec<u8>>,
}

/// A run of neighbouring old nodes on its way to be replaced.
struct Replaced {
    first: Vec<u8>,
    last: Vec<u8>,
    /// The old nodes, unless nodes were skipped unseen.
    hashes: Option<Vec<Hash>>,
    /// Where old nodes end at or behind the last edit, unless cut off before; `None` before the first.
    ends: Option<Vec<Vec<u8>>>,
}

impl Replaced {
    fn new(first: Vec<u8>) -> Self {
        Self { first, last: Vec::new(), hashes: Some(Vec::new()), ends: None }
    }

    fn add<S: NodeStorage>(&mut self, path: &Path<'_, S>, root: &Root) {
        self.last = path.key();
        if let Some(hashes) = &mut self.hashes {
            hashes.push(path.child().map_or(root.hash, |child| child.hash));
        }
    }

    /// Whether old boundaries that are met from now on end the run. Before its first edit nothing
    /// does, or a tree whose natural bits are wrong would never get there.
    fn has_edit(&self) -> bool {
        self.ends.is_some()
    }

    /// Gives back the old nodes behind the last cut, if that was where an old node ends and no edit
    /// lies behind it.
    ///
    /// A cut by force is never the end of what was pushed, for it looks ahead. Without this, a stretch
    /// of such cuts, which whoever chooses the keys can make as long as the tree, would all be cut anew.
    fn rejoins<S: NodeStorage>(&mut self, chunker: &mut Chunker<'_, S>) -> bool {
        let (Some(ends), Some(cut)) = (&mut self.ends, chunker.last_cut()) else { return false };
        ends.push(self.last.clone());
        ends.retain(|end| end.as_slice() >= cut);
        if ends.first().is_none_or(|end| end != cut) {
            return false;
        }
        if let Some(hashes) = &mut self.hashes {
            hashes.truncate(hashes.len() + 1 - ends.len());
        }
        self.last = ends.swap_remove(0);
        chunker.drop_rest();
        true
    }

    fn equals(&self, items: &[Item]) -> bool {
        let hashes = items.iter().map(|item| &item.child.hash);
        self.hashes.as_ref().is_some_and(|old| old.iter().eq(hashes))
    }
}

impl<'a, S: NodeStorage> Pass<'a, S> {
    fn new(storage: &'a S, config: &'a TreeConfig, root: &'a Root, level: u8) -> Self {
        Self { storage, config, root, level, replaced_up_to: None }
    }

    /// Applies the edits of this level and returns those of the level above.
    fn run(mut self, edits: &[Edit]) -> Result<Vec<Edit>, TreeError> {
        let mut edits = edits.iter().peekable();
        let Some(first) = edits.peek() else { return Ok(Vec::new()) };
        let mut path = Path::find(self.storage, &self.root.node, self.level, first.span.start())?;
        let mut above = Vec::new();
        while let Some(edit) = edits.peek() {
            path.seek(edit.span.start())?;
            self.back_to_firm_boundary(&mut path)?;
            above.extend(self.replace_run(&mut path, &mut edits)?);
        }
        Ok(above)
    }

    /// Moves back to a node whose start no edit at or behind `path` can move.
    ///
    /// A node that did not end by the rule was cut with a view to what follows it, at most the
    /// maximal node size from its own start. Nodes further back than that are firm again.
    fn back_to_firm_boundary(&self, path: &mut Path<'a, S>) -> Result<(), TreeError> {
        let max_size = Rule::new(self.config, self.level).max_size();
        let mut walked = 0;
        while walked <= max_size
            && let Some(previous) = path.previous()?
            && !previous.child.natural
            && self.replaced_up_to.as_ref() != Some(&previous.key)
        {
            path.retreat()?;
            walked += path.node().boundary_size();
        }
        Ok(())
    }

    /// Cuts anew from the path's node until an old boundary is met behind the edits that lie there.
    fn replace_run(
        &mut self,
        path: &mut Path<'a, S>,
        edits: &mut Peekable<Iter<'_, Edit>>,
    ) -> Result<Option<Edit>, TreeError> {
        let mut chunker = Chunker::new(self.storage, self.config, self.level);
        let mut replaced = Replaced::new(path.key());
        loop {
            self.feed_node(path, edits, &mut chunker, &mut replaced)?;
            let rejoins = replaced.has_edit()
                && (chunker.is_aligned() || (!path.is_last() && replaced.rejoins(&mut chunker)));
            if rejoins || !path.advance()? {
                break;
            }
        }
        let items = chunker.finish()?;
        if replaced.equals(&items) {
            return Ok(None);
        }
        self.replaced_up_to = Some(replaced.last.clone());
        let span = Span::Range(replaced.first, Bound::Included(replaced.last));
        Ok(Some(Edit { span, with: With::Children(items) }))
    }

    /// Feeds one old node with its edits; an edit that reaches further moves the path along.
    fn feed_node(
        &self,
        path: &mut Path<'a, S>,
        edits: &mut Peekable<Iter<'_, Edit>>,
        chunker: &mut Chunker<'_, S>,
        replaced: &mut Replaced,
    ) -> Result<(), TreeError> {
        replaced.add(path, self.root);
        let mut next = 0;
        loop {
            let node = path.node().clone();
            let is_last = path.is_last();
            let Some(edit) =
                edits.next_if(|edit| is_last || edit.span.first_in(&node) < node.len())
            else {
                return chunker.push_from(&node, next..node.len());
            };
            replaced.ends = Some(Vec::new());
            let start = edit.span.first_in(&node).max(next);
            chunker.push_from(&node, next..start)?;
            next = edit.span.first_behind(&node).max(start);
            self.feed_replacement(&edit.with, &edit.span, chunker)?;
            if next == node.len() && !is_last {
                next = self.skip(path, &edit.span, replaced)?;
            }
        }
    }

    /// Moves the path to where the span ends, and returns the first entry there behind the span.
    fn skip(
        &self,
        path: &mut Path<'a, S>,
        span: &Span,
        replaced: &mut Replaced,
    ) -> Result<usize, TreeError> {
        let len = path.node().len();
        let from = path.key();
        match span {
            Span::Key(_) => return Ok(len),
            Span::Range(_, Bound::Included(end) | Bound::Excluded(end)) if *end <= from => {
                return Ok(len);
            }
            Span::Range(_, Bound::Included(end) | Bound::Excluded(end)) => path.seek(end)?,
            Span::Range(_, Bound::Unbounded) => {
                *path = Path::last(self.storage, &self.root.node, self.level)?;
            }
        }
        replaced.hashes = None;
        replaced.last = path.key();
        Ok(span.first_behind(path.node()))
    }

    fn feed_replacement(
        &self,
        with: &With,
        span: &Span,
        chunker: &mut Chunker<'_, S>,
    ) -> Result<(), TreeError> {
        match (with, span) {
            (With::Value(value), Span::Key(key)) => {
                chunker.push(key, &[], &Payload::Value(value.as_ref()))
            }
            (With::Children(items), _) => items
                .iter()
                .try_for_each(|item| chunker.push(&item.key, &[], &Payload::Child(item.child))),
            (With::Leaves(items), _) => items.iter().try_for_each(|item| {
                if chunker.adopt(item)? {
                    return Ok(());
                }
                let leaf = load(self.storage, &item.child, 0)?;
                chunker.push_from(&leaf, 0..leaf.len())
            }),
            (With::Nothing | With::Value(_), _) => Ok(()),
        }
    }
}
