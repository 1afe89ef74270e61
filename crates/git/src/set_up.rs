//! What is noted in the Git folder when a data set is made, and how its working tree is set up.

use std::io::Write as _;
use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::{fs, io};

use prollytree_repo::RefName;

use crate::backend::GitBackend;
use crate::error::{GitError, io_error};
use crate::update::PATIENCE;
use crate::working_tree::{Checkout, Plan};

/// The working tree of a data set's own repository shows the files beside the folders, and no more:
/// the leaves are for programs. Since nobody edits there, others may push to the branch that is
/// checked out.
const SPARSE_PATTERNS: &str = "/*\n!/*/\n";
const SPARSE_CONFIG: &str = "\
[core]
\tsparseCheckout = true
\tsparseCheckoutCone = true
[index]
\tsparse = true
[advice]
\tsparseIndexExpanded = false
[receive]
\tdenyCurrentBranch = updateInstead
";

impl GitBackend {
    /// Whether a data set is here: a repository of ours was made, or came with a clone.
    pub(crate) fn exists(&self) -> Result<bool, GitError> {
        if self.is_marked() {
            return Ok(true);
        }
        // What was pushed to is left with a `HEAD` that leads nowhere, if its branches have other names.
        let mut places = vec![RefName::head()];
        if self.tip_of(&places[0])?.is_none() {
            places.extend(self.list("refs/heads/")?.into_iter().map(|(name, _)| name));
        }
        for place in places {
            if self.has_data_set(&place)? {
                // Who may only read here does without the mark.
                if let Err(error) = self.mark() {
                    match &error {
                        GitError::Io { source, .. } if is_read_only(source) => {
                            self.shared.marked.store(true, Ordering::Relaxed);
                        }
                        _ => return Err(error),
                    }
                }
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Whether the repository holds nothing at all.
    pub(crate) fn is_pristine(&self) -> Result<bool, GitError> {
        let no_refs = self.shared.pool.with(|repository| -> Result<bool, GitError> {
            let failed = |source: gix::Error| GitError::gix("list the refs", source);
            let refs = repository.references().map_err(failed)?;
            let mut refs =
                refs.all().map_err(|source| GitError::internal("list the refs", source))?;
            Ok(refs.next().is_none())
        })?;
        let Some(work_dir) = &self.shared.work_dir else { return Ok(no_refs) };
        let mut files = fs::read_dir(work_dir).map_err(io_error("list", work_dir))?;
        let alone = files.all(|file| file.is_ok_and(|file| file.file_name() == ".git"));
        Ok(no_refs && alone)
    }

    /// Sets up a repository that is all ours: its working tree shows no leaves.
    pub(crate) fn prepare(&self) -> Result<(), GitError> {
        self.claim("")?;
        if self.shared.work_dir.is_none() || self.is_marked() { Ok(()) } else { self.hide_leaves() }
    }

    /// Checks out what `git clone --no-checkout` has left to us.
    pub(crate) fn check_out_clone(&self) -> Result<(), GitError> {
        let has_index = self.shared.git_dir.join("index").exists();
        if has_index || self.shared.work_dir.is_none() || !self.owns_repository() {
            return Ok(());
        }
        let Some(tip) = self.tip_of(&RefName::head())? else { return Ok(()) };
        self.hide_leaves()?;
        self.follow(Plan::Git(Checkout { old: None, new: tip }))
    }

    fn hide_leaves(&self) -> Result<(), GitError> {
        let config = self.shared.common_dir.join("config");
        let text = fs::read_to_string(&config).map_err(io_error("read", &config))?;
        if text.contains("sparseCheckout") {
            return Ok(());
        }
        let info = self.shared.git_dir.join("info");
        fs::create_dir_all(&info).map_err(io_error("make", &info))?;
        let patterns = info.join("sparse-checkout");
        fs::write(&patterns, SPARSE_PATTERNS).map_err(io_error("write", &patterns))?;
        // Git's way: who makes the lock writes, and the file is replaced as a whole.
        let failed = |source| GitError::gix("lock the configuration", source);
        let lock = gix::lock::File::acquire_to_update_resource(&config, PATIENCE, None, 0);
        let mut lock = lock.map_err(failed)?;
        let written = lock.with_mut(|file| file.write_all((text + SPARSE_CONFIG).as_bytes()));
        written.map_err(io_error("write", &config))?;
        lock.commit().map_err(|error| io_error("replace", &config)(error.error))?;
        Ok(())
    }

    /// The file that says that the place is ours; it is empty until a repository is made there.
    pub(crate) fn marker(&self) -> PathBuf {
        self.shared.common_dir.join("prolly").join(&self.shared.id)
    }

    /// Notes that a repository of ours was made here.
    pub(crate) fn mark(&self) -> Result<(), GitError> {
        self.claim(&format!("data set {}\n", self.shared.prefix.join("/")))?;
        self.shared.marked.store(true, Ordering::Relaxed);
        Ok(())
    }

    /// Writes the marker, unless it says as much already.
    pub(crate) fn claim(&self, text: &str) -> Result<(), GitError> {
        let marker = self.marker();
        if marker.exists() && text.is_empty() {
            return Ok(());
        }
        if let Some(dir) = marker.parent() {
            fs::create_dir_all(dir).map_err(io_error("make", dir))?;
        }
        fs::write(&marker, text).map_err(io_error("write", &marker))
    }
}

fn is_read_only(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem)
}
