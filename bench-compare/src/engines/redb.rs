//! `redb`: a copy-on-write B-tree in one file.

use std::path::Path;

use redb::{Database, ReadableDatabase, TableDefinition};

use crate::data::{Entry, Key, touch};
use crate::engine::{DurableEngine, DurableMap, Named, Outcome};
use crate::rows::Row;

const TABLE: TableDefinition<&[u8], &[u8]> = TableDefinition::new("map");

/// The engine.
pub(super) struct Redb;

impl Named for Redb {
    fn id(&self) -> &'static str {
        "redb"
    }

    fn title(&self) -> &'static str {
        "redb 4"
    }

    fn note(&self, _row: Row) -> Option<&'static str> {
        Some("default durability (`Immediate`)")
    }
}

impl DurableEngine for Redb {
    fn create(&self, dir: &Path, sorted: &[Entry]) -> Outcome<Box<dyn DurableMap>> {
        let mut map = RedbMap { database: Database::create(dir.join("map.redb"))? };
        map.insert(sorted)?;
        Ok(Box::new(map))
    }
}

struct RedbMap {
    database: Database,
}

impl RedbMap {
    fn insert(&mut self, entries: &[Entry]) -> Outcome<()> {
        let transaction = self.database.begin_write()?;
        let mut table = transaction.open_table(TABLE)?;
        for entry in entries {
            table.insert(entry.key.as_slice(), entry.value.as_slice())?;
        }
        drop(table);
        Ok(transaction.commit()?)
    }
}

impl DurableMap for RedbMap {
    fn commit(&mut self, entry: &Entry) -> Outcome<()> {
        self.insert(std::slice::from_ref(entry))
    }

    fn get(&mut self, key: &Key) -> Outcome<Option<u64>> {
        let table = self.database.begin_read()?.open_table(TABLE)?;
        Ok(table.get(key.as_slice())?.map(|value| touch(value.value())))
    }
}
