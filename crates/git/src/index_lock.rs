//! The lock of Git's index, taken so that the next writer of ours can tell whose it is.
//!
//! Git takes a file called `index.lock` for a lock, whoever made it. Ours is a second name of a file
//! of ours: if a process dies with the lock, the two names still lead to one file.

use std::fs::{self, Metadata};
use std::io;
use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use crate::backend::GitBackend;
use crate::error::{GitError, io_error};

/// How often, and how far apart, the lock is tried for that another program holds.
pub(crate) const TRIES: u32 = 200;
pub(crate) const PAUSE: Duration = Duration::from_millis(10);

/// The lock, until it is dropped. Who takes it holds the lock of our writers.
pub(crate) struct IndexLock {
    lock: PathBuf,
}

impl GitBackend {
    /// Takes the lock; waits about two seconds for it.
    pub(crate) fn lock_index(&self) -> Result<IndexLock, GitError> {
        self.drop_stale_index_lock()?;
        let (lock, token) = self.index_lock_paths();
        if !token.exists() {
            fs::write(&token, "").map_err(io_error("write", &token))?;
        }
        let mut tries = 0;
        loop {
            match fs::hard_link(&token, &lock) {
                Ok(()) => return Ok(IndexLock { lock }),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists && tries < TRIES => {
                    tries += 1;
                    thread::sleep(PAUSE);
                }
                Err(error) => return Err(io_error("lock the index by", &lock)(error)),
            }
        }
    }

    /// Removes the lock if a writer of ours died with it.
    pub(crate) fn drop_stale_index_lock(&self) -> Result<(), GitError> {
        let (lock, token) = self.index_lock_paths();
        let Ok(ours) = fs::metadata(&token) else { return Ok(()) };
        if fs::metadata(&lock).is_ok_and(|found| is_same_file(&found, &ours)) {
            fs::remove_file(&lock).map_err(io_error("remove", &lock))?;
        }
        Ok(())
    }

    fn index_lock_paths(&self) -> (PathBuf, PathBuf) {
        let dir = &self.shared.git_dir;
        (dir.join("index.lock"), dir.join("prolly.index-lock"))
    }
}

impl Drop for IndexLock {
    fn drop(&mut self) {
        // What cannot be removed now, the next writer removes.
        let _removed_later = fs::remove_file(&self.lock);
    }
}

#[cfg(unix)]
fn is_same_file(a: &Metadata, b: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    (a.dev(), a.ino()) == (b.dev(), b.ino())
}

/// Where files have no numbers, a stale lock is left to the user, as Git leaves its own.
#[cfg(not(unix))]
fn is_same_file(_: &Metadata, _: &Metadata) -> bool {
    false
}
