//! The tables below both engines: rows, indexes, schema changes, history.

use prollytree_repo::{ManualClock, Maps, MemoryBackend, Options, Repository};
use prollytree_sql::schema::{Column, Index, IndexKey, IndexPart, KeyColumn, Table};
use prollytree_sql::{
    ALL_KEYS, Change, ColumnType, Database, History, Row, SqlError, Value, keys_with_prefix,
    no_expressions,
};
use proptest::prelude::*;

type Memory = Database<MemoryBackend>;

fn empty() -> Memory {
    let options = Options::default()
        .with_author_name("Ada")
        .with_author_email("ada@example.org")
        .with_clock(ManualClock::new(1_000_000_000, 0));
    let repo = Repository::init(MemoryBackend::new(), options).unwrap();
    Database::new(repo, History::EveryStatement).unwrap()
}

fn column(slot: u32, name: &str, ty: ColumnType) -> Column {
    Column { slot, name: name.to_owned(), ty, ..Column::default() }
}

fn index(name: &str, slots: &[u32], unique: bool) -> Index {
    let part = |&slot: &u32| IndexPart {
        key: IndexKey::Column(slot),
        descending: false,
        collation: Default::default(),
    };
    Index {
        name: name.to_owned(),
        parts: slots.iter().map(part).collect(),
        unique,
        constraint: false,
        filter: None,
        created: None,
    }
}

/// People with a unique address and an index on city and age.
fn people() -> Table {
    Table {
        name: "people".to_owned(),
        columns: vec![
            column(0, "id", ColumnType::Int64),
            column(1, "email", ColumnType::Text),
            column(2, "city", ColumnType::Text),
            column(3, "age", ColumnType::Int64),
        ],
        primary_key: vec![KeyColumn { slot: 0, descending: false }],
        next_slot: 4,
        indexes: vec![index("by_email", &[1], true), index("by_city", &[2, 3], false)],
        ..Table::default()
    }
}

fn person(id: i64, email: Option<&str>, city: &str, age: i64) -> Row {
    let email = email.map_or(Value::Null, |email| Value::Text(email.to_owned()));
    vec![Value::Int(id), email, Value::Text(city.to_owned()), Value::Int(age)]
}

fn write(db: &mut Memory, table: &str, rows: Vec<Change>) -> Result<(), SqlError> {
    let table = db.table(table)?;
    let keyed = rows.into_iter().map(|change| match change {
        Change::Insert(row) => (table.codec().key(&row).unwrap(), Change::Insert(row)),
        Change::Put(row) => (table.codec().key(&row).unwrap(), Change::Put(row)),
        Change::Delete => unreachable!("a deletion names its key"),
    });
    let keyed: Vec<_> = keyed.collect();
    db.write(&table, keyed, &mut no_expressions)
}

fn delete(db: &mut Memory, table: &str, id: i64) {
    let table = db.table(table).unwrap();
    let key = table.codec().key_of([&Value::Int(id)]).unwrap();
    db.write(&table, [(key, Change::Delete)], &mut no_expressions).unwrap();
}

fn rows(db: &mut Memory, table: &str) -> Vec<Row> {
    let table = db.current().unwrap().table(table).unwrap();
    table.scan(ALL_KEYS, false).rows().map(|row| row.unwrap().1).collect()
}

fn maps(db: &mut Memory) -> Maps {
    db.current().unwrap().maps().clone()
}

fn with_people(rows: &[Row]) -> Memory {
    let mut db = empty();
    db.create_table(people()).unwrap();
    write(&mut db, "people", rows.iter().cloned().map(Change::Insert).collect()).unwrap();
    db
}

