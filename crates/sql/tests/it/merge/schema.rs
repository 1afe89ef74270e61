//! What tables look like.

use prollytree_sql::schema::{Check, Definition};
use prollytree_sql::{NoExpressions, RowChoice, Value};

use super::*;

fn two_rows(db: &mut Memory) {
    db.create_table(table("t")).unwrap();
    put(db, "t", row([1, 10, 20]));
    put(db, "t", row([2, 11, 21]));
}

fn add(db: &mut Memory, name: &str, initial: i64) {
    let column = Column { initial: Value::Int(initial), ..column(0, name) };
    db.add_column("t", column).unwrap();
}

fn change(db: &mut Memory, edit: impl FnOnce(&mut Table)) {
    let mut table = (**db.table("t").unwrap().table()).clone();
    edit(&mut table);
    db.alter_table(table).unwrap();
}

/// What a merge says about the schema of `t`.
fn clash(ours: impl FnOnce(&mut Memory), theirs: impl FnOnce(&mut Memory)) -> String {
    let mut db = diverged(two_rows, ours, theirs);
    let before = maps(&mut db);
    let conflicts = merge_with_conflicts(&mut db);
    assert_eq!(kinds(&conflicts), [("t", vec![], ConflictKind::Schema)]);
    assert_eq!(maps(&mut db), before, "ours stands");
    conflicts[0].because.clone()
}

#[test]
fn columns_of_both_sides_are_kept_though_both_took_one_slot() {
    let mut db = diverged(
        two_rows,
        |db| {
            add(db, "ours", 5);
            put(db, "t", row([1, 10, 20, 55]));
        },
        |db| {
            add(db, "theirs", 7);
            put(db, "t", row([2, 11, 21, 77]));
            put(db, "t", row([3, 1, 1, 78]));
        },
    );
    merge_cleanly(&mut db);
    assert_eq!(columns(&mut db, "t"), ["id", "a", "b", "ours", "theirs"]);
    let expected = [row([1, 10, 20, 55, 7]), row([2, 11, 21, 5, 77]), row([3, 1, 1, 5, 78])];
    assert_eq!(rows(&mut db, "t"), expected);
}

#[test]
fn a_column_that_moved_is_known_again_in_the_next_merge() {
    let mut db = diverged(two_rows, |db| add(db, "ours", 5), |db| add(db, "theirs", 7));
    merge(&mut db, "dev");
    put(&mut db, "t", row([1, 10, 20, 56, 7]));
    db.rename_column("t", "ours", "mine").unwrap();
    db.commit("on").unwrap();
    checkout(&mut db, "dev");
    put(&mut db, "t", row([1, 10, 20, 77]));
    add(&mut db, "more", 9);
    db.commit("on").unwrap();
    checkout(&mut db, "main");
    merge_cleanly(&mut db);
    assert_eq!(columns(&mut db, "t"), ["id", "a", "b", "mine", "theirs", "more"]);
    assert_eq!(rows(&mut db, "t"), [row([1, 10, 20, 56, 77, 9]), row([2, 11, 21, 5, 7, 9])]);
}

#[test]
fn a_moved_column_that_was_renamed_is_a_conflict_and_never_another_column() {
    let mut db = diverged(two_rows, |db| add(db, "ours", 5), |db| add(db, "theirs", 5));
    merge(&mut db, "dev");
    db.rename_column("t", "theirs", "renamed").unwrap();
    db.commit("on").unwrap();
    checkout(&mut db, "dev");
    put(&mut db, "t", row([1, 10, 20, 77]));
    db.commit("on").unwrap();
    checkout(&mut db, "main");
    let conflicts = merge_with_conflicts(&mut db);
    assert_eq!(kinds(&conflicts), [("t", vec![], ConflictKind::Schema)]);
}

#[test]
fn a_column_that_both_added_alike_is_one_column() {
    let mut db = diverged(
        two_rows,
        |db| {
            add(db, "c", 5);
            put(db, "t", row([1, 10, 20, 6]));
        },
        |db| {
            add(db, "d", 0);
            add(db, "c", 5);
            put(db, "t", row([2, 11, 21, 1, 7]));
        },
    );
    merge_cleanly(&mut db);
    assert_eq!(columns(&mut db, "t"), ["id", "a", "b", "d", "c"]);
    assert_eq!(rows(&mut db, "t"), [row([1, 10, 20, 0, 6]), row([2, 11, 21, 1, 7])]);
}

#[test]
fn a_column_that_both_added_differently_is_a_conflict() {
    let because = clash(|db| add(db, "c", 5), |db| add(db, "c", 6));
    assert_eq!(because, "column c: initial value");
}

