//! The same statements here and in plain SQLite must give the same, also from the trees alone; and
//! what the trees are must not depend on how their content came about.

use prollytree_sql::{Value, sqlite::Outcome};
use rusqlite::types::ValueRef;

use super::support::{Both, Memory, open, show};

/// A generator of numbers ("xorshift64*", Vigna 2016).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) % end
    }

    fn pick<'t>(&mut self, texts: &[&'t str]) -> &'t str {
        texts[self.below(texts.len() as u64) as usize]
    }

    fn value(&mut self) -> String {
        match self.below(6) {
            0 => "NULL".to_owned(),
            1 => format!("{}.5", self.below(30)),
            2 => format!("x'0{}'", self.below(9)),
            3 => format!("'{}'", self.pick(&["a", "B", "b", "ab ", "ab", ""])),
            _ => self.below(30).to_string(),
        }
    }
}

const SCHEMA: &str = "
    CREATE TABLE a (id INTEGER PRIMARY KEY, u UNIQUE, n INT, t TEXT COLLATE NOCASE);
    CREATE TABLE b (x TEXT, y INT, v, PRIMARY KEY (x, y)) WITHOUT ROWID;
    CREATE TABLE c (v REAL, w DEFAULT 'w', UNIQUE (v, w));
    CREATE TABLE d (k TEXT PRIMARY KEY NOT NULL, a INT REFERENCES a ON DELETE CASCADE ON UPDATE SET NULL);
    CREATE INDEX a_n ON a (n DESC, t); CREATE UNIQUE INDEX b_v ON b (v) WHERE v > 10;
    CREATE INDEX c_e ON c (v + 1);
    CREATE TRIGGER a_b AFTER UPDATE OF n ON a WHEN new.n % 3 = 0 BEGIN
        INSERT OR REPLACE INTO b VALUES ('t', new.n, new.id); END;
";

fn statement(next: &mut Numbers) -> String {
    let or = next.pick(&["", "", "", " OR REPLACE", " OR REPLACE", " OR IGNORE", " OR FAIL"]);
    let (id, key) = (next.below(60), next.below(6));
    let (one, two, three) = (next.value(), next.value(), next.value());
    let x = next.pick(&["p", "q", "r"]);
    match next.below(22) {
        0..3 => format!("INSERT{or} INTO a VALUES ({id}, {one}, {two}, {three})"),
        3 => format!("INSERT{or} INTO a (u, n) VALUES ({one}, {two}), ({three}, {id})"),
        4 => format!("UPDATE{or} a SET u = {one}, n = {two} WHERE id BETWEEN {id} AND {id} + 3"),
        5 => format!("UPDATE{or} a SET id = id + {key} WHERE id > {id}"),
        6 => format!("DELETE FROM a WHERE id = {id} OR n = {one}"),
        7..10 => format!("INSERT{or} INTO b VALUES ('{x}', {key}, {one})"),
        10 => format!("UPDATE{or} b SET y = y + 1, v = {one} WHERE x = '{x}'"),
        11 => format!(
            "INSERT INTO b VALUES ('{x}', {key}, {one}) ON CONFLICT (x, y) DO UPDATE SET v = {two}"
        ),
        12..14 => format!("INSERT{or} INTO c VALUES ({one}, {two})"),
        14 => format!("UPDATE{or} c SET rowid = {id} WHERE v = {one}"),
        15 => format!("UPDATE{or} c SET v = a.n FROM a WHERE a.id = c.rowid AND a.id < {id}"),
        16 => format!("INSERT{or} INTO d VALUES ({one}, {id})"),
        17 => format!("INSERT{or} INTO d (rowid, k, a) VALUES ({key}, {two}, {id})"),
        18 => format!("DELETE FROM {} WHERE rowid % 7 = {key}", next.pick(&["a", "c", "d"])),
        19 => next.pick(&["BEGIN", "COMMIT", "ROLLBACK", "COMMIT"]).to_owned(),
        20 => next.pick(&["SAVEPOINT s", "ROLLBACK TO s", "RELEASE s", "SAVEPOINT s"]).to_owned(),
        _ => format!(
            "SELECT * FROM a LEFT JOIN d ON d.a = a.id WHERE a.id > {id} ORDER BY 1, k LIMIT 5"
        ),
    }
}

const TABLES: [&str; 4] = [
    "SELECT * FROM a ORDER BY id",
    "SELECT * FROM b ORDER BY x, y",
    "SELECT rowid, * FROM c ORDER BY rowid",
    "SELECT * FROM d ORDER BY k",
];