#[test]
fn rows_are_found_by_key_and_by_index() {
    let all: Vec<_> =
        (0..500).map(|i| person(i, None, ["Rome", "Oslo"][i as usize % 2], i % 50)).collect();
    let mut db = with_people(&all);
    assert_eq!(rows(&mut db, "people"), all);
    let version = db.current().unwrap();
    let table = version.table("people").unwrap();
    let key = table.codec().key_of([&Value::Int(77)]).unwrap();
    assert_eq!(table.get(&key).unwrap(), Some(all[77].clone()));
    assert_eq!(table.len(), 500);
    let mut prefix = Vec::new();
    let oslo = Value::Text("Oslo".to_owned());
    prollytree_sql::key::push(&mut prefix, &oslo, Default::default(), false).unwrap();
    let found = table.scan_index("by_city", keys_with_prefix(prefix), true).unwrap();
    let found: Vec<_> = found.rows().map(|row| row.unwrap().1).collect();
    assert_eq!(found.len(), 250);
    assert!(found.iter().all(|row| row[2] == oslo));
    let ages: Vec<_> = found.iter().map(|row| row[3].clone()).collect();
    assert!(ages.is_sorted_by(|a, b| matches!((a, b), (Value::Int(a), Value::Int(b)) if a >= b)));
    let reversed: Vec<_> = table.scan(ALL_KEYS, true).rows().map(|row| row.unwrap().1).collect();
    assert!(reversed.iter().rev().eq(all.iter()));
    assert!(matches!(table.scan_index("none", ALL_KEYS, false), Err(SqlError::NoIndex { .. })));
}

#[test]
fn what_breaks_a_rule_leaves_nothing_behind() {
    let mut db = with_people(&[person(1, Some("a@x"), "Rome", 30)]);
    db.record("first").unwrap();
    let before = maps(&mut db);
    let attempts = [
        // The second row of a batch is the bad one, each time.
        vec![person(2, None, "Oslo", 1), person(1, None, "Oslo", 1)],
        vec![person(2, None, "Oslo", 1), person(3, Some("a@x"), "Oslo", 1)],
        vec![person(2, Some("b@x"), "Oslo", 1), person(3, Some("b@x"), "Oslo", 1)],
        vec![person(2, None, "Oslo", 1), vec![Value::Null; 4]],
        vec![person(2, None, "Oslo", 1), vec![Value::Int(3)]],
    ];
    for (i, attempt) in attempts.into_iter().enumerate() {
        let table = db.table("people").unwrap();
        let keyed =
            attempt.into_iter().map(|row| (table.codec().key(&row).unwrap(), Change::Insert(row)));
        let keyed: Vec<_> = keyed.collect();
        let failed = db.write(&table, keyed, &mut no_expressions).unwrap_err();
        let expected = match i {
            0 => matches!(&failed, SqlError::DuplicateKey { key, .. } if key == "1"),
            1 | 2 => matches!(&failed, SqlError::NotUnique { index, .. } if index == "by_email"),
            3 => matches!(&failed, SqlError::NotNull { column, .. } if column == "id"),
            _ => matches!(&failed, SqlError::CellCount { columns: 4, cells: 1, .. }),
        };
        assert!(expected, "{i}: {failed:?}");
        assert_eq!(maps(&mut db), before, "{i}");
    }
    // Many rows without a value are not the same.
    write(
        &mut db,
        "people",
        vec![
            Change::Insert(person(2, None, "Oslo", 1)),
            Change::Insert(person(3, None, "Oslo", 1)),
            Change::Put(person(1, Some("a@x"), "Oslo", 31)),
        ],
    )
    .unwrap();
    db.roll_back().unwrap();
    assert_eq!(maps(&mut db), before);
    assert!(!db.is_changed());
}

