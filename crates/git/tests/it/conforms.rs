//! The suite that every backend runs, in each kind of repository.

use std::path::Path;

use prollytree_git::{GitBackend, InitOptions, ObjectFormat};

fn run(prepare: impl Fn(&Path), folder: &str, options: &InitOptions) {
    prollytree_repo::conformance::run(|| {
        let root = tempfile::tempdir().unwrap();
        prepare(root.path());
        let path = root.path().join(folder);
        GitBackend::init(&path, options).unwrap();
        move || {
            _ = &root;
            GitBackend::init(&path, options).unwrap()
        }
    })
    .unwrap();
}

#[test]
fn a_repository_of_its_own() {
    run(|_| {}, "data", &InitOptions::default());
}

#[test]
fn a_bare_repository() {
    let mut options = InitOptions::default();
    options.bare = true;
    run(|_| {}, "data.git", &options);
}

#[test]
fn a_repository_of_sha256() {
    let mut options = InitOptions::default();
    options.object_format = ObjectFormat::Sha256;
    run(|_| {}, "data", &options);
}
