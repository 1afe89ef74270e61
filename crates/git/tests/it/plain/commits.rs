//! What a commit and a merge are, and what they refuse.

use std::fs;

use prollytree_repo::{Choice, CommitOptions, MergeOutcome, RepoError, Uncommitted};

use super::sandbox::isolated;
use super::store::{Repo, commit, get, history, init, map, open};

#[test]
fn a_commit_on_a_detached_head_moves_nothing_else() {
    isolated(|at| {
        let mut repo = history(&at.path("data"));
        let refs = || at.git("data", &["for-each-ref", "refs/heads", "refs/tags"]);
        let before = refs();
        at.git("data", &["checkout", "--quiet", "--detach", "HEAD~1"]);
        repo.refresh().unwrap();
        let tip = commit(&mut repo, &[("a", "detached")], "Detached");
        assert_eq!(refs(), before);
        assert_eq!(at.git("data", &["rev-parse", "HEAD"]), tip);
        at.git_refuses("data", &["symbolic-ref", "--quiet", "HEAD"]);
        assert!(at.git("data", &["reflog", "-1"]).contains("commit: Detached"));
        repo.checkout("main", Uncommitted::Refuse).unwrap();
        assert_eq!(refs(), before);
        assert_eq!(get(&repo, "a"), None);
    });
}

#[test]
fn a_key_that_one_side_deleted_and_the_other_changed_is_a_conflict() {
    isolated(|at| {
        for deleted_here in [true, false] {
            let mut repo = init(&at.path("data"));
            commit(&mut repo, &[("k", "1"), ("other", "1")], "First");
            repo.create_branch("dev", &repo.tip().unwrap()).unwrap();
            let change = |repo: &mut Repo, delete: bool| {
                if delete {
                    repo.delete(&map(), b"k").unwrap();
                } else {
                    repo.set(&map(), "k", "2").unwrap();
                }
                repo.commit("Changed").unwrap();
            };
            change(&mut repo, deleted_here);
            repo.checkout("dev", Uncommitted::Refuse).unwrap();
            change(&mut repo, !deleted_here);
            repo.checkout("main", Uncommitted::Refuse).unwrap();
            let refs = at.git("data", &["show-ref", "--heads"]);
            assert_eq!(repo.merge("dev", Default::default()).unwrap(), MergeOutcome::Conflicts(1));
            assert_eq!(at.git("data", &["show-ref", "--heads"]), refs);
            let conflicts = repo.conflicts().unwrap();
            assert_eq!(conflicts[0].1.key, b"k");
            assert_eq!(
                [&conflicts[0].1.ours, &conflicts[0].1.theirs].map(Option::is_none),
                [deleted_here, !deleted_here]
            );
            // It outlives a restart, a collection of garbage, and ends in a commit of two parents.
            drop(repo);
            at.git("data", &["gc", "--quiet", "--prune=now"]);
            let mut repo = open(&at.path("data"));
            assert!(repo.commit("Not now").is_err());
            repo.resolve_all(&Choice::Value(b"3".to_vec())).unwrap();
            repo.continue_operation(None).unwrap();
            assert_eq!(get(&repo, "k").unwrap(), "3");
            assert_eq!(at.git("data", &["log", "-1", "--format=%P"]).split(' ').count(), 2);
            assert_eq!(at.git("data", &["status", "--porcelain"]), "");
            fs::remove_dir_all(at.path("data")).unwrap();
        }
    });
}

#[test]
fn an_empty_commit_is_refused() {
    isolated(|at| {
        let mut repo = init(&at.path("data"));
        assert!(matches!(repo.commit("Nothing"), Err(RepoError::NothingToCommit)));
        commit(&mut repo, &[("a", "1")], "First");
        repo.set(&map(), "a", "1").unwrap();
        assert!(matches!(repo.commit("The same"), Err(RepoError::NothingToCommit)));
        assert_eq!(at.git("data", &["rev-list", "--count", "HEAD"]), "1");
        let options =
            CommitOptions { message: "Empty".into(), allow_empty: true, ..Default::default() };
        repo.commit_with(options).unwrap();
        assert_eq!(at.git("data", &["log", "--format=%s"]), "Empty\nFirst");
        assert_eq!(
            at.git("data", &["rev-parse", "HEAD^{tree}"]),
            at.git("data", &["rev-parse", "HEAD~1^{tree}"])
        );
    });
}
