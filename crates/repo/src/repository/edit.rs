//! Reading and editing the working state.

use std::io::Read;
use std::ops::RangeBounds;

use prollytree_tree::{Snapshot, Value, store_reader};

use super::Repository;
use crate::backend::Backend;
use crate::error::RepoError;
use crate::name::MapName;
use crate::value::ValueReader;

impl<B: Backend> Repository<B> {
    /// The value of a key in the working state.
    ///
    /// # Errors
    /// A part of the tree or the value is missing or damaged, or the backend fails.
    pub fn get(&self, map: &MapName, key: &[u8]) -> Result<Option<Vec<u8>>, RepoError> {
        match self.working.edited(map) {
            Some(tree) => Ok(tree.try_find(key)?),
            None => Ok(self.open_map(self.working.built(), map)?.get(key)?),
        }
    }

    /// Whether the working state has a key.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub fn contains(&self, map: &MapName, key: &[u8]) -> Result<bool, RepoError> {
        match self.working.edited(map) {
            Some(tree) => Ok(tree.try_contains(key)?),
            None => Ok(self.open_map(self.working.built(), map)?.contains(key)?),
        }
    }

    /// Sets a key. Large values belong to [`set_reader`](Self::set_reader).
    ///
    /// Edits are held in memory, and built into the tree when they pass the budget of
    /// [`Options`](crate::Options); [`save`](Self::save) or a commit makes them durable.
    ///
    /// # Errors
    /// The key or the value is too long, or the backend fails.
    pub fn set(
        &mut self,
        map: &MapName,
        key: impl Into<Vec<u8>>,
        value: impl Into<Vec<u8>>,
    ) -> Result<(), RepoError> {
        let (key, value) = (key.into(), value.into());
        let bytes = key.len() + value.len();
        self.working.tree(&self.backend, map)?.try_insert(key, value)?;
        self.working.count(bytes)
    }

    /// Sets a key to all that a reader gives, holding one piece of it in memory.
    ///
    /// # Errors
    /// The reader or the backend fails, or the key or the value is too long.
    pub fn set_reader(
        &mut self,
        map: &MapName,
        key: impl Into<Vec<u8>>,
        source: impl Read,
    ) -> Result<(), RepoError> {
        let value = store_reader(&self.backend, source)?;
        self.set_value(map, key, value)
    }

    /// Sets a key to a value that is stored already, as [`get_value`](Self::get_value) gives it.
    ///
    /// # Errors
    /// As [`set`](Self::set).
    pub fn set_value(
        &mut self,
        map: &MapName,
        key: impl Into<Vec<u8>>,
        value: Value,
    ) -> Result<(), RepoError> {
        let key = key.into();
        let bytes = key.len() + value.as_ref().len().min(1 << 10) as usize;
        self.working.tree(&self.backend, map)?.try_insert_value(key, value)?;
        self.working.count(bytes)
    }

    /// Removes a key, and tells whether it existed.
    ///
    /// # Errors
    /// A part of the tree is missing or damaged, or the backend fails.
    pub fn delete(&mut self, map: &MapName, key: &[u8]) -> Result<bool, RepoError> {
        let existed = self.working.tree(&self.backend, map)?.try_delete(key)?;
        self.working.count(key.len())?;
        Ok(existed)
    }

    /// Removes all keys of a range without reading them.
    ///
    /// # Errors
    /// As [`delete`](Self::delete).
    pub fn delete_range<'k>(
        &mut self,
        map: &MapName,
        range: impl RangeBounds<&'k [u8]>,
    ) -> Result<(), RepoError> {
        Ok(self.working.tree(&self.backend, map)?.try_delete_range(range)?)
    }

    /// Makes several edits: a value sets its key, `None` removes it.
    ///
    /// # Errors
    /// As [`set`](Self::set); edits before the failed one are made.
    pub fn apply(
        &mut self,
        map: &MapName,
        edits: impl IntoIterator<Item = (Vec<u8>, Option<Vec<u8>>)>,
    ) -> Result<(), RepoError> {
        for (key, value) in edits {
            match value {
                Some(value) => self.set(map, key, value)?,
                None => {
                    self.delete(map, &key)?;
                }
            }
        }
        Ok(())
    }

    /// A map of the working state as it stands, read-only: for iteration, ranges, proofs.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub fn working_map(&mut self, map: &MapName) -> Result<Snapshot<B>, RepoError> {
        Ok(self.working.tree(&self.backend, map)?.try_snapshot()?.clone())
    }

    /// What the leaf holds for a key: the value, or a reference to a large one.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub fn get_value(&mut self, map: &MapName, key: &[u8]) -> Result<Option<Value>, RepoError> {
        Ok(self.working_map(map)?.get_value(key)?)
    }

    /// Reads the value of a key piece by piece.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub fn get_reader(
        &mut self,
        map: &MapName,
        key: &[u8],
    ) -> Result<Option<ValueReader<'_, B>>, RepoError> {
        let value = self.get_value(map, key)?;
        Ok(value.map(|value| ValueReader::new(&self.backend, value)))
    }
}
