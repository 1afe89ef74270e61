//! The dialect, each part in the connection and from the trees alone.

use prollytree_sql::sqlite::SqliteError;

use super::support::{Both, open, rows, show};

#[test]
fn rows_come_back_from_the_trees() {
    let mut both = Both::with(
        "CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT NOT NULL, x REAL, y);
         INSERT INTO t VALUES (1, 'one', 1, x'00ff'), (2, 'two', 2.5, 'text'), (-3, '', NULL, 7);
         UPDATE t SET y = 8 WHERE id = 2; DELETE FROM t WHERE id = 1",
    );
    assert_eq!(both.rows("SELECT * FROM t ORDER BY id"), ["-3||NULL|7", "2|two|2.5|8"]);
    assert_eq!(both.rows("SELECT count(*), typeof(x) FROM t WHERE id = 2"), ["1|real"]);
    both.check_fails_everywhere("INSERT INTO t (id) VALUES (9)", "NOT NULL constraint failed");
}

#[test]
fn replace_takes_its_victims_along() {
    let mut both = Both::with(
        "CREATE TABLE t (id INTEGER PRIMARY KEY, u TEXT UNIQUE COLLATE NOCASE, v UNIQUE);
         INSERT INTO t VALUES (1, 'a', 1), (2, 'b', 2), (3, 'c', 3);
         REPLACE INTO t VALUES (4, 'A', 2);
         UPDATE OR REPLACE t SET u = 'C' WHERE id = 4",
    );
    assert_eq!(both.rows("SELECT * FROM t"), ["4|C|2"]);
}

#[test]
fn tables_without_a_key_keep_their_rowids() {
    let mut both = Both::with(
        "CREATE TABLE t (a, rowid_ TEXT); INSERT INTO t VALUES (1, 'x'), (2, 'y'), (3, 'z');
         DELETE FROM t WHERE a = 2; INSERT INTO t (rowid, a) VALUES (100, 4)",
    );
    assert_eq!(both.rows("SELECT rowid, a FROM t"), ["1|1", "3|3", "100|4"]);
    both.run("UPDATE t SET rowid = 50 WHERE a = 1; DELETE FROM t WHERE a = 3");
    assert_eq!(both.rows("SELECT rowid, a FROM t"), ["50|1", "100|4"]);
    both.run("DELETE FROM t");
    assert_eq!(both.rows("SELECT count(*) FROM t"), ["0"]);
}

#[test]
fn composite_keys_and_tables_without_rowid() {
    let mut both = Both::with(
        "CREATE TABLE p (a TEXT COLLATE NOCASE, b INT, c, PRIMARY KEY (a, b DESC)) WITHOUT ROWID;
         CREATE TABLE q (a TEXT, b REAL, c DEFAULT 'none', PRIMARY KEY (b, a));
         INSERT INTO p VALUES ('x', 1, 10), ('X', 2, 20), ('y', 1, 30);
         INSERT INTO q (a, b) VALUES ('k', 1.5), ('l', 2);
         UPDATE p SET b = b + 5 WHERE a = 'X'; UPDATE q SET a = 'm' WHERE b = 2;
         REPLACE INTO p VALUES ('Y', 1, 31)",
    );
    assert_eq!(both.rows("SELECT * FROM p"), ["X|7|20", "x|6|10", "Y|1|31"]);
    assert_eq!(both.rows("SELECT * FROM q ORDER BY b"), ["k|1.5|none", "m|2.0|none"]);
    both.check_fails_everywhere("INSERT INTO q VALUES (NULL, 1, 1)", "must have a value");
}

