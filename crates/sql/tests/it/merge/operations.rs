//! Operations: how they are resolved, continued, aborted; cherry-picks and reverts; other maps.

use prollytree_repo::{FastForward, MergeOptions, RepoError};
use prollytree_sql::{MergeStrategy, NoExpressions, RowChoice, TableMergeOptions};

use super::*;

fn conflicting() -> Memory {
    diverged(
        |db| {
            db.create_table(table("t")).unwrap();
            put(db, "t", row([1, 10, 20]));
            put(db, "t", row([2, 10, 20]));
        },
        |db| {
            put(db, "t", row([1, 11, 20]));
            delete(db, "t", 2);
        },
        |db| {
            put(db, "t", row([1, 12, 20]));
            put(db, "t", row([2, 12, 20]));
        },
    )
}

#[test]
fn conflicts_survive_a_restart_and_are_resolved_one_by_one() {
    let mut db = conflicting();
    let conflicts = merge_with_conflicts(&mut db);
    assert_eq!(conflicts.len(), 2);
    let backend = db.repository().backend().clone();
    drop(db);
    let repo = Repository::open(
        backend,
        Options::default().with_author_name("Ada").with_author_email("a@b.c"),
    )
    .unwrap();
    let mut db = Database::new(repo, History::Explicit).unwrap();
    assert_eq!(db.conflicts().unwrap(), conflicts);

    db.resolve("t", &row([1]), &RowChoice::Theirs, &mut NoExpressions).unwrap();
    check_indexes(&mut db);
    let left = db.continue_operation(None, &mut NoExpressions);
    assert!(matches!(left, Err(SqlError::Repository(RepoError::Unresolved { count: 1 }))));
    let again = db.resolve("t", &row([1]), &RowChoice::Ours, &mut NoExpressions);
    assert!(matches!(again, Err(SqlError::NoConflict { .. })));
    let other = RowChoice::Row(row([3, 0, 0]));
    let other = db.resolve("t", &row([2]), &other, &mut NoExpressions);
    assert!(matches!(other, Err(SqlError::OtherKey { .. })));
    db.resolve("t", &row([2]), &RowChoice::Base, &mut NoExpressions).unwrap();
    let id = db.continue_operation(Some("done"), &mut NoExpressions).unwrap();
    assert_eq!(db.repository().read_commit(&id).unwrap().parents.len(), 2);
    assert_eq!(rows(&mut db, "t"), [row([1, 12, 20]), row([2, 10, 20])]);
    check_indexes(&mut db);
}

#[test]
fn all_conflicts_are_resolved_at_once() {
    for (choice, expected) in [
        (RowChoice::Ours, vec![row([1, 11, 20])]),
        (RowChoice::Theirs, vec![row([1, 12, 20]), row([2, 12, 20])]),
        (RowChoice::Base, vec![row([1, 10, 20]), row([2, 10, 20])]),
    ] {
        let mut db = conflicting();
        merge_with_conflicts(&mut db);
        assert_eq!(db.resolve_all(&choice, &mut NoExpressions).unwrap(), 2);
        db.continue_operation(None, &mut NoExpressions).unwrap();
        assert_eq!(rows(&mut db, "t"), expected);
        check_indexes(&mut db);
    }
}

#[test]
fn an_operation_is_aborted() {
    let mut db = conflicting();
    let before = maps(&mut db);
    merge_with_conflicts(&mut db);
    db.resolve("t", &row([1]), &RowChoice::Theirs, &mut NoExpressions).unwrap();
    db.abort().unwrap();
    assert_eq!(maps(&mut db), before);
    assert!(db.conflicts().unwrap().is_empty());
    assert!(matches!(db.abort(), Err(SqlError::Repository(RepoError::NoOperation))));
}

#[test]
fn what_statements_break_while_conflicts_are_open_is_found_in_the_end() {
    let mut db = conflicting();
    let mut child = table("c");
    child.foreign_keys = vec![reference(&[2], "t")];
    merge_with_conflicts(&mut db);
    db.create_table(child).unwrap();
    put(&mut db, "c", row([1, 0, 99]));
    db.record("").unwrap();
    db.resolve_all(&RowChoice::Ours, &mut NoExpressions).unwrap();
    let conflicts = db.conflicts().unwrap();
    assert_eq!(kinds(&conflicts), [("c", row([1]), ConflictKind::ForeignKey)]);
    put(&mut db, "c", row([1, 0, 1]));
    db.record("").unwrap();
    db.resolve("c", &row([1]), &RowChoice::Working, &mut NoExpressions).unwrap();
    db.continue_operation(None, &mut NoExpressions).unwrap();
}

#[test]
fn a_cherry_pick_takes_one_change() {
    let mut db = diverged(
        |db| {
            db.create_table(table("t")).unwrap();
            put(db, "t", row([1, 10, 20]));
        },
        |db| {
            db.add_column("t", Column { initial: Value::Int(5), ..column(0, "ours") }).unwrap();
            put(db, "t", row([1, 10, 21, 6]));
        },
        |db| {
            db.add_column("t", Column { initial: Value::Int(7), ..column(0, "theirs") }).unwrap();
            db.commit("a column").unwrap();
            put(db, "t", row([1, 11, 20, 7]));
        },
    );
    let picked = db.cherry_pick("dev", None, MergeStrategy::Record, &mut NoExpressions).unwrap();
    assert!(matches!(picked, TableMergeOutcome::Committed(_)), "{picked:?}");
    assert_eq!(rows(&mut db, "t"), [row([1, 11, 21, 6])]);
    check_indexes(&mut db);
    let picked = db.cherry_pick("dev~1", None, MergeStrategy::Record, &mut NoExpressions).unwrap();
    assert!(matches!(picked, TableMergeOutcome::Committed(_)), "{picked:?}");
    assert_eq!(columns(&mut db, "t"), ["id", "a", "b", "ours", "theirs"]);
    assert_eq!(rows(&mut db, "t"), [row([1, 11, 21, 6, 7])]);
    check_indexes(&mut db);
}

