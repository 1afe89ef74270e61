//! Files whose every error names the file and the place.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use crate::error::{Damage, StoreError};
use crate::vfs::{OpenMode, Vfs, VfsFile};

/// The store's directory.
#[derive(Clone)]
pub(crate) struct Dir {
    vfs: Arc<dyn Vfs>,
}

impl Dir {
    pub(crate) fn new(vfs: Arc<dyn Vfs>) -> Self {
        Self { vfs }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.vfs.path(name)
    }

    pub(crate) fn open(&self, name: &str, mode: OpenMode) -> Result<File, StoreError> {
        let file = self.vfs.open(name, mode).map_err(self.failed("open", name))?;
        Ok(File { file, path: self.path(name) })
    }

    /// The whole content of a file, or `None` if there is none of this name.
    pub(crate) fn read(&self, name: &str) -> Result<Option<(File, Vec<u8>)>, StoreError> {
        let file = match self.open(name, OpenMode::Read) {
            Err(error) if error.is_not_found() => return Ok(None),
            file => file?,
        };
        let mut bytes = vec![0; usize::try_from(file.len()?).unwrap_or(usize::MAX)];
        let len = file.read_some(&mut bytes, 0)?;
        bytes.truncate(len);
        Ok(Some((file, bytes)))
    }

    pub(crate) fn rename(&self, from: &str, to: &str) -> Result<(), StoreError> {
        self.vfs.rename(from, to).map_err(self.failed("rename", from))
    }

    pub(crate) fn unlink(&self, name: &str) -> Result<(), StoreError> {
        self.vfs.unlink(name).map_err(self.failed("remove", name))
    }

    pub(crate) fn list(&self) -> Result<Vec<String>, StoreError> {
        self.vfs.list().map_err(self.failed("list", ""))
    }

    pub(crate) fn sync(&self) -> Result<(), StoreError> {
        self.vfs.sync_dir().map_err(self.failed("sync", ""))
    }

    pub(crate) fn random(&self) -> Result<[u8; 16], StoreError> {
        self.vfs.random().map_err(self.failed("draw a random identity for", ""))
    }

    fn failed<'a>(
        &'a self,
        operation: &'static str,
        name: &'a str,
    ) -> impl FnOnce(io::Error) -> StoreError + 'a {
        move |source| StoreError::Io { operation, path: self.path(name), offset: None, source }
    }
}

/// An open file that knows its path.
pub(crate) struct File {
    file: Box<dyn VfsFile>,
    path: PathBuf,
}

impl File {
    pub(crate) fn len(&self) -> Result<u64, StoreError> {
        self.file.size().map_err(self.failed("measure", None))
    }

    /// Reads up to the end of the buffer or of the file.
    pub(crate) fn read_some(&self, buffer: &mut [u8], at: u64) -> Result<usize, StoreError> {
        self.file.read_at(buffer, at).map_err(self.failed("read", Some(at)))
    }

    /// Reads `len` bytes; a file that ends before is damaged. Allocates no more than the file holds.
    pub(crate) fn read(&self, at: u64, len: u64) -> Result<Vec<u8>, StoreError> {
        let damage = || self.damaged(at, Damage::Truncated);
        if at.checked_add(len).is_none_or(|end| self.len().is_ok_and(|len| end > len)) {
            return Err(damage());
        }
        let mut bytes = vec![0; usize::try_from(len).map_err(|_| damage())?];
        if self.read_some(&mut bytes, at)? < bytes.len() {
            return Err(damage());
        }
        Ok(bytes)
    }

    pub(crate) fn write(&self, bytes: &[u8], at: u64) -> Result<(), StoreError> {
        self.file.write_at(bytes, at).map_err(self.failed("write", Some(at)))
    }

    pub(crate) fn truncate(&self, len: u64) -> Result<(), StoreError> {
        self.file.truncate(len).map_err(self.failed("truncate", Some(len)))
    }

    pub(crate) fn sync(&self) -> Result<(), StoreError> {
        self.file.sync_data().map_err(self.failed("sync", None))
    }

    pub(crate) fn lock(&self) -> Result<(), StoreError> {
        self.file.lock().map_err(self.failed("lock", None))
    }

    pub(crate) fn try_lock(&self) -> Result<bool, StoreError> {
        self.file.try_lock().map_err(self.failed("lock", None))
    }

    pub(crate) fn damaged(&self, offset: u64, damage: Damage) -> StoreError {
        StoreError::Damaged { path: self.path.clone(), offset, damage }
    }

    pub(crate) fn unsupported(&self, found: u16, supported: u16) -> StoreError {
        StoreError::UnsupportedVersion { path: self.path.clone(), found, supported }
    }

    fn failed(
        &self,
        operation: &'static str,
        offset: Option<u64>,
    ) -> impl FnOnce(io::Error) -> StoreError + '_ {
        move |source| StoreError::Io { operation, path: self.path.clone(), offset, source }
    }
}
