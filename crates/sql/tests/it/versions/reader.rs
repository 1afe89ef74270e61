//! Queries on one version give what plain SQLite gives.

use prollytree_sql::sqlite::{Reader, SqliteError};
use prollytree_sql::{Row, Value};

use super::world::{NATIVE, Random, copy, database, rows, tables};

/// Values of every kind, in several forms where they may be equal.
const VALUES: &[&str] = &[
    "NULL",
    "0",
    "1",
    "-1",
    "5",
    "5.0",
    "5.5",
    "-2.25",
    "17",
    "300",
    "1e300",
    "-1e300",
    "'5'",
    "' 5'",
    "'5.0'",
    "'1e0'",
    "'05'",
    "''",
    "'a'",
    "'A'",
    "'a '",
    "'ab'",
    "'b'",
    "'Ä'",
    "'-1'",
    "x''",
    "x'35'",
    "x'00ff'",
    "9223372036854775807",
    "-9223372036854775808",
    "9007199254740993",
    "9007199254740992.0",
    "9.3e18",
    "'a' || char(0) || 'b'",
    "'a' || char(0)",
];

fn worlds(random: &mut Random) -> (rusqlite::Connection, Reader) {
    let native = rusqlite::Connection::open_in_memory().unwrap();
    native.execute_batch(NATIVE).unwrap();
    for _ in 0..120 {
        let mut value = || random.one_of(VALUES);
        let (a, b, c, d) = (value(), value(), value(), value());
        let (k, n, x, y) = (value(), value(), value(), value());
        let sql = format!(
            "INSERT INTO t1(a, b, c, d) VALUES ({a}, {b}, {c}, {d});
             INSERT OR REPLACE INTO t2 SELECT * FROM (SELECT {k} AS k, {n} AS n, {d})
               WHERE k IS NOT NULL AND n IS NOT NULL;
             INSERT INTO t3 VALUES ({x}, {y});"
        );
        native.execute_batch(&sql).unwrap();
    }
    let mut ours = database();
    for table in tables() {
        let name = table.name.clone();
        ours.create_table(table).unwrap();
        copy(&native, &mut ours, &name);
    }
    ours.record("Fill").unwrap();
    (native, Reader::new(&ours.version_at("HEAD").unwrap()).unwrap())
}

const COLUMNS: [(&str, &[&str]); 3] = [
    ("t1", &["id", "a", "b", "c", "d", "rowid"]),
    ("t2", &["k", "n", "v"]),
    ("t3", &["x", "y", "rowid"]),
];

fn condition(random: &mut Random, columns: &[&str]) -> String {
    let (column, value) = (random.one_of(columns), random.one_of(VALUES));
    let other = random.one_of(VALUES);
    let collate =
        random.one_of(&["", "", "", " COLLATE NOCASE", " COLLATE BINARY", " COLLATE RTRIM"]);
    match random.below(9) {
        0 => format!("{column} IN ({value}, {other}, 5)"),
        1 => format!("{column} BETWEEN {value} AND {other}"),
        2 => format!("{column} IS {value}"),
        3 => format!("{column} IS NULL"),
        4 => format!("CAST({value} AS INTEGER) = {column}"),
        _ => {
            let operator = random.one_of(&["=", "=", "=", "<", "<=", ">", ">="]);
            format!("{column} {operator} {value}{collate}")
        }
    }
}

fn conditions(random: &mut Random, columns: &[&str]) -> String {
    let count = 1 + random.below(3);
    let all: Vec<_> = (0..count).map(|_| condition(random, columns)).collect();
    all.join(random.one_of(&[" AND ", " AND ", " AND ", " OR "]))
}

fn show(rows: &[Row]) -> Vec<String> {
    rows.iter().map(|row| format!("{row:?}")).collect()
}

fn sorted(rows: &[Row]) -> Vec<String> {
    let mut rows = show(rows);
    rows.sort_unstable();
    rows
}

#[test]
fn conditions_find_the_same_rows() {
    let mut random = Random(1);
    let (native, reader) = worlds(&mut random);
    for _ in 0..3000 {
        let (table, columns) = COLUMNS[random.below(3)];
        let sql = format!("SELECT * FROM {table} WHERE {}", conditions(&mut random, columns));
        let ours = reader.query(&sql, &[]).unwrap().rows;
        assert_eq!(sorted(&ours), sorted(&rows(&native, &sql)), "{sql}");
    }
}