fn plain(sqlite: &rusqlite::Connection, sql: &str) -> Result<Vec<String>, String> {
    let mut statement = sqlite.prepare(sql).map_err(|error| error.to_string())?;
    let width = statement.column_count();
    let mut rows = statement.query([]).map_err(|error| error.to_string())?;
    let mut found = Vec::new();
    while let Some(row) = rows.next().map_err(|error| error.to_string())? {
        let cell = |at| match row.get_ref(at).unwrap() {
            ValueRef::Null => Value::Null,
            ValueRef::Integer(number) => Value::Int(number),
            ValueRef::Real(number) => Value::Float(number),
            ValueRef::Text(text) => Value::Text(String::from_utf8(text.to_vec()).unwrap()),
            ValueRef::Blob(bytes) => Value::Bytes(bytes.to_vec()),
        };
        found.push(show(&(0..width).map(cell).collect::<Vec<_>>()));
    }
    Ok(found)
}

fn ours(connection: &mut Memory, sql: &str) -> Result<Vec<String>, String> {
    match connection.execute(sql, &[]) {
        Ok(Outcome::Rows(found)) => Ok(found.rows.iter().map(|row| show(row)).collect()),
        Ok(_) => Ok(Vec::new()),
        Err(error) => Err(error.to_string()),
    }
}

#[test]
fn random_statements_give_what_sqlite_gives() {
    let number = |name: &str, default| {
        std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
    };
    let seed = number("PROLLY_SQL_SEED", 1);
    let count = number("PROLLY_SQL_STATEMENTS", 2_000);
    let mut next = Numbers(u64::wrapping_mul(seed, 0x9e37_79b9_7f4a_7c15) | 1);
    let mut both = Both::with(SCHEMA);
    let sqlite = rusqlite::Connection::open_in_memory().unwrap();
    sqlite.execute_batch("PRAGMA foreign_keys = ON").unwrap();
    sqlite.execute_batch(SCHEMA).unwrap();
    for step in 0..count {
        let sql = statement(&mut next);
        let (want, got) = (plain(&sqlite, &sql), ours(&mut both.first, &sql));
        let place = format!("seed {seed}, step {step}: {sql}");
        assert_eq!(want.is_ok(), got.is_ok(), "{place}: {want:?}, {got:?}");
        if want.is_ok() {
            assert_eq!(want, got, "{place}");
        }
        assert_eq!(sqlite.is_autocommit(), !both.first.is_in_transaction(), "{place}");
        if step % 10 == 0 && sqlite.is_autocommit() {
            let mut trees = open(&both.backend);
            for table in TABLES {
                assert_eq!(plain(&sqlite, table), ours(&mut trees, table), "{place}, trees");
                assert_eq!(plain(&sqlite, table), ours(&mut both.first, table), "{place}");
            }
            assert_eq!(ours(&mut trees, "PRAGMA integrity_check"), Ok(vec!["ok".to_owned()]));
        }
    }
}

/// The roots of all rows and indexes.
fn roots(connection: &mut Memory) -> Vec<String> {
    let work = |repo: &mut prollytree_repo::Repository<_>| Ok(repo.working_maps()?);
    let maps = connection.with_repository(work).unwrap();
    let of_rows = maps.iter().filter(|(name, _)| name.as_str() != "sql/schema");
    of_rows.map(|(name, root)| format!("{}: {:?}", name.as_str(), root.root)).collect()
}

#[test]
fn the_trees_do_not_depend_on_how_their_content_came_about() {
    let schema =
        "CREATE TABLE t (id INTEGER PRIMARY KEY, u UNIQUE, v); CREATE INDEX i ON t (v DESC)";
    let mut one = Both::with(schema);
    one.run(
        "INSERT INTO t SELECT value, value * 2, value % 10 FROM generate_series(1, 2000)"
            .replace(
                "generate_series(1, 2000)",
                "(WITH RECURSIVE s (value) AS (SELECT 1 UNION ALL
            SELECT value + 1 FROM s LIMIT 2000) SELECT value FROM s)",
            )
            .as_str(),
    );
    let mut two = Both::with(schema);
    two.run("BEGIN");
    for id in (1..=2_000).rev() {
        two.run(&format!("INSERT INTO t VALUES ({id}, {id}, 'x')"));
    }
    two.run(
        "INSERT INTO t VALUES (3000, 'x', -1); COMMIT; UPDATE t SET v = id % 10, u = -u;
             DELETE FROM t WHERE id > 2000; UPDATE t SET u = -u * 2",
    );
    assert_eq!(roots(&mut one.first), roots(&mut two.first));
    assert_eq!(roots(&mut one.first).len(), 3);
}
