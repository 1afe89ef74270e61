//! Tables with types that SQLite does not have.

use prollytree_repo::{MemoryBackend, Repository};
use prollytree_sql::schema::{Column, Generated, KeyColumn, Table};
use prollytree_sql::{Change, ColumnType, Database, History, Row, Value, no_expressions};

use super::support::{Both, new_backend, open, options};

fn table() -> Table {
    use ColumnType as Ty;
    let types = [
        ("id", Ty::Uuid),
        ("yes", Ty::Bool),
        ("small", Ty::Int8),
        ("wide", Ty::Int128),
        ("price", Ty::Decimal),
        ("day", Ty::Date),
        ("at", Ty::Timestamp),
        ("clock", Ty::Time),
        ("span", Ty::Interval),
        ("address", Ty::Inet),
        ("list", Ty::List),
        ("map", Ty::Map),
        ("real", Ty::Float64),
        ("point", Ty::Point),
    ];
    let columns = types.into_iter().zip(0..).map(|((name, ty), slot)| {
        let not_null = name == "id";
        Column { slot, name: name.to_owned(), ty, not_null, ..Column::default() }
    });
    let primary_key = vec![KeyColumn { slot: 0, descending: false }];
    let columns: Vec<_> = columns.collect();
    let next_slot = columns.len() as u32;
    Table {
        name: "t".to_owned(),
        columns,
        primary_key,
        next_slot,
        strict: true,
        ..Table::default()
    }
}

fn row(id: u128) -> Row {
    let list = Value::List(vec![Value::Int(1), Value::Decimal { mantissa: 150, scale: 2 }]);
    vec![
        Value::Uuid(id),
        Value::Bool(true),
        Value::Int(-128),
        Value::BigInt(i128::MAX),
        Value::Decimal { mantissa: 1_500, scale: 3 },
        Value::Date(-1),
        Value::Timestamp { seconds: 951_782_400, nanos: 5_000 },
        Value::Time(86_399_000_000_001),
        Value::Months(14),
        Value::Inet("::1".parse().unwrap()),
        list,
        Value::Map([("k".to_owned(), Value::Date(3))].into()),
        Value::Float(f64::NAN),
        Value::Point(1.5, -2.0),
    ]
}

fn database(backend: &MemoryBackend) -> Database<MemoryBackend> {
    let repo = Repository::open(backend.clone(), options()).unwrap();
    Database::new(repo, History::EveryStatement).unwrap()
}

fn stored(backend: &MemoryBackend) -> Vec<Row> {
    let version = database(backend).current().unwrap();
    let keys = prollytree_sql::ALL_KEYS;
    version.table("t").unwrap().scan(keys, false).rows().map(|row| row.unwrap().1).collect()
}

fn with_rows() -> Both {
    let backend = new_backend();
    let mut database = database(&backend);
    database.create_table(table()).unwrap();
    let handle = database.table("t").unwrap();
    let changes = [7, 8].map(|id| (handle.codec().key(&row(id)).unwrap(), Change::Insert(row(id))));
    database.write(&handle, changes, &mut no_expressions).unwrap();
    database.record("rows").unwrap();
    let first = open(&backend);
    Both { backend, first }
}

#[test]
fn cells_that_stay_are_exactly_what_they_were() {
    let mut both = with_rows();
    assert_eq!(
        both.rows("SELECT * FROM t LIMIT 1"),
        [
            "00000000-0000-0000-0000-000000000007|1|-128|170141183460469231731687303715884105727|1.500|\
          1969-12-31|2000-02-29 00:00:00.000005|23:59:59.000000001|14 months|::1|[1,1.50]|\
          {\"k\":\"1970-01-04\"}|NaN|POINT(1.5 -2)"
        ]
    );
    both.run("UPDATE t SET small = 5, yes = 0 WHERE id LIKE '%7'");
    let mut want = row(7);
    (want[1], want[2]) = (Value::Bool(false), Value::Int(5));
    // NaN is not equal to itself.
    assert_eq!(format!("{:?}", stored(&both.backend)), format!("{:?}", [want, row(8)]));
}

#[test]
fn cells_are_read_by_their_columns_types() {
    let mut both = with_rows();
    both.run(
        "DELETE FROM t; INSERT INTO t VALUES ('00000000000000000000000000000009', 'true', 5, 12, 2.5,
         '2000-02-29', '2000-02-29T12:00', '1:02:03.5', '3 microseconds', '10.0.0.1', '[null, \"x\"]',
         '{}', 7, 'POINT(0 1)')",
    );
    let want = vec![
        Value::Uuid(9),
        Value::Bool(true),
        Value::Int(5),
        Value::Int(12),
        Value::Decimal { mantissa: 25, scale: 1 },
        Value::Date(11_016),
        Value::Timestamp { seconds: 951_825_600, nanos: 0 },
        Value::Time(3_723_500_000_000),
        Value::Micros(3),
        Value::Inet("10.0.0.1".parse().unwrap()),
        Value::List(vec![Value::Null, Value::Text("x".to_owned())]),
        Value::Map([].into()),
        Value::Float(7.0),
        Value::Point(0.0, 1.0),
    ];
    assert_eq!(stored(&both.backend), std::slice::from_ref(&want));
    let shown = "00000000-0000-0000-0000-000000000009|2000-02-29 12:00:00|01:02:03.5";
    assert_eq!(both.rows("SELECT id, at, clock FROM t"), [shown]);
    let again = both.fail("INSERT INTO t (id) VALUES ('00000000000000000000000000000009')");
    assert!(again.to_string().contains("UNIQUE constraint failed: t.id"), "{again}");
    for (column, value) in
        [("day", "'2001-02-29'"), ("small", "128"), ("yes", "2"), ("price", "'x'")]
    {
        let error = both.fail(&format!("UPDATE t SET {column} = {value}")).to_string();
        assert!(error.contains(&format!("column {column} of table t")), "{error}");
    }
    both.run("ALTER TABLE t ADD COLUMN n INT DEFAULT 4; ALTER TABLE t RENAME COLUMN day TO d");
    assert_eq!(stored(&both.backend), [[want, vec![Value::Int(4)]].concat()]);
    let catalog = database(&both.backend).catalog().clone();
    let now = catalog.table("t").unwrap();
    assert!(now.strict && now.columns[..14].iter().zip(table().columns).all(|(a, b)| a.ty == b.ty));
}

#[test]
fn a_computed_column_of_a_made_table_is_computed() {
    let backend = new_backend();
    let mut database = database(&backend);
    let mut made = table();
    made.columns.truncate(2);
    let expression = "upper(id)".to_owned();
    let generated = Some(Generated { expression, stored: false });
    let up = Column { slot: 2, name: "up".to_owned(), generated, ..Column::default() };
    made.columns.push(up);
    database.create_table(made).unwrap();
    database.record("table").unwrap();
    let mut both = Both { first: open(&backend), backend };
    both.run("INSERT INTO t VALUES ('abcdef00000000000000000000000000', NULL)");
    assert_eq!(both.rows("SELECT up FROM t"), ["ABCDEF00-0000-0000-0000-000000000000"]);
}
