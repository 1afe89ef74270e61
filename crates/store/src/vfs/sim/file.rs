//! Files of the simulated disk.

use std::io;
use std::sync::Arc;

use super::{Mutant, SimVfs};
use crate::vfs::VfsFile;

/// The content of a file, and how much of it is durable.
#[derive(Clone, Default)]
pub(super) struct Inode {
    /// What a reader sees.
    pub(super) live: Vec<u8>,
    pub(super) durable: Vec<u8>,
    /// What was done since the last sync.
    pub(super) unsynced: Vec<Change>,
    /// The handle that has the lock.
    locked_by: Option<u64>,
}

#[derive(Clone)]
pub(super) enum Change {
    Write { at: u64, bytes: Arc<[u8]> },
    Truncate(u64),
}

impl Change {
    pub(super) fn apply(&self, content: &mut Vec<u8>) {
        match self {
            Self::Write { at, bytes } => write(content, *at as usize, bytes),
            Self::Truncate(len) => content.truncate(*len as usize),
        }
    }
}

/// Writes into a file's content; a gap before is filled with zeros.
pub(super) fn write(content: &mut Vec<u8>, at: usize, bytes: &[u8]) {
    content.resize(content.len().max(at + bytes.len()), 0);
    content[at..at + bytes.len()].copy_from_slice(bytes);
}

impl Inode {
    pub(super) fn of(content: Vec<u8>) -> Self {
        Self { live: content.clone(), durable: content, ..Self::default() }
    }

    pub(super) fn change(&mut self, change: Change) {
        change.apply(&mut self.live);
        self.unsynced.push(change);
    }

    pub(super) fn sync(&mut self) {
        for change in self.unsynced.drain(..) {
            change.apply(&mut self.durable);
        }
    }
}

/// An open file of a simulated disk.
pub(super) struct SimFile {
    pub(super) disk: SimVfs,
    pub(super) inode: usize,
    pub(super) handle: u64,
    pub(super) writable: bool,
}

impl VfsFile for SimFile {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let mut state = self.disk.lock();
        state.call()?;
        let content = &state.disk.inodes[self.inode].live;
        let rest = content.get(offset as usize..).unwrap_or_default();
        let len = rest.len().min(buffer.len());
        buffer[..len].copy_from_slice(&rest[..len]);
        Ok(len)
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        if !self.writable {
            return Err(io::ErrorKind::PermissionDenied.into());
        }
        let mut state = self.disk.lock();
        let fault = state.change();
        let live_len = state.disk.inodes[self.inode].live.len() as u64;
        let grown = (offset + bytes.len() as u64).saturating_sub(live_len);
        let free = state.capacity.map_or(grown, |all| all.saturating_sub(state.disk.size()));
        // A write that fails may have done half its work.
        let (len, result) = match fault {
            Err(error) if state.is_killed() => (0, Err(error)),
            Err(error) => (bytes.len() / 2, Err(error)),
            Ok(()) if free < grown => {
                let missing = (grown - free) as usize;
                (bytes.len().saturating_sub(missing), Err(io::ErrorKind::StorageFull.into()))
            }
            Ok(()) => (bytes.len(), Ok(())),
        };
        if len > 0 {
            let change = Change::Write { at: offset, bytes: bytes[..len].into() };
            Arc::make_mut(&mut state.disk.inodes[self.inode]).change(change);
        }
        result
    }

    fn size(&self) -> io::Result<u64> {
        let mut state = self.disk.lock();
        state.call()?;
        Ok(state.disk.inodes[self.inode].live.len() as u64)
    }

    fn truncate(&self, len: u64) -> io::Result<()> {
        if !self.writable {
            return Err(io::ErrorKind::PermissionDenied.into());
        }
        let mut state = self.disk.lock();
        state.change()?;
        Arc::make_mut(&mut state.disk.inodes[self.inode]).change(Change::Truncate(len));
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        let mut state = self.disk.lock();
        let fault = state.change();
        let named = state.disk.durable_names.values().any(|&inode| inode == self.inode);
        let skipped = match state.mutant {
            Some(Mutant::NoFileSync) => true,
            Some(Mutant::NameBeforeData) => !named,
            _ => false,
        };
        let killed = state.is_killed();
        let inode = Arc::make_mut(&mut state.disk.inodes[self.inode]);
        match &fault {
            Ok(()) if skipped => {}
            Err(_) if killed => {}
            Ok(()) => inode.sync(),
            // As on Linux: the pages count as clean from now on, and never reach the disk.
            Err(_) => inode.unsynced.clear(),
        }
        fault
    }

    fn lock(&self) -> io::Result<()> {
        // There is one thread: whoever has the lock will not release it while this one waits.
        if self.try_lock()? { Ok(()) } else { Err(io::ErrorKind::Deadlock.into()) }
    }

    fn try_lock(&self) -> io::Result<bool> {
        let mut state = self.disk.lock();
        state.call()?;
        let inode = Arc::make_mut(&mut state.disk.inodes[self.inode]);
        let owner = *inode.locked_by.get_or_insert(self.handle);
        Ok(owner == self.handle)
    }
}

impl Drop for SimFile {
    fn drop(&mut self) {
        let mut state = self.disk.lock();
        let inode = &mut state.disk.inodes[self.inode];
        if inode.locked_by == Some(self.handle) {
            Arc::make_mut(inode).locked_by = None;
        }
    }
}
