//! Constraints that neither side breaks, but both together.

use prollytree_sql::schema::Check;
use prollytree_sql::{Expressions, MergeStrategy, NoExpressions, RowChoice, TableMergeOptions};

use super::*;

fn unique(db: &mut Memory) {
    let mut table = table("t");
    table.indexes.push(index("unique_b", &[2], true));
    db.create_table(table).unwrap();
    put(db, "t", row([1, 10, 20]));
}

/// Parents 1 and 2, and a child of 1.
fn family(db: &mut Memory, with_index: bool) {
    db.create_table(table("p")).unwrap();
    put(db, "p", row([1, 0, 0]));
    put(db, "p", row([2, 0, 0]));
    let mut child = table("c");
    child.foreign_keys = vec![reference(&[2], "p")];
    if with_index {
        child.indexes.push(index("by_parent", &[2, 1], false));
    }
    db.create_table(child).unwrap();
    put(db, "c", row([10, 0, 1]));
}

#[test]
fn equal_unique_values_of_two_rows_are_a_conflict_of_theirs() {
    let mut db = diverged(
        unique,
        |db| put(db, "t", row([2, 1, 30])),
        |db| {
            put(db, "t", row([3, 1, 30]));
            put(db, "t", row([4, 1, 31]));
        },
    );
    let conflicts = merge_with_conflicts(&mut db);
    assert_eq!(kinds(&conflicts), [("t", row([3]), ConflictKind::NotUnique)]);
    assert_eq!(conflicts[0].theirs, Some(row([3, 1, 30])));
    assert_eq!((&conflicts[0].ours, &conflicts[0].base), (&None, &None));
    assert_eq!(
        (conflicts[0].because.as_str(), &conflicts[0].columns[..]),
        ("unique_b", &["b".to_owned()][..])
    );
    assert_eq!(rows(&mut db, "t"), [row([1, 10, 20]), row([2, 1, 30]), row([4, 1, 31])]);

    // It cannot be forced in, but in another form.
    let theirs = db.resolve("t", &row([3]), &RowChoice::Theirs, &mut NoExpressions);
    assert!(matches!(theirs, Err(SqlError::NotUnique { .. })), "{theirs:?}");
    assert!(db.continue_operation(None, &mut NoExpressions).is_err());
    let other = RowChoice::Row(row([3, 1, 33]));
    db.resolve("t", &row([3]), &other, &mut NoExpressions).unwrap();
    db.continue_operation(None, &mut NoExpressions).unwrap();
    assert_eq!(rows(&mut db, "t").len(), 4);
    check_indexes(&mut db);
}

#[test]
fn putting_a_row_back_may_put_another_back() {
    // Theirs swaps the values of two rows through a third; ours takes one of them.
    let mut db = diverged(
        |db| {
            unique(db);
            put(db, "t", row([2, 10, 21]));
        },
        |db| put(db, "t", row([9, 10, 22])),
        |db| {
            put(db, "t", row([2, 10, 22]));
            put(db, "t", row([1, 10, 21]));
        },
    );
    let conflicts = merge_with_conflicts(&mut db);
    let unique = ConflictKind::NotUnique;
    assert_eq!(kinds(&conflicts), [("t", row([1]), unique), ("t", row([2]), unique)]);
    assert_eq!(rows(&mut db, "t"), [row([1, 10, 20]), row([2, 10, 21]), row([9, 10, 22])]);
}

#[test]
fn a_unique_index_that_theirs_made_is_checked_on_rows_of_ours() {
    let mut db = diverged(
        |db| {
            db.create_table(table("t")).unwrap();
            put(db, "t", row([1, 10, 20]));
        },
        |db| {
            put(db, "t", row([2, 1, 30]));
            put(db, "t", row([3, 1, 30]));
        },
        |db| db.create_index("t", index("unique_b", &[2], true), &mut no_expressions).unwrap(),
    );
    assert_eq!(merge(&mut db, "dev"), TableMergeOutcome::Conflicts(1));
    let conflicts = db.conflicts().unwrap();
    assert_eq!(kinds(&conflicts), [("t", row([3]), ConflictKind::NotUnique)]);
    // It stays a conflict until the rows differ.
    db.resolve("t", &row([3]), &RowChoice::Working, &mut NoExpressions).unwrap();
    assert_eq!(db.conflicts().unwrap().len(), 1);
    delete(&mut db, "t", 2);
    db.record("").unwrap();
    db.resolve("t", &row([3]), &RowChoice::Working, &mut NoExpressions).unwrap();
    db.continue_operation(None, &mut NoExpressions).unwrap();
    assert_eq!(rows(&mut db, "t"), [row([1, 10, 20]), row([3, 1, 30])]);
    check_indexes(&mut db);
}

