//! The dialect, each part in the connection and from the trees alone.

use super::support::Both;

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
