//! Repositories to test on.

use prollytree::git::{GitBackend, InitOptions};
use prollytree::repo::{Options, Repository};
use tempfile::TempDir;

/// The repository in a folder; made, if it is not there yet.
pub(crate) fn in_git(folder: &TempDir) -> Repository<GitBackend> {
    let mut settings = InitOptions::default();
    settings.default_branch = Some("main".to_owned());
    let backend = GitBackend::init(folder.path().join("data"), &settings).unwrap();
    let options = Options::default().with_author_name("Ada").with_author_email("ada@example.org");
    match Repository::init(backend.clone(), options.clone()) {
        Ok(repo) => repo,
        Err(_) => Repository::open(backend, options).unwrap(),
    }
}
