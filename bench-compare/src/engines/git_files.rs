//! The `git` program and plain files.

use std::fs;
use std::path::{Path, PathBuf};

use crate::engine::{GitEngine, GitMap, Named, Outcome};
use crate::git::git;
use crate::records::Record;
use crate::rows::Row;

/// The engine, by what its files are.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum GitFiles {
    /// A file a key, about 125 in a folder: wider folders make larger trees, narrower
    /// ones more of them.
    PerKey,
    /// A single file with the last value that was set: the least that a commit can be.
    One,
    /// The same, durable.
    OneSynced,
}

/// Files that a test of a few minutes can bear.
const MOST_KEYS: usize = 10_000;

impl Named for GitFiles {
    fn id(&self) -> &'static str {
        "git"
    }

    fn title(&self) -> &'static str {
        match self {
            Self::PerKey => "git, a file a key",
            Self::One => "git, one file",
            Self::OneSynced => "git, one file, fsync=all",
        }
    }

    fn note(&self, row: Row) -> Option<&'static str> {
        match (self, row) {
            (Self::PerKey, Row::GitLoad) => Some(
                "the files written, `git add -A`, `git commit`; by default Git syncs neither loose objects nor refs",
            ),
            (Self::PerKey, Row::GitCommit) => Some(
                "a file written, `git commit -am`; by default Git syncs neither loose objects nor refs",
            ),
            (Self::PerKey, _) => Some("`gc.auto=0`, so that nothing is packed before `git gc`"),
            (Self::One, _) => Some("the same in a repository that holds nothing but one value"),
            (Self::OneSynced, _) => Some("with `core.fsync=all`"),
        }
    }
}

impl GitEngine for GitFiles {
    fn takes_part(&self, row: Row, keys: usize) -> bool {
        match self {
            Self::PerKey => {
                keys <= MOST_KEYS && matches!(row, Row::GitLoad | Row::GitCommit | Row::GitSize)
            }
            Self::One | Self::OneSynced => row == Row::GitCommit,
        }
    }

    fn create(&self, dir: &Path, records: &[Record]) -> Outcome<Box<dyn GitMap>> {
        new_repository(dir)?;
        if *self == Self::OneSynced {
            git(dir, &["config", "core.fsync", "all"])?;
        }
        let mut map = GitFilesMap { files: *self, dir: dir.to_owned(), has_new: false };
        if let Some((first, others)) = records.split_first() {
            map.set(first)?;
            if *self == Self::PerKey {
                others.iter().try_for_each(|record| map.set(record))?;
            }
            map.commit()?;
        }
        Ok(Box::new(map))
    }

    fn open(&self, dir: &Path) -> Outcome<Box<dyn GitMap>> {
        Ok(Box::new(GitFilesMap { files: *self, dir: dir.to_owned(), has_new: false }))
    }

    fn is_leaf(&self, _path: &str) -> bool {
        true
    }
}

/// Makes a repository with an author that packs nothing behind our back.
pub(super) fn new_repository(dir: &Path) -> Outcome<()> {
    git(dir, &["init", "--quiet", "--initial-branch=main"])?;
    let settings = [("user.name", "bench"), ("user.email", "bench@example.com"), ("gc.auto", "0")];
    settings.iter().try_for_each(|(name, value)| git(dir, &["config", name, value]).map(drop))
}

struct GitFilesMap {
    files: GitFiles,
    dir: PathBuf,
    /// Whether there are files that `git commit -a` would leave out.
    has_new: bool,
}

impl GitFilesMap {
    /// The path below the root of the repository: `user/00012/345` for `user:00012345`.
    fn path(&self, key: &str) -> String {
        match self.files {
            GitFiles::PerKey => {
                let (folder, file) = key.split_at(key.len() - 3);
                format!("{}/{file}", folder.replace(':', "/"))
            }
            GitFiles::One | GitFiles::OneSynced => "value".to_owned(),
        }
    }
}

impl GitMap for GitFilesMap {
    fn set(&mut self, record: &Record) -> Outcome<()> {
        let path = self.dir.join(self.path(&record.key));
        if !path.exists() {
            self.has_new = true;
            path.parent().map_or(Ok(()), fs::create_dir_all)?;
        }
        Ok(fs::write(path, &record.value)?)
    }

    fn commit(&mut self) -> Outcome<()> {
        if std::mem::take(&mut self.has_new) {
            git(&self.dir, &["add", "-A"])?;
        }
        git(&self.dir, &["commit", "--quiet", "-am", "change"]).map(drop)
    }

    fn get(&mut self, key: &str) -> Outcome<Option<Vec<u8>>> {
        let name = format!("HEAD:{}", self.path(key));
        Ok(git(&self.dir, &["cat-file", "blob", &name]).ok().map(String::into_bytes))
    }
}
