//! What is kept from collections beside what the refs lead to.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use prollytree_tree::{Hash, ObjectKind};

use crate::dir::{Dir, File};
use crate::error::StoreError;
use crate::lock::lock;
use crate::vfs::OpenMode;

/// A file that tells other processes what this session needs; its lock says that it lives.
pub(crate) struct Session {
    dir: Dir,
    name: String,
    _file: File,
}

impl Session {
    const PREFIX: &'static str = "session-";

    /// Publishes what the session needs. The caller holds the store's lock.
    pub(crate) fn publish(
        dir: &Dir,
        since: u64,
        roots: &[(ObjectKind, Hash)],
    ) -> Result<Self, StoreError> {
        let [a, b, c, d, e, f, g, h, ..] = dir.random()?;
        let number = u64::from_le_bytes([a, b, c, d, e, f, g, h]);
        let name = format!("{}{number:016x}", Self::PREFIX);
        let file = dir.open(&name, OpenMode::CreateEmpty)?;
        file.lock()?;
        let mut bytes = since.to_le_bytes().to_vec();
        for (kind, hash) in roots {
            bytes.push(kind.code());
            bytes.extend(hash.as_bytes());
        }
        file.write(&bytes, 0)?;
        Ok(Self { dir: dir.clone(), name, _file: file })
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        // A file that stays is unlocked, so the next collection removes it.
        let _removed = self.dir.unlink(&self.name);
    }
}

/// The pins of one handle.
#[derive(Default)]
pub(crate) struct Pins {
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    spilled: Option<Session>,
    roots: HashMap<u64, Vec<(ObjectKind, Hash)>>,
    next: u64,
}

impl Pins {
    /// Keeps everything that is appended after a sequence until the session commits.
    pub(crate) fn keep_spilled(&self, dir: &Dir, since: u64) -> Result<(), StoreError> {
        let mut state = lock(&self.state);
        if state.spilled.is_none() {
            state.spilled = Some(Session::publish(dir, since, &[])?);
        }
        Ok(())
    }

    /// The session committed what it had spilled.
    pub(crate) fn release_spilled(&self) {
        lock(&self.state).spilled = None;
    }
}
