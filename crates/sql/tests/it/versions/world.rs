//! Tables that are the same in plain SQLite and in ours.

use prollytree_repo::{ManualClock, MemoryBackend, Options, Repository};
use prollytree_sql::schema::{
    Collation, Column, Index, IndexKey, IndexPart, KeyColumn, Table, TableKind,
};
use prollytree_sql::sqlite::{Connection, ConnectionOptions};
use prollytree_sql::{
    Change, ColumnType, Database, History, Row, Value, key, no_expressions, text,
};
use rusqlite::types::ValueRef;

pub(crate) type TestDatabase = Database<MemoryBackend>;

fn options() -> Options {
    let clock = ManualClock::new(1_700_000_000, 60);
    Options::default().with_clock(clock).with_author_name("Ada")
}

/// A database in memory, whose commits are a minute apart.
pub(crate) fn database() -> TestDatabase {
    let repo = Repository::init(MemoryBackend::new(), options()).unwrap();
    Database::new(repo, History::EveryStatement).unwrap()
}

/// A connection to what a database has recorded.
pub(crate) fn connect(database: &TestDatabase) -> Connection<MemoryBackend> {
    let repo = Repository::open(database.repository().backend().clone(), options()).unwrap();
    Connection::open(repo, ConnectionOptions::default()).unwrap()
}

/// Puts and deletes rows of a table that has a primary key, in a commit of its own.
pub(crate) fn commit(
    database: &mut TestDatabase,
    table: &str,
    message: &str,
    puts: &[Row],
    gone: &[i64],
) {
    let handle = database.table(table).unwrap();
    let puts = puts.iter().map(|row| (handle.codec().key(row).unwrap(), Change::Put(row.clone())));
    let gone = gone.iter().map(|id| (key::rowid_key(*id), Change::Delete));
    let changes: Vec<_> = puts.chain(gone).collect();
    database.write(&handle, changes, &mut no_expressions).unwrap();
    database.record(message).unwrap();
}

/// The rows of a query, each as a line.
pub(crate) fn lines(connection: &mut Connection<MemoryBackend>, sql: &str) -> Vec<String> {
    let found = connection.query(sql, &[]).unwrap_or_else(|error| panic!("{sql}: {error}"));
    found.rows.iter().map(|row| text::list(row)).collect()
}

pub(crate) fn text(content: &str) -> Value {
    Value::Text(content.to_owned())
}

/// A column as `CREATE TABLE` of SQLite would make it.
pub(crate) fn column(slot: u32, name: &str, declared: &str) -> Column {
    let ty = match declared {
        "INTEGER" => ColumnType::Int64,
        "TEXT" => ColumnType::Text,
        "REAL" => ColumnType::Float64,
        _ => ColumnType::Any,
    };
    let (name, declared) = (name.to_owned(), declared.to_owned());
    Column { slot, name, ty, declared, ..Column::default() }
}

/// An ordinary index on columns: slots, whether they descend, and how texts compare.
pub(crate) fn index(name: &str, parts: &[(u32, bool, Collation)]) -> Index {
    let part = |&(slot, descending, collation)| IndexPart {
        key: IndexKey::Column(slot),
        descending,
        collation,
    };
    let parts = parts.iter().map(part).collect();
    let (name, filter) = (name.to_owned(), None);
    Index { name, parts, unique: false, constraint: false, filter, created: None }
}

/// The tables of [`NATIVE`] in ours.
pub(crate) fn tables() -> Vec<Table> {
    let key = |slot, descending| KeyColumn { slot, descending };
    let b = Column { collation: Collation::NoCase, ..column(2, "b", "TEXT") };
    vec![
        Table {
            name: "t1".to_owned(),
            columns: vec![
                column(0, "id", "INTEGER"),
                column(1, "a", "INTEGER"),
                b,
                column(3, "c", "REAL"),
                column(4, "d", ""),
            ],
            primary_key: vec![key(0, false)],
            next_slot: 5,
            indexes: vec![
                index("t1_a", &[(1, false, Collation::Binary)]),
                index("t1_ba", &[(2, false, Collation::NoCase), (1, true, Collation::Binary)]),
                index("t1_cd", &[(3, true, Collation::Binary), (4, false, Collation::Binary)]),
                index("t1_d", &[(4, true, Collation::Binary)]),
            ],
            ..Table::default()
        },
        Table {
            name: "t2".to_owned(),
            columns: vec![
                column(0, "k", "TEXT"),
                column(1, "n", "INTEGER"),
                column(2, "v", "NUMERIC"),
            ],
            primary_key: vec![key(0, false), key(1, true)],
            next_slot: 3,
            indexes: vec![index("t2_v", &[(2, false, Collation::Binary)])],
            kind: TableKind::WithoutRowid,
            ..Table::default()
        },
        Table {
            name: "t3".to_owned(),
            columns: vec![column(0, "x", ""), column(1, "y", "TEXT")],
            next_slot: 2,
            indexes: vec![index(
                "t3_yx",
                &[(1, true, Collation::Rtrim), (0, false, Collation::Binary)],
            )],
            ..Table::default()
        },
    ]
}

pub(crate) const NATIVE: &str = "
    CREATE TABLE t1(id INTEGER PRIMARY KEY, a INTEGER, b TEXT COLLATE NOCASE, c REAL, d);
    CREATE TABLE t2(k TEXT, n INTEGER, v NUMERIC, PRIMARY KEY(k, n)) WITHOUT ROWID;
    CREATE TABLE t3(x, y TEXT);";

/// Writes what SQLite holds of a table.
pub(crate) fn copy(native: &rusqlite::Connection, database: &mut TestDatabase, table: &str) {
    let handle = database.table(table).unwrap();
    let hidden = handle.table().has_hidden_key();
    let sql = format!("SELECT {}* FROM {table}", if hidden { "rowid, " } else { "" });
    let mut changes = Vec::new();
    for mut row in rows(native, &sql) {
        let key = match hidden {
            true => match row.remove(0) {
                Value::Int(rowid) => key::rowid_key(rowid),
                _ => unreachable!(),
            },
            false => handle.codec().key(&row).unwrap(),
        };
        changes.push((key, Change::Put(row)));
    }
    database.write(&handle, changes, &mut no_expressions).unwrap();
}

/// What plain SQLite answers.
pub(crate) fn rows(native: &rusqlite::Connection, sql: &str) -> Vec<Row> {
    let mut statement = native.prepare(sql).unwrap();
    let width = statement.column_count();
    let mut found = statement.query([]).unwrap();
    let mut rows = Vec::new();
    while let Some(row) = found.next().unwrap() {
        let value = |at| match row.get_ref(at).unwrap() {
            ValueRef::Null => Value::Null,
            ValueRef::Integer(number) => Value::Int(number),
            ValueRef::Real(number) => Value::Float(number),
            ValueRef::Text(text) => Value::Text(String::from_utf8(text.to_vec()).unwrap()),
            ValueRef::Blob(bytes) => Value::Bytes(bytes.to_vec()),
        };
        rows.push((0..width).map(value).collect());
    }
    rows
}

/// A small generator of numbers (Vigna, "splitmix64").
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % end as u64) as usize
    }

    pub(crate) fn one_of<'s>(&mut self, choices: &[&'s str]) -> &'s str {
        choices[self.below(choices.len())]
    }
}
