//! Tables below the engines: rows as bytes, writes with their indexes, scans, differences.
#![allow(clippy::unwrap_used, missing_docs, reason = "a benchmark may panic")]

use std::sync::Arc;

use divan::{Bencher, black_box};
use prollytree_repo::{MemoryBackend, Options, Repository};
use prollytree_sql::schema::{Column, Index, IndexKey, IndexPart, KeyColumn, Table};
use prollytree_sql::{
    ALL_KEYS, Change, ColumnType, Database, History, Row, RowCodec, Value, no_expressions,
};

const SIZES: [i64; 2] = [10_000, 100_000];

fn main() {
    divan::main();
}

fn table() -> Table {
    let column =
        |slot, name: &str, ty| Column { slot, name: name.to_owned(), ty, ..Column::default() };
    let part =
        IndexPart { key: IndexKey::Column(1), descending: false, collation: Default::default() };
    Table {
        name: "items".to_owned(),
        columns: vec![
            column(0, "id", ColumnType::Int64),
            column(1, "owner", ColumnType::Int64),
            column(2, "price", ColumnType::Int64),
            column(3, "note", ColumnType::Text),
        ],
        primary_key: vec![KeyColumn { slot: 0, descending: false }],
        next_slot: 4,
        indexes: vec![Index {
            name: "by_owner".to_owned(),
            parts: vec![part],
            unique: false,
            constraint: false,
            filter: None,
            created: None,
        }],
        ..Table::default()
    }
}

fn row(id: i64, price: i64) -> Row {
    let note = format!("A remark on item {id:07}, so long that a row takes about a hundred bytes");
    vec![Value::Int(id), Value::Int(id / 100), Value::Int(price), Value::Text(note)]
}

fn filled(rows: i64) -> Database<MemoryBackend> {
    let options = Options::default().with_author_name("bench").with_author_email("b@example.org");
    let repo = Repository::init(MemoryBackend::new(), options).unwrap();
    let mut db = Database::new(repo, History::EveryStatement).unwrap();
    db.create_table(table()).unwrap();
    let items = db.table("items").unwrap();
    let changes = (0..rows).map(|id| {
        let row = row(id, 0);
        (items.codec().key(&row).unwrap(), Change::Insert(row))
    });
    db.write(&items, changes.collect::<Vec<_>>(), &mut no_expressions).unwrap();
    db.record("filled").unwrap();
    db
}

#[divan::bench]
fn encode(bencher: Bencher<'_, '_>) {
    let codec = RowCodec::new(Arc::new(table()));
    let row = row(77_777, 5);
    bencher.bench(|| (codec.key(black_box(&row)).unwrap(), codec.encode(&row).unwrap()));
}

#[divan::bench]
fn decode(bencher: Bencher<'_, '_>) {
    let codec = RowCodec::new(Arc::new(table()));
    let row = row(77_777, 5);
    let (key, value) = (codec.key(&row).unwrap(), codec.encode(&row).unwrap());
    bencher.bench(|| codec.decode(black_box(&key), &value).unwrap());
}

#[divan::bench(args = SIZES)]
fn get(bencher: Bencher<'_, '_>, rows: i64) {
    let mut db = filled(rows);
    let items = db.current().unwrap().table("items").unwrap();
    let mut id = 0;
    bencher.bench_local(|| {
        id = (id + 7_919) % rows;
        let key = items.codec().key_of([&Value::Int(id)]).unwrap();
        items.get(&key).unwrap().unwrap()
    });
}

#[divan::bench(args = SIZES, sample_count = 10)]
fn scan(bencher: Bencher<'_, '_>, rows: i64) {
    let mut db = filled(rows);
    let items = db.current().unwrap().table("items").unwrap();
    bencher
        .counter(rows as usize)
        .bench_local(|| items.scan(ALL_KEYS, false).rows().map(Result::unwrap).count());
}

#[divan::bench(args = SIZES)]
fn update_and_commit(bencher: Bencher<'_, '_>, rows: i64) {
    let mut db = filled(rows);
    let items = db.table("items").unwrap();
    let mut id = 0;
    bencher.bench_local(|| {
        id += 1;
        let row = row(id * 7_919 % rows, id);
        let key = items.codec().key(&row).unwrap();
        db.write(&items, [(key, Change::Put(row))], &mut no_expressions).unwrap();
        db.record("one").unwrap()
    });
}

#[divan::bench(args = SIZES)]
fn diff_of_one_row(bencher: Bencher<'_, '_>, rows: i64) {
    let mut db = filled(rows);
    let before = db.current().unwrap().table("items").unwrap();
    let items = db.table("items").unwrap();
    let row = row(77, 1);
    let key = items.codec().key(&row).unwrap();
    db.write(&items, [(key, Change::Put(row))], &mut no_expressions).unwrap();
    let after = db.current().unwrap().table("items").unwrap();
    bencher.bench_local(|| {
        let mut seen = 0;
        before
            .diff(&after, |_| {
                seen += 1;
                Ok(true)
            })
            .unwrap();
        seen
    });
}
