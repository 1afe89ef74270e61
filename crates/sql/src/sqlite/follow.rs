//! Keeping the working copy at what the trees hold.

use std::sync::Arc;

use prollytree_repo::{Backend, Maps};

use super::connection::Connection;
use super::error::SqliteError;
use crate::catalog::Catalog;
use crate::error::SqlError;
use crate::version::Version;

/// What the working copy holds, and what it is to hold.
type Way<B> = (Version<B>, Version<B>);

impl<B: Backend + 'static> Connection<B> {
    /// Begins a write in the working copy, which then holds what the trees do.
    pub(super) fn begin_write(&mut self) -> Result<(), SqliteError> {
        loop {
            self.copy.sqlite.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
            let known = self.copy.known.clone();
            match self.catch_up() {
                Ok(false) => return Ok(()),
                // What was followed is kept, whatever becomes of the write.
                Ok(true) => {
                    if let Err(error) = self.copy.sqlite.execute_batch("COMMIT") {
                        self.must_rebuild = true;
                        return Err(error.into());
                    }
                    self.copy.settle(true);
                }
                Err(error) => {
                    self.copy.known = known;
                    self.copy.sqlite.execute_batch("ROLLBACK")?;
                    self.copy.forget();
                    return Err(error);
                }
            }
        }
    }

    /// Brings the working copy to what the trees hold.
    pub(super) fn catch_up_alone(&mut self) -> Result<(), SqliteError> {
        self.begin_write()?;
        Ok(self.copy.sqlite.execute_batch("COMMIT")?)
    }

    /// Brings the working copy to what the trees hold, and tells whether there was something to do.
    fn catch_up(&mut self) -> Result<bool, SqliteError> {
        self.look_at_file()?;
        let (from, to) = match self.way() {
            Ok(Some(way)) => way,
            Ok(None) => return Ok(false),
            Err(error) => {
                // Where it started from may be forgotten by now.
                self.must_rebuild = true;
                return Err(error);
            }
        };
        let followed =
            if self.must_rebuild { self.rebuild(&to) } else { self.copy.follow(&from, &to) };
        match followed.and_then(|()| self.copy.say(to.maps())) {
            Ok(()) => {
                self.must_rebuild = false;
                Ok(true)
            }
            Err(error) => {
                self.shared.set_held(from);
                // What could not be followed step by step is made anew.
                self.must_rebuild = true;
                Err(error)
            }
        }
    }

    /// What the working copy holds, and what it is to hold; `None` if that is the same.
    fn way(&mut self) -> Result<Option<Way<B>>, SqliteError> {
        let held = self.shared.take_held();
        let mut database = self.shared.database();
        let is_current = database.repository().is_current().map_err(SqlError::from)?;
        if is_current && held.is_none() && !self.must_rebuild {
            return Ok(None);
        }
        let from = match held {
            Some(held) => held,
            None => database.current()?,
        };
        if !is_current {
            database.refresh()?;
        }
        Ok(Some((from, database.current()?)))
    }

    /// Makes the working copy from nothing.
    fn rebuild(&mut self, to: &Version<B>) -> Result<(), SqliteError> {
        let backend = self.shared.database().repository().backend().clone();
        let nothing = Version::with_catalog(backend, Maps::new(), Arc::new(Catalog::default()));
        self.copy.clear()?;
        self.copy.follow(&nothing, to)
    }

    /// Sees whether another process moved the file of the working copy.
    fn look_at_file(&mut self) -> Result<(), SqliteError> {
        let Some(found) = self.copy.look()? else { return Ok(()) };
        let (backend, before) = {
            let database = self.shared.database();
            (database.repository().backend().clone(), database.catalog().clone())
        };
        // A version that cannot be read, perhaps because garbage was collected, is no start.
        let theirs = found.and_then(|maps| Version::open(backend, maps).ok());
        match theirs {
            Some(theirs) => {
                self.copy.adopt(&before, &theirs)?;
                self.shared.take_held();
                self.shared.set_held(theirs);
                self.must_rebuild = false;
            }
            None => self.must_rebuild = true,
        }
        Ok(())
    }
}
