//! A whole repository, copied into another backend.

use std::collections::{HashMap, HashSet};

use prollytree_tree::{ChunkList, Hash, Locator, ObjectKind};

use crate::backend::{Backend, BackendError, RefUpdate, RefValue};
use crate::commit::Commit;
use crate::error::RepoError;
use crate::graph::{Ancestors, topological};
use crate::id::CommitId;
use crate::log::peel;
use crate::name::RefName;
use crate::repository::{Head, Repository};
use crate::tag::Tag;

/// What was copied.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Copied {
    /// How many commits.
    pub commits: u64,
    /// How many nodes and parts of large values, each once.
    pub objects: u64,
    /// How many branches and tags.
    pub refs: u64,
}

/// Copies the branches and tags of a repository, with their whole history, into an empty backend of
/// any kind, and checks out the same branch there.
///
/// Contents keep their roots. Commits keep theirs too, and their authors, times and messages, but get
/// new ids where the backends name commits in different ways. Logs, settings and uncommitted changes
/// are not copied. O(all content): each node is read and written once.
///
/// # Errors
/// There is a repository in the target already, a part is missing or damaged, or a backend fails.
pub fn copy_repository<A: Backend, B: Backend>(
    source: &Repository<A>,
    target: &B,
) -> Result<Copied, RepoError> {
    if target.read_ref(&RefName::head())?.is_some() {
        return Err(RepoError::AlreadyARepository);
    }
    let (from, target) = (source.backend(), target.session());
    let mut refs = from.list_refs(RefName::BRANCHES)?;
    refs.extend(from.list_refs(RefName::TAGS)?);
    let mut tips = Vec::new();
    for (_, value) in &refs {
        tips.extend(peel(from, Some(value.clone()))?);
    }
    tips.extend(source.tip());
    let mut copy = Copy { from, to: &target, ids: HashMap::new(), done: HashSet::new() };
    let commits = topological(Ancestors::new(from.clone(), tips)?)?;
    for (id, commit) in commits.iter().rev() {
        copy.commit(*id, commit)?;
    }
    let mut updates = Vec::new();
    for (name, value) in &refs {
        updates.push(RefUpdate { name: name.clone(), expected: None, new: copy.value(value)? });
    }
    let head = match source.head() {
        Head::Branch(name) => RefValue::Symbolic(name.clone()),
        Head::Detached(id) => RefValue::Commit(copy.id(id)?),
    };
    updates.push(RefUpdate { name: RefName::head(), expected: None, new: Some(head) });
    target.update_refs(&updates)?;
    Ok(Copied {
        commits: commits.len() as u64,
        objects: copy.done.len() as u64,
        refs: refs.len() as u64,
    })
}

struct Copy<'c, A, B> {
    from: &'c A,
    to: &'c B,
    /// The new ids of commits.
    ids: HashMap<CommitId, CommitId>,
    /// What was copied, with all below it.
    done: HashSet<(ObjectKind, Hash)>,
}

impl<A: Backend, B: Backend> Copy<'_, A, B> {
    fn commit(&mut self, id: CommitId, commit: &Commit) -> Result<(), RepoError> {
        for map in commit.maps.values() {
            self.node(&map.root, Locator::NONE)?;
        }
        let parents = commit.parents.iter().map(|id| self.id(id)).collect::<Result<_, _>>()?;
        let new = self.to.write_commit(&Commit { parents, ..commit.clone() })?;
        self.ids.insert(id, new);
        Ok(())
    }

    fn id(&self, id: &CommitId) -> Result<CommitId, RepoError> {
        self.ids.get(id).copied().ok_or(RepoError::MissingCommit { id: *id })
    }

    fn value(&self, value: &RefValue) -> Result<Option<RefValue>, RepoError> {
        Ok(Some(match value {
            RefValue::Commit(id) => RefValue::Commit(self.id(id)?),
            RefValue::Tag(id) => {
                let tag = self.from.read_tag(id)?;
                let bad_ref = || BackendError::BadRef { name: id.to_string() };
                let tag = tag.ok_or_else(bad_ref)?;
                let target = self.id(&tag.target)?;
                RefValue::Tag(self.to.write_tag(&Tag { target, ..tag })?)
            }
            other => other.clone(),
        }))
    }

    fn node(&mut self, hash: &Hash, at: Locator) -> Result<(), RepoError> {
        if !self.done.insert((ObjectKind::Node, *hash)) {
            return Ok(());
        }
        let node = self.from.read_node(hash, at).map_err(BackendError::storage)?;
        let node =
            node.ok_or(BackendError::MissingObject { kind: ObjectKind::Node, hash: *hash })?;
        for child in node.children() {
            self.node(&child.hash, child.locator)?;
        }
        for blob in node.blobs() {
            let is_chunk = blob.height == 0;
            let kind = if is_chunk { ObjectKind::Chunk } else { ObjectKind::ChunkList };
            self.object(kind, &blob.hash)?;
        }
        // The hints are of the other storage.
        let children = node.children().len();
        let node = node.with_locators(std::iter::repeat_n(Locator::NONE, children));
        self.to.write_node(hash, node).map_err(BackendError::storage)?;
        Ok(())
    }

    fn object(&mut self, kind: ObjectKind, hash: &Hash) -> Result<(), RepoError> {
        if !self.done.insert((kind, *hash)) {
            return Ok(());
        }
        let missing = || BackendError::MissingObject { kind, hash: *hash };
        let bytes = self.from.read_object(kind, hash).map_err(BackendError::storage)?;
        let bytes = bytes.ok_or_else(missing)?;
        if kind == ObjectKind::ChunkList {
            let list = ChunkList::decode(&bytes).ok_or_else(missing)?;
            for part in &list.parts {
                self.object(list.part_kind(), &part.hash)?;
            }
        }
        self.to.write_object(kind, hash, &bytes).map_err(BackendError::storage)?;
        Ok(())
    }
}
