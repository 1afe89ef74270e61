//! The catalog: a map from names to what tables, views and triggers look like, as canonical JSON.

use std::collections::BTreeMap;
use std::sync::Arc;

use prollytree_repo::{Backend, MapName};
use prollytree_tree::Snapshot;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::error::SqlError;
use crate::schema::{Definition, Table};
use crate::value::Value;

/// The entry that tells the format of all others and of the rows.
const FORMAT: &str = "format";
const VERSION: &[u8] = b"1";
pub(crate) const TABLE: &str = "table/";
pub(crate) const VIEW: &str = "view/";
pub(crate) const TRIGGER: &str = "trigger/";
const SEQUENCE: &str = "sequence/";

/// All tables, views and triggers of a version.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Catalog {
    tables: BTreeMap<String, Arc<Table>>,
    views: BTreeMap<String, Arc<Definition>>,
    triggers: BTreeMap<String, Arc<Definition>>,
    /// The greatest rowid that each table with `autoincrement` ever had.
    sequences: BTreeMap<String, i64>,
}

impl Catalog {
    /// Reads the catalog of a version.
    ///
    /// # Errors
    /// An entry is damaged or of a kind that this version does not know, or the backend fails.
    pub fn read<B: Backend>(map: &Snapshot<B>) -> Result<Self, SqlError> {
        let mut catalog = Self::default();
        if map.is_empty() {
            return Ok(catalog);
        }
        let version = map.get(FORMAT.as_bytes())?;
        if version.as_deref() != Some(VERSION) {
            let found = version.map(|text| String::from_utf8_lossy(&text).into_owned());
            return Err(SqlError::UnknownFormat { found: found.unwrap_or_default() });
        }
        for entry in map.iter()? {
            let (key, value) = entry?;
            let key = String::from_utf8(key).map_err(|error| SqlError::BadCatalog {
                key: String::from_utf8_lossy(error.as_bytes()).into_owned(),
                source: None,
            })?;
            catalog.insert(&key, &value)?;
        }
        Ok(catalog)
    }

    fn insert(&mut self, key: &str, value: &[u8]) -> Result<(), SqlError> {
        let bad = || SqlError::BadCatalog { key: key.to_owned(), source: None };
        if let Some(name) = key.strip_prefix(TABLE) {
            let table: Table = read_entry(key, value)?;
            check(&table, name).ok_or_else(bad)?;
            self.tables.insert(name.to_owned(), Arc::new(table));
        } else if let Some(name) = key.strip_prefix(VIEW) {
            let view: Definition = read_entry(key, value)?;
            (view.name == name).then_some(()).ok_or_else(bad)?;
            self.views.insert(name.to_owned(), Arc::new(view));
        } else if let Some(name) = key.strip_prefix(TRIGGER) {
            let trigger: Definition = read_entry(key, value)?;
            (trigger.name == name).then_some(()).ok_or_else(bad)?;
            self.triggers.insert(name.to_owned(), Arc::new(trigger));
        } else if let Some(name) = key.strip_prefix(SEQUENCE) {
            self.sequences.insert(name.to_owned(), read_entry(key, value)?);
        } else if key != FORMAT {
            return Err(bad());
        }
        Ok(())
    }

    /// The entries of the catalog's map.
    ///
    /// # Errors
    /// A text cannot be written, which no valid table has.
    pub fn entries(&self) -> Result<BTreeMap<Vec<u8>, Vec<u8>>, SqlError> {
        let mut entries = BTreeMap::new();
        let mut add = |prefix: &str, name: &str, text: Result<Vec<u8>, serde_json::Error>| {
            let key = [prefix, name].concat();
            let text = text.map_err(|source| SqlError::BadCatalog {
                key: key.clone(),
                source: Some(source),
            })?;
            entries.insert(key.into_bytes(), text);
            Ok::<(), SqlError>(())
        };
        for (name, table) in &self.tables {
            add(TABLE, name, serde_json::to_vec(&**table))?;
        }
        for (name, view) in &self.views {
            add(VIEW, name, serde_json::to_vec(&**view))?;
        }
        for (name, trigger) in &self.triggers {
            add(TRIGGER, name, serde_json::to_vec(&**trigger))?;
        }
        for (name, sequence) in &self.sequences {
            add(SEQUENCE, name, serde_json::to_vec(sequence))?;
        }
        if !entries.is_empty() {
            entries.insert(FORMAT.into(), VERSION.into());
        }
        Ok(entries)
    }

    /// The tables, in the order of their names.
    pub fn tables(&self) -> impl Iterator<Item = &Arc<Table>> {
        self.tables.values()
    }

    /// The table of exactly this name.
    pub fn table(&self, name: &str) -> Option<&Arc<Table>> {
        self.tables.get(name)
    }

    /// The table of this name, whatever the case of its letters.
    pub fn find_table(&self, name: &str) -> Option<&Arc<Table>> {
        let same = |table: &&Arc<Table>| table.name.eq_ignore_ascii_case(name);
        self.tables.get(name).or_else(|| self.tables.values().find(same))
    }

    /// The views, in the order of their names.
    pub fn views(&self) -> impl Iterator<Item = &Arc<Definition>> {
        self.views.values()
    }

    /// The triggers, in the order of their names.
    pub fn triggers(&self) -> impl Iterator<Item = &Arc<Definition>> {
        self.triggers.values()
    }