#[test]
fn upserts_and_returning() {
    let mut both = Both::with("CREATE TABLE t (id INTEGER PRIMARY KEY, n INT DEFAULT 1, u UNIQUE)");
    let sql = "INSERT INTO t (id, u) VALUES (1, 'a'), (2, 'b')
               ON CONFLICT (id) DO UPDATE SET n = n + 1 RETURNING id, n";
    assert_eq!(both.first.query(sql, &[]).unwrap().rows.len(), 2);
    let again = both.first.query(sql, &[]).unwrap();
    assert_eq!(again.rows.iter().map(|row| show(row)).collect::<Vec<_>>(), ["1|2", "2|2"]);
    both.run("INSERT INTO t VALUES (3, 9, 'a') ON CONFLICT (u) DO UPDATE SET n = excluded.n");
    both.run("INSERT OR IGNORE INTO t VALUES (1, 100, 'z')");
    assert_eq!(both.rows("SELECT * FROM t"), ["1|9|a", "2|2|b"]);
    both.run("DELETE FROM t WHERE id = 1 RETURNING u; UPDATE t SET u = 'c' RETURNING *");
    assert_eq!(both.rows("SELECT * FROM t"), ["2|2|c"]);
}

#[test]
fn queries_of_every_kind() {
    let mut both = Both::with(
        "CREATE TABLE dept (id INTEGER PRIMARY KEY, name TEXT);
         CREATE TABLE emp (id INTEGER PRIMARY KEY, dept INT REFERENCES dept, boss INT, pay INT);
         INSERT INTO dept VALUES (1, 'a'), (2, 'b'), (3, 'c');
         INSERT INTO emp VALUES (1, 1, NULL, 10), (2, 1, 1, 20), (3, 2, 1, 30), (4, NULL, 3, 40);
         CREATE VIEW paid AS SELECT dept.name, sum(pay) AS pay FROM dept JOIN emp ON dept = dept.id
         GROUP BY 1",
    );
    let chain = "WITH RECURSIVE up (id, depth) AS (
        SELECT 4, 0 UNION ALL SELECT boss, depth + 1 FROM up JOIN emp USING (id) WHERE boss > 0
    ) SELECT id, depth FROM up";
    assert_eq!(both.rows(chain), ["4|0", "3|1", "1|2"]);
    let window = "SELECT id, sum(pay) OVER (PARTITION BY dept ORDER BY id) FROM emp ORDER BY id";
    assert_eq!(both.rows(window), ["1|10", "2|30", "3|30", "4|40"]);
    let full = "SELECT name, emp.id FROM dept FULL JOIN emp ON dept = dept.id ORDER BY 1, 2";
    assert_eq!(both.rows(full), ["NULL|4", "a|1", "a|2", "b|3", "c|NULL"]);
    assert_eq!(both.rows("SELECT * FROM paid"), ["a|30", "b|30"]);
    let json = "SELECT json_group_array(name) FROM dept EXCEPT SELECT 1";
    assert_eq!(both.rows(json), [r#"["a","b","c"]"#]);
    both.run("UPDATE emp SET pay = pay + 1 FROM dept WHERE dept = dept.id AND name = 'a'");
    both.run("INSERT INTO emp SELECT id + 10, dept, boss, pay FROM emp WHERE pay > 20");
    assert_eq!(both.rows("SELECT id FROM emp"), ["1", "2", "3", "4", "12", "13", "14"]);
}

#[test]
fn constraints_hold_from_the_trees_alone() {
    let mut both = Both::with(
        "CREATE TABLE p (id INTEGER PRIMARY KEY, name TEXT, CONSTRAINT short CHECK (length(name) < 4));
         CREATE TABLE c (id INTEGER PRIMARY KEY, p INT REFERENCES p ON DELETE CASCADE ON UPDATE CASCADE,
            q INT REFERENCES p (id) ON DELETE SET NULL DEFERRABLE INITIALLY DEFERRED, UNIQUE (p, q));
         CREATE TABLE s (a INT, b ANY, c BLOB) STRICT;
         INSERT INTO p VALUES (1, 'a'), (2, 'b'), (3, 'c');
         INSERT INTO c VALUES (1, 1, 2), (2, 1, 3), (3, 2, 1); INSERT INTO s VALUES (1, 2.0, x'03')",
    );
    both.check_fails_everywhere("INSERT INTO p VALUES (9, 'long')", "short");
    both.check_fails_everywhere(
        "INSERT INTO c VALUES (9, 1, 2)",
        "UNIQUE constraint failed: c.p, c.q",
    );
    both.check_fails_everywhere("INSERT INTO c VALUES (9, 7, 2)", "FOREIGN KEY");
    both.check_fails_everywhere("INSERT INTO c VALUES (9, 3, 7)", "FOREIGN KEY");
    both.check_fails_everywhere("INSERT INTO s VALUES ('x', 1, 1)", "cannot store TEXT");
    both.run("DELETE FROM p WHERE id = 1; UPDATE p SET id = 20 WHERE id = 2");
    assert_eq!(both.rows("SELECT * FROM c"), ["3|20|NULL"]);
    assert_eq!(both.rows("SELECT a, typeof(b), c FROM s"), ["1|real|03"]);
}

#[test]
fn deferred_keys_wait_for_the_commit() {
    let mut both = Both::with(
        "CREATE TABLE t (id INTEGER PRIMARY KEY, up INT REFERENCES t DEFERRABLE INITIALLY DEFERRED)",
    );
    both.run("BEGIN; INSERT INTO t VALUES (1, 2)");
    let error = both.fail("COMMIT");
    assert!(error.to_string().contains("FOREIGN KEY"), "{error}");
    assert!(both.first.is_in_transaction());
    both.run("INSERT INTO t VALUES (2, 1); COMMIT");
    assert_eq!(both.rows("SELECT * FROM t"), ["1|2", "2|1"]);
}

#[test]
fn triggers_views_and_generated_columns() {
    let mut both = Both::with(
        "CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT, a INT, b AS (a * 2),
            c TEXT GENERATED ALWAYS AS (a || '!') STORED, changed INT DEFAULT 0);
         CREATE INDEX by_b ON t (b); CREATE UNIQUE INDEX by_c ON t (c); CREATE INDEX l ON t (a) WHERE a > 1;
         CREATE TABLE log (what TEXT, id INT);
         CREATE TRIGGER t_touch AFTER UPDATE OF a ON t BEGIN
            UPDATE t SET changed = changed + 1 WHERE id = new.id;
            INSERT INTO log VALUES (CASE WHEN new.a > old.a THEN 'up' ELSE 'down' END, new.id);
         END;
         CREATE VIEW v AS SELECT id, a FROM t;
         CREATE TRIGGER v_insert INSTEAD OF INSERT ON v BEGIN INSERT INTO t (a) VALUES (new.a); END;
         INSERT INTO v (a) VALUES (1), (2), (3); UPDATE t SET a = a * 10 WHERE id < 3;
         DELETE FROM t WHERE id = 3; INSERT INTO v (a) VALUES (4)",
    );
    assert_eq!(both.rows("SELECT * FROM t"), ["1|10|20|10!|1", "2|20|40|20!|1", "4|4|8|4!|0"]);
    assert_eq!(both.rows("SELECT * FROM log"), ["up|1", "up|2"]);
    both.check_fails_everywhere("INSERT INTO t (a) VALUES (20)", "UNIQUE constraint failed");
    both.run("DELETE FROM t WHERE id = 4");
    open(&both.backend)
        .run("INSERT INTO v (a) VALUES (5); DROP TRIGGER t_touch; DROP VIEW v")
        .unwrap();
    assert_eq!(rows(&mut both.first, "SELECT id FROM t"), ["1", "2"], "not refreshed");
    both.first.refresh().unwrap();
    assert_eq!(both.rows("SELECT id, a FROM t WHERE b = 10"), ["5|5"]);
    both.run("UPDATE t SET a = 6 WHERE id = 5");
    assert_eq!(both.rows("SELECT count(*) FROM log"), ["2"]);
}

