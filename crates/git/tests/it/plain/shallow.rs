//! Clones that Git made without a part of the history or of the objects.

use std::fs;

use prollytree_repo::RepoError;

use super::sandbox::{Sandbox, isolated};
use super::store::{chain, commit, content, get, history, init, map, open, versions};

fn clone(at: &Sandbox, options: &[&str]) {
    let url = format!("file://{}", at.path("data").display());
    at.git("", &[&["clone", "--quiet"], options, &[&url, "clone"]].concat());
}

#[test]
fn a_shallow_clone_reads_commits_and_tells_where_it_ends() {
    isolated(|at| {
        let mut origin = history(&at.path("data"));
        let all = versions(&at.path("data"));
        clone(at, &["--depth", "1"]);
        assert_eq!(content(&at.path("clone"))["main"], content(&at.path("data"))["main"]);
        at.git("clone", &["gc", "--quiet", "--prune=now"]);
        at.fsck("clone");

        let mut repo = open(&at.path("clone"));
        let boundary = repo.tip().unwrap();
        let tip = commit(&mut repo, &[("key/01000", "in the clone")], "In the clone");
        assert_eq!(at.git("clone", &["status", "--porcelain"]), "");
        let log: Vec<_> = repo.log(&repo.tip().unwrap()).unwrap().collect();
        assert_eq!(log.len(), 3);
        assert_eq!(log[0].as_ref().unwrap().0.to_string(), tip);
        assert_eq!(log[1].as_ref().unwrap().0, boundary);
        let end = chain(log[2].as_ref().unwrap_err());
        let behind = at.git("data", &["rev-parse", "HEAD~1"]);
        assert!(end.contains("shallow") && end.contains(&behind), "{end}, not {behind}");
        assert!(chain(&repo.commit_at("HEAD~2").unwrap_err()).contains(&behind));

        // What lies ahead can be merged, pushed and pulled.
        commit(&mut origin, &[("key/02000", "at the origin")], "At the origin");
        at.git("clone", &["fetch", "--quiet"]);
        repo.merge("origin/main", Default::default()).unwrap();
        assert_eq!(
            [get(&repo, "key/01000").unwrap(), get(&repo, "key/02000").unwrap()],
            ["in the clone", "at the origin"]
        );
        at.git("clone", &["push", "--quiet", "origin", "HEAD:refs/heads/pushed"]);
        origin.merge("pushed", Default::default()).unwrap();
        assert_eq!(get(&origin, "key/01000").unwrap(), "in the clone");
        at.fsck("data");

        at.git("clone", &["fetch", "--quiet", "--unshallow"]);
        let repo = open(&at.path("clone"));
        let log = repo.log(&repo.tip().unwrap()).unwrap().collect::<Result<Vec<_>, _>>().unwrap();
        assert_eq!(log.len(), 4 + 3);
        assert!(versions(&at.path("clone")).len() > all.len());
    });
}

#[test]
fn a_merge_whose_base_a_shallow_clone_lacks_is_refused() {
    isolated(|at| {
        let mut origin = init(&at.path("data"));
        commit(&mut origin, &[("a", "1")], "First");
        origin.create_branch("dev", &origin.tip().unwrap()).unwrap();
        commit(&mut origin, &[("a", "2")], "On main");
        origin.checkout("dev", Default::default()).unwrap();
        commit(&mut origin, &[("b", "2")], "On dev");
        clone(at, &["--depth", "1", "--no-single-branch", "--branch", "main"]);
        let mut repo = open(&at.path("clone"));
        let refused = repo.merge("origin/dev", Default::default()).unwrap_err();
        let base = at.git("data", &["rev-parse", "dev~1"]);
        let said = chain(&refused);
        assert!(said.contains("shallow") && said.contains(&base), "{said}, not {base}");
        assert_eq!(at.git("clone", &["status", "--porcelain"]), "");
        at.git("clone", &["fetch", "--quiet", "--unshallow"]);
        let mut repo = open(&at.path("clone"));
        repo.merge("origin/dev", Default::default()).unwrap();
        assert_eq!([get(&repo, "a").unwrap(), get(&repo, "b").unwrap()], ["2", "2"]);
    });
}

/// A partial clone reads, with what it lacks fetched as it goes, and commits.
fn fetches_on_demand(at: &Sandbox, filter: &str, options: &[&str]) {
    let mut origin = init(&at.path("data"));
    for i in 0..600 {
        origin.set(&map(), format!("key/{i:05}"), format!("value {i}")).unwrap();
    }
    origin.set(&map(), "large", super::store::noise(1, 100_000)).unwrap();
    origin.commit("First").unwrap();
    commit(&mut origin, &[("key/00000", "second")], "Second");
    at.git("data", &["config", "uploadpack.allowFilter", "true"]);
    at.git("data", &["config", "uploadpack.allowAnySHA1InWant", "true"]);
    clone(at, &[&[filter, "--no-checkout"], options].concat());
    let objects = |folder: &str| {
        let all = ["cat-file", "--batch-all-objects", "--batch-check=%(objectname)"];
        at.git(folder, &all).lines().count()
    };
    let (all, cloned) = (objects("data"), objects("clone"));
    assert!(cloned + 10 < all, "{cloned} of {all}");

    let mut repo = open(&at.path("clone"));
    assert_eq!(get(&repo, "key/00300").unwrap(), "value 300");
    let read = objects("clone");
    assert!(read > cloned && read + 3 < all, "one key needs one path: {read} of {all}");
    let tip = commit(&mut repo, &[("key/00300", "in the clone")], "In the clone");
    assert_eq!(at.git("clone", &["rev-parse", "HEAD"]), tip);
    drop(repo);
    assert_eq!(content(&at.path("clone"))["main"]["default"].1.len(), 601);
    assert_eq!(versions(&at.path("clone")).len(), 3);
    at.git("clone", &["push", "--quiet", "origin", "main:pushed"]);
    assert_eq!(content(&at.path("data"))["pushed"], content(&at.path("clone"))["main"]);
}

#[test]
fn a_clone_without_blobs_fetches_them() {
    isolated(|at| fetches_on_demand(at, "--filter=blob:none", &["--bare"]));
}

#[test]
fn a_clone_with_a_working_tree_and_without_blobs_fetches_them() {
    isolated(|at| fetches_on_demand(at, "--filter=blob:none", &[]));
}

#[test]
fn a_clone_without_trees_fetches_them() {
    isolated(|at| fetches_on_demand(at, "--filter=tree:0", &["--bare"]));
}

#[test]
fn a_partial_clone_whose_origin_is_gone_says_what_is_missing() {
    isolated(|at| {
        let mut origin = init(&at.path("data"));
        commit(&mut origin, &[("a", "1")], "First");
        at.git("data", &["config", "uploadpack.allowFilter", "true"]);
        clone(at, &["--filter=blob:none", "--bare"]);
        fs::rename(at.path("data"), at.path("away")).unwrap();
        let opened = super::store::try_open(&at.path("clone"));
        let said = match opened {
            Err(error) => chain(&error),
            Ok(repo) => chain(&repo.get(&map(), b"a").unwrap_err()),
        };
        let id = at.git("away", &["rev-parse", "HEAD:PROLLY"]);
        assert!(said.contains(&id), "{said}, not {id}");
        fs::rename(at.path("away"), at.path("data")).unwrap();
        let repo: Result<_, RepoError> = open(&at.path("clone")).get(&map(), b"a");
        assert_eq!(repo.unwrap().unwrap(), b"1");
    });
}
