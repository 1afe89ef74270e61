//! The operating system's files.
#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "the one place that opens files"
)]

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use super::{OpenMode, Vfs, VfsFile};

/// A directory of the operating system.
#[derive(Debug, Clone)]
pub struct OsVfs {
    dir: PathBuf,
}

impl OsVfs {
    /// Uses an existing directory.
    pub fn new(dir: impl Into<PathBuf>) -> Self {
        Self { dir: dir.into() }
    }

    /// Creates the directory, and its parents, durably.
    ///
    /// # Errors
    /// What the operating system says.
    pub fn create(dir: impl Into<PathBuf>) -> io::Result<Self> {
        let dir = dir.into();
        let mut made = dir.as_path();
        let mut missing = Vec::new();
        while !made.exists() {
            missing.push(made);
            match made.parent() {
                Some(parent) if parent != Path::new("") => made = parent,
                _ => break,
            }
        }
        fs::create_dir_all(&dir)?;
        for made in missing {
            let parent = made.parent().filter(|parent| *parent != Path::new(""));
            sync_dir(parent.unwrap_or(Path::new(".")))?;
        }
        Ok(Self { dir })
    }
}

fn sync_dir(dir: &Path) -> io::Result<()> {
    // Elsewhere a directory cannot be opened as a file, and names are durable without.
    if cfg!(unix) { File::open(dir)?.sync_all() } else { Ok(()) }
}

impl Vfs for OsVfs {
    fn open(&self, name: &str, mode: OpenMode) -> io::Result<Box<dyn VfsFile>> {
        let mut options = OpenOptions::new();
        options.read(true);
        match mode {
            OpenMode::Read => &mut options,
            OpenMode::Write => options.write(true),
            OpenMode::CreateMissing => options.write(true).create(true).truncate(false),
            OpenMode::CreateEmpty => options.write(true).create(true).truncate(true),
        };
        let file = options.open(self.dir.join(name))?;
        Ok(Box::new(OsFile { file, locked: AtomicBool::new(false) }))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        fs::rename(self.dir.join(from), self.dir.join(to))
    }

    fn unlink(&self, name: &str) -> io::Result<()> {
        fs::remove_file(self.dir.join(name))
    }

    fn list(&self) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(&self.dir)? {
            // A name that is not UTF-8 is none of ours.
            names.extend(entry?.file_name().into_string().ok());
        }
        Ok(names)
    }

    fn sync_dir(&self) -> io::Result<()> {
        sync_dir(&self.dir)
    }

    fn path(&self, name: &str) -> PathBuf {
        if name.is_empty() { self.dir.clone() } else { self.dir.join(name) }
    }

    fn random(&self) -> io::Result<[u8; 16]> {
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes).map_err(io::Error::other)?;
        Ok(bytes)
    }
}

/// An open file of the operating system.
struct OsFile {
    file: File,
    locked: AtomicBool,
}

impl Drop for OsFile {
    fn drop(&mut self) {
        // Closing is not enough: a process that was forked in between has the lock too until it
        // executes its program. If unlocking fails, closing is what is left.
        if *self.locked.get_mut() {
            let _closed_anyway = self.file.unlock();
        }
    }
}

impl VfsFile for OsFile {
    #[cfg(unix)]
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        use std::os::unix::fs::FileExt;
        read_full(buffer, offset, |rest, at| self.file.read_at(rest, at))
    }

    #[cfg(windows)]
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        use std::os::windows::fs::FileExt;
        read_full(buffer, offset, |rest, at| self.file.seek_read(rest, at))
    }

    #[cfg(unix)]
    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        use std::os::unix::fs::FileExt;
        self.file.write_all_at(bytes, offset)
    }

    #[cfg(windows)]
    fn write_at(&self, mut bytes: &[u8], mut offset: u64) -> io::Result<()> {
        use std::os::windows::fs::FileExt;
        while !bytes.is_empty() {
            match self.file.seek_write(bytes, offset)? {
                0 => return Err(io::ErrorKind::WriteZero.into()),
                n => (bytes, offset) = (&bytes[n..], offset + n as u64),
            }
        }
        Ok(())
    }

    fn size(&self) -> io::Result<u64> {
        Ok(self.file.metadata()?.len())
    }

    fn truncate(&self, len: u64) -> io::Result<()> {
        self.file.set_len(len)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.file.sync_data()
    }

    fn lock(&self) -> io::Result<()> {
        self.file.lock()?;
        self.locked.store(true, Ordering::Relaxed);
        Ok(())
    }

    fn try_lock(&self) -> io::Result<bool> {
        match self.file.try_lock() {
            Ok(()) => {
                self.locked.store(true, Ordering::Relaxed);
                Ok(true)
            }
            Err(TryLockError::WouldBlock) => Ok(false),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }
}

fn read_full(
    buffer: &mut [u8],
    offset: u64,
    read: impl Fn(&mut [u8], u64) -> io::Result<usize>,
) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match read(&mut buffer[filled..], offset + filled as u64) {
            Ok(0) => break,
            Ok(n) => filled += n,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}
