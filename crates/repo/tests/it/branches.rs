//! Branches, tags, checkouts and resets.

use prollytree_repo::{Head, MapName, RefName, RepoError, ResetMode, Uncommitted};

use crate::basics::{Repo, get, repo, set};

fn committed() -> Repo {
    let mut repo = repo();
    set(&mut repo, "a", "1");
    repo.commit("first").unwrap();
    repo
}

#[test]
fn branches_are_made_renamed_and_deleted() {
    let mut repo = committed();
    let first = repo.tip().unwrap();
    repo.create_branch("dev", &first).unwrap();
    assert!(matches!(repo.create_branch("dev", &first), Err(RepoError::RefExists { .. })));
    assert!(matches!(repo.create_branch("dev/x", &first), Err(RepoError::RefClash { .. })));
    assert!(matches!(repo.create_branch("HEAD", &first), Err(RepoError::Name(_))));
    let names = |repo: &Repo| {
        let branches = repo.branches().unwrap().into_iter();
        branches.map(|branch| branch.name.short().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(names(&repo), ["dev", "main"]);

    repo.rename_branch("main", "trunk").unwrap();
    assert_eq!(repo.current_branch(), Some("trunk"));
    set(&mut repo, "b", "2");
    repo.commit("on trunk").unwrap();
    assert!(matches!(repo.rename_branch("trunk", "dev"), Err(RepoError::RefExists { .. })));
    assert!(matches!(repo.rename_branch("nope", "x"), Err(RepoError::NoRef { .. })));

    assert!(matches!(repo.delete_branch("trunk", true), Err(RepoError::CheckedOut { .. })));
    repo.checkout("dev", Uncommitted::Refuse).unwrap();
    assert!(matches!(repo.delete_branch("trunk", false), Err(RepoError::NotMerged { .. })));
    let lost = repo.delete_branch("trunk", true).unwrap();
    assert_eq!(names(&repo), ["dev"]);
    // The log of the deleted branch still leads to its commit.
    assert_eq!(repo.resolve(&lost.to_string()[..12]).unwrap(), lost);
    let log = repo.reflog(&RefName::branch("trunk").unwrap(), 1).unwrap();
    assert_eq!((log[0].old, log[0].new), (Some(lost), None));
}

#[test]
fn an_unborn_branch_can_be_renamed() {
    let mut repo = repo();
    repo.rename_branch("main", "trunk").unwrap();
    set(&mut repo, "a", "1");
    repo.commit("first").unwrap();
    assert_eq!(repo.branches().unwrap()[0].name.short(), "trunk");
}

#[test]
fn tags_name_commits_for_good() {
    let mut repo = committed();
    let first = repo.tip().unwrap();
    assert_eq!(repo.create_tag("v1", &first, None).unwrap(), None);
    repo.create_tag("v2", &first, Some("second")).unwrap().unwrap();
    assert!(matches!(repo.create_tag("v1", &first, None), Err(RepoError::RefExists { .. })));
    let tags = repo.tags().unwrap();
    assert_eq!(tags.iter().map(|tag| tag.target).collect::<Vec<_>>(), [first, first]);
    assert_eq!(tags[0].tag, None);
    assert_eq!(tags[1].tag.as_ref().unwrap().message, "second");
    assert_eq!(repo.delete_tag("v2").unwrap(), first);
    assert!(matches!(repo.delete_tag("v2"), Err(RepoError::NoRef { .. })));
}

#[test]
fn a_commit_on_a_detached_head_moves_no_branch() {
    let mut repo = committed();
    let first = repo.tip().unwrap();
    repo.checkout(&first.to_string(), Uncommitted::Refuse).unwrap();
    assert_eq!(repo.head(), &Head::Detached(first));
    set(&mut repo, "b", "2");
    let second = repo.commit("detached").unwrap();
    assert_eq!(repo.head(), &Head::Detached(second));
    assert_eq!(repo.resolve("main").unwrap(), first);
    repo.checkout("main", Uncommitted::Refuse).unwrap();
    assert_eq!(get(&repo, "b"), None);
    repo.checkout("-", Uncommitted::Refuse).unwrap();
    assert_eq!(repo.head(), &Head::Detached(second));
    repo.checkout("-", Uncommitted::Refuse).unwrap();
    assert_eq!(repo.current_branch(), Some("main"));
    assert!(repo.resolve("@{1}").is_err());
    assert_eq!(repo.resolve("HEAD@{1}").unwrap(), second);
}

#[test]
fn a_checkout_refuses_carries_or_discards() {
    let mut repo = committed();
    let first = repo.tip().unwrap();
    repo.create_branch("dev", &first).unwrap();
    set(&mut repo, "a", "main");
    repo.commit("second").unwrap();
    set(&mut repo, "b", "edit");
    match repo.checkout("dev", Uncommitted::Refuse) {
        Err(RepoError::Uncommitted { maps }) => assert_eq!(maps, [MapName::default()]),
        other => panic!("{other:?}"),
    }
    repo.checkout("dev", Uncommitted::Carry).unwrap();
    assert_eq!((get(&repo, "a"), get(&repo, "b")), (Some("1".into()), Some("edit".into())));
    set(&mut repo, "a", "edit");
    let conflict = repo.checkout("main", Uncommitted::Carry);
    assert!(matches!(conflict, Err(RepoError::CarryConflict { count: 1, .. })));
    assert_eq!(repo.current_branch(), Some("dev"));
    repo.checkout("main", Uncommitted::Discard).unwrap();
    assert_eq!((get(&repo, "a"), get(&repo, "b")), (Some("main".into()), None));
}

#[test]
fn a_soft_reset_keeps_the_content_and_a_hard_one_does_not() {
    let mut repo = committed();
    let first = repo.tip().unwrap();
    set(&mut repo, "a", "2");
    let second = repo.commit("second").unwrap();
    set(&mut repo, "b", "3");
    repo.reset(&first, ResetMode::Soft).unwrap();
    assert_eq!(repo.tip(), Some(first));
    assert_eq!((get(&repo, "a"), get(&repo, "b")), (Some("2".into()), Some("3".into())));
    repo.reset(&second, ResetMode::Hard).unwrap();
    assert_eq!((get(&repo, "a"), get(&repo, "b")), (Some("2".into()), None));
}