#[test]
fn properties_that_one_side_changed_are_taken() {
    let mut db = diverged(
        two_rows,
        |db| {
            db.rename_column("t", "a", "alpha").unwrap();
            put(db, "t", row([1, 10, 22]));
        },
        |db| {
            change(db, |table| {
                table.columns[1].default = Some("1".to_owned());
                table.columns[2].not_null = true;
                table.columns[2].comment = Some("remark".to_owned());
                table.comment = Some("two rows".to_owned());
            });
            put(db, "t", row([1, 15, 20]));
        },
    );
    merge_cleanly(&mut db);
    let handle = db.table("t").unwrap();
    let found = handle.table();
    assert_eq!(found.columns[1].name, "alpha");
    assert_eq!(found.columns[1].default.as_deref(), Some("1"));
    assert!(found.columns[2].not_null);
    assert_eq!(found.columns[2].comment.as_deref(), Some("remark"));
    assert_eq!(found.comment.as_deref(), Some("two rows"));
    assert_eq!(rows(&mut db, "t"), [row([1, 15, 22]), row([2, 11, 21])]);
}

#[test]
fn properties_that_both_changed_are_conflicts() {
    let default = |text: &'static str| {
        move |db: &mut Memory| change(db, |table| table.columns[1].default = Some(text.to_owned()))
    };
    assert_eq!(clash(default("1"), default("2")), "column a: default");
    let rename =
        |name: &'static str| move |db: &mut Memory| db.rename_column("t", "a", name).unwrap();
    assert_eq!(clash(rename("x"), rename("y")), "column x: name");
    assert_eq!(clash(rename("x"), |db| add(db, "X", 1)), "two columns X");
}

#[test]
fn a_clash_of_a_wide_table_is_named_too() {
    let default = |text: &'static str| {
        move |db: &mut Memory| change(db, |table| table.columns[20].default = Some(text.to_owned()))
    };
    let wide = |db: &mut Memory| {
        let columns = (0..60).map(|slot| column(slot, &format!("a_rather_long_name_{slot}")));
        let columns = columns.collect();
        db.create_table(Table { columns, next_slot: 60, ..table("t") }).unwrap();
    };
    let mut db = diverged(wide, default("1"), default("2"));
    let conflicts = merge_with_conflicts(&mut db);
    assert_eq!(conflicts[0].because, "column a_rather_long_name_20: default");
}

#[test]
fn a_dropped_column_is_gone_unless_the_other_side_changed_its_cells() {
    let mut db = diverged(
        two_rows,
        |db| db.drop_column("t", "b").unwrap(),
        |db| put(db, "t", row([1, 12, 20])),
    );
    merge_cleanly(&mut db);
    assert_eq!(rows(&mut db, "t"), [row([1, 12]), row([2, 11])]);

    let because =
        clash(|db| db.drop_column("t", "b").unwrap(), |db| put(db, "t", row([1, 10, 22])));
    assert!(because.contains("dropped"), "{because}");
    let because =
        clash(|db| put(db, "t", row([3, 10, 22])), |db| db.drop_column("t", "b").unwrap());
    assert!(because.contains("dropped"), "{because}");
}

#[test]
fn an_index_on_a_column_that_the_other_side_dropped_is_a_conflict() {
    let because = clash(
        |db| db.create_index("t", index("by_b", &[2], false), &mut no_expressions).unwrap(),
        |db| db.drop_column("t", "b").unwrap(),
    );
    assert_eq!(because, "index by_b, of which a column was dropped");
}

#[test]
fn indexes_checks_and_foreign_keys_of_both_sides_are_merged() {
    let check = |text: &str| Check { name: String::new(), expression: text.to_owned() };
    let mut db = diverged(
        |db| {
            two_rows(db);
            db.create_table(table("p")).unwrap();
            put(db, "p", row([20, 0, 0]));
            put(db, "p", row([21, 0, 0]));
            change(db, |table| table.checks = vec![check("a > 0")]);
        },
        |db| {
            db.create_index("t", index("by_b", &[2], true), &mut no_expressions).unwrap();
            change(db, |table| table.checks.push(check("b > 0")));
            put(db, "t", row([3, 12, 22]));
            put(db, "p", row([22, 0, 0]));
        },
        |db| {
            db.drop_index("t", "by_a").unwrap();
            db.create_index("t", index("both", &[1, 2], false), &mut no_expressions).unwrap();
            change(db, |table| {
                table.checks.clear();
                table.foreign_keys = vec![reference(&[2], "p")];
            });
            put(db, "t", row([2, 13, 21]));
        },
    );
    merge_cleanly(&mut db);
    let handle = db.table("t").unwrap();
    let names: Vec<_> = handle.table().indexes.iter().map(|index| index.name.as_str()).collect();
    assert_eq!(names, ["both", "by_b"]);
    assert_eq!(handle.table().checks, [check("b > 0")]);
    assert_eq!(handle.table().foreign_keys, [reference(&[2], "p")]);
    assert_eq!(rows(&mut db, "t").len(), 3);
}

#[test]
fn an_index_that_both_made_differently_is_a_conflict() {
    let make = |slot| {
        move |db: &mut Memory| {
            db.create_index("t", index("i", &[slot], false), &mut no_expressions).unwrap();
        }
    };
    assert_eq!(clash(make(1), make(2)), "index i");
}

