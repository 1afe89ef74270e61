//! Branches, tags and `HEAD` under Git's rules.

use std::fs;

use prollytree_repo::{RepoError, Uncommitted};

use super::sandbox::isolated;
use super::store::{commit, history, init, open};

#[test]
fn a_bad_name_is_refused_and_writes_nothing() {
    isolated(|at| {
        let mut repo = init(&at.path("data"));
        commit(&mut repo, &[("a", "1")], "First");
        let tip = repo.tip().unwrap();
        let files = || {
            let mut files: Vec<_> = walk(&at.path("")).collect();
            files.sort_unstable();
            files
        };
        let before = files();
        let long = "x".repeat(300);
        for name in [
            "../../evil",
            "..",
            ".",
            "/",
            "/etc/evil",
            "a/../b",
            "HEAD",
            "@",
            "@{1}",
            "-x",
            "--force",
            "a..b",
            "a b",
            "a:b",
            "a^b",
            "a~1",
            "a*",
            "a?",
            "a[",
            "a\\b",
            "a\nb",
            "a\0b",
            "a.lock",
            "a.lock/b",
            ".a",
            "a/.b",
            "a/",
            "a//b",
            "a.",
            "",
            &long,
        ] {
            assert!(repo.create_branch(name, &tip).is_err(), "{name:?}");
            assert!(repo.rename_branch("main", name).is_err(), "{name:?}");
            assert!(repo.create_tag(name, &tip, None).is_err(), "{name:?}");
            assert!(repo.create_tag(name, &tip, Some("message")).is_err(), "{name:?}");
        }
        assert_eq!(files(), before);
        // What Git allows and ours does as well.
        for name in ["a/b/c", "ü", "a@b", "a-", "v1.0", "refs/heads/x"] {
            repo.create_branch(name, &tip).unwrap();
            at.git("data", &["check-ref-format", "--branch", name]);
            assert_eq!(
                at.git("data", &["rev-parse", &format!("refs/heads/{name}")]),
                tip.to_string()
            );
        }
    });
}

fn walk(folder: &std::path::Path) -> Box<dyn Iterator<Item = String>> {
    let files = fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    Box::new(files.flat_map(|path| -> Box<dyn Iterator<Item = String>> {
        if path.is_dir() { walk(&path) } else { Box::new([path.display().to_string()].into_iter()) }
    }))
}

#[test]
fn a_branch_that_exists_is_never_overwritten() {
    isolated(|at| {
        let mut repo = history(&at.path("data"));
        let tip = repo.tip().unwrap();
        let before = at.git("data", &["show-ref"]);
        for packed in [false, true] {
            if packed {
                at.git("data", &["pack-refs", "--all", "--prune"]);
            }
            let taken = repo.create_branch("dev", &tip).unwrap_err();
            assert!(matches!(taken, RepoError::RefExists { .. }), "{taken:?}");
            assert!(repo.rename_branch("main", "dev").is_err());
            for beside in ["dev/x", "main/x/y"] {
                let clash = repo.create_branch(beside, &tip).unwrap_err();
                assert!(matches!(clash, RepoError::RefClash { .. }), "{clash:?}");
            }
            assert_eq!(at.git("data", &["show-ref"]), before);
        }
        // Packed refs can be moved and deleted.
        commit(&mut repo, &[("a", "1")], "On a packed branch");
        repo.delete_branch("dev", true).unwrap();
        let left = at.git("data", &["for-each-ref", "--format=%(refname)", "refs/heads"]);
        assert_eq!(left, "refs/heads/main");
        repo.create_branch("dev/x", &tip).unwrap();
        at.fsck("data");
    });
}

#[test]
fn refs_that_only_git_makes_stand_in_nobodys_way() {
    isolated(|at| {
        let mut repo = init(&at.path("data"));
        commit(&mut repo, &[("a", "1")], "First");
        at.git("data", &["symbolic-ref", "refs/heads/alias", "refs/heads/main"]);
        at.git("data", &["update-ref", &format!("refs/heads/{}", "x".repeat(200)), "HEAD"]);
        at.git("data", &["update-ref", "refs/notes/x", "HEAD"]);
        at.git("data", &["update-ref", "refs/remotes/origin/main", "HEAD"]);
        at.git("data", &["symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/main"]);
        let mut repo = open(&at.path("data"));
        let names: Vec<_> =
            repo.branches().unwrap().into_iter().map(|branch| branch.name.to_string()).collect();
        assert_eq!(names, ["refs/heads/main"]);
        assert_eq!(repo.resolve("alias").unwrap(), repo.tip().unwrap());
        assert_eq!(repo.resolve("origin/main").unwrap(), repo.tip().unwrap());
        assert!(repo.create_branch("alias", &repo.tip().unwrap()).is_err());
        commit(&mut repo, &[("a", "2")], "Second");
        assert_eq!(at.git("data", &["symbolic-ref", "refs/heads/alias"]), "refs/heads/main");
        assert_eq!(at.git("data", &["rev-parse", "alias"]), repo.tip().unwrap().to_string());
    });
}

#[test]
fn the_reflog_tells_every_move() {
    isolated(|at| {
        let mut repo = init(&at.path("data"));
        let first = commit(&mut repo, &[("a", "1")], "First");
        commit(&mut repo, &[("a", "2")], "Second");
        repo.create_branch("dev", &repo.resolve(&first).unwrap()).unwrap();
        repo.checkout("dev", Uncommitted::Refuse).unwrap();
        commit(&mut repo, &[("b", "1")], "On dev");
        repo.checkout("main", Uncommitted::Refuse).unwrap();
        repo.merge("dev", Default::default()).unwrap();
        let log = at.git("data", &["reflog", "--format=%gs", "HEAD"]);
        let expected = [
            "merge: Merge branch 'dev'",
            "checkout: moving from dev to main",
            "commit: On dev",
            "checkout: moving from main to dev",
            "commit: Second",
            "commit (initial): First",
        ];
        assert_eq!(log.lines().collect::<Vec<_>>(), expected);
        assert_eq!(at.git("data", &["reflog", "--format=%gs", "main"]).lines().count(), 3);
        assert_eq!(at.git("data", &["rev-parse", "main@{2}"]), first);
        at.git("data", &["checkout", "--quiet", "-"]);
        assert_eq!(at.git("data", &["branch", "--show-current"]), "dev");
    });
}

#[test]
fn revisions_are_gits() {
    isolated(|at| {
        let repo = history(&at.path("data"));
        for revision in [
            "HEAD",
            "@",
            "main",
            "dev~1",
            "HEAD^2",
            "HEAD^2~1",
            "plain",
            "annotated",
            "annotated^{commit}",
            "refs/heads/dev",
            "heads/dev",
            "main@{0}",
            "HEAD@{2}",
            "@{-1}",
            ":/On main",
            "dev^{/First}",
        ] {
            let git = at.git("data", &["rev-list", "-1", revision]);
            assert_eq!(repo.resolve(revision).unwrap().to_string(), git, "{revision}");
        }
        let id = at.git("data", &["rev-parse", "HEAD"]);
        for digits in [7, 12, 39, 40] {
            assert_eq!(repo.resolve(&id[..digits]).unwrap().to_string(), id);
        }
        for revision in ["nothing", "HEAD~99", "HEAD^9", "HEAD:PROLLY", "HEAD^{tree}", "deadbeef"] {
            assert!(repo.resolve(revision).is_err(), "{revision}");
        }
    });
}