#[test]
fn rows_come_in_the_same_order() {
    let mut random = Random(2);
    let (native, reader) = worlds(&mut random);
    for _ in 0..3000 {
        let (table, columns) = COLUMNS[random.below(3)];
        let terms: Vec<_> = (0..1 + random.below(3))
            .map(|_| (random.one_of(columns), random.one_of(&["", "", " DESC"])))
            .collect();
        let order: Vec<_> = terms.iter().map(|(column, way)| format!("{column}{way}")).collect();
        let shown: Vec<_> = terms.iter().map(|(column, _)| *column).collect();
        let (order, shown) = (order.join(", "), shown.join(", "));
        let filter = conditions(&mut random, columns);
        // What is not ordered by is not shown, for its order is free.
        let sql = format!("SELECT {shown} FROM {table} WHERE {filter} ORDER BY {order}");
        let ours = reader.query(&sql, &[]).unwrap().rows;
        let theirs = rows(&native, &sql);
        assert_eq!(ours.len(), theirs.len(), "{sql}");
        // What compares as equal may come in any order: 5 and 5.0, texts that a collation folds.
        let fold = |rows: &[Row]| -> Vec<String> {
            let show = |value: &Value| match value {
                Value::Int(number) if number.unsigned_abs() < 1 << 53 => {
                    format!("{:?}", *number as f64)
                }
                Value::Float(number) => format!("{number:?}"),
                Value::Text(text) => format!("'{}'", text.to_lowercase().trim_end_matches(' ')),
                other => format!("{other:?}"),
            };
            rows.iter().map(|row| row.iter().map(show).collect::<Vec<_>>().join(", ")).collect()
        };
        assert_eq!(fold(&ours), fold(&theirs), "{sql}");
    }
}

#[test]
fn joins_find_the_same_rows() {
    let mut random = Random(3);
    let (native, reader) = worlds(&mut random);
    for _ in 0..800 {
        let (left, left_columns) = COLUMNS[random.below(3)];
        let (right, right_columns) = COLUMNS[random.below(3)];
        let (a, b) = (random.one_of(left_columns), random.one_of(right_columns));
        let kind = random.one_of(&["JOIN", "LEFT JOIN"]);
        let filter = condition(&mut random, left_columns).replace(" = ", " = +");
        let filter = match filter.split_once(' ') {
            Some((column, rest)) if left_columns.contains(&column) => format!("l.{column} {rest}"),
            _ => "1".to_owned(),
        };
        let sql =
            format!("SELECT * FROM {left} l {kind} {right} r ON l.{a} = r.{b} WHERE {filter}");
        let ours = reader.query(&sql, &[]).unwrap().rows;
        assert_eq!(sorted(&ours), sorted(&rows(&native, &sql)), "{sql}");
    }
}

/// How SQLite answers a query, as far as our tables are concerned.
fn plan(reader: &Reader, sql: &str) -> String {
    let found = reader.query(&format!("EXPLAIN QUERY PLAN {sql}"), &[]).unwrap().rows;
    let details = found.iter().map(|row| match &row[3] {
        Value::Text(detail) => detail.clone(),
        other => panic!("{other:?}"),
    });
    details.collect::<Vec<_>>().join("; ")
}

#[test]
fn keys_and_indexes_are_used() {
    let (_, reader) = worlds(&mut Random(4));
    let uses = |sql: &str, what: &str| {
        let plan = plan(&reader, sql);
        assert!(plan.contains(what), "{sql}: {plan}");
        assert!(!plan.contains("TEMP B-TREE"), "{sql}: {plan}");
    };
    uses("SELECT * FROM t1 WHERE id = 5", ":primary key (=)");
    uses("SELECT * FROM t1 WHERE rowid = 5", ":primary key (=)");
    uses("SELECT * FROM t3 WHERE rowid IN (1, 2)", ":primary key (=)");
    uses("SELECT * FROM t1 WHERE id > 5 AND id < 9 ORDER BY id DESC", ":primary key (>, <)");
    uses("SELECT * FROM t2 WHERE k = 'a' AND n > 1 ORDER BY n", ":primary key (=, >)");
    uses("SELECT * FROM t1 WHERE a = 5", ":t1_a (=)");
    uses("SELECT * FROM t1 WHERE b = 'x' AND a = 5", ":t1_ba (=, =)");
    uses("SELECT * FROM t1 WHERE b = 'x' ORDER BY a DESC, id", ":t1_ba (=)");
    uses(
        "SELECT * FROM t1 JOIN t3 ON t1.id = t3.rowid WHERE t3.rowid = 3",
        "t1 VIRTUAL TABLE INDEX",
    );
    let scan = plan(&reader, "SELECT * FROM t1 WHERE b = 'x' COLLATE BINARY");
    assert!(!scan.contains("t1_ba"), "{scan}");
}

#[test]
fn a_version_is_only_read() {
    let (_, reader) = worlds(&mut Random(5));
    for sql in ["DELETE FROM t1", "CREATE TABLE n(a)", "BEGIN", "ATTACH ':memory:' AS other"] {
        assert!(reader.query(sql, &[]).is_err(), "{sql}");
    }
    let refused = reader.query("INSERT INTO t3 VALUES (1, 2)", &[]);
    assert!(matches!(refused, Err(SqliteError::Statement { .. } | SqliteError::Refused { .. })));
}
