//! Several handles of one repository.

use prollytree_repo::{MapName, MemoryBackend, RepoError, Repository, Uncommitted};

use crate::basics::{Repo, get, options, set};

fn two() -> (Repo, Repo) {
    let backend = MemoryBackend::new();
    let mut first = Repository::init(backend.clone(), options()).unwrap();
    set(&mut first, "base", "1");
    first.commit("base").unwrap();
    let second = Repository::open(backend, options()).unwrap();
    (first, second)
}

#[test]
fn the_slower_of_two_commits_is_told_and_loses_nothing() {
    let (mut fast, mut slow) = two();
    set(&mut fast, "a", "fast");
    set(&mut fast, "both", "fast");
    set(&mut slow, "b", "slow");
    set(&mut slow, "both", "slow");
    let base = slow.tip();
    let tip = fast.commit("fast").unwrap();
    match slow.commit("slow") {
        Err(error @ RepoError::HeadMoved { .. }) => {
            assert!(error.is_retryable());
            let RepoError::HeadMoved { expected, found, .. } = error else { unreachable!() };
            assert_eq!((expected, found), (base, Some(tip)));
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(get(&slow, "b").as_deref(), Some("slow"));
    slow.refresh().unwrap();
    slow.commit("slow").unwrap();
    fast.refresh().unwrap();
    let values = ["a", "b", "both", "base"].map(|key| get(&fast, key).unwrap());
    assert_eq!(values, ["fast", "slow", "slow", "1"]);
}

#[test]
fn saved_edits_of_two_handles_are_joined() {
    let (mut one, mut two) = two();
    set(&mut one, "a", "one");
    set(&mut two, "b", "two");
    one.save().unwrap();
    assert!(matches!(two.save(), Err(RepoError::WorkingMoved)));
    two.refresh().unwrap();
    two.save().unwrap();
    one.refresh().unwrap();
    assert_eq!((get(&one, "a"), get(&one, "b")), (Some("one".into()), Some("two".into())));
    // Refreshing twice must not make the edits of others one's own.
    two.delete(&MapName::default(), b"a").unwrap();
    two.save().unwrap();
    one.refresh().unwrap();
    assert_eq!(get(&one, "a"), None);
}

#[test]
fn a_checkout_elsewhere_is_noticed() {
    let (mut one, mut two) = two();
    let base = one.tip().unwrap();
    one.create_branch("dev", &base).unwrap();
    one.checkout("dev", Uncommitted::Refuse).unwrap();
    set(&mut two, "x", "1");
    assert!(matches!(two.commit("x"), Err(RepoError::HeadMoved { .. })));
    two.refresh().unwrap();
    two.commit("x").unwrap();
    assert_eq!(two.current_branch(), Some("dev"));
    assert_eq!(one.resolve("main").unwrap(), base);
}

#[test]
fn edits_on_top_of_a_moved_branch_continue_it() {
    let backend = MemoryBackend::new();
    let mut one = Repository::init(backend.clone(), options()).unwrap();
    set(&mut one, "base", "1");
    one.commit("base").unwrap();
    let mut two = Repository::open(backend.clone(), options()).unwrap();
    set(&mut two, "mine", "saved");
    two.save().unwrap();
    // A handle that never saw the saved edits cannot commit over them.
    set(&mut one, "x", "1");
    assert!(matches!(one.commit("x"), Err(RepoError::WorkingMoved)));
    one.refresh().unwrap();
    assert_eq!(get(&one, "mine").as_deref(), Some("saved"));
}

#[test]
fn settings_of_two_handles_are_joined() {
    let (mut one, mut two) = two();
    one.set_config("user.name", Some("Grace")).unwrap();
    two.set_config("user.email", Some("grace@example.org")).unwrap();
    one.refresh().unwrap();
    for repo in [&one, &two] {
        let settings: Vec<_> = repo.all_config().collect();
        assert_eq!(settings, [("user.email", "grace@example.org"), ("user.name", "Grace")]);
    }
}

#[test]
fn a_branch_that_is_checked_out_elsewhere_does_not_vanish() {
    let (mut one, mut two) = two();
    let base = one.tip().unwrap();
    one.create_branch("dev", &base).unwrap();
    one.checkout("dev", Uncommitted::Refuse).unwrap();
    assert!(matches!(two.delete_branch("dev", true), Err(RepoError::HeadMoved { .. })));
    assert!(matches!(two.rename_branch("dev", "new"), Err(RepoError::HeadMoved { .. })));
    two.refresh().unwrap();
    assert!(matches!(two.delete_branch("dev", true), Err(RepoError::CheckedOut { .. })));
    two.rename_branch("dev", "new").unwrap();
    one.refresh().unwrap();
    assert_eq!((one.current_branch(), one.tip()), (Some("new"), Some(base)));
}
