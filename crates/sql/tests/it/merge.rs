//! Merges of tables.

mod hidden;
mod model;
mod operations;
mod rows;
mod schema;
mod violations;

use prollytree_repo::{
    ManualClock, MapName, Maps, MemoryBackend, Options, Repository, Uncommitted,
};
use prollytree_sql::schema::{Column, ForeignKey, Index, IndexKey, IndexPart, KeyColumn, Table};
use prollytree_sql::{
    ALL_KEYS, Change, ColumnType, ConflictKind, Database, History, NoExpressions, Row, RowConflict,
    SqlError, TableMergeOptions, TableMergeOutcome, Value, index_map, no_expressions, rows_map,
};

pub(crate) type Memory = Database<MemoryBackend>;

pub(crate) fn empty() -> Memory {
    let options = Options::default()
        .with_author_name("Ada")
        .with_author_email("ada@example.org")
        .with_clock(ManualClock::new(1_000_000_000, 1));
    let repo = Repository::init(MemoryBackend::new(), options).unwrap();
    Database::new(repo, History::Explicit).unwrap()
}

pub(crate) fn column(slot: u32, name: &str) -> Column {
    Column { slot, name: name.to_owned(), ty: ColumnType::Any, ..Column::default() }
}

pub(crate) fn index(name: &str, slots: &[u32], unique: bool) -> Index {
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

/// A table of `id`, `a` and `b`, with an index on `a`.
pub(crate) fn table(name: &str) -> Table {
    Table {
        name: name.to_owned(),
        columns: vec![column(0, "id"), column(1, "a"), column(2, "b")],
        primary_key: vec![KeyColumn { slot: 0, descending: false }],
        next_slot: 3,
        indexes: vec![index("by_a", &[1], false)],
        ..Table::default()
    }
}

pub(crate) fn reference(slots: &[u32], table: &str) -> ForeignKey {
    ForeignKey {
        name: String::new(),
        columns: slots.to_vec(),
        table: table.to_owned(),
        referenced: Vec::new(),
        on_delete: Default::default(),
        on_update: Default::default(),
        deferred: false,
    }
}

pub(crate) fn row<const N: usize>(cells: [i64; N]) -> Row {
    cells.into_iter().map(Value::Int).collect()
}

pub(crate) fn put(db: &mut Memory, table: &str, row: Row) {
    try_put(db, table, row).unwrap();
}

pub(crate) fn try_put(db: &mut Memory, table: &str, row: Row) -> Result<(), SqlError> {
    let table = db.table(table)?;
    let key = table.codec().key(&row)?;
    db.write(&table, [(key, Change::Put(row))], &mut no_expressions)
}

pub(crate) fn delete(db: &mut Memory, table: &str, id: i64) {
    let table = db.table(table).unwrap();
    let key = table.codec().key_of([&Value::Int(id)]).unwrap();
    db.write(&table, [(key, Change::Delete)], &mut no_expressions).unwrap();
}

pub(crate) fn rows(db: &mut Memory, table: &str) -> Vec<Row> {
    let table = db.current().unwrap().table(table).unwrap();
    table.scan(ALL_KEYS, false).rows().map(|row| row.unwrap().1).collect()
}

pub(crate) fn maps(db: &mut Memory) -> Maps {
    db.current().unwrap().maps().clone()
}

pub(crate) fn checkout(db: &mut Memory, branch: &str) {
    db.with_repository(|repo| Ok(repo.checkout(branch, Uncommitted::Refuse)?)).unwrap();
}

pub(crate) fn branch(db: &mut Memory, name: &str) {
    let tip = db.repository().tip().unwrap();
    db.with_repository(|repo| Ok(repo.create_branch(name, &tip)?)).unwrap();
}

pub(crate) fn columns(db: &mut Memory, table: &str) -> Vec<String> {
    let table = db.table(table).unwrap();
    table.table().columns.iter().map(|column| column.name.clone()).collect()
}

/// A history of two branches: `base` makes what both start from, `ours` goes on on `main`, which is
/// checked out in the end, `theirs` on `dev`.
pub(crate) fn diverged(
    base: impl FnOnce(&mut Memory),
    ours: impl FnOnce(&mut Memory),
    theirs: impl FnOnce(&mut Memory),
) -> Memory {
    let mut db = empty();
    base(&mut db);
    db.commit("base").unwrap();
    branch(&mut db, "dev");
    ours(&mut db);
    db.commit("ours").unwrap();
    checkout(&mut db, "dev");
    theirs(&mut db);
    db.commit("theirs").unwrap();
    checkout(&mut db, "main");
    db
}

pub(crate) fn merge(db: &mut Memory, revision: &str) -> TableMergeOutcome {
    db.merge(revision, &TableMergeOptions::default(), &mut NoExpressions).unwrap()
}

/// Merges without conflicts; both ways give the same rows, and indexes are what their rows say.
pub(crate) fn merge_cleanly(db: &mut Memory) {
    let tip = db.repository().tip().unwrap();
    checkout(db, "dev");
    let dev = db.repository().tip().unwrap();
    let other_way = merge(db, &tip.to_string());
    assert!(matches!(other_way, TableMergeOutcome::Committed(_)), "{other_way:?}");
    check_indexes(db);
    let other_way = row_roots(db);
    checkout(db, "main");
    let outcome = merge(db, &dev.to_string());
    assert!(matches!(outcome, TableMergeOutcome::Committed(_)), "{outcome:?}");
    check_indexes(db);
    assert_eq!(row_roots(db), other_way);
}

pub(crate) fn row_roots(db: &mut Memory) -> Maps {
    let mut maps = maps(db);
    maps.retain(|map, _| map.as_str().starts_with("sql/rows/"));
    maps
}

/// The maps of rows and indexes are those of the catalog, and every index is what building it from the
/// rows gives.
pub(crate) fn check_indexes(db: &mut Memory) {
    let tables: Vec<_> = db.catalog().tables().cloned().collect();
    let mut known: Vec<MapName> = Vec::new();
    for table in tables {
        known.push(rows_map(&table.name).unwrap());
        for index in table.indexes.iter().filter(|index| index.is_stored()) {
            let map = index_map(&table.name, &index.name).unwrap();
            let found = maps(db).get(&map).copied();
            db.drop_index(&table.name, &index.name).unwrap();
            db.create_index(&table.name, index.clone(), &mut no_expressions).unwrap();
            assert_eq!(maps(db).get(&map).copied(), found, "{} of {}", index.name, table.name);
            db.roll_back().unwrap();
            known.push(map);
        }
    }
    let stray = |map: &&MapName| {
        let name = map.as_str();
        (name.starts_with("sql/rows/") || name.starts_with("sql/index/")) && !known.contains(map)
    };
    assert_eq!(maps(db).keys().find(stray), None);
}

/// Merges, and gives the conflicts.
pub(crate) fn merge_with_conflicts(db: &mut Memory) -> Vec<RowConflict> {
    let outcome = merge(db, "dev");
    let conflicts = db.conflicts().unwrap();
    assert_eq!(outcome, TableMergeOutcome::Conflicts(conflicts.len() as u64));
    check_indexes(db);
    conflicts
}

/// The table, key and kind of each conflict.
pub(crate) fn kinds(conflicts: &[RowConflict]) -> Vec<(&str, Vec<Value>, ConflictKind)> {
    conflicts.iter().map(|found| (found.table.as_str(), found.key.clone(), found.kind)).collect()
}