#[test]
fn new_columns_rewrite_no_row() {
    let mut db = with_people(&[person(1, None, "Rome", 30), person(2, None, "Oslo", 20)]);
    db.record("first").unwrap();
    let rows_map = prollytree_sql::rows_map("people").unwrap();
    let before = maps(&mut db)[&rows_map];
    let added = Column {
        not_null: true,
        initial: Value::Int(5),
        default: Some("5".to_owned()),
        ..column(99, "stars", ColumnType::Int64)
    };
    db.add_column("people", added).unwrap();
    db.rename_column("people", "city", "town").unwrap();
    assert_eq!(maps(&mut db)[&rows_map], before);
    assert_eq!(rows(&mut db, "people")[0][4], Value::Int(5));
    let mut changed = rows(&mut db, "people")[1].clone();
    changed[4] = Value::Int(1);
    write(&mut db, "people", vec![Change::Put(changed.clone())]).unwrap();
    assert_eq!(rows(&mut db, "people")[1], changed);
    // A column that is gone takes its cells along, and its slot is not used again.
    db.drop_column("people", "stars").unwrap();
    assert_eq!(maps(&mut db)[&rows_map].root, before.root);
    db.add_column("people", column(0, "note", ColumnType::Any)).unwrap();
    let table = db.table("people").unwrap();
    assert_eq!(table.table().column("note").unwrap().slot, 5);
    assert_eq!(rows(&mut db, "people")[1][4], Value::Null);
    let used = db.drop_column("people", "town");
    assert!(matches!(used, Err(SqlError::ColumnInUse { what, .. }) if what == "index by_city"));
}

#[test]
fn tables_are_renamed_and_dropped_with_all_they_have() {
    let mut db = with_people(&[person(1, Some("a@x"), "Rome", 30)]);
    db.record("first").unwrap();
    db.rename_table("people", "per son's").unwrap();
    let names: Vec<_> = maps(&mut db).keys().map(|name| name.as_str().to_owned()).collect();
    assert_eq!(
        names,
        [
            "sql/index/per%20son%27s/by_city",
            "sql/index/per%20son%27s/by_email",
            "sql/rows/per%20son%27s",
            "sql/schema",
        ]
    );
    assert_eq!(rows(&mut db, "per son's").len(), 1);
    let twice = db.create_table(Table { name: "PER SON'S".to_owned(), ..people() });
    assert!(matches!(twice, Err(SqlError::Exists { kind: "table", .. })));
    db.drop_table("per son's").unwrap();
    assert!(maps(&mut db).is_empty());
    db.create_table(people()).unwrap();
    assert_eq!(rows(&mut db, "people").len(), 0);
    assert!(matches!(db.drop_table("none"), Err(SqlError::NoTable { .. })));
    let long = db.create_table(Table { name: "x".repeat(200), ..people() });
    assert!(matches!(long, Err(SqlError::BadName { .. })));
}

#[test]
fn versions_stay_as_they_were() {
    let mut db = with_people(&[person(1, None, "Rome", 30)]);
    db.record("first").unwrap().unwrap();
    write(
        &mut db,
        "people",
        vec![Change::Put(person(1, None, "Rome", 31)), Change::Insert(person(2, None, "Oslo", 1))],
    )
    .unwrap();
    db.record("second").unwrap().unwrap();
    // What changes nothing is no commit.
    write(&mut db, "people", vec![Change::Put(person(1, None, "Rome", 31))]).unwrap();
    assert_eq!(db.record("nothing").unwrap(), None);
    let (old, new) = (db.version_at("HEAD~1").unwrap(), db.current().unwrap());
    let (old, new) = (old.table("people").unwrap(), new.table("people").unwrap());
    let mut seen = Vec::new();
    old.diff(&new, |diff| {
        seen.push((diff.before.map(|row| row[3].clone()), diff.after.map(|row| row[3].clone())));
        Ok(true)
    })
    .unwrap();
    assert_eq!(seen, [(Some(Value::Int(30)), Some(Value::Int(31))), (None, Some(Value::Int(1)))]);
    assert!(matches!(db.version_at("none"), Err(SqlError::Repository(_))));
}

