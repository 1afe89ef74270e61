//! A crash leaves a repository as it was before the operation that it cut short, or after it.

use std::sync::Arc;

use prollytree_repo::{
    Choice, MapName, MergeOptions, Repository, ResetMode, Strategy, Uncommitted,
};
use prollytree_store::sim::{Dice, SimVfs};
use prollytree_store::{Store, StoreOptions};

use crate::basics::options;

type Repo = Repository<Store>;

fn open(disk: &SimVfs) -> Repo {
    let store = Store::open_on(Arc::new(disk.clone()), StoreOptions::default()).unwrap();
    Repository::open(store, options()).unwrap()
}

/// All that a user can tell a repository's state by.
fn picture(repo: &mut Repo) -> String {
    let maps = repo.working_maps().unwrap();
    for name in maps.keys() {
        let tree = repo.open_map(&maps, name).unwrap();
        assert_eq!(tree.iter().unwrap().map(Result::unwrap).count() as u64, tree.len());
    }
    let conflicts = repo.conflicts().unwrap();
    let refs = (repo.branches().unwrap(), repo.tags().unwrap());
    format!("{:?} {:?} {maps:?} {conflicts:?} {refs:?}", repo.head(), repo.tip())
}

fn set(repo: &mut Repo, key: &str, value: &str) {
    repo.set(&MapName::default(), key, value).unwrap();
}

/// The operations; each is durable when it returns.
fn steps() -> Vec<fn(&mut Repo)> {
    vec![
        |repo| {
            (0..50).for_each(|n| set(repo, &format!("key {n}"), "base"));
            repo.commit("base").unwrap();
        },
        |repo| repo.create_branch("dev", &repo.tip().unwrap()).unwrap(),
        |repo| {
            set(repo, "key 1", "ours");
            repo.save().unwrap();
        },
        |repo| {
            repo.commit("ours").unwrap();
        },
        |repo| repo.checkout("dev", Uncommitted::Refuse).unwrap(),
        |repo| {
            set(repo, "key 1", "theirs");
            set(repo, "key 2", "theirs");
            repo.commit("theirs").unwrap();
        },
        |repo| repo.checkout("main", Uncommitted::Refuse).unwrap(),
        |repo| {
            repo.merge("dev", MergeOptions::default()).unwrap();
        },
        |repo| {
            repo.resolve_all(&Choice::Theirs).unwrap();
        },
        |repo| {
            repo.continue_operation(None).unwrap();
        },
        |repo| {
            repo.create_tag("v1", &repo.tip().unwrap(), Some("first")).unwrap();
        },
        |repo| {
            repo.revert(&repo.resolve("HEAD^2").unwrap(), None, Strategy::Ours).unwrap();
        },
        |repo| repo.rename_branch("dev", "old").unwrap(),
        |repo| repo.reset(&repo.resolve("HEAD~1").unwrap(), ResetMode::Hard).unwrap(),
        |repo| {
            repo.delete_branch("old", true).unwrap();
        },
    ]
}

#[test]
fn every_operation_is_whole_or_not_there() {
    let disk = SimVfs::new();
    let store = Store::create_on(Arc::new(disk.clone()), StoreOptions::default()).unwrap();
    let mut repo = Repository::init(store, options()).unwrap();
    let mut pictures = vec![picture(&mut repo)];
    disk.record();
    for (i, step) in steps().into_iter().enumerate() {
        step(&mut repo);
        disk.acknowledge(i as u64 + 1);
        pictures.push(picture(&mut repo));
    }
    for (i, moment) in disk.moments().into_iter().enumerate() {
        for seed in 0..16 {
            let crashed = moment.crash(&mut Dice::new(i as u64 * 16 + seed));
            let found = picture(&mut open(&crashed));
            let acknowledged = moment.acknowledged as usize;
            let possible = &pictures[acknowledged..pictures.len().min(acknowledged + 2)];
            assert!(possible.contains(&found), "after {acknowledged} steps: {found}");
        }
    }
}
