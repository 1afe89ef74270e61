//! Going back within changes that are not recorded.

use std::sync::Arc;

use prollytree_repo::{Backend, Maps};

use super::Database;
use crate::catalog::Catalog;
use crate::error::SqlError;

/// The tables as they stood at some time.
#[derive(Clone, Debug)]
pub struct Savepoint {
    maps: Maps,
    catalog: Arc<Catalog>,
    was_changed: bool,
}

impl<B: Backend + 'static> Database<B> {
    /// Marks the tables as they stand. Pending edits are built into trees.
    ///
    /// # Errors
    /// A node is missing or damaged, or the backend fails.
    pub fn savepoint(&mut self) -> Result<Savepoint, SqlError> {
        Ok(Savepoint {
            maps: self.repo.working_maps()?,
            catalog: self.catalog.clone(),
            was_changed: self.is_changed(),
        })
    }

    /// Drops all changes since a savepoint, which must be of the same transaction.
    ///
    /// # Errors
    /// The backend fails.
    pub fn roll_back_to(&mut self, savepoint: &Savepoint) -> Result<(), SqlError> {
        if !savepoint.was_changed {
            return self.roll_back();
        }
        self.repo.set_working_maps(savepoint.maps.clone());
        self.catalog = savepoint.catalog.clone();
        self.forget();
        Ok(())
    }
}