#[test]
fn not_null_of_one_side_is_checked_on_rows_of_the_other() {
    let null = || vec![Value::Int(2), Value::Int(1), Value::Null];
    let demand = |db: &mut Memory| {
        let mut table = (**db.table("t").unwrap().table()).clone();
        table.columns[2].not_null = true;
        db.alter_table(table).unwrap();
    };
    let mut db = diverged(unique, demand, |db| put(db, "t", null()));
    let conflicts = merge_with_conflicts(&mut db);
    assert_eq!(kinds(&conflicts), [("t", row([2]), ConflictKind::NotNull)]);
    assert_eq!(conflicts[0].theirs, Some(null()));
    assert_eq!(rows(&mut db, "t"), [row([1, 10, 20])]);

    let mut db = diverged(unique, |db| put(db, "t", null()), demand);
    let conflicts = merge_with_conflicts(&mut db);
    assert_eq!(kinds(&conflicts), [("t", row([2]), ConflictKind::NotNull)]);
    db.resolve("t", &row([2]), &RowChoice::Row(row([2, 1, 5])), &mut NoExpressions).unwrap();
    db.continue_operation(None, &mut NoExpressions).unwrap();
    check_indexes(&mut db);
}

#[test]
fn a_child_whose_parent_the_other_side_deleted_is_a_conflict() {
    for with_index in [false, true] {
        // Theirs adds the child: it is put back.
        let mut db = diverged(
            |db| family(db, with_index),
            |db| delete(db, "p", 2),
            |db| put(db, "c", row([11, 0, 2])),
        );
        let conflicts = merge_with_conflicts(&mut db);
        assert_eq!(kinds(&conflicts), [("c", row([11]), ConflictKind::ForeignKey)]);
        assert_eq!(
            (conflicts[0].because.as_str(), &conflicts[0].columns[..]),
            ("p", &["b".to_owned()][..])
        );
        assert_eq!(rows(&mut db, "c").len(), 1);

        // Theirs deletes the parent: that is put back.
        let mut db = diverged(
            |db| family(db, with_index),
            |db| put(db, "c", row([11, 0, 2])),
            |db| delete(db, "p", 2),
        );
        let conflicts = merge_with_conflicts(&mut db);
        assert_eq!(kinds(&conflicts), [("p", row([2]), ConflictKind::ForeignKey)]);
        assert_eq!((&conflicts[0].base, &conflicts[0].theirs), (&Some(row([2, 0, 0])), &None));
        assert_eq!(rows(&mut db, "p").len(), 2);
        // To delete it nonetheless leaves the child alone, which is a conflict again.
        db.resolve("p", &row([2]), &RowChoice::Theirs, &mut NoExpressions).unwrap();
        assert_eq!(kinds(&db.conflicts().unwrap()), [("p", row([2]), ConflictKind::ForeignKey)]);
        delete(&mut db, "c", 11);
        db.record("").unwrap();
        db.resolve("p", &row([2]), &RowChoice::Working, &mut NoExpressions).unwrap();
        db.continue_operation(None, &mut NoExpressions).unwrap();
        assert_eq!((rows(&mut db, "p").len(), rows(&mut db, "c").len()), (1, 1));
    }
}

#[test]
fn many_parents_that_theirs_deleted_are_put_back_only_where_children_are() {
    for with_index in [false, true] {
        let mut db = diverged(
            |db| {
                family(db, with_index);
                (3..40).for_each(|id| put(db, "p", row([id, 0, 0])));
            },
            |db| {
                put(db, "c", row([11, 0, 5]));
                put(db, "c", row([12, 0, 5]));
                put(db, "c", row([13, 0, 7]));
            },
            |db| (3..40).for_each(|id| delete(db, "p", id)),
        );
        let conflicts = merge_with_conflicts(&mut db);
        let foreign = ConflictKind::ForeignKey;
        assert_eq!(kinds(&conflicts), [("p", row([5]), foreign), ("p", row([7]), foreign)]);
        let kept: Vec<_> = rows(&mut db, "p").into_iter().map(|row| row[0].clone()).collect();
        assert_eq!(kept, row([1, 2, 5, 7]));
    }
}

#[test]
fn a_type_of_one_side_is_checked_on_rows_of_the_other() {
    let mut db = diverged(
        |db| {
            let mut table = table("t");
            table.strict = true;
            db.create_table(table).unwrap();
        },
        |db| {
            let mut table = (**db.table("t").unwrap().table()).clone();
            table.columns[2].ty = ColumnType::Text;
            db.alter_table(table).unwrap();
        },
        |db| put(db, "t", row([1, 2, 3])),
    );
    let conflicts = merge_with_conflicts(&mut db);
    assert_eq!(kinds(&conflicts), [("t", row([1]), ConflictKind::WrongType)]);
    assert!(rows(&mut db, "t").is_empty());
}

