//! The same repository in our own durable store, which the one in Git is held against.

use std::path::Path;

use prollytree_repo::{MapName, Options, Repository};
use prollytree_store::{Store, StoreOptions};

use crate::engine::{GitEngine, GitMap, Named, Outcome};
use crate::records::Record;
use crate::rows::Row;

/// The engine.
pub(super) struct OursNative;

impl Named for OursNative {
    fn id(&self) -> &'static str {
        "ours"
    }

    fn title(&self) -> &'static str {
        "**ours, native store**"
    }

    fn is_ours(&self) -> bool {
        true
    }

    fn note(&self, _row: Row) -> Option<&'static str> {
        Some("`git gc` does not concern it: the second figure repeats the first")
    }
}

impl GitEngine for OursNative {
    fn takes_part(&self, row: Row, _keys: usize) -> bool {
        row == Row::GitReads
    }

    fn create(&self, dir: &Path, records: &[Record]) -> Outcome<Box<dyn GitMap>> {
        let store = Store::create(dir, StoreOptions::default())?;
        let repo = Repository::init(store, Options::default())?;
        let mut map = OursNativeMap { repo, map: MapName::default() };
        records.iter().try_for_each(|record| map.set(record))?;
        map.commit()?;
        Ok(Box::new(map))
    }

    fn open(&self, dir: &Path) -> Outcome<Box<dyn GitMap>> {
        let store = Store::open(dir, StoreOptions::default())?;
        let repo = Repository::open(store, Options::default())?;
        Ok(Box::new(OursNativeMap { repo, map: MapName::default() }))
    }
}

struct OursNativeMap {
    repo: Repository<Store>,
    map: MapName,
}

impl GitMap for OursNativeMap {
    fn set(&mut self, record: &Record) -> Outcome<()> {
        Ok(self.repo.set(&self.map, record.key.as_str(), record.value.as_str())?)
    }

    fn commit(&mut self) -> Outcome<()> {
        self.repo.commit("change")?;
        Ok(())
    }

    fn get(&mut self, key: &str) -> Outcome<Option<Vec<u8>>> {
        Ok(self.repo.get(&self.map, key.as_bytes())?)
    }
}
