//! Merges, cherry-picks and reverts.

use prollytree_repo::{
    Choice, CommitId, CommitOptions, FastForward, Identity, MapName, MergeOptions, MergeOutcome,
    OperationKind, PickOutcome, RepoError, Strategy, Uncommitted,
};
use prollytree_tree::{Conflict, Resolution, Value};

use crate::basics::{Repo, get, repo, set};

/// `main` and `dev` both changed `k` since `base`; `main` is checked out.
fn diverged() -> (Repo, [CommitId; 3]) {
    let mut repo = repo();
    set(&mut repo, "k", "base");
    let base = repo.commit("base").unwrap();
    repo.create_branch("dev", &base).unwrap();
    repo.checkout("dev", Uncommitted::Refuse).unwrap();
    set(&mut repo, "k", "theirs");
    let author = Some(Identity::new("Grace", "grace@example.org").unwrap());
    let options = CommitOptions { message: "theirs".to_owned(), author, ..Default::default() };
    let theirs = repo.commit_with(options).unwrap();
    repo.checkout("main", Uncommitted::Refuse).unwrap();
    set(&mut repo, "k", "ours");
    let ours = repo.commit("ours").unwrap();
    (repo, [base, ours, theirs])
}

#[test]
fn a_resolver_decides_key_by_key() {
    let (mut repo, _) = diverged();
    let mut asked = Vec::new();
    let mut resolver = |map: &MapName, conflict: &Conflict| {
        asked.push((map.clone(), conflict.key.clone()));
        let inline = |text: &str| Some(Value::Inline(text.as_bytes().to_vec()));
        assert_eq!(conflict.base, inline("base"));
        assert_eq!((&conflict.ours, &conflict.theirs), (&inline("ours"), &inline("theirs")));
        Resolution::Value(Value::Inline(b"both".to_vec()))
    };
    let strategy = Strategy::Ask(&mut resolver);
    let outcome = repo.merge("dev", MergeOptions { strategy, ..Default::default() }).unwrap();
    assert!(matches!(outcome, MergeOutcome::Merged(_)));
    assert_eq!(asked, [(MapName::default(), b"k".to_vec())]);
    assert_eq!(get(&repo, "k").as_deref(), Some("both"));
}

#[test]
fn a_resolver_may_leave_a_conflict_open() {
    let (mut repo, [_, ours, _]) = diverged();
    let mut resolver = |_: &MapName, _: &Conflict| Resolution::Conflict;
    let strategy = Strategy::Ask(&mut resolver);
    let outcome = repo.merge("dev", MergeOptions { strategy, ..Default::default() }).unwrap();
    assert_eq!(outcome, MergeOutcome::Conflicts(1));
    assert_eq!(repo.operation().unwrap().kind, OperationKind::Merge);
    let again = repo.merge("dev", MergeOptions::default());
    assert!(matches!(again, Err(RepoError::OperationUnderWay { kind: OperationKind::Merge })));
    repo.abort_operation().unwrap();
    assert_eq!((repo.tip(), get(&repo, "k").as_deref()), (Some(ours), Some("ours")));
    assert!(matches!(repo.abort_operation(), Err(RepoError::NoOperation)));
    assert!(matches!(repo.continue_operation(None), Err(RepoError::NoOperation)));
}

#[test]
fn a_merge_goes_forward_if_it_may() {
    let (mut repo, [base, _, theirs]) = diverged();
    let only = || MergeOptions { fast_forward: FastForward::Only, ..Default::default() };
    assert!(matches!(repo.merge("dev", only()), Err(RepoError::NotFastForward)));
    repo.create_branch("old", &base).unwrap();
    repo.checkout("old", Uncommitted::Refuse).unwrap();
    let never = MergeOptions {
        fast_forward: FastForward::Never,
        message: Some("kept apart".to_owned()),
        ..Default::default()
    };
    let MergeOutcome::Merged(merge) = repo.merge("dev", never).unwrap() else { panic!() };
    let commit = repo.read_commit(&merge).unwrap();
    assert_eq!((commit.parents, commit.message.as_str()), (vec![base, theirs], "kept apart"));

    repo.create_branch("older", &base).unwrap();
    repo.checkout("older", Uncommitted::Refuse).unwrap();
    assert_eq!(repo.merge("dev", only()).unwrap(), MergeOutcome::FastForward(theirs));
    assert_eq!(repo.current_branch(), Some("older"));
    assert_eq!(repo.resolve("main").unwrap(), repo.resolve("main@{0}").unwrap());
}

#[test]
fn unrelated_histories_are_merged_only_when_asked() {
    let mut repo = repo();
    set(&mut repo, "a", "1");
    let first = repo.commit("first").unwrap();
    // A second root: the content of the first, with no parent.
    let mut commit = repo.read_commit(&first).unwrap();
    commit.message = "another root".to_owned();
    let root = prollytree_repo::Backend::write_commit(repo.backend(), &commit).unwrap();
    repo.create_branch("other", &root).unwrap();
    let refused = repo.merge("other", MergeOptions::default());
    assert!(matches!(refused, Err(RepoError::Unrelated(ours, _)) if ours == first));
    let options = MergeOptions { allow_unrelated: true, ..Default::default() };
    assert!(matches!(repo.merge("other", options).unwrap(), MergeOutcome::Merged(_)));
}

