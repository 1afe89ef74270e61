//! Rows, cell by cell.

use prollytree_sql::{ConflictKind, MergeStrategy, NoExpressions, TableMergeOptions, Value};

use super::*;

fn one_row(db: &mut Memory) {
    db.create_table(table("t")).unwrap();
    put(db, "t", row([1, 10, 20]));
}

#[test]
fn different_cells_of_a_row_merge() {
    let mut db =
        diverged(one_row, |db| put(db, "t", row([1, 11, 20])), |db| put(db, "t", row([1, 10, 21])));
    merge_cleanly(&mut db);
    assert_eq!(rows(&mut db, "t"), [row([1, 11, 21])]);
}

#[test]
fn equal_changes_and_other_rows_merge() {
    let mut db = diverged(
        one_row,
        |db| {
            put(db, "t", row([1, 11, 20]));
            put(db, "t", row([2, 1, 1]));
        },
        |db| {
            put(db, "t", row([1, 11, 20]));
            put(db, "t", row([3, 1, 1]));
        },
    );
    merge_cleanly(&mut db);
    assert_eq!(rows(&mut db, "t"), [row([1, 11, 20]), row([2, 1, 1]), row([3, 1, 1])]);
}

#[test]
fn a_cell_that_both_changed_is_a_conflict_of_its_row() {
    let mut db = diverged(
        one_row,
        |db| put(db, "t", row([1, 11, 22])),
        |db| {
            put(db, "t", row([1, 12, 20]));
            put(db, "t", row([2, 1, 1]));
        },
    );
    let conflicts = merge_with_conflicts(&mut db);
    assert_eq!(
        conflicts,
        [RowConflict {
            table: "t".to_owned(),
            key: vec![Value::Int(1)],
            base: Some(row([1, 10, 20])),
            ours: Some(row([1, 11, 22])),
            theirs: Some(row([1, 12, 20])),
            columns: vec!["a".to_owned()],
            kind: ConflictKind::Cells,
            because: String::new(),
        }]
    );
    assert_eq!(rows(&mut db, "t"), [row([1, 11, 22]), row([2, 1, 1])]);
}

#[test]
fn deleted_against_changed_is_a_conflict() {
    let changed = |db: &mut Memory| put(db, "t", row([1, 10, 21]));
    let mut db = diverged(one_row, |db| delete(db, "t", 1), changed);
    let conflicts = merge_with_conflicts(&mut db);
    assert_eq!(kinds(&conflicts), [("t", row([1]), ConflictKind::DeletedHere)]);
    assert_eq!((&conflicts[0].ours, &conflicts[0].theirs), (&None, &Some(row([1, 10, 21]))));

    let mut db = diverged(one_row, changed, |db| delete(db, "t", 1));
    let conflicts = merge_with_conflicts(&mut db);
    assert_eq!(kinds(&conflicts), [("t", row([1]), ConflictKind::DeletedThere)]);
}

#[test]
fn a_row_that_both_added_conflicts_where_it_differs() {
    let mut db =
        diverged(one_row, |db| put(db, "t", row([2, 1, 5])), |db| put(db, "t", row([2, 2, 5])));
    let conflicts = merge_with_conflicts(&mut db);
    assert_eq!(kinds(&conflicts), [("t", row([2]), ConflictKind::Cells)]);
    assert_eq!(conflicts[0].columns, ["a"]);
}

#[test]
fn a_strategy_decides_cells_and_keeps_the_rest() {
    for (strategy, cell) in [(MergeStrategy::Ours, 11), (MergeStrategy::Theirs, 12)] {
        let mut db = diverged(
            one_row,
            |db| put(db, "t", row([1, 11, 22])),
            |db| {
                put(db, "t", row([1, 12, 20]));
                put(db, "t", row([2, 1, 1]));
            },
        );
        let options = TableMergeOptions { strategy, ..Default::default() };
        let outcome = db.merge("dev", &options, &mut NoExpressions).unwrap();
        assert!(matches!(outcome, TableMergeOutcome::Committed(_)));
        assert_eq!(rows(&mut db, "t"), [row([1, cell, 22]), row([2, 1, 1])]);
        check_indexes(&mut db);
    }
}

#[test]
fn large_rows_merge_by_cell_too() {
    let text = |byte: u8| Value::Bytes(vec![byte; 3000]);
    let cells = |a, b| vec![Value::Int(1), a, text(b)];
    let mut start = table("t");
    start.indexes.clear();
    let mut db = diverged(
        |db| {
            db.create_table(start).unwrap();
            put(db, "t", cells(Value::Int(1), 1));
        },
        |db| put(db, "t", cells(Value::Int(2), 1)),
        |db| put(db, "t", cells(Value::Int(1), 2)),
    );
    merge_cleanly(&mut db);
    assert_eq!(rows(&mut db, "t"), [cells(Value::Int(2), 2)]);
}

#[test]
fn a_merge_of_nothing_changes_nothing() {
    let mut db = diverged(one_row, |db| put(db, "t", row([2, 1, 1])), |_| ());
    let before = maps(&mut db);
    merge(&mut db, "dev");
    assert_eq!(maps(&mut db), before);
    assert_eq!(merge(&mut db, "dev"), TableMergeOutcome::AlreadyUpToDate);
}

#[test]
fn a_branch_that_is_behind_moves_forward() {
    let mut db = diverged(one_row, |db| put(db, "t", row([2, 1, 1])), |_| ());
    checkout(&mut db, "dev");
    merge(&mut db, "main");
    checkout(&mut db, "main");
    assert_eq!(
        merge(&mut db, "dev"),
        TableMergeOutcome::FastForward(db.repository().tip().unwrap())
    );
}