#[test]
fn a_foreign_key_that_theirs_made_is_checked_on_rows_of_ours() {
    let mut db = diverged(
        |db| {
            db.create_table(table("p")).unwrap();
            put(db, "p", row([1, 0, 0]));
            db.create_table(table("c")).unwrap();
        },
        |db| put(db, "c", row([1, 0, 7])),
        |db| {
            let mut child = (**db.table("c").unwrap().table()).clone();
            child.foreign_keys = vec![reference(&[2], "p")];
            db.alter_table(child).unwrap();
            put(db, "c", row([2, 0, 1]));
        },
    );
    let conflicts = merge_with_conflicts(&mut db);
    assert_eq!(kinds(&conflicts), [("c", row([1]), ConflictKind::ForeignKey)]);
}

#[test]
fn a_table_that_theirs_dropped_leaves_its_children_as_conflicts() {
    let mut db = diverged(
        |db| {
            family(db, false);
            delete(db, "c", 10);
        },
        |db| put(db, "c", row([11, 0, 2])),
        |db| db.drop_table("p").unwrap(),
    );
    let conflicts = merge_with_conflicts(&mut db);
    assert_eq!(kinds(&conflicts), [("c", row([11]), ConflictKind::ForeignKey)]);
}

#[test]
fn a_strategy_does_not_keep_what_breaks_a_constraint() {
    for strategy in [MergeStrategy::Ours, MergeStrategy::Theirs] {
        let mut db = diverged(
            unique,
            |db| put(db, "t", row([2, 1, 30])),
            |db| put(db, "t", row([3, 1, 30])),
        );
        let options = TableMergeOptions { strategy, ..Default::default() };
        let outcome = db.merge("dev", &options, &mut NoExpressions).unwrap();
        assert_eq!(outcome, TableMergeOutcome::Conflicts(1));
    }
}

/// Knows one condition: `a + b < 100`.
struct Sum;

impl Expressions for Sum {
    fn broken_check(&mut self, table: &Table, row: &Row) -> Result<Option<String>, SqlError> {
        let sum: i64 =
            row.iter().skip(1).map(|cell| if let Value::Int(n) = cell { *n } else { 0 }).sum();
        Ok((sum >= 100).then(|| table.checks[0].expression.clone()))
    }
}

#[test]
fn an_engine_may_check_conditions_on_merged_rows() {
    let start = |db: &mut Memory| {
        let mut table = table("t");
        table.checks = vec![Check { name: String::new(), expression: "a + b < 100".to_owned() }];
        db.create_table(table).unwrap();
        put(db, "t", row([1, 10, 20]));
    };
    let diverge = || {
        diverged(start, |db| put(db, "t", row([1, 60, 20])), |db| put(db, "t", row([1, 10, 70])))
    };
    let mut db = diverge();
    let outcome = db.merge("dev", &TableMergeOptions::default(), &mut Sum).unwrap();
    assert_eq!(outcome, TableMergeOutcome::Conflicts(1));
    let conflicts = db.conflicts().unwrap();
    assert_eq!(kinds(&conflicts), [("t", row([1]), ConflictKind::Check)]);
    assert_eq!(conflicts[0].theirs, Some(row([1, 60, 70])));
    assert_eq!(rows(&mut db, "t"), [row([1, 60, 20])]);
    // Nobody who knows the condition: nothing is reported.
    merge_cleanly(&mut diverge());
}

/// Computes one expression: the double of `a`.
struct Double;

impl Expressions for Double {
    fn index_value(&mut self, _: &IndexKey, row: &Row) -> Result<Value, SqlError> {
        Ok(double(row))
    }
}

fn double(row: &Row) -> Value {
    if let Value::Int(a) = row[1] { Value::Int(2 * a) } else { Value::Null }
}

#[test]
fn an_index_on_an_expression_needs_its_engine_only_where_both_sides_changed_rows() {
    let double_put = |db: &mut Memory, cells: [i64; 3]| {
        let table = db.table("t").unwrap();
        let (key, row) = (table.codec().key(&row(cells)).unwrap(), row(cells));
        db.write(&table, [(key, Change::Put(row))], &mut |_, row| Ok(double(row))).unwrap();
    };
    let start = |db: &mut Memory| {
        db.create_table(table("other")).unwrap();
        let mut by_double = index("by_double", &[1], false);
        by_double.parts[0].key = IndexKey::Gluesql("a * 2".to_owned());
        db.create_table(Table { indexes: vec![by_double], ..table("t") }).unwrap();
        double_put(db, [1, 10, 20]);
    };
    let theirs = |db: &mut Memory| double_put(db, [2, 10, 20]);
    let mut db = diverged(start, |db| put(db, "other", row([1, 1, 1])), theirs);
    assert!(matches!(merge(&mut db, "dev"), TableMergeOutcome::Committed(_)));

    let mut db = diverged(start, |db| double_put(db, [3, 5, 5]), theirs);
    let refused = db.merge("dev", &TableMergeOptions::default(), &mut NoExpressions);
    assert!(matches!(refused, Err(SqlError::OtherDialect { .. })), "{refused:?}");
    let outcome = db.merge("dev", &TableMergeOptions::default(), &mut Double).unwrap();
    assert!(matches!(outcome, TableMergeOutcome::Committed(_)));
    let version = db.current().unwrap().table("t").unwrap();
    let found = version.scan_index("by_double", ALL_KEYS, false).unwrap().rows();
    let ids: Vec<_> = found.map(|row| row.unwrap().1[0].clone()).collect();
    assert_eq!(ids, row([3, 1, 2]));
}

