//! Every node of a version is reachable from its commit: whatever Git copies or keeps is whole.

use prollytree_git::{InitOptions, ObjectFormat};

use super::sandbox::{Sandbox, isolated};
use super::store::{Content, commit, content, get, history, init, init_with, map, open, versions};

/// What stays when Git has thrown away all that it may.
fn collected(at: &Sandbox, folder: &str) -> Content {
    at.git(folder, &["gc", "--quiet", "--prune=now"]);
    at.fsck(folder);
    versions(&at.path(folder))
}

#[test]
fn a_collection_of_garbage_takes_nothing() {
    isolated(|at| {
        drop(history(&at.path("data")));
        let (branches, all) = (content(&at.path("data")), versions(&at.path("data")));
        assert_eq!((branches.len(), all.len()), (2, 5));
        at.git("data", &["reflog", "expire", "--expire=now", "--all"]);
        assert_eq!(collected(at, "data"), all);
        assert_eq!(content(&at.path("data")), branches);
        let loose = at.git("data", &["count-objects", "-v"]);
        assert!(loose.contains("garbage: 0"), "{loose}");
    });
}

#[test]
fn a_repository_of_sha256_and_a_bare_one_are_whole() {
    isolated(|at| {
        let (mut sha256, mut bare) = (InitOptions::default(), InitOptions::default());
        sha256.object_format = ObjectFormat::Sha256;
        bare.bare = true;
        for (name, options) in [("sha256", sha256), ("bare", bare)] {
            drop(init_with(&at.path(name), &options));
            drop(history(&at.path(name)));
            let all = versions(&at.path(name));
            assert_eq!(collected(at, name), all);
            let clone = format!("{name}-clone");
            at.git("", &["clone", "--quiet", "--no-local", name, &clone]);
            assert_eq!(collected(at, &clone), all);
            let mut repo = open(&at.path(&clone));
            commit(&mut repo, &[("key/01000", "in the clone")], "In the clone");
            at.git(&clone, &["push", "--quiet", "origin", "HEAD:refs/heads/pushed"]);
            assert_eq!(collected(at, name).len(), all.len() + 1);
        }
        assert_eq!(at.git("sha256", &["rev-parse", "--show-object-format"]), "sha256");
        assert_eq!(at.git("bare", &["rev-parse", "--is-bare-repository"]), "true");
    });
}

#[test]
fn a_collection_of_garbage_takes_no_saved_edit() {
    isolated(|at| {
        let mut repo = history(&at.path("data"));
        repo.set(&map(), "saved", "1").unwrap();
        repo.set(&map(), "saved and large", vec![7; 200_000]).unwrap();
        repo.delete(&map(), b"key/00000").unwrap();
        repo.save().unwrap();
        drop(repo);
        at.git("data", &["gc", "--quiet", "--prune=now"]);
        let mut repo = open(&at.path("data"));
        assert_eq!(get(&repo, "saved").unwrap(), "1");
        assert_eq!(repo.get(&map(), b"saved and large").unwrap().unwrap(), vec![7; 200_000]);
        assert_eq!(get(&repo, "key/00000"), None);
        repo.commit("Saved before").unwrap();
        assert_eq!(collected(at, "data").len(), 6);
    });
}

/// A clone is made by Git, collected, and read; then a commit of ours goes on top.
fn is_whole(at: &Sandbox, options: &[&str]) {
    drop(history(&at.path("data")));
    let all = versions(&at.path("data"));
    let url = format!("file://{}", at.path("data").display());
    let url = if options.contains(&"--local") { "data" } else { &url };
    let clone = [&["clone", "--quiet"], options, &[url, "clone"]].concat();
    at.git("", &clone);
    assert_eq!(collected(at, "clone"), all);
    assert_eq!(content(&at.path("clone"))["main"], content(&at.path("data"))["main"]);

    let mut repo = open(&at.path("clone"));
    let tip = commit(&mut repo, &[("key/01000", "in the clone")], "In the clone");
    assert_eq!(at.git("clone", &["rev-parse", "main"]), tip);
    if !options.contains(&"--bare") && !options.contains(&"--mirror") {
        assert_eq!(at.git("clone", &["status", "--porcelain"]), "");
    }
    assert_eq!(collected(at, "clone").len(), all.len() + 1);
}

#[test]
fn a_clone_is_whole() {
    isolated(|at| is_whole(at, &[]));
}

#[test]
fn a_bare_clone_is_whole() {
    isolated(|at| is_whole(at, &["--bare"]));
}

