//! Cuts a sorted stream of entries of one level into nodes.

use crate::boundary::Rule;
use crate::config::TreeConfig;
use crate::error::TreeError;
use crate::node::{Child, MAX_COUNT, Node, Payload, Run, name_all};
use crate::object::ObjectKind;
use crate::storage::NodeStorage;

/// A node as its parent holds it: the last key below it, and the child itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Item {
    pub(crate) key: Vec<u8>,
    pub(crate) child: Child,
}

/// So many nodes fill the hash lanes well, and their messages still fit a core's cache.
const NAMED_AT_ONCE: usize = 8;

/// A node that is cut, under its last key.
struct Cut {
    key: Vec<u8>,
    node: Node,
    natural: bool,
}

/// Cuts the entries of one level into nodes and stores them.
///
/// All state is reset at every cut, so from an aligned position on, the cuts depend only on the
/// entries that follow. That is what lets an edit stop at the first old boundary that it meets.
pub(crate) struct Chunker<'s, S> {
    storage: &'s S,
    level: u8,
    rule: Rule,
    /// The entries since the last cut.
    run: Run,
    /// How many of them have been looked at, and their size.
    examined: usize,
    size: u64,
    /// The smallest key hash after which the node may end, and its position.
    best: Option<(u64, usize)>,
    /// Nodes that are cut but not named yet: names are cheaper by the batch.
    unnamed: Vec<Cut>,
    items: Vec<Item>,
}

impl<'s, S: NodeStorage> Chunker<'s, S> {
    pub(crate) fn new(storage: &'s S, config: &TreeConfig, level: u8) -> Self {
        Self {
            storage,
            level,
            rule: Rule::new(config, level),
            run: Run::recycled(),
            examined: 0,
            size: 0,
            best: None,
            unnamed: Vec::new(),
            items: Vec::new(),
        }
    }

    /// Whether the last entry ended a node.
    pub(crate) fn is_aligned(&self) -> bool {
        self.run.len() == 0
    }

    /// The last key of the last node that was cut.
    pub(crate) fn last_cut(&self) -> Option<&[u8]> {
        let named = || self.items.last().map(|item| item.key.as_slice());
        self.unnamed.last().map(|cut| cut.key.as_slice()).or_else(named)
    }

    /// Forgets the entries behind the last cut.
    pub(crate) fn drop_rest(&mut self) {
        self.run.drop_front(self.run.len());
        (self.examined, self.size, self.best) = (0, 0, None);
    }

    /// Appends an entry whose key is `head ‖ tail`.
    pub(crate) fn push(
        &mut self,
        head: &[u8],
        tail: &[u8],
        payload: &Payload<'_>,
    ) -> Result<(), TreeError> {
        self.run.push(head, tail, payload);
        // Each node that is read is in order, but nodes of a tree that nobody checked may overlap.
        if !self.run.end_ascends() {
            return Err(TreeError::Disorder { level: self.level });
        }
        self.examine_all()
    }

    /// As [`push`](Self::push), for an entry that is known to lie behind the one before.
    pub(crate) fn push_sorted(
        &mut self,
        head: &[u8],
        tail: &[u8],
        payload: &Payload<'_>,
    ) -> Result<(), TreeError> {
        self.run.push(head, tail, payload);
        self.examine_all()
    }

    fn examine_all(&mut self) -> Result<(), TreeError> {
        while self.examined < self.run.len() {
            self.examine()?;
        }
        Ok(())
    }

    /// Appends the entries `range` of a node.
    pub(crate) fn push_from(
        &mut self,
        node: &Node,
        mut range: std::ops::Range<usize>,
    ) -> Result<(), TreeError> {
        if let Some(i) = range.next() {
            self.push(node.prefix(), node.suffix(i), &node.payload(i))?;
        }
        for i in range {
            self.push_sorted(node.prefix(), node.suffix(i), &node.payload(i))?;
        }
        Ok(())
    }

    /// Takes a whole node over without reading it, if that gives what reading it would give.
    pub(crate) fn adopt(&mut self, item: &Item) -> Result<bool, TreeError> {
        if !self.is_aligned() || !item.child.natural {
            return Ok(false);
        }
        self.name()?;
        self.items.push(item.clone());
        Ok(true)
    }

    /// Ends the last node, and returns all nodes that were not taken.
    pub(crate) fn finish(mut self) -> Result<Vec<Item>, TreeError> {
        if !self.is_aligned() {
            self.cut(self.run.len(), false)?;
        }
        self.name()?;
        Ok(self.take_items())
    }

    /// The nodes that are complete and were not taken.
    pub(crate) fn items(&self) -> &[Item] {
        &self.items
    }

    /// Takes the nodes that are complete.
    pub(crate) fn take_items(&mut self) -> Vec<Item> {
        std::mem::take(&mut self.items)
    }

    fn examine(&mut self) -> Result<(), TreeError> {
        let entry = self.examined;
        let entry_size = self.run.entry_size(entry);
        if self.rule.overflows(entry, self.size, entry_size) {
            let end = self.best.map_or(entry, |(_, at)| at + 1);
            return self.cut(end, false);
        }
        self.size += entry_size;
        self.examined += 1;
        if self.rule.may_end(self.examined, self.size) {
            let hash = self.rule.hash(self.run.key(entry));
            if self.rule.ends(hash, self.size, entry_size) {
                return self.cut(self.examined, true);
            }
            if self.best.is_none_or(|(best, _)| hash < best) {
                self.best = Some((hash, entry));
            }
        }
        Ok(())
    }

    /// Ends a node after the first `len` entries; the others are looked at again.
    fn cut(&mut self, len: usize, natural: bool) -> Result<(), TreeError> {
        if self.run.count(len) > MAX_COUNT {
            return Err(TreeError::TooManyEntries);
        }
        let node = self.run.node(self.level, len);
        let key = self.run.key(len - 1).to_vec();
        self.unnamed.push(Cut { key, node, natural });
        self.run.drop_front(len);
        (self.examined, self.size, self.best) = (0, 0, None);
        if self.unnamed.len() == NAMED_AT_ONCE { self.name() } else { Ok(()) }
    }

    /// Names and stores the nodes that are cut.
    fn name(&mut self) -> Result<(), TreeError> {
        let nodes: Vec<&Node> = self.unnamed.iter().map(|cut| &cut.node).collect();
        let names = name_all(&nodes);
        for (Cut { key, node, natural }, hash) in self.unnamed.drain(..).zip(names) {
            let count = node.count();
            let locator = self
                .storage
                .write_node(&hash, node)
                .map_err(|source| TreeError::storage(ObjectKind::Node, hash, source))?;
            self.items.push(Item { key, child: Child { hash, count, natural, locator } });
        }
        Ok(())
    }
}

impl<S> Drop for Chunker<'_, S> {
    fn drop(&mut self) {
        self.run.recycle();
    }
}
