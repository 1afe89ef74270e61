//! What others hold, and how refs are kept.

use std::fs;

use prollytree_git::{GitBackend, GitError};

use super::sandbox::{command, isolated};
use super::store::{chain, commit, content, get, init, map, try_open};

#[test]
fn a_lock_of_another_program_is_waited_for_and_never_removed() {
    isolated(|at| {
        let mut repo = init(&at.path("data"));
        commit(&mut repo, &[("a", "1")], "First");
        let head = at.git("data", &["rev-parse", "HEAD"]);
        for file in ["data/.git/refs/heads/main.lock", "data/.git/index.lock"] {
            at.write(file, "somebody else's\n");
            repo.set(&map(), "a", "2").unwrap();
            let said = chain(&repo.commit("Refused").unwrap_err());
            assert!(said.contains(file.rsplit('/').next().unwrap()), "{said}");
            assert_eq!(at.git("data", &["rev-parse", "HEAD"]), head);
            assert_eq!(at.read(file), "somebody else's\n");
            // The edits stay, and are committed when the other has gone.
            assert_eq!(get(&repo, "a").unwrap(), "2");
            fs::remove_file(at.path(file)).unwrap();
            assert_eq!(at.git("data", &["status", "--porcelain"]), "");
            repo.commit("Made").unwrap();
            repo.set(&map(), "a", "1").unwrap();
            repo.commit("Back").unwrap();
            at.git("data", &["reset", "--quiet", "--hard", &head]);
            repo.refresh().unwrap();
        }
        at.fsck("data");
        let packs = fs::read_dir(at.path("data/.git/objects/pack")).unwrap();
        let mut names = packs.map(|file| file.unwrap().file_name().into_string().unwrap());
        assert!(!names.any(|name| name.ends_with(".keep")));
    });
}

#[test]
fn a_repository_with_refs_in_tables_is_refused_with_a_way_out() {
    isolated(|at| {
        let mut git = command(&at.path(""), &["init", "--quiet", "--ref-format=reftable", "data"]);
        if !git.output().unwrap().status.success() {
            // This `git` is older than the format.
            return;
        }
        let refused = GitBackend::init(at.path("data"), &Default::default()).map(drop);
        let said = chain(&refused.unwrap_err());
        assert!(said.contains("reftable") && said.contains("git refs migrate"), "{said}");
        let refused = try_open(&at.path("data")).map(drop);
        assert!(matches!(refused, Err(GitError::RefFormat { .. })), "{refused:?}");
        // The way out leads out.
        let mut migrate = command(&at.path("data"), &["refs", "migrate", "--ref-format=files"]);
        if migrate.output().unwrap().status.success() {
            let mut repo = init(&at.path("data"));
            commit(&mut repo, &[("a", "1")], "First");
            assert_eq!(content(&at.path("data")).len(), 1);
        }
    });
}
