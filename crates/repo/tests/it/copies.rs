//! Whole repositories, copied.

use prollytree_repo::{
    Backend, MapName, MemoryBackend, MergeOptions, Options, RepoError, Repository, Uncommitted,
    copy_repository,
};
use prollytree_store::{Store, StoreOptions};

fn source() -> Repository<MemoryBackend> {
    let mut repo = Repository::init(MemoryBackend::new(), Options::default()).unwrap();
    let (map, other) = (MapName::default(), MapName::new("other").unwrap());
    for n in 0..3_000 {
        repo.set(&map, format!("key {n:05}"), format!("value {n}")).unwrap();
    }
    let first = repo.commit("first").unwrap();
    repo.create_branch("dev", &first).unwrap();
    let large: Vec<u8> = (0..200_000u32).flat_map(u32::to_le_bytes).collect();
    repo.set_reader(&other, "large", &large[..]).unwrap();
    repo.set_reader(&other, "page", &large[..2_000]).unwrap();
    repo.commit("large").unwrap();
    repo.checkout("dev", Uncommitted::Refuse).unwrap();
    repo.set(&map, "key 00500", "changed").unwrap();
    repo.commit("changed").unwrap();
    repo.merge("main", MergeOptions::default()).unwrap();
    repo.create_tag("v1", &first, Some("the first")).unwrap();
    repo
}

/// What must be the same: every branch and tag, its history in order, and every root.
fn content<B: Backend>(repo: &Repository<B>) -> Vec<String> {
    let mut lines = vec![format!("{:?}", repo.current_branch())];
    for branch in repo.branches().unwrap() {
        lines.push(branch.name.to_string());
        for commit in repo.log(&branch.tip).unwrap() {
            let (_, commit) = commit.unwrap();
            let (maps, time) = (&commit.maps, commit.time);
            lines.push(format!("{maps:?} {time} {} {}", commit.author, commit.message));
        }
    }
    for tag in repo.tags().unwrap() {
        let target = repo.read_commit(&tag.target).unwrap();
        lines.push(format!("{} {:?} {}", tag.name, target.maps, target.message));
    }
    lines
}

#[test]
fn a_copy_has_the_same_roots_and_history() {
    let source = source();
    let folder = tempfile::tempdir().unwrap();
    let store = Store::create(folder.path(), StoreOptions::default()).unwrap();
    let copied = copy_repository(&source, &store).unwrap();
    assert_eq!((copied.commits, copied.refs), (4, 3));
    drop(store);
    let store = Store::open(folder.path(), StoreOptions::default()).unwrap();
    let copy = Repository::open(store, Options::default()).unwrap();
    assert_eq!(content(&copy), content(&source));
    // The ids are hashes of the same bytes.
    assert_eq!(copy.tip(), source.tip());
    let large = copy.get(&MapName::new("other").unwrap(), b"large").unwrap().unwrap();
    assert_eq!(large.len(), 800_000);

    let again = copy_repository(&source, copy.backend());
    assert!(matches!(again, Err(RepoError::AlreadyARepository)));
    let back = MemoryBackend::new();
    copy_repository(&copy, &back).unwrap();
    let back = Repository::open(back, Options::default()).unwrap();
    assert_eq!(content(&back), content(&source));
}