#[test]
fn a_mirror_is_whole() {
    isolated(|at| is_whole(at, &["--mirror"]));
}

#[test]
fn a_local_clone_is_whole() {
    isolated(|at| is_whole(at, &["--local"]));
}

#[test]
fn a_sparse_clone_is_whole() {
    isolated(|at| is_whole(at, &["--sparse"]));
}

#[test]
fn a_bundle_holds_all() {
    isolated(|at| {
        drop(history(&at.path("data")));
        let all = versions(&at.path("data"));
        at.git("data", &["bundle", "create", "--quiet", "../data.bundle", "--branches", "--tags"]);
        at.git("data", &["bundle", "verify", "--quiet", "../data.bundle"]);
        at.git("", &["clone", "--quiet", "--branch", "main", "data.bundle", "clone"]);
        assert_eq!(collected(at, "clone"), all);
    });
}

#[test]
fn pushes_and_fetches_carry_all() {
    isolated(|at| {
        let mut ours = history(&at.path("ours"));
        at.git("", &["init", "--quiet", "--bare", "hub"]);
        at.git("ours", &["remote", "add", "origin", "../hub"]);
        at.git("ours", &["push", "--quiet", "--all", "origin"]);
        at.git("ours", &["push", "--quiet", "--tags", "origin"]);
        assert_eq!(collected(at, "hub"), versions(&at.path("ours")));

        at.git("", &["clone", "--quiet", "--branch", "dev", "hub", "theirs"]);
        let mut theirs = open(&at.path("theirs"));
        commit(&mut theirs, &[("key/02000", "theirs")], "Theirs");
        at.git("theirs", &["push", "--quiet", "origin", "dev"]);

        at.git("ours", &["fetch", "--quiet"]);
        ours.merge("origin/dev", Default::default()).unwrap();
        assert_eq!(get(&ours, "key/02000").unwrap(), "theirs");
        assert_eq!(get(&ours, "key/00300"), None);
        at.git("ours", &["push", "--quiet", "origin", "main"]);
        assert_eq!(collected(at, "hub"), collected(at, "ours"));

        // A pull that is a fast-forward needs nothing of ours.
        at.git("theirs", &["checkout", "--quiet", "main"]);
        at.git("theirs", &["pull", "--quiet", "--ff-only"]);
        assert_eq!(content(&at.path("theirs"))["main"], content(&at.path("ours"))["main"]);
    });
}

#[test]
fn a_patch_that_git_mails_applies_to_what_it_was_made_for() {
    isolated(|at| {
        let mut repo = history(&at.path("data"));
        at.git("", &["clone", "--quiet", "data", "clone"]);
        repo.set(&map(), "key/00500", vec![0xff; 10]).unwrap();
        repo.set(&map(), "large", vec![7; 200_000]).unwrap();
        commit(&mut repo, &[("key/01000", "mailed")], "Mailed");
        let patch = at.git("data", &["format-patch", "--quiet", "-1", "--output=../mail"]);
        assert_eq!(patch, "");
        at.git("clone", &["am", "--quiet", "../mail"]);
        assert_eq!(content(&at.path("clone"))["main"], content(&at.path("data"))["main"]);
        assert_eq!(at.git("clone", &["status", "--porcelain"]), "");
    });
}

/// The numbers of loose objects, packs, and objects in packs.
fn objects(at: &Sandbox) -> [usize; 3] {
    let counts = at.git("data", &["count-objects", "-v"]);
    ["count: ", "packs: ", "in-pack: "].map(|field| {
        let mut lines = counts.lines();
        lines.find_map(|line| line.strip_prefix(field)).unwrap().parse().unwrap()
    })
}

#[test]
fn a_change_of_one_key_is_a_pack_of_one_path() {
    isolated(|at| {
        let mut repo = init(&at.path("data"));
        for i in 0..20_000 {
            repo.set(&map(), format!("key/{i:05}"), format!("value {i}")).unwrap();
        }
        repo.commit("Load").unwrap();
        let before = objects(at);
        commit(&mut repo, &[("key/10000", "VALUE 10000")], "One key");
        let after = objects(at);
        assert_eq!([after[0], after[1]], [0, before[1] + 1]);
        let maps = repo.head_maps().clone();
        let height = usize::from(repo.open_map(&maps, &map()).unwrap().height());
        assert!(height > 1);
        // The commit, its tree, the list of maps, the folder of maps; a tree and a blob for each
        // inner node; the leaf.
        assert_eq!(after[2] - before[2], 4 + 2 * (height - 1) + 1);
    });
}
