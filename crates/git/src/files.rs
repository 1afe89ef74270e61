//! The files beside a data set, in the commits that we make.

use std::collections::{BTreeMap, BTreeSet};

use gix::bstr::BString;
use gix::hash::ObjectId;

use crate::backend::GitBackend;
use crate::error::GitError;
use crate::listing;
use crate::objects::TreeEntry;
use crate::write::MAPS;

impl GitBackend {
    /// The files of a commit with these parents: those of the first, and in a merge what the others
    /// changed. Files that two sides changed are left to `git merge`.
    pub(crate) fn merged_files(&self, parents: &[ObjectId]) -> Result<Option<ObjectId>, GitError> {
        let Some((first, others)) = parents.split_first() else { return Ok(None) };
        let tree = |id: &ObjectId| -> Result<ObjectId, GitError> {
            let version = self.version(id)?;
            Ok(version.ok_or_else(|| GitError::MissingObject { id: id.to_string() })?.tree)
        };
        let mut merged = tree(first)?;
        for other in others {
            let theirs = tree(other)?;
            if self.same_around(&merged, &theirs, 0)? {
                continue;
            }
            let mut results = BTreeSet::new();
            for base in self.merge_bases(first, other)? {
                let base = base.as_ref().map(tree).transpose()?;
                let sides = [base, Some(merged), Some(theirs)];
                results.insert(self.merge_trees(&mut Vec::new(), sides)?);
            }
            // After merges crosswise there are several ancestors. If it matters from which one starts,
            // that is for `git merge`, which merges them first.
            let [result] = Vec::from_iter(results)[..] else {
                return Err(GitError::FilesConflict { path: ".".to_owned() });
            };
            merged = result.map_or_else(|| self.put_tree(Vec::new()), Ok)?;
        }
        Ok(Some(merged))
    }

    /// Whether two trees differ in nothing but the data set, as they mostly do.
    fn same_around(&self, a: &ObjectId, b: &ObjectId, depth: usize) -> Result<bool, GitError> {
        if a == b {
            return Ok(true);
        }
        let inner = self.shared.prefix.get(depth);
        let ours = |entry: &TreeEntry| match inner {
            Some(inner) => entry.filename == inner.as_str() && entry.mode.is_tree(),
            None => entry.filename == listing::FILE || entry.filename == MAPS,
        };
        let (a, b) = (self.tree_verified(a)?, self.tree_verified(b)?);
        let rest = |entries: &[TreeEntry]| {
            entries.iter().filter(|entry| !ours(entry)).cloned().collect::<Vec<_>>()
        };
        if rest(&a) != rest(&b) {
            return Ok(false);
        }
        let on = |entries: &[TreeEntry]| entries.iter().find(|entry| ours(entry)).map(|e| e.oid);
        match (inner, on(&a), on(&b)) {
            (None, ..) | (Some(_), None, None) => Ok(true),
            (Some(_), Some(a), Some(b)) => self.same_around(&a, &b, depth + 1),
            (Some(_), ..) => Ok(false),
        }
    }

    /// The best common ancestors; one that is none if there is none.
    fn merge_bases(&self, a: &ObjectId, b: &ObjectId) -> Result<Vec<Option<ObjectId>>, GitError> {
        self.shared.pool.with(|repository| match repository.merge_bases_many(*a, &[*b]) {
            Ok(bases) if bases.is_empty() => Ok(vec![None]),
            Ok(bases) => Ok(bases.into_iter().map(|base| Some(base.detach())).collect()),
            Err(source) => Err(GitError::gix("find the common ancestor", source)),
        })
    }

    /// A three-way merge of trees, entry by entry; the data set stays as ours has it.
    fn merge_trees(
        &self,
        path: &mut Vec<BString>,
        [base, ours, theirs]: [Option<ObjectId>; 3],
    ) -> Result<Option<ObjectId>, GitError> {
        if ours == theirs || base == theirs {
            return Ok(ours);
        }
        let is_data_set = path.len() == self.shared.prefix.len()
            && path.iter().zip(&self.shared.prefix).all(|(a, b)| a == b.as_str());
        let mut names: BTreeMap<BString, [Option<TreeEntry>; 3]> = BTreeMap::new();
        for (side, tree) in [base, ours, theirs].iter().enumerate() {
            let entries = tree.as_ref().map(|tree| self.tree_verified(tree)).transpose()?;
            for entry in entries.unwrap_or_default() {
                let name = entry.filename.clone();
                names.entry(name).or_default()[side] = Some(entry);
            }
        }
        let mut merged = Vec::new();
        for (name, sides) in names {
            let is_ours = is_data_set && (name == listing::FILE || name == MAPS);
            path.push(name);
            merged.extend(if is_ours { sides[1].clone() } else { self.merge_entry(path, sides)? });
            path.pop();
        }
        if merged.is_empty() {
            return Ok(None);
        }
        self.put_tree(merged).map(Some)
    }

    fn merge_entry(
        &self,
        path: &mut Vec<BString>,
        [base, ours, theirs]: [Option<TreeEntry>; 3],
    ) -> Result<Option<TreeEntry>, GitError> {
        if ours == theirs || base == theirs {
            return Ok(ours);
        }
        // The folders on the way to the data set are entered even if only theirs changed: what lies
        // in the data set is not theirs to decide.
        let on_the_way = path.iter().zip(&self.shared.prefix).all(|(a, b)| a == b.as_str())
            && path.len() <= self.shared.prefix.len();
        if base == ours && !on_the_way {
            return Ok(theirs);
        }
        let trees = [&base, &ours, &theirs].map(|side| match side {
            Some(entry) if entry.mode.is_tree() => Some(Some(entry.oid)),
            Some(_) => None,
            None => Some(None),
        });
        let [Some(base_tree), Some(our_tree), Some(their_tree)] = trees else {
            return match base == ours {
                true => Ok(theirs),
                false => Err(GitError::FilesConflict { path: join(path) }),
            };
        };
        let merged = self.merge_trees(path, [base_tree, our_tree, their_tree])?;
        let template = ours.or(theirs);
        Ok(merged.and_then(|oid| Some(TreeEntry { oid, ..template? })))
    }
}

fn join(path: &[BString]) -> String {
    path.iter().map(ToString::to_string).collect::<Vec<_>>().join("/")
}