#[test]
fn a_table_that_one_side_dropped_and_the_other_changed_is_a_conflict() {
    let drop = |db: &mut Memory| db.drop_table("t").unwrap();
    let edit = |db: &mut Memory| put(db, "t", row([1, 1, 1]));
    assert_eq!(clash(edit, drop), "changed here, dropped there");
    assert_eq!(clash(drop, edit), "dropped here, changed there");
}

#[test]
fn a_conflict_of_the_schema_is_resolved_by_one_side() {
    let drop = |db: &mut Memory| db.drop_table("t").unwrap();
    let edit = |db: &mut Memory| put(db, "t", row([1, 1, 1]));
    let mut db = diverged(two_rows, drop, edit);
    merge_with_conflicts(&mut db);
    db.resolve("t", &[], &RowChoice::Theirs, &mut NoExpressions).unwrap();
    assert_eq!(rows(&mut db, "t"), [row([1, 1, 1]), row([2, 11, 21])]);
    db.continue_operation(None, &mut NoExpressions).unwrap();
    check_indexes(&mut db);

    let mut db = diverged(two_rows, edit, drop);
    merge_with_conflicts(&mut db);
    db.resolve_all(&RowChoice::Theirs, &mut NoExpressions).unwrap();
    db.continue_operation(None, &mut NoExpressions).unwrap();
    assert!(db.catalog().table("t").is_none());
    check_indexes(&mut db);
}

#[test]
fn tables_that_one_side_made_or_dropped_come_and_go() {
    let mut db = diverged(
        |db| {
            two_rows(db);
            db.create_table(table("gone")).unwrap();
            put(db, "gone", row([1, 1, 1]));
        },
        |db| {
            db.create_table(table("ours")).unwrap();
            put(db, "ours", row([1, 1, 1]));
        },
        |db| {
            db.create_table(table("theirs")).unwrap();
            put(db, "theirs", row([1, 1, 1]));
            db.drop_table("gone").unwrap();
        },
    );
    merge_cleanly(&mut db);
    let names: Vec<_> = db.catalog().tables().map(|table| table.name.clone()).collect();
    assert_eq!(names, ["ours", "t", "theirs"]);
}

#[test]
fn a_table_that_both_made_alike_has_the_rows_of_both() {
    let make = |id: i64| {
        move |db: &mut Memory| {
            db.create_table(table("u")).unwrap();
            put(db, "u", row([id, 1, 1]));
        }
    };
    let mut db = diverged(two_rows, make(1), make(2));
    merge_cleanly(&mut db);
    assert_eq!(rows(&mut db, "u"), [row([1, 1, 1]), row([2, 1, 1])]);
}

#[test]
fn names_that_differ_in_case_alone_are_a_conflict() {
    let mut db = diverged(
        two_rows,
        |db| db.create_table(table("New")).unwrap(),
        |db| db.create_table(table("new")).unwrap(),
    );
    let conflicts = merge_with_conflicts(&mut db);
    assert_eq!(kinds(&conflicts), [("new", vec![], ConflictKind::Schema)]);
}

#[test]
fn sequences_are_the_greater_one() {
    let mut db = diverged(
        two_rows,
        |db| db.set_sequence("t", 5).unwrap(),
        |db| db.set_sequence("t", 9).unwrap(),
    );
    merge_cleanly(&mut db);
    assert_eq!(db.catalog().sequence("t"), 9);
}

#[test]
fn views_and_triggers_are_merged_as_a_whole() {
    let view =
        |name: &str, sql: &str| Definition { name: name.to_owned(), on: None, sql: sql.to_owned() };
    let trigger = Definition { on: Some("t".to_owned()), ..view("g", "CREATE TRIGGER g") };
    let mut db = diverged(
        |db| {
            two_rows(db);
            db.create_view(view("v", "1")).unwrap();
        },
        |db| db.create_view(view("mine", "1")).unwrap(),
        |db| {
            db.drop_view("v").unwrap();
            db.create_trigger(trigger).unwrap();
        },
    );
    merge_cleanly(&mut db);
    assert_eq!(db.catalog().views().map(|view| view.name.as_str()).collect::<Vec<_>>(), ["mine"]);
    assert_eq!(db.catalog().triggers().count(), 1);

    let make = |sql: &'static str| move |db: &mut Memory| db.create_view(view("v", sql)).unwrap();
    let mut db = diverged(two_rows, make("1"), make("2"));
    let conflicts = merge_with_conflicts(&mut db);
    assert_eq!(kinds(&conflicts), [("v", vec![], ConflictKind::Schema)]);
    db.resolve("v", &[], &RowChoice::Theirs, &mut NoExpressions).unwrap();
    db.continue_operation(None, &mut NoExpressions).unwrap();
    assert_eq!(db.catalog().views().map(|view| view.sql.as_str()).collect::<Vec<_>>(), ["2"]);
}