#[test]
fn rowids_go_on_behind_the_last() {
    let mut db = empty();
    let notes = Table {
        name: "notes".to_owned(),
        columns: vec![column(0, "text", ColumnType::Text)],
        next_slot: 1,
        ..Table::default()
    };
    db.create_table(notes).unwrap();
    let add = |db: &mut Memory, rowid: Option<i64>| {
        let table = db.table("notes").unwrap();
        let rowid = rowid.unwrap_or_else(|| db.next_rowid(&table).unwrap());
        let key = prollytree_sql::key::rowid_key(rowid);
        let change = Change::Insert(vec![Value::Text("x".to_owned())]);
        db.write(&table, [(key, change)], &mut no_expressions).unwrap();
        rowid
    };
    assert_eq!([add(&mut db, None), add(&mut db, None)], [1, 2]);
    db.record("two").unwrap();
    add(&mut db, None);
    db.roll_back().unwrap();
    assert_eq!(add(&mut db, None), 3);
    add(&mut db, Some(i64::MAX - 1));
    db.record("last").unwrap();
    db.refresh().unwrap();
    let table = db.table("notes").unwrap();
    assert!(matches!(db.next_rowid(&table), Err(SqlError::NoRowid { .. })));
}

#[test]
fn an_index_that_cannot_be_built_is_not_there() {
    let mut db = with_people(&[person(1, None, "Rome", 30), person(2, None, "Rome", 30)]);
    db.record("first").unwrap();
    let before = maps(&mut db);
    let made = db.create_index("people", index("one", &[2, 3], true), &mut no_expressions);
    assert!(matches!(made, Err(SqlError::NotUnique { values, .. }) if values == "Rome, 30"));
    assert_eq!(maps(&mut db), before);
    db.create_index("people", index("by_age", &[3], false), &mut no_expressions).unwrap();
    assert_eq!(maps(&mut db).len(), before.len() + 1);
    db.drop_index("people", "by_age").unwrap();
    assert_eq!(maps(&mut db), before);
}

#[derive(Clone, Debug)]
enum Step {
    Put(i64, Option<u8>, u8, i64),
    Delete(i64),
    RollBack,
    Record,
    Rebuild,
}

fn step() -> impl Strategy<Value = Step> {
    let put = (0..40_i64, prop::option::of(0..30_u8), 0..4_u8, 0..9_i64);
    prop_oneof![
        6 => put.prop_map(|(id, email, city, age)| Step::Put(id, email, city, age)),
        3 => (0..40_i64).prop_map(Step::Delete),
        1 => Just(Step::RollBack),
        1 => Just(Step::Record),
        1 => Just(Step::Rebuild),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn tables_do_not_remember_how_they_became(steps in prop::collection::vec(step(), 1..60)) {
        let mut db = with_people(&[]);
        db.record("made").unwrap();
        let mut model = std::collections::BTreeMap::new();
        let mut recorded = model.clone();
        for step in steps {
            match step {
                Step::Put(id, email, city, age) => {
                    let email = email.map(|email| format!("{email}@x"));
                    let row = person(id, email.as_deref(), &format!("c{city}"), age);
                    let taken = model.iter().any(|(other, row): (&i64, &Row)| {
                        *other != id && !row[1].is_null() && email.as_ref().is_some_and(|email| {
                            row[1] == Value::Text(email.clone())
                        })
                    });
                    let written = write(&mut db, "people", vec![Change::Put(row.clone())]);
                    prop_assert_eq!(written.is_err(), taken);
                    if !taken {
                        model.insert(id, row);
                    }
                }
                Step::Delete(id) => {
                    delete(&mut db, "people", id);
                    model.remove(&id);
                }
                Step::RollBack => {
                    db.roll_back().unwrap();
                    model = recorded.clone();
                }
                Step::Record => {
                    db.record("step").unwrap();
                    recorded = model.clone();
                }
                Step::Rebuild => {
                    db.drop_index("people", "by_city").unwrap();
                    let again = index("by_city", &[2, 3], false);
                    db.create_index("people", again, &mut no_expressions).unwrap();
                }
            }
        }
        let all: Vec<_> = model.into_values().collect();
        prop_assert_eq!(rows(&mut db, "people"), all.clone());
        let mut scratch = with_people(&all);
        prop_assert_eq!(maps(&mut db), maps(&mut scratch));
    }
}
