//! The logs of refs, settings and identity.

use prollytree_repo::{
    Backend, CommitOptions, Identity, ManualClock, MapName, MemoryBackend, Options, RefName,
    RepoError, Repository, ResetMode,
};

use crate::basics::{repo, set};

#[test]
fn every_move_of_a_branch_is_logged() {
    let mut repo = repo();
    set(&mut repo, "a", "1");
    let first = repo.commit("first\n\nbody").unwrap();
    set(&mut repo, "a", "2");
    let second = repo.commit("second").unwrap();
    repo.reset(&first, ResetMode::Hard).unwrap();
    let log = repo.reflog(&RefName::branch("main").unwrap(), 10).unwrap();
    let told: Vec<_> = log.iter().map(|entry| entry.reason.why.as_str()).collect();
    let reset = format!("reset: moving to {first}");
    assert_eq!(told, [reset.as_str(), "commit: second", "commit (initial): first"]);
    assert_eq!((log[0].old, log[0].new), (Some(second), Some(first)));
    assert_eq!(log[0].reason.who.to_string(), "Ada <ada@example.org>");
    assert_eq!(repo.reflog(&RefName::head(), 10).unwrap().len(), 3);
    // The commit that the branch left can still be found.
    assert_eq!(repo.resolve(&second.to_string()[..10]).unwrap(), second);
    repo.backend().prune_logs(i64::MAX).unwrap();
    assert!(repo.resolve(&second.to_string()[..10]).is_err());
}

#[test]
fn saving_moves_no_branch_and_logs_nothing() {
    let mut repo = repo();
    set(&mut repo, "a", "1");
    repo.save().unwrap();
    assert_eq!(repo.reflog(&RefName::head(), 10).unwrap(), []);
}

#[test]
fn the_author_is_who_the_options_or_the_settings_say() {
    let backend = MemoryBackend::new();
    let clock = || Options::default().with_clock(ManualClock::new(0, 1));
    let mut repo = Repository::init(backend.clone(), clock()).unwrap();
    assert_eq!(repo.identity().unwrap(), Identity::default());
    repo.set_config("user.name", Some("Grace")).unwrap();
    repo.set_config("user.email", Some("grace@example.org")).unwrap();
    let mut repo = Repository::open(backend.clone(), clock()).unwrap();
    assert_eq!(repo.identity().unwrap().to_string(), "Grace <grace@example.org>");
    repo.set_config("user.email", None).unwrap();
    assert_eq!(repo.all_config().collect::<Vec<_>>(), [("user.name", "Grace")]);
    let options = clock().with_author_name("Ada");
    let mut repo = Repository::open(backend.clone(), options).unwrap();
    assert_eq!(repo.identity().unwrap().to_string(), "Ada <user@localhost>");

    repo.set(&MapName::default(), "k", "v").unwrap();
    let author = Identity::new("Someone", "else@example.org").unwrap();
    let options = CommitOptions {
        message: "m".to_owned(),
        author: Some(author.clone()),
        ..CommitOptions::default()
    };
    let id = repo.commit_with(options).unwrap();
    assert_eq!(repo.read_commit(&id).unwrap().author, author);

    let bad = Repository::open(backend, clock().with_author_name("a\nb")).unwrap();
    assert!(matches!(bad.identity(), Err(RepoError::Identity(_))));
}

#[test]
fn a_commit_that_changes_nothing_must_be_asked_for() {
    let mut repo = repo();
    assert!(matches!(repo.commit("nothing"), Err(RepoError::NothingToCommit)));
    let options = CommitOptions {
        message: "empty".to_owned(),
        allow_empty: true,
        ..CommitOptions::default()
    };
    let id = repo.commit_with(options).unwrap();
    assert!(repo.read_commit(&id).unwrap().maps.is_empty());
}
