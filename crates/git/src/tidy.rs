//! Many small packs put together, as Git does after many fetches.

use std::fs;

use crate::backend::GitBackend;
use crate::error::{GitError, io_error};
use crate::lock::Lock;

/// From so many packs on they are put together: each costs every look-up a little.
const MANY_PACKS: usize = 64;

impl GitBackend {
    /// Lets `git repack` put small packs together when there are many. Larger ones stay as they are,
    /// so that over time each object is copied a logarithmic number of times.
    pub(crate) fn tidy(&self, _only_one_at_a_time: &Lock) -> Result<(), GitError> {
        let dir = self.shared.objects_dir.join("pack");
        let Ok(files) = fs::read_dir(&dir) else { return Ok(()) };
        let mut packs = 0;
        for file in files {
            let path = file.map_err(io_error("list", &dir))?.path();
            packs += usize::from(path.extension().is_some_and(|extension| extension == "pack"));
        }
        if packs >= MANY_PACKS {
            // The update is done: what fails here is tried again with the next one, and without `git`
            // there is only less speed.
            let _tried_again = self.ask_git(&["repack", "-d", "-q", "--geometric=2"]);
        }
        Ok(())
    }
}