    /// The greatest rowid that a table with `autoincrement` ever had.
    pub fn sequence(&self, table: &str) -> i64 {
        self.sequences.get(table).copied().unwrap_or_default()
    }

    /// The tables that have a greatest rowid, and that.
    pub(crate) fn sequences(&self) -> impl Iterator<Item = (&String, i64)> {
        self.sequences.iter().map(|(table, sequence)| (table, *sequence))
    }

    pub(crate) fn put_table(&mut self, table: Arc<Table>) {
        self.tables.insert(table.name.clone(), table);
    }

    pub(crate) fn remove_table(&mut self, name: &str) -> Option<Arc<Table>> {
        self.sequences.remove(name);
        self.tables.remove(name)
    }

    pub(crate) fn put_sequence(&mut self, table: &str, sequence: i64) {
        self.sequences.insert(table.to_owned(), sequence);
    }

    pub(crate) fn put_view(&mut self, view: Definition) {
        self.views.insert(view.name.clone(), Arc::new(view));
    }

    pub(crate) fn remove_view(&mut self, name: &str) -> bool {
        self.views.remove(name).is_some()
    }

    pub(crate) fn put_trigger(&mut self, trigger: Definition) {
        self.triggers.insert(trigger.name.clone(), Arc::new(trigger));
    }

    pub(crate) fn remove_trigger(&mut self, name: &str) -> bool {
        self.triggers.remove(name).is_some()
    }
}

/// Reads the one text of some content.
fn read_entry<T: Serialize + DeserializeOwned>(key: &str, value: &[u8]) -> Result<T, SqlError> {
    let bad = |source| SqlError::BadCatalog { key: key.to_owned(), source };
    let entry: T = serde_json::from_slice(value).map_err(|error| bad(Some(error)))?;
    let text = serde_json::to_vec(&entry).map_err(|error| bad(Some(error)))?;
    if text == value { Ok(entry) } else { Err(bad(None)) }
}

/// Whether a table makes sense: what its parts refer to is there, and nothing twice.
fn check(table: &Table, name: &str) -> Option<()> {
    let has = |slot: u32| table.position(slot).is_some();
    let mut slots: Vec<_> = table.columns.iter().map(|column| column.slot).collect();
    slots.sort_unstable();
    slots.dedup();
    let parts = table.indexes.iter().flat_map(|index| &index.parts);
    let sound = table.name == name
        && slots.len() == table.columns.len()
        && slots.iter().all(|&slot| slot < table.next_slot && slot < MAX_SLOTS)
        && table.primary_key.iter().all(|part| has(part.slot))
        && table.indexes.is_sorted_by(|a, b| a.name < b.name)
        && parts.clone().all(|part| match part.key {
            crate::schema::IndexKey::Column(slot) => has(slot),
            _ => true,
        })
        && table.foreign_keys.iter().all(|key| key.columns.iter().all(|&slot| has(slot)));
    sound.then_some(())
}

/// How many slots a table can use up: each takes a byte of every row behind it.
pub(crate) const MAX_SLOTS: u32 = 1 << 15;

/// The map that holds the catalog.
pub fn catalog_map() -> Result<MapName, SqlError> {
    map_name(&["schema"])
}

/// The map that holds the rows of a table.
///
/// # Errors
/// The name is too long.
pub fn rows_map(table: &str) -> Result<MapName, SqlError> {
    map_name(&["rows", table])
}

/// Where an operation under way records the rows of a table that break a constraint.
///
/// # Errors
/// The name is too long.
pub(crate) fn violations_map(table: &str) -> Result<MapName, SqlError> {
    map_name(&["violations", table])
}

/// The map that holds an index of a table.
///
/// # Errors
/// The names are too long.
pub fn index_map(table: &str, index: &str) -> Result<MapName, SqlError> {
    map_name(&["index", table, index])
}

fn map_name(parts: &[&str]) -> Result<MapName, SqlError> {
    let mut full = "sql".to_owned();
    for part in parts {
        full.push('/');
        escape(part, &mut full);
    }
    let name = parts.last().copied().unwrap_or_default().to_owned();
    MapName::new(full).map_err(|source| SqlError::BadName { name, source })
}

/// Writes what could mean something else in the name of a map as `%` and two digits.
fn escape(part: &str, out: &mut String) {
    for (i, byte) in part.bytes().enumerate() {
        match byte {
            b'-' if i > 0 => out.push('-'),
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' => out.push(char::from(byte)),
            _ => out.push_str(&format!("%{byte:02x}")),
        }
    }
}

/// Cells in the JSON of the catalog: the bytes of a row's cell, as hexadecimal digits.
pub(crate) mod cell {
    use super::*;

    pub(crate) fn serialize<S: Serializer>(value: &Value, to: S) -> Result<S::Ok, S::Error> {
        let mut bytes = Vec::new();
        crate::cell::push(&mut bytes, value);
        let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        digits.serialize(to)
    }

    pub(crate) fn deserialize<'d, D: Deserializer<'d>>(from: D) -> Result<Value, D::Error> {
        let digits = String::deserialize(from)?;
        let bytes = digits
            .as_bytes()
            .chunks(2)
            .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok());
        let value = bytes.collect::<Option<Vec<u8>>>();
        let value = value.and_then(|bytes| crate::cell::read_whole(&bytes));
        value.ok_or_else(|| serde::de::Error::custom("not the bytes of a cell"))
    }
}
