//! Our repository in Git, through the key-value store.

use std::path::Path;

use prollytree_git::GitVersionedKvStore;

use crate::engine::{GitEngine, GitMap, Named, Outcome};
use crate::git::git;
use crate::records::Record;
use crate::rows::Row;

/// The engine, by what it makes durable.
pub(super) enum OursGit {
    /// Packs and refs: the default.
    Synced,
    /// Nothing, as Git itself does with loose objects and refs.
    Unsynced,
}

impl Named for OursGit {
    fn id(&self) -> &'static str {
        "ours"
    }

    fn title(&self) -> &'static str {
        match self {
            Self::Synced => "**ours in Git**",
            Self::Unsynced => "ours, fsync=none",
        }
    }

    fn is_ours(&self) -> bool {
        true
    }

    fn note(&self, _row: Row) -> Option<&'static str> {
        Some(match self {
            Self::Synced => "the default: a commit returns once it would survive a power cut",
            Self::Unsynced => "with `core.fsync=none` in the repository's configuration",
        })
    }
}

impl GitEngine for OursGit {
    fn takes_part(&self, row: Row, _keys: usize) -> bool {
        match self {
            Self::Synced => true,
            Self::Unsynced => matches!(row, Row::GitLoad | Row::GitCommit | Row::GitWriters),
        }
    }

    fn create(&self, dir: &Path, records: &[Record]) -> Outcome<Box<dyn GitMap>> {
        let mut store = GitVersionedKvStore::init(dir)?;
        if let Self::Unsynced = self {
            git(dir, &["config", "core.fsync", "none"])?;
            store = GitVersionedKvStore::open(dir)?;
        }
        let mut map = OursGitMap { store };
        if !records.is_empty() {
            records.iter().try_for_each(|record| map.set(record))?;
            map.commit()?;
        }
        Ok(Box::new(map))
    }

    fn open(&self, dir: &Path) -> Outcome<Box<dyn GitMap>> {
        Ok(Box::new(OursGitMap { store: GitVersionedKvStore::open(dir)? }))
    }

    fn is_leaf(&self, path: &str) -> bool {
        // The first leaf below a node is called by its letter alone.
        let name = path.rsplit('/').next().unwrap_or_default();
        path.starts_with("maps/") && matches!(name.split('-').next(), Some("l" | "b"))
    }
}

struct OursGitMap {
    store: GitVersionedKvStore,
}

impl GitMap for OursGitMap {
    fn set(&mut self, record: &Record) -> Outcome<()> {
        Ok(self.store.set(record.key.as_str(), record.value.as_str())?)
    }

    fn commit(&mut self) -> Outcome<()> {
        self.store.commit("change")?;
        Ok(())
    }

    fn get(&mut self, key: &str) -> Outcome<Option<Vec<u8>>> {
        Ok(self.store.get(key.as_bytes())?)
    }
}
