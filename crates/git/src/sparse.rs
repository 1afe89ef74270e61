//! The index and the working tree of a repository that is all ours, brought along by our own hand.
//!
//! There `git status` sees one file and one folder of ours, whatever they hold: starting a program
//! for them would take longer than the commit. Anything unusual is left to `git read-tree`.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use gix::hash::ObjectId;
use gix::index;
use gix::objs::Kind;

use crate::backend::GitBackend;
use crate::error::{GitError, io_error};
use crate::index_lock::IndexLock;
use crate::listing;
use crate::objects::{TreeEntry, entry};
use crate::working_tree::Checkout;
use crate::write::MAPS;

/// The folder of the maps, as a sparse index has it.
const MAPS_ENTRY: &str = "maps/";

/// An index that is locked, and what will be in it.
pub(crate) struct SparseUpdate {
    commit: ObjectId,
    index: index::File,
    /// Where the index is.
    at: PathBuf,
    _lock: IndexLock,
    /// The list of the maps, in the working tree.
    file: PathBuf,
    listing: (ObjectId, Arc<[u8]>),
    maps: ObjectId,
    /// Where the new index and the new list are written before they take their places.
    new_files: (PathBuf, PathBuf),
}

impl GitBackend {
    /// Locks the index and looks whether it, the working tree and the move are as we made them.
    pub(crate) fn plan_sparse(
        &self,
        checkout: &Checkout,
    ) -> Result<Option<SparseUpdate>, GitError> {
        let (Some(old), Some(work_dir)) = (&checkout.old, &self.shared.work_dir) else {
            return Ok(None);
        };
        if !self.owns_repository() {
            return Ok(None);
        }
        let (Some(old), Some(new)) = (self.version(old)?, self.version(&checkout.new)?) else {
            return Ok(None);
        };
        let (old, new) = (self.tree(&old.tree)?, self.tree(&new.tree)?);
        if rest(&old).ne(rest(&new)) {
            return Ok(None);
        }
        let ours =
            |tree: &[TreeEntry]| Some((entry(tree, listing::FILE)?.oid, entry(tree, MAPS)?.oid));
        let (Some(old), Some(new)) = (ours(&old), ours(&new)) else { return Ok(None) };
        let lock = self.lock_index()?;
        let at = self.shared.git_dir.join("index");
        let Ok(index) = index::File::at(&at, self.shared.hash, false, Default::default()) else {
            return Ok(None);
        };
        let file = work_dir.join(listing::FILE);
        let listing = (new.0, self.need(&new.0, Kind::Blob)?);
        // Both the old and the new are ours: a writer that died was between them.
        let is_one = |found: Option<ObjectId>, old, new| found == Some(old) || found == Some(new);
        let shown = fs::read(&file).unwrap_or_default();
        let as_we_made_it = index.is_sparse()
            && index.link().is_none()
            && is_one(in_index(&index, listing::FILE), old.0, new.0)
            && is_one(in_index(&index, MAPS_ENTRY), old.1, new.1)
            && (shown == *self.need(&old.0, Kind::Blob)? || shown == *listing.1);
        let new_files = (at.with_file_name("prolly.index"), at.with_file_name("prolly.listing"));
        let (commit, maps) = (checkout.new, new.1);
        let update =
            SparseUpdate { commit, index, at, _lock: lock, file, listing, maps, new_files };
        Ok(as_we_made_it.then_some(update))
    }
}

impl SparseUpdate {
    /// The commit that the working tree will show.
    pub(crate) fn commit(&self) -> ObjectId {
        self.commit
    }

    /// Writes the file, then the index.
    pub(crate) fn follow(self) -> Result<(), GitError> {
        let Self { mut index, at, _lock, file, listing, maps, new_files, .. } = self;
        let (new_index, new_listing) = new_files;
        fs::write(&new_listing, &listing.1).map_err(io_error("write", &new_listing))?;
        fs::rename(&new_listing, &file).map_err(io_error("rename to", &file))?;
        let stat = index::fs::Metadata::from_path_no_follow(&file);
        let stat = stat.map_err(io_error("read", &file))?;
        let stat = index::entry::Stat::from_fs(&stat);
        let stat = stat.map_err(|source| GitError::internal("read a file's time", source))?;
        for (entry, name) in index.entries_mut_with_paths() {
            if name == listing::FILE {
                (entry.id, entry.stat) = (listing.0, stat);
            } else if name == MAPS_ENTRY {
                entry.id = maps;
            }
        }
        // What it remembers of the trees is of the old ones.
        index.remove_tree();
        let mut bytes = Vec::new();
        let failed = |source| GitError::gix("write the index", source);
        index.write_to(&mut bytes, Default::default()).map_err(failed)?;
        fs::write(&new_index, bytes).map_err(io_error("write", &new_index))?;
        fs::rename(&new_index, &at).map_err(io_error("rename to", &at))
    }
}

/// The entries of a commit's tree that are not ours.
fn rest(entries: &[TreeEntry]) -> impl Iterator<Item = &TreeEntry> {
    entries.iter().filter(|entry| entry.filename != listing::FILE && entry.filename != MAPS)
}

fn in_index(index: &index::File, name: &str) -> Option<ObjectId> {
    index.entry_by_path(name.into()).map(|entry| entry.id)
}