/// Computes the stored column `b` as `a + c`.
struct Stored;

impl Expressions for Stored {
    fn generate(&mut self, _: &Table, row: &mut Row) -> Result<bool, SqlError> {
        if let (Value::Int(a), Value::Int(c)) = (&row[1], &row[3]) {
            row[2] = Value::Int(a + c);
        }
        Ok(true)
    }
}

#[test]
fn a_stored_column_is_computed_anew_or_is_a_conflict() {
    let start = |db: &mut Memory| {
        let mut table = table("t");
        table.columns[2].generated = Some(prollytree_sql::schema::Generated {
            expression: "a + c".to_owned(),
            stored: true,
        });
        table.columns.push(column(3, "c"));
        table.next_slot = 4;
        db.create_table(table).unwrap();
        put(db, "t", row([1, 10, 30, 20]));
    };
    let diverge = || {
        diverged(
            start,
            |db| put(db, "t", row([1, 11, 31, 20])),
            |db| put(db, "t", row([1, 10, 31, 21])),
        )
    };
    let mut db = diverge();
    let conflicts = merge_with_conflicts(&mut db);
    assert_eq!(kinds(&conflicts), [("t", row([1]), ConflictKind::Cells)]);
    assert_eq!(conflicts[0].columns, ["b"]);
    let mut db = diverge();
    db.merge("dev", &TableMergeOptions::default(), &mut Stored).unwrap();
    assert_eq!(rows(&mut db, "t"), [row([1, 11, 32, 21])]);
}

#[test]
fn a_large_row_that_is_in_no_commit_outlives_a_collection() {
    let folder = tempfile::tempdir().unwrap();
    let store =
        prollytree_store::Store::create(folder.path().join("store"), Default::default()).unwrap();
    let options = Options::default().with_author_name("Ada").with_author_email("ada@example.org");
    let repo = Repository::init(store, options).unwrap();
    let mut db = Database::new(repo, History::Explicit).unwrap();
    let text = |byte: u8| Value::Bytes(vec![byte; 5000]);
    let put = |db: &mut Database<prollytree_store::Store>, id: i64, a: Value, b: i64| {
        let handle = db.table("t").unwrap();
        let row = vec![Value::Int(id), a, Value::Int(b)];
        let key = handle.codec().key(&row).unwrap();
        db.write(&handle, [(key, Change::Put(row))], &mut no_expressions).unwrap();
    };
    let start = Table { indexes: vec![index("unique_b", &[2], true)], ..table("t") };
    db.create_table(start).unwrap();
    put(&mut db, 1, text(1), 1);
    let base = db.commit("base").unwrap();
    db.with_repository(|repo| Ok(repo.create_branch("dev", &base)?)).unwrap();
    put(&mut db, 1, text(2), 1);
    put(&mut db, 2, text(9), 7);
    db.commit("ours").unwrap();
    db.with_repository(|repo| Ok(repo.checkout("dev", Uncommitted::Refuse)?)).unwrap();
    put(&mut db, 1, text(1), 7);
    db.commit("theirs").unwrap();
    db.with_repository(|repo| Ok(repo.checkout("main", Uncommitted::Refuse)?)).unwrap();
    let outcome = db.merge("dev", &TableMergeOptions::default(), &mut NoExpressions).unwrap();
    assert_eq!(outcome, TableMergeOutcome::Conflicts(1));
    db.repository().collect(i64::MAX).unwrap().run().unwrap();
    drop(db);
    let store = prollytree_store::Store::open(folder.path().join("store"), Default::default());
    let repo = Repository::open(store.unwrap(), Options::default()).unwrap();
    let mut db = Database::new(repo, History::Explicit).unwrap();
    let found = db.conflicts().unwrap();
    // Both sides' cells in one row, which no commit has.
    assert_eq!(found[0].theirs, Some(vec![Value::Int(1), text(2), Value::Int(7)]));
}
