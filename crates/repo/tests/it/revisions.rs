//! How people name commits.

use prollytree_repo::{CommitId, MapName, MergeOptions, RefName, RepoError, Uncommitted};

use crate::basics::{Repo, repo};

/// `a - b - c` on main, `d` on dev from `b`, merged into main as `m`.
fn history() -> (Repo, [CommitId; 5]) {
    let mut repo = repo();
    let commit = |repo: &mut Repo, name: &str| {
        repo.set(&MapName::default(), name, "x").unwrap();
        repo.commit(name).unwrap()
    };
    let a = commit(&mut repo, "a");
    let b = commit(&mut repo, "b");
    repo.create_branch("dev", &b).unwrap();
    let c = commit(&mut repo, "c");
    repo.checkout("dev", Uncommitted::Refuse).unwrap();
    let d = commit(&mut repo, "d");
    repo.checkout("main", Uncommitted::Refuse).unwrap();
    repo.merge("dev", MergeOptions::default()).unwrap();
    let m = repo.tip().unwrap();
    (repo, [a, b, c, d, m])
}

#[test]
fn revisions_name_commits() {
    let (mut repo, [a, b, c, d, m]) = history();
    repo.create_tag("v1.0", &b, None).unwrap();
    repo.create_tag("v2.0", &c, Some("annotated")).unwrap();
    let hex = a.to_string();
    let cases = [
        ("HEAD", m),
        ("@", m),
        ("main", m),
        ("refs/heads/dev", d),
        ("dev", d),
        ("v1.0", b),
        ("refs/tags/v2.0", c),
        ("v2.0~1", b),
        ("HEAD^", c),
        ("HEAD^1", c),
        ("HEAD^2", d),
        ("HEAD^2~2", a),
        ("HEAD~3", a),
        ("HEAD^0", m),
        ("@~", c),
        ("main@{1}", c),
        ("@{1}", c),
        ("main@{3}", a),
        ("@{-1}", d),
        ("@{-1}~1", b),
        ("-", d),
        (&hex, a),
        (&hex[..12], a),
        (&hex[..40], a),
        (&hex[..12].to_uppercase(), a),
    ];
    for (revision, id) in cases {
        assert_eq!(repo.resolve(revision).unwrap(), id, "{revision}");
    }
}

#[test]
fn a_time_names_the_newest_commit_of_that_time() {
    let (repo, [a, b, c, ..]) = history();
    for (id, before) in [(b, a), (c, b)] {
        let time = repo.read_commit(&id).unwrap().time;
        assert_eq!(repo.resolve(&format!("main@{{{time}}}")).unwrap(), id);
        let earlier = prollytree_repo::Timestamp { seconds: time.seconds - 1, ..time };
        assert_eq!(repo.resolve(&format!("main@{{{earlier}}}")).unwrap(), before);
    }
    assert!(repo.resolve("main@{1970-01-01}").is_err());
}

#[test]
fn what_names_nothing_is_an_error() {
    let (repo, [a, ..]) = history();
    let short = &a.to_string()[..3];
    let bad = [
        "nope",
        "HEAD~9",
        "HEAD^3",
        "HEAD^x",
        "HEAD~~~~~",
        "main@{99}",
        "main@{x}",
        "HEAD@{",
        "~",
        "ffffffffffff",
        short,
        "refs/heads/nope",
        "@{-9}",
        "v1.0",
        "log/HEAD",
        "state/working",
        "a b",
    ];
    for revision in bad.into_iter().filter(|revision| *revision != "~") {
        let error = repo.resolve(revision).unwrap_err();
        let named =
            matches!(&error, RepoError::UnknownRevision { revision: r, .. } if r == revision);
        assert!(named, "{revision}: {error}");
    }
}

#[test]
fn ambiguity_is_an_error_that_lists_the_candidates() {
    let (mut repo, [a, b, ..]) = history();
    repo.create_tag("x", &a, None).unwrap();
    repo.create_branch("x", &b).unwrap();
    match repo.resolve("x") {
        Err(RepoError::AmbiguousRevision { candidates, .. }) => {
            assert_eq!(candidates, ["refs/heads/x", "refs/tags/x"]);
        }
        other => panic!("{other:?}"),
    }
    // Commits until two ids share four digits, which 400 of 65,536 are sure to within reason.
    let mut seen = std::collections::BTreeMap::new();
    for n in 0.. {
        repo.set(&MapName::default(), "n", n.to_string()).unwrap();
        let id = repo.commit("c").unwrap().to_string();
        if let Some(other) = seen.insert(id[..4].to_owned(), id.clone()) {
            match repo.resolve(&id[..4]) {
                Err(RepoError::AmbiguousRevision { mut candidates, .. }) => {
                    candidates.sort_unstable();
                    let mut expected = [id, other];
                    expected.sort_unstable();
                    assert_eq!(candidates, expected);
                }
                other => panic!("{other:?}"),
            }
            break;
        }
    }
}

#[test]
fn an_unborn_branch_has_no_commit() {
    let repo = repo();
    assert!(matches!(repo.resolve("HEAD"), Err(RepoError::Unborn { .. })));
    assert!(matches!(repo.resolve("main"), Err(RepoError::UnknownRevision { .. })));
    assert_eq!(repo.reflog(&RefName::head(), 1).unwrap(), []);
}