#[test]
fn tables_are_altered_without_losing_rows() {
    let mut both = Both::with(
        "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, b INT UNIQUE); CREATE INDEX by_a ON t (a);
         INSERT INTO t VALUES (1, 'x', 1), (2, 'y', 2)",
    );
    both.run("ALTER TABLE t ADD COLUMN c REAL NOT NULL DEFAULT 5");
    assert_eq!(both.rows("SELECT *, typeof(c) FROM t"), ["1|x|1|5.0|real", "2|y|2|5.0|real"]);
    both.run("ALTER TABLE t RENAME COLUMN a TO name; ALTER TABLE t RENAME TO u");
    both.run("UPDATE u SET c = 6 WHERE name = 'x'; INSERT INTO u (name) VALUES ('z')");
    assert_eq!(both.rows("SELECT * FROM u"), ["1|x|1|6.0", "2|y|2|5.0", "3|z|NULL|5.0"]);
    both.run(
        "DROP INDEX by_a; ALTER TABLE u DROP COLUMN name; CREATE UNIQUE INDEX by_c ON u (c, id)",
    );
    assert_eq!(both.rows("SELECT * FROM u ORDER BY id"), ["1|1|6.0", "2|2|5.0", "3|NULL|5.0"]);
    both.run("CREATE TABLE w AS SELECT id * 10 AS id, c FROM u; DROP TABLE u");
    assert_eq!(both.rows("SELECT * FROM w"), ["10|6.0", "20|5.0", "30|5.0"]);
    assert_eq!(both.rows("SELECT name FROM sqlite_schema"), ["w"]);
}