#[test]
fn a_pick_with_a_conflict_keeps_its_author() {
    let (mut repo, [_, ours, theirs]) = diverged();
    let outcome = repo.cherry_pick(&theirs, None, Strategy::Record).unwrap();
    assert_eq!(outcome, PickOutcome::Conflicts(1));
    repo.resolve_all(&Choice::Theirs).unwrap();
    let id = repo.continue_operation(None).unwrap();
    let commit = repo.read_commit(&id).unwrap();
    assert_eq!((commit.author.name.as_str(), commit.message.as_str()), ("Grace", "theirs"));
    assert_eq!(commit.parents, [ours]);
    let again = repo.cherry_pick(&theirs, None, Strategy::Theirs);
    assert!(matches!(again, Err(RepoError::NothingToCommit)));
}

#[test]
fn a_merge_commit_is_reverted_along_a_chosen_parent() {
    let (mut repo, _) = diverged();
    let strategy = Strategy::Theirs;
    let outcome = repo.merge("dev", MergeOptions { strategy, ..Default::default() }).unwrap();
    let MergeOutcome::Merged(merge) = outcome else { panic!() };
    for mainline in [None, Some(0), Some(3)] {
        let refused = repo.revert(&merge, mainline, Strategy::Record);
        assert!(matches!(refused, Err(RepoError::Mainline { parents: 2, .. })), "{mainline:?}");
    }
    let outcome = repo.revert(&merge, Some(1), Strategy::Record).unwrap();
    let PickOutcome::Committed(id) = outcome else { panic!() };
    assert_eq!(get(&repo, "k").as_deref(), Some("ours"));
    let message = repo.read_commit(&id).unwrap().message;
    assert!(message.starts_with("Revert \"Merge branch 'dev'\""), "{message}");
    assert!(message.contains(&merge.to_string()));
}

#[test]
fn what_a_commit_changed_can_be_seen() {
    let (repo, [base, ours, _]) = diverged();
    let changes = |id| {
        let diff = repo.changes_of(&repo.read_commit(&id).unwrap()).unwrap();
        let changes = diff.changes().map(Result::unwrap);
        changes
            .map(|change| (change.difference.before, change.difference.after))
            .collect::<Vec<_>>()
    };
    let inline = |text: &str| Some(Value::Inline(text.as_bytes().to_vec()));
    assert_eq!(changes(base), [(None, inline("base"))]);
    assert_eq!(changes(ours), [(inline("base"), inline("ours"))]);
}

#[test]
fn many_conflicts_are_resolved_in_one_go() {
    const KEYS: u32 = 500;
    let mut repo = repo();
    let commit = |repo: &mut Repo, value: &str| {
        (0..KEYS).for_each(|n| set(repo, &n.to_string(), value));
        repo.commit(value).unwrap()
    };
    let base = commit(&mut repo, "base");
    repo.create_branch("dev", &base).unwrap();
    commit(&mut repo, "ours");
    repo.checkout("dev", Uncommitted::Refuse).unwrap();
    commit(&mut repo, "theirs");
    let outcome = repo.merge("main", MergeOptions::default()).unwrap();
    assert_eq!(outcome, MergeOutcome::Conflicts(KEYS.into()));
    let size = |repo: &Repo| repo.backend().storage().size_bytes();
    let before = size(&repo);
    assert_eq!(repo.resolve_all(&Choice::Theirs).unwrap(), KEYS.into());
    // The trees are written once, not once a conflict.
    assert!(size(&repo) - before < 50_000, "wrote {} bytes", size(&repo) - before);
    repo.continue_operation(None).unwrap();
    assert_eq!(get(&repo, "7").as_deref(), Some("ours"));
}

#[test]
fn a_map_that_one_side_dropped_and_the_other_changed_is_a_conflict() {
    let mut repo = repo();
    let map = MapName::new("users").unwrap();
    repo.set(&map, "kept", "1").unwrap();
    repo.set(&map, "changed", "1").unwrap();
    let base = repo.commit("base").unwrap();
    repo.create_branch("dev", &base).unwrap();
    repo.delete_range(&map, ..).unwrap();
    repo.commit("dropped").unwrap();
    repo.checkout("dev", Uncommitted::Refuse).unwrap();
    repo.set(&map, "changed", "2").unwrap();
    repo.commit("changed").unwrap();
    let outcome = repo.merge("main", MergeOptions::default()).unwrap();
    assert_eq!(outcome, MergeOutcome::Conflicts(1));
    let conflicts = repo.conflicts().unwrap();
    assert_eq!((&conflicts[0].0, &conflicts[0].1.key[..]), (&map, &b"changed"[..]));
    assert_eq!(conflicts[0].1.theirs, None);
    repo.resolve_all(&Choice::Theirs).unwrap();
    repo.continue_operation(None).unwrap();
    assert!(repo.head_maps().is_empty());
}

#[test]
fn the_first_commit_is_reverted_and_picked_again() {
    let mut repo = repo();
    set(&mut repo, "a", "1");
    let root = repo.commit("root").unwrap();
    let refused = repo.revert(&root, Some(1), Strategy::Record);
    assert!(matches!(refused, Err(RepoError::Mainline { parents: 0, .. })));
    repo.revert(&root, None, Strategy::Record).unwrap();
    assert!(repo.head_maps().is_empty());
    repo.cherry_pick(&root, None, Strategy::Record).unwrap();
    assert_eq!(get(&repo, "a").as_deref(), Some("1"));
}
