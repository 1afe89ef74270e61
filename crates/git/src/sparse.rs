//! The index and the working tree of a repository that is all ours, brought along by our own hand.
//!
//! There `git status` sees one file and one folder of ours, whatever they hold: starting a program
//! for them would take longer than the commit. Anything unusual is left to `git read-tree`.

use std::fs;
use std::io::Write as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use gix::hash::ObjectId;
use gix::index;
use gix::lock::acquire::Fail;
use gix::objs::Kind;

use crate::backend::GitBackend;
use crate::error::{GitError, io_error};
use crate::listing;
use crate::objects::{TreeEntry, entry};
use crate::working_tree::Checkout;
use crate::write::MAPS;

/// How long an index is waited for that another program holds.
const PATIENCE: Fail = Fail::AfterDurationWithBackoff(Duration::from_secs(2));
/// The folder of the maps, as a sparse index has it.
const MAPS_ENTRY: &str = "maps/";

/// An index that is locked, and what will be in it.
pub(crate) struct SparseUpdate {
    commit: ObjectId,
    index: index::File,
    lock: gix::lock::File,
    path: PathBuf,
    listing: (ObjectId, Arc<[u8]>),
    maps: ObjectId,
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
        let index_path = self.shared.git_dir.join("index");
        let failed = |source| GitError::gix("lock the index", source);
        let lock = gix::lock::File::acquire_to_update_resource(&index_path, PATIENCE, None, 0);
        let lock = lock.map_err(failed)?;
        let Ok(index) = index::File::at(&index_path, self.shared.hash, false, Default::default())
        else {
            return Ok(None);
        };
        let path = work_dir.join(listing::FILE);
        let as_we_made_it = index.is_sparse()
            && index.link().is_none()
            && in_index(&index, listing::FILE) == Some(old.0)
            && in_index(&index, MAPS_ENTRY) == Some(old.1)
            && fs::read(&path).ok().as_deref() == Some(&*self.need(&old.0, Kind::Blob)?);
        let listing = (new.0, self.need(&new.0, Kind::Blob)?);
        let update = SparseUpdate { commit: checkout.new, index, lock, path, listing, maps: new.1 };
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
        let Self { mut index, mut lock, path, listing, maps, .. } = self;
        let new = path.with_extension("new");
        fs::write(&new, &listing.1).map_err(io_error("write", &new))?;
        fs::rename(&new, &path).map_err(io_error("rename to", &path))?;
        let stat = index::fs::Metadata::from_path_no_follow(&path);
        let stat = stat.map_err(io_error("read", &path))?;
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
        let failed = |source| GitError::gix("write the index", source);
        let mut bytes = Vec::new();
        index.write_to(&mut bytes, Default::default()).map_err(failed)?;
        lock.with_mut(|file| file.write_all(&bytes))
            .map_err(|source| GitError::internal("write the index", source))?;
        lock.commit().map_err(|source| GitError::internal("write the index", source.error))?;
        Ok(())
    }
}

/// The entries of a commit's tree that are not ours.
fn rest(entries: &[TreeEntry]) -> impl Iterator<Item = &TreeEntry> {
    entries.iter().filter(|entry| entry.filename != listing::FILE && entry.filename != MAPS)
}

fn in_index(index: &index::File, name: &str) -> Option<ObjectId> {
    index.entry_by_path(name.into()).map(|entry| entry.id)
}