#[test]
fn a_failed_statement_leaves_nothing() {
    let mut both = Both::with(
        "CREATE TABLE t (id INTEGER PRIMARY KEY, u UNIQUE); INSERT INTO t VALUES (1, 1), (2, 2)",
    );
    let error = both.fail("SELECT 1; INSERT INTO t VALUES (3, 3), (4, 1)");
    assert!(error.to_string().contains("UNIQUE constraint failed: t.u"), "{error}");
    both.fail("INSERT OR FAIL INTO t VALUES (3, 3), (4, 1), (5, 5)");
    both.run("DELETE FROM t WHERE id = 3 AND u = 3 RETURNING id");
    let SqliteError::Statement { offset, .. } = both.fail("SELECT 1;\nSELECT nosuch FROM t") else {
        panic!("not a statement's error");
    };
    assert_eq!(offset, Some(17));
    assert_eq!(both.rows("SELECT * FROM t"), ["1|1", "2|2"]);
    for (count, text) in [(0, " -- nothing"), (2, "SELECT 1; SELECT 2")] {
        let error = both.first.query(text, &[]).unwrap_err();
        assert!(matches!(error, SqliteError::StatementCount { count: found } if found == count));
    }
    both.run("BEGIN; UPDATE t SET u = -u; UPDATE t SET u = 3 + u; COMMIT");
    assert_eq!(both.rows("SELECT * FROM t"), ["1|2", "2|1"]);
}

#[test]
fn what_would_leave_the_trees_behind_is_refused() {
    let mut both = Both::new();
    for sql in [
        "ATTACH 'x' AS y",
        "VACUUM",
        "CREATE VIRTUAL TABLE v USING fts5 (a)",
        "PRAGMA journal_mode = DELETE",
        "PRAGMA writable_schema = ON",
        "PRAGMA main.user_version(3)",
        "DROP TRIGGER temp.prolly_inserted_0",
    ] {
        let error = both.fail(sql);
        assert!(matches!(error, SqliteError::Refused { .. }), "{sql}: {error}");
    }
    let error = both.fail("CREATE TABLE t (a UNIQUE ON CONFLICT REPLACE)");
    assert!(matches!(error, SqliteError::Table { .. }), "{error}");
    assert_eq!(both.rows("SELECT count(*) FROM sqlite_schema"), ["0"]);
    assert_eq!(both.rows("PRAGMA user_version"), ["0"]);
}
