//! Tables whose rows are found by a number of their own.

use prollytree_sql::{NoExpressions, RowChoice, TableHandle};

use super::*;

fn hidden(name: &str) -> Table {
    Table { primary_key: Vec::new(), ..table(name) }
}

fn append(db: &mut Memory, row: Row) -> i64 {
    let handle = db.table("h").unwrap();
    let rowid = db.next_rowid(&handle).unwrap();
    set(db, &handle, rowid, Change::Insert(row));
    rowid
}

fn set(db: &mut Memory, handle: &TableHandle, rowid: i64, change: Change) {
    let key = prollytree_sql::key::rowid_key(rowid);
    db.write(handle, [(key, change)], &mut no_expressions).unwrap();
}

fn numbered(db: &mut Memory) -> Vec<(i64, Row)> {
    let table = db.current().unwrap().table("h").unwrap();
    let rows = table.scan(ALL_KEYS, false).rows();
    rows.map(|row| row.map(|(key, row)| (table.codec().rowid(&key).unwrap(), row)).unwrap())
        .collect()
}

fn start(db: &mut Memory) {
    db.create_table(hidden("h")).unwrap();
    append(db, row([0, 0, 0]));
}

#[test]
fn rows_that_both_appended_are_all_kept() {
    let mut db = diverged(
        start,
        |db| {
            append(db, row([5, 1, 1]));
            append(db, row([6, 1, 1]));
        },
        |db| {
            append(db, row([4, 2, 2]));
            append(db, row([7, 2, 2]));
            append(db, row([8, 2, 2]));
        },
    );
    merge_cleanly(&mut db);
    let expected = [
        (1, row([0, 0, 0])),
        (2, row([4, 2, 2])),
        (3, row([6, 1, 1])),
        (4, row([8, 2, 2])),
        (5, row([5, 1, 1])),
        (6, row([7, 2, 2])),
    ];
    assert_eq!(numbered(&mut db), expected);
}

#[test]
fn equal_rows_of_one_number_are_one_row() {
    let mut db = diverged(
        start,
        |db| {
            append(db, row([5, 1, 1]));
        },
        |db| {
            append(db, row([5, 1, 1]));
            append(db, row([6, 1, 1]));
        },
    );
    merge_cleanly(&mut db);
    assert_eq!(rows(&mut db, "h"), [row([0, 0, 0]), row([5, 1, 1]), row([6, 1, 1])]);
}

#[test]
fn a_row_that_both_changed_is_merged_by_cell() {
    let change = |row: Row| {
        move |db: &mut Memory| {
            let handle = db.table("h").unwrap();
            set(db, &handle, 1, Change::Put(row));
        }
    };
    let mut db = diverged(start, change(row([0, 1, 0])), change(row([0, 0, 2])));
    merge_cleanly(&mut db);
    assert_eq!(numbered(&mut db), [(1, row([0, 1, 2]))]);

    let mut db = diverged(start, change(row([0, 1, 0])), change(row([0, 2, 0])));
    let conflicts = merge_with_conflicts(&mut db);
    assert_eq!(kinds(&conflicts), [("h", row([1]), ConflictKind::Cells)]);
    db.resolve("h", &row([1]), &RowChoice::Theirs, &mut NoExpressions).unwrap();
    assert_eq!(numbered(&mut db), [(1, row([0, 2, 0]))]);
}

#[test]
fn a_row_that_moved_is_not_lost_when_the_other_one_breaks_a_constraint() {
    for (ours, theirs) in [([9, 1, 1], [3, 1, 0]), ([3, 1, 1], [9, 1, 0])] {
        let mut db = diverged(
            |db| {
                let mut table = hidden("h");
                table.indexes.push(index("unique_b", &[2], true));
                db.create_table(table).unwrap();
                append(db, row([0, 0, 0]));
            },
            |db| {
                append(db, row(ours));
            },
            |db| {
                let handle = db.table("h").unwrap();
                set(db, &handle, 1, Change::Put(row([0, 0, 5])));
                append(db, row(theirs));
                set(db, &handle, 1, Change::Delete);
            },
        );
        // Meanwhile ours took the value that theirs gave to its new row.
        let handle = db.table("h").unwrap();
        set(&mut db, &handle, 1, Change::Delete);
        append(&mut db, row([0, 0, 0]));
        db.commit("more").unwrap();
        let conflicts = merge_with_conflicts(&mut db);
        assert_eq!(conflicts.len(), 1, "{conflicts:?}");
        assert_eq!(conflicts[0].kind, ConflictKind::NotUnique);
        assert_eq!(conflicts[0].theirs, Some(row(theirs)));
        let found = rows(&mut db, "h");
        assert_eq!(found.iter().filter(|found| **found == row(ours)).count(), 1, "{found:?}");
    }
}

#[test]
fn the_sequence_keeps_numbers_from_being_used_again() {
    let mut db = diverged(
        |db| {
            start(db);
            db.set_sequence("h", 40).unwrap();
        },
        |db| {
            let handle = db.table("h").unwrap();
            set(db, &handle, 2, Change::Insert(row([1, 0, 0])));
        },
        |db| {
            let handle = db.table("h").unwrap();
            set(db, &handle, 2, Change::Insert(row([2, 0, 0])));
        },
    );
    merge_cleanly(&mut db);
    let numbers: Vec<_> = numbered(&mut db).into_iter().map(|(number, _)| number).collect();
    assert_eq!(numbers, [1, 2, 41]);
}
