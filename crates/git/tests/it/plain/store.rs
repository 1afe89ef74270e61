//! Data sets as the tests make and read them.

use std::collections::BTreeMap;
use std::error::Error;
use std::path::Path;

use prollytree_git::{GitBackend, GitError, InitOptions};
use prollytree_repo::{
    MapName, Maps, MergeOptions, MergeOutcome, RepoError, Repository, Uncommitted,
};
use prollytree_tree::{Entry, Hash};

use super::sandbox::git;

pub(super) type Repo = Repository<GitBackend>;

/// Every entry of every map of every branch, and the roots of the maps.
pub(super) type Content = BTreeMap<String, Version>;
type Version = BTreeMap<String, (Hash, Vec<Entry>)>;

/// Makes a data set in a folder, or opens the one that is there.
pub(super) fn init(folder: &Path) -> Repo {
    init_with(folder, &InitOptions::default())
}

/// As [`init`], with a choice of what is made.
pub(super) fn init_with(folder: &Path, options: &InitOptions) -> Repo {
    let backend = GitBackend::init(folder, options).unwrap();
    let options = backend.options();
    match Repository::init(backend.clone(), options.clone()) {
        Err(RepoError::AlreadyARepository) => Repository::open(backend, options).unwrap(),
        made => made.unwrap(),
    }
}

/// An error with all its sources.
pub(super) fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text += &format!(": {error}");
        source = error.source();
    }
    text
}

/// Opens a data set, which must be there.
pub(super) fn open(folder: &Path) -> Repo {
    try_open(folder).unwrap()
}

/// Opens a data set.
pub(super) fn try_open(folder: &Path) -> Result<Repo, GitError> {
    let backend = GitBackend::open(folder)?;
    let options = backend.options();
    Ok(Repository::open(backend, options)?)
}

pub(super) fn map() -> MapName {
    MapName::default()
}

/// Sets keys of the map `default`, and commits.
pub(super) fn commit(repo: &mut Repo, entries: &[(&str, &str)], message: &str) -> String {
    for (key, value) in entries {
        repo.set(&map(), *key, *value).unwrap();
    }
    repo.commit(message).unwrap().to_string()
}

/// The value of a key of the map `default`, edits included.
pub(super) fn get(repo: &Repo, key: &str) -> Option<String> {
    let value = repo.get(&map(), key.as_bytes()).unwrap();
    value.map(|value| String::from_utf8(value).unwrap())
}

/// All that the branches of a data set hold, read by a handle that has just been opened.
pub(super) fn content(folder: &Path) -> Content {
    let repo = open(folder);
    let branches = repo.branches().unwrap();
    let read = |tip| maps(&repo, &repo.read_commit(tip).unwrap().maps);
    branches.iter().map(|branch| (branch.name.short().to_owned(), read(&branch.tip))).collect()
}

/// All that a revision of a data set holds.
pub(super) fn content_at(repo: &Repo, revision: &str) -> Content {
    let maps = maps(repo, &repo.maps_at(revision).unwrap());
    BTreeMap::from([(revision.to_owned(), maps)])
}

fn maps(repo: &Repo, maps: &Maps) -> Version {
    let read = |name: &MapName| {
        let map = repo.open_map(maps, name).unwrap();
        let entries = map.iter().unwrap().collect::<Result<Vec<_>, _>>().unwrap();
        assert_eq!(entries.len() as u64, map.len());
        (map.root(), entries)
    };
    maps.keys().map(|name| (name.as_str().to_owned(), read(name))).collect()
}

/// All that every commit holds that a branch or a tag leads to, here or on a remote.
pub(super) fn versions(folder: &Path) -> Content {
    let repo = open(folder);
    let commits = git(folder, &["rev-list", "--branches", "--tags", "--remotes"]);
    commits.lines().flat_map(|commit| content_at(&repo, commit)).collect()
}

/// Makes a data set with some history: two maps of several levels, short and large values, text and
/// bytes, two branches and a merge, a tag of each kind.
pub(super) fn history(folder: &Path) -> Repo {
    let mut repo = init(folder);
    fill(&mut repo);
    repo.commit("First").unwrap();
    let first = repo.tip().unwrap();
    repo.create_tag("plain", &first, None).unwrap();
    repo.create_branch("dev", &first).unwrap();
    commit(&mut repo, &[("key/00100", "on main")], "On main");
    repo.checkout("dev", Uncommitted::Refuse).unwrap();
    repo.set(&map(), "large", noise(3, 90_000)).unwrap();
    commit(&mut repo, &[("key/00200", "on dev"), ("key/00101", "on dev")], "On dev");
    repo.checkout("main", Uncommitted::Refuse).unwrap();
    let merged = repo.merge("dev", MergeOptions::default()).unwrap();
    assert!(matches!(merged, MergeOutcome::Merged(_)));
    repo.checkout("dev", Uncommitted::Refuse).unwrap();
    repo.delete(&map(), b"key/00300").unwrap();
    let last = repo.commit("Last on dev").unwrap();
    repo.create_tag("annotated", &last, Some("A tag with a message")).unwrap();
    repo.checkout("main", Uncommitted::Refuse).unwrap();
    repo
}

fn fill(repo: &mut Repo) {
    let other = MapName::new("other/ü").unwrap();
    for i in 0..3000 {
        repo.set(&map(), format!("key/{i:05}"), format!("value {i}")).unwrap();
        repo.set(&other, u32::to_be_bytes(i), noise(u64::from(i), 40)).unwrap();
    }
    repo.set(&map(), "page", "a line\n".repeat(400)).unwrap();
    repo.set(&map(), "large", noise(1, 90_000)).unwrap();
    repo.set(&other, "larger", noise(2, 700_000)).unwrap();
}

/// Bytes that no compression makes smaller, always the same.
pub(super) fn noise(seed: u64, len: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 32) as u8
    };
    (0..len).map(|_| next()).collect()
}