#[test]
fn a_revert_takes_a_change_back() {
    let mut db = diverged(
        |db| {
            db.create_table(table("t")).unwrap();
            put(db, "t", row([1, 10, 20]));
        },
        |db| {
            put(db, "t", row([1, 11, 20]));
            put(db, "t", row([2, 1, 1]));
            db.commit("to be reverted").unwrap();
            put(db, "t", row([1, 11, 22]));
        },
        |_| (),
    );
    let done = db.revert("main~1", None, MergeStrategy::Record, &mut NoExpressions).unwrap();
    assert!(matches!(done, TableMergeOutcome::Committed(_)));
    assert_eq!(rows(&mut db, "t"), [row([1, 10, 22])]);
    check_indexes(&mut db);
    // To revert the first commit drops the table, which was changed since.
    let first = "main~3";
    let done = db.revert(first, None, MergeStrategy::Record, &mut NoExpressions).unwrap();
    assert_eq!(done, TableMergeOutcome::Conflicts(1));
    db.resolve_all(&RowChoice::Theirs, &mut NoExpressions).unwrap();
    db.continue_operation(None, &mut NoExpressions).unwrap();
    assert!(db.catalog().table("t").is_none());
}

#[test]
fn branches_that_merged_crosswise_merge_again() {
    let mut db = conflicting();
    let (main, dev) = (db.repository().tip().unwrap(), {
        checkout(&mut db, "dev");
        db.repository().tip().unwrap()
    });
    merge(&mut db, &main.to_string());
    db.resolve_all(&RowChoice::Theirs, &mut NoExpressions).unwrap();
    put(&mut db, "t", row([7, 7, 7]));
    db.record("").unwrap();
    db.continue_operation(None, &mut NoExpressions).unwrap();
    checkout(&mut db, "main");
    merge(&mut db, &dev.to_string());
    db.resolve_all(&RowChoice::Ours, &mut NoExpressions).unwrap();
    put(&mut db, "t", row([8, 8, 8]));
    db.record("").unwrap();
    db.continue_operation(None, &mut NoExpressions).unwrap();
    merge_cleanly(&mut db);
    assert_eq!(rows(&mut db, "t"), [row([1, 11, 20]), row([7, 7, 7]), row([8, 8, 8])]);
}

#[test]
fn other_maps_are_merged_key_by_key_and_without_tables_key_by_key_alone() {
    let mut db = conflicting();
    let map = MapName::new("notes").unwrap();
    db.with_repository(|repo| {
        repo.set(&map, "k", "ours")?;
        repo.commit("a note")?;
        repo.checkout("dev", Uncommitted::Refuse)?;
        repo.set(&map, "k", "theirs")?;
        repo.set(&map, "l", "theirs")?;
        repo.commit("notes")?;
        repo.checkout("main", Uncommitted::Refuse)?;
        Ok(())
    })
    .unwrap();
    let refused = db.with_repository(|repo| Ok(repo.merge("dev", MergeOptions::default())?));
    assert!(matches!(refused, Err(SqlError::Repository(RepoError::Tables { .. }))), "{refused:?}");
    assert_eq!(merge(&mut db, "dev"), TableMergeOutcome::Conflicts(3));
    assert_eq!(db.conflicts().unwrap().len(), 2);
    let refused = db.with_repository(|repo| Ok(repo.resolve_all(&prollytree_repo::Choice::Ours)?));
    assert!(matches!(refused, Err(SqlError::Repository(RepoError::Tables { .. }))), "{refused:?}");
    db.resolve_all(&RowChoice::Ours, &mut NoExpressions).unwrap();
    assert_eq!(db.repository().conflicts().unwrap().len(), 1);
    db.with_repository(|repo| Ok(repo.resolve_all(&prollytree_repo::Choice::Theirs)?)).unwrap();
    db.continue_operation(None, &mut NoExpressions).unwrap();
    assert_eq!(db.repository().get(&map, b"k").unwrap(), Some(b"theirs".to_vec()));
    assert_eq!(db.repository().get(&map, b"l").unwrap(), Some(b"theirs".to_vec()));
}

#[test]
fn what_is_not_recorded_or_not_possible_is_an_error() {
    let mut db = conflicting();
    let options =
        TableMergeOptions { fast_forward: FastForward::Only, ..TableMergeOptions::default() };
    let only = db.merge("dev", &options, &mut NoExpressions);
    assert!(matches!(only, Err(SqlError::Repository(RepoError::NotFastForward))));
    put(&mut db, "t", row([9, 9, 9]));
    let unrecorded = db.merge("dev", &TableMergeOptions::default(), &mut NoExpressions);
    assert!(matches!(unrecorded, Err(SqlError::InTransaction { .. })));
    db.roll_back().unwrap();
    let none = db.continue_operation(None, &mut NoExpressions);
    assert!(matches!(none, Err(SqlError::Repository(RepoError::NoOperation))));
}
