//! What is kept from collections beside what the refs lead to.
//!
//! Every pin, of this process or another, is a session file; see `spec/FORMAT.md`.

use std::sync::Mutex;

use prollytree_tree::{Hash, ObjectKind};

use crate::dir::{Dir, File};
use crate::error::StoreError;
use crate::format::Fields;
use crate::lock::{lock, read};
use crate::store::Store;
use crate::vfs::OpenMode;

const PREFIX: &str = "session-";

/// Keeps objects, and all that they lead to, from collections of any process while it lives.
pub struct Pin {
    _session: Session,
}

impl Store {
    /// Keeps objects, and all that they lead to, from collections for as long as the pin lives.
    ///
    /// What a ref leads to needs no pin while the ref stays. Pins end with their process.
    ///
    /// # Errors
    /// [`Missing`](StoreError::Missing) if one of them is not stored; I/O errors; and
    /// [`ReadOnly`](StoreError::ReadOnly), since other processes must see the pin.
    pub fn pin(&self, roots: &[(ObjectKind, Hash)]) -> Result<Pin, StoreError> {
        self.writable()?;
        let mut tail = lock(&self.shared.tail);
        let _lock = self.lock_store()?;
        self.ready(&mut tail)?;
        let view = read(&self.shared.view).clone();
        for &(kind, hash) in roots {
            if !view.holds(&hash)? {
                return Err(StoreError::Missing { kind, hash });
            }
        }
        Ok(Pin { _session: Session::publish(&self.shared.dir, u64::MAX, roots)? })
    }
}

/// A file that tells other handles what this one needs; its lock says that it lives.
struct Session {
    dir: Dir,
    name: String,
    /// `None` once it is closed.
    file: Option<File>,
}

impl Session {
    /// Publishes what is needed. The caller holds the store's lock.
    fn publish(dir: &Dir, since: u64, roots: &[(ObjectKind, Hash)]) -> Result<Self, StoreError> {
        let [a, b, c, d, e, f, g, h, ..] = dir.random()?;
        let name = format!("{PREFIX}{:016x}", u64::from_le_bytes([a, b, c, d, e, f, g, h]));
        let file = dir.open(&name, OpenMode::CreateEmpty)?;
        let session = Self { dir: dir.clone(), name, file: Some(file) };
        let mut bytes = since.to_le_bytes().to_vec();
        for (kind, hash) in roots {
            bytes.push(kind.code());
            bytes.extend(hash.as_bytes());
        }
        if let Some(file) = &session.file {
            file.lock()?;
            file.write(&bytes, 0)?;
        }
        Ok(session)
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.file = None;
        // A file that stays is not locked any more, so the next collection removes it.
        let _removed = self.dir.unlink(&self.name);
    }
}

/// What all living sessions of a store need.
pub(crate) struct Needs {
    /// Every batch after this sequence.
    pub(crate) since: u64,
    pub(crate) roots: Vec<(ObjectKind, Hash)>,
}

impl Needs {
    /// Reads what the sessions need, and removes what dead ones left. The caller holds the store's
    /// lock.
    pub(crate) fn read(dir: &Dir) -> Result<Self, StoreError> {
        let mut needs = Self { since: u64::MAX, roots: Vec::new() };
        for name in dir.list()?.iter().filter(|name| name.starts_with(PREFIX)) {
            let Some((file, bytes)) = dir.read(name)? else { continue };
            if file.try_lock()? {
                match dir.unlink(name) {
                    // Its owner may be ending it just now.
                    Err(error) if !error.is_not_found() => return Err(error),
                    _ => continue,
                }
            }
            let mut fields = Fields(&bytes);
            let damaged = |damage| file.damaged(0, damage);
            needs.since = needs.since.min(fields.u64().map_err(damaged)?);
            while !fields.0.is_empty() {
                let [code, name @ ..] = fields.array::<33>().map_err(damaged)?;
                let kind = ObjectKind::from_code(code);
                needs.roots.extend(kind.map(|kind| (kind, Hash::from_bytes(name))));
            }
        }
        Ok(needs)
    }
}

/// Keeps what a handle spilled until it commits.
#[derive(Default)]
pub(crate) struct Spilled {
    session: Mutex<Option<Session>>,
}

impl Spilled {
    /// Keeps everything that is appended after a sequence. The caller holds the store's lock.
    pub(crate) fn keep(&self, dir: &Dir, since: u64) -> Result<(), StoreError> {
        let mut session = lock(&self.session);
        if session.is_none() {
            *session = Some(Session::publish(dir, since, &[])?);
        }
        Ok(())
    }

    /// What was spilled is committed.
    pub(crate) fn release(&self) {
        *lock(&self.session) = None;
    }
}
