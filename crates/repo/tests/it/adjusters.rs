//! Maps that are not merged key by key.

use prollytree_repo::{
    Adjust, MapName, MergeOptions, MergeOutcome, MergedMaps, RepoError, Uncommitted, Versions,
};
use prollytree_tree::Conflict;

use crate::basics::{Repo, repo};

fn map(name: &str) -> MapName {
    MapName::new(name).unwrap()
}

/// `dev` and `main`, which is checked out, have each set the key `k` of some maps to their own name.
fn diverged(ours: &[&str], theirs: &[&str]) -> Repo {
    let mut repo = repo();
    repo.set(&map("start"), "k", "start").unwrap();
    let base = repo.commit("base").unwrap();
    repo.create_branch("dev", &base).unwrap();
    for (branch, maps) in [("main", ours), ("dev", theirs)] {
        repo.checkout(branch, Uncommitted::Refuse).unwrap();
        for name in maps {
            repo.set(&map(name), "k", branch).unwrap();
        }
        repo.commit(branch).unwrap();
    }
    repo.checkout("main", Uncommitted::Refuse).unwrap();
    repo
}

/// Owns the maps of tables, and takes theirs; or leaves a conflict, or fails.
#[derive(Default)]
struct Theirs {
    calls: usize,
    conflict: bool,
    fails: bool,
}

impl Adjust for Theirs {
    fn owns(&self, map: &MapName) -> bool {
        map.as_str().starts_with("sql/")
    }

    fn merge(&mut self, versions: Versions<'_>, merged: &mut MergedMaps) -> Result<(), RepoError> {
        self.calls += 1;
        assert!(versions.ours_descends && versions.theirs_descends && !versions.for_base);
        if self.fails {
            return Err(RepoError::Adjust("no".into()));
        }
        for (name, root) in versions.theirs.iter().filter(|(name, _)| self.owns(name)) {
            assert_eq!(merged.maps.get(name), versions.ours.get(name), "it was passed over");
            merged.maps.insert(name.clone(), *root);
        }
        if self.conflict {
            let conflict = Conflict { key: b"k".to_vec(), base: None, ours: None, theirs: None };
            merged.conflicts.push((map("sql/rows/t"), conflict));
        }
        Ok(())
    }
}

#[test]
fn tables_that_both_sides_changed_are_not_merged_key_by_key() {
    for (ours, theirs, named) in [
        (&["sql/rows/t"][..], &["a", "sql/rows/t"][..], "sql/rows/t"),
        (&["sql/schema", "sql/rows/t"], &["sql/index/t/i", "sql/schema"], "sql/schema"),
        (&["sql/rows/t"], &["sql/rows/u"], "sql/rows/u"),
    ] {
        let mut repo = diverged(ours, theirs);
        let before = repo.tip();
        let refused = repo.merge("dev", MergeOptions::default());
        assert!(matches!(refused, Err(RepoError::Tables { map: found }) if found == map(named)));
        let tip = repo.resolve("dev").unwrap();
        let refused = repo.cherry_pick(&tip, None, Default::default());
        assert!(matches!(refused, Err(RepoError::Tables { .. })));
        assert_eq!(repo.tip(), before);
        assert!(repo.operation().is_none());
    }
}

#[test]
fn tables_that_one_side_changed_are_taken() {
    let mut repo = diverged(&["a"], &["sql/rows/t", "a2"]);
    assert!(matches!(repo.merge("dev", MergeOptions::default()), Ok(MergeOutcome::Merged(_))));
    assert_eq!(repo.get(&map("sql/rows/t"), b"k").unwrap(), Some(b"dev".to_vec()));
    let mut repo = diverged(&["sql/rows/t"], &["a"]);
    assert!(matches!(repo.merge("dev", MergeOptions::default()), Ok(MergeOutcome::Merged(_))));
    assert_eq!(repo.get(&map("sql/rows/t"), b"k").unwrap(), Some(b"main".to_vec()));
}

#[test]
fn uncommitted_changes_of_tables_are_not_carried_into_other_tables() {
    let mut repo = diverged(&["a"], &["sql/rows/t"]);
    repo.set(&map("sql/rows/u"), "k", "new").unwrap();
    let refused = repo.checkout("dev", Uncommitted::Carry);
    assert!(matches!(refused, Err(RepoError::Tables { .. })));
    assert_eq!(repo.get(&map("sql/rows/u"), b"k").unwrap(), Some(b"new".to_vec()));
}

#[test]
fn an_adjuster_merges_what_it_owns() {
    let mut repo = diverged(&["sql/rows/t", "a"], &["sql/rows/t", "b"]);
    let mut adjust = Theirs::default();
    let outcome = repo.merge_adjusted("dev", MergeOptions::default(), &mut adjust).unwrap();
    assert!(matches!(outcome, MergeOutcome::Merged(_)));
    assert_eq!(adjust.calls, 1);
    assert_eq!(repo.get(&map("sql/rows/t"), b"k").unwrap(), Some(b"dev".to_vec()));
    assert_eq!(repo.get(&map("a"), b"k").unwrap(), Some(b"main".to_vec()));
    assert_eq!(repo.get(&map("b"), b"k").unwrap(), Some(b"dev".to_vec()));
}

#[test]
fn conflicts_of_an_adjuster_are_recorded_and_resolved_by_whoever_knows_them() {
    let mut repo = diverged(&["sql/rows/t", "a"], &["sql/rows/t", "a"]);
    let mut adjust = Theirs { conflict: true, ..Theirs::default() };
    let outcome = repo.merge_adjusted("dev", MergeOptions::default(), &mut adjust).unwrap();
    assert_eq!(outcome, MergeOutcome::Conflicts(2));
    let refused = repo.resolve_all(&prollytree_repo::Choice::Ours);
    assert!(matches!(refused, Err(RepoError::Tables { .. })));
    assert_eq!(repo.conflicts().unwrap().len(), 2, "nothing was resolved");
    repo.replace_conflicts(Vec::new()).unwrap();
    repo.continue_operation(None).unwrap();
}

#[test]
fn an_adjuster_that_fails_leaves_all_as_it_was() {
    let mut repo = diverged(&["sql/rows/t"], &["sql/rows/t"]);
    let before = repo.tip();
    let mut adjust = Theirs { fails: true, ..Theirs::default() };
    let failed = repo.merge_adjusted("dev", MergeOptions::default(), &mut adjust);
    assert!(matches!(failed, Err(RepoError::Adjust(_))));
    assert_eq!(repo.tip(), before);
    assert!(repo.operation().is_none());
}
