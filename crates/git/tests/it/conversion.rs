//! Repositories on their way between a native store and Git.

use prollytree_git::{GitBackend, InitOptions};
use prollytree_repo::{
    Backend, MapName, MergeOptions, Options, Repository, Uncommitted, copy_repository,
};
use prollytree_store::{Store, StoreOptions};

fn fill<B: Backend>(repo: &mut Repository<B>) {
    let (map, other) = (MapName::default(), MapName::new("o/ther").unwrap());
    for n in 0..5_000 {
        repo.set(&map, format!("key {n:05}"), format!("value {n}")).unwrap();
    }
    let first = repo.commit("first").unwrap();
    repo.create_branch("dev", &first).unwrap();
    let large: Vec<u8> = (0..700_000u32).flat_map(u32::to_le_bytes).collect();
    repo.set_reader(&other, "large", &large[..]).unwrap();
    repo.set_reader(&other, "page", &large[..2_000]).unwrap();
    repo.set(&other, "binary", [0xff, 0]).unwrap();
    repo.commit("large\n\nwith a body\n").unwrap();
    repo.checkout("dev", Uncommitted::Refuse).unwrap();
    repo.set(&map, "key 00500", "changed").unwrap();
    repo.commit("changed").unwrap();
    repo.merge("main", MergeOptions::default()).unwrap();
    repo.create_tag("v1", &first, Some("the first")).unwrap();
}

/// What must be the same: every branch and tag, its history in order, and every root.
fn content<B: Backend>(repo: &Repository<B>) -> Vec<String> {
    let mut lines = vec![format!("{:?}", repo.current_branch())];
    for branch in repo.branches().unwrap() {
        lines.push(branch.name.to_string());
        for commit in repo.log(&branch.tip).unwrap() {
            let (_, commit) = commit.unwrap();
            let (maps, time) = (&commit.maps, commit.time);
            lines.push(format!("{maps:?} {time} {} {:?}", commit.author, commit.message));
            for (name, map) in maps {
                let checked =
                    prollytree_tree::check_tree(repo.backend(), &map.config, map.root).unwrap();
                lines.push(format!("{name} {checked:?}"));
            }
        }
    }
    for tag in repo.tags().unwrap() {
        let target = repo.read_commit(&tag.target).unwrap();
        lines.push(format!("{} {:?} {}", tag.name, target.maps, target.message));
    }
    lines
}

#[test]
fn to_git_and_back_changes_no_root() {
    let folder = tempfile::tempdir().unwrap();
    let native = Store::create(folder.path().join("native"), StoreOptions::default()).unwrap();
    let mut native = Repository::init(native, Options::default()).unwrap();
    fill(&mut native);

    let git = GitBackend::init(folder.path().join("git"), &InitOptions::default()).unwrap();
    let copied = copy_repository(&native, &git).unwrap();
    assert_eq!((copied.commits, copied.refs), (4, 3));
    let git = GitBackend::open(folder.path().join("git")).unwrap();
    let git = Repository::open(git, Options::default()).unwrap();
    assert_eq!(content(&git), content(&native));

    let back = Store::create(folder.path().join("back"), StoreOptions::default()).unwrap();
    copy_repository(&git, &back).unwrap();
    let back = Repository::open(back, Options::default()).unwrap();
    assert_eq!(content(&back), content(&native));
    // The way through Git loses nothing that a native commit is named by.
    assert_eq!(back.tip(), native.tip());
}

#[test]
fn what_is_made_in_git_is_what_a_native_store_makes() {
    let folder = tempfile::tempdir().unwrap();
    let git = GitBackend::init(folder.path().join("git"), &InitOptions::default()).unwrap();
    let mut git = Repository::init(git, Options::default()).unwrap();
    fill(&mut git);
    let native = Store::create(folder.path().join("native"), StoreOptions::default()).unwrap();
    let mut native = Repository::init(native, Options::default()).unwrap();
    fill(&mut native);
    let roots = |maps: &prollytree_repo::Maps| format!("{maps:?}");
    for revision in ["HEAD", "HEAD~1", "main", "v1"] {
        assert_eq!(
            roots(&git.maps_at(revision).unwrap()),
            roots(&native.maps_at(revision).unwrap())
        );
    }
}
