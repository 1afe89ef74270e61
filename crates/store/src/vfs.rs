//! The one door to files: everything that the store does to a disk goes through [`Vfs`].
//!
//! So a simulated disk can stand in for the real one, and crash or fail at any call.

mod os;
#[cfg(any(test, feature = "sim"))]
pub mod sim;

use std::io;
use std::path::PathBuf;

pub use os::OsVfs;

/// How a file is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OpenMode {
    /// For reading; the file must exist.
    Read,
    /// For reading and writing; the file must exist.
    Write,
    /// For reading and writing; a missing file is created.
    CreateMissing,
    /// For reading and writing; a missing file is created, an existing one is emptied.
    CreateEmpty,
}

/// One directory of files. There are no subdirectories: a name is a plain file name.
///
/// The durability rules are POSIX's: what is written to a file survives a crash for certain only
/// after [`VfsFile::sync_data`], and that a name exists, or no longer does, only after
/// [`sync_dir`](Self::sync_dir).
pub trait Vfs: Send + Sync {
    /// Opens a file.
    fn open(&self, name: &str, mode: OpenMode) -> io::Result<Box<dyn VfsFile>>;
    /// Gives a file another name, replacing what has that name, as one atomic step.
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;
    /// Removes a name. Files that are open stay readable.
    fn unlink(&self, name: &str) -> io::Result<()>;
    /// The names of all files, in no particular order.
    fn list(&self) -> io::Result<Vec<String>>;
    /// Makes the names durable.
    fn sync_dir(&self) -> io::Result<()>;
    /// The path of a file, for messages; of the directory itself for an empty name.
    fn path(&self, name: &str) -> PathBuf;
    /// Sixteen random bytes.
    fn random(&self) -> io::Result<[u8; 16]>;
}

/// An open file, shared by threads.
pub trait VfsFile: Send + Sync {
    /// Reads at an offset; fewer bytes than asked for only at the end of the file.
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize>;
    /// Writes all bytes at an offset, growing the file if need be.
    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()>;
    /// The length of the file, in bytes.
    fn size(&self) -> io::Result<u64>;
    /// Cuts the file to a length.
    fn truncate(&self, len: u64) -> io::Result<()>;
    /// Makes the content and the length durable.
    fn sync_data(&self) -> io::Result<()>;
    /// Takes the exclusive advisory lock, waiting for it; closing the file releases it.
    fn lock(&self) -> io::Result<()>;
    /// Takes the exclusive advisory lock, or returns `false` if another handle has it.
    fn try_lock(&self) -> io::Result<bool>;
}
