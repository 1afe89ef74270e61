//! Rows that are found by keys: the same rows as a scan gives, and no scan.

use gluesql_core::ast::{Statement, TableFactor};

use super::*;

const TABLES: [&str; 4] = [
    "CREATE TABLE t (id INTEGER PRIMARY KEY, n INTEGER NOT NULL, mail TEXT UNIQUE, d INTEGER)",
    "CREATE TABLE o (id INTEGER PRIMARY KEY, tid INTEGER NULL, n INTEGER)",
    "CREATE INDEX by_n ON t (n)",
    "CREATE TABLE words (word TEXT PRIMARY KEY, n INTEGER)",
];

async fn filled() -> Memory {
    let mut glue = glue(&TABLES).await;
    for i in 0..40 {
        let sql = format!("INSERT INTO t VALUES ({}, {}, 'm{i}', {i})", i - 10, i % 7);
        glue.execute(sql).await.unwrap();
    }
    glue.execute("INSERT INTO o VALUES (1, 3, 0), (2, NULL, 1), (3, 99, 2), (4, 3, 3)")
        .await
        .unwrap();
    glue.execute("INSERT INTO words VALUES ('', 0), ('a', 1), ('ab', 2), ('b', 3)").await.unwrap();
    glue
}

const CONDITIONS: [&str; 22] = [
    "id = 5",
    "5 = id AND n = 1",
    "t.id = 5 AND t.n > 0",
    "id = -3 OR id = 4",
    "id > 5 AND id <= 9",
    "9 > id AND id >= -2",
    "id BETWEEN -2 AND 3",
    "id BETWEEN 3 AND -2",
    "id > 3 AND id < 3",
    "id IN (7, 1, 99, 1, -10)",
    "id NOT IN (7, 1)",
    "id = 5 AND id = 6",
    "NOT id = 5",
    "mail = 'm7'",
    "mail IN ('m1', 'm2', 'x')",
    "n = 3",
    "n = 3 AND id > 4",
    "n > 4 AND n <= 6",
    "id = 5.5",
    "id = 'x' OR id = 1",
    "(id = 5) AND (n = 1 OR n = 2)",
    "id >= 9223372036854775807",
];

#[tokio::test]
async fn conditions_find_what_a_scan_finds() {
    let mut glue = filled().await;
    for condition in CONDITIONS {
        // No part of a table has all rows of an OR.
        let scanned = format!("SELECT id FROM t WHERE ({condition}) OR 1 = 2");
        let Ok(scanned) = glue.execute(&scanned).await else { continue };
        let [Payload::Select { rows: expected, .. }] = &scanned[..] else { unreachable!() };
        let mut found = rows(&mut glue, &format!("SELECT id FROM t WHERE {condition}")).await;
        found.sort_by_key(|row| format!("{row:?}"));
        let mut expected = expected.clone();
        expected.sort_by_key(|row| format!("{row:?}"));
        assert_eq!(found, expected, "{condition}");

        glue.execute("BEGIN").await.unwrap();
        let updated =
            glue.execute(format!("UPDATE t SET d = 1000 WHERE {condition}")).await.unwrap();
        assert_eq!(updated, [Payload::Update(expected.len())], "{condition}");
        let hit = rows(&mut glue, "SELECT id FROM t WHERE d = 1000").await;
        assert_eq!(hit.len(), expected.len(), "{condition}");
        let deleted = glue.execute(format!("DELETE FROM t WHERE {condition}")).await.unwrap();
        assert_eq!(deleted, [Payload::Delete(expected.len())], "{condition}");
        assert_eq!(rows(&mut glue, "SELECT id FROM t").await.len(), 40 - expected.len());
        glue.execute("ROLLBACK").await.unwrap();
    }
}

#[tokio::test]
async fn texts_are_keys_as_well() {
    let mut glue = filled().await;
    let found = numbers(&mut glue, "SELECT n FROM words WHERE word > 'a' AND word < 'b'").await;
    assert_eq!(found, [2]);
    assert_eq!(numbers(&mut glue, "SELECT n FROM words WHERE word <= 'a'").await, [0, 1]);
    assert_eq!(numbers(&mut glue, "SELECT n FROM words WHERE word = ''").await, [0]);
}

/// Whether the plan of a statement names a part of its table.
async fn is_narrow(glue: &mut Memory, sql: &str) -> bool {
    match &glue.plan(sql).await.unwrap()[..] {
        [Statement::Update { table_name, .. } | Statement::Delete { table_name, .. }] => {
            table_name.split('\0').nth(1).is_some_and(|head| head.len() > 1)
        }
        [Statement::Query(query)] => {
            let gluesql_core::ast::SetExpr::Select(select) = &query.body else { return false };
            let factors = select.from.joins.iter().map(|join| &join.relation);
            factors
                .chain([&select.from.relation])
                .all(|factor| matches!(factor, TableFactor::Table { index: Some(_), .. }))
        }
        _ => false,
    }
}

#[tokio::test]
async fn no_statement_that_names_a_key_scans() {
    let mut glue = filled().await;
    let conditions =
        ["id = 5", "id > 5 AND id < 8", "id IN (1, 2)", "mail = 'm1'", "n = 3", "t.id = 5"];
    for condition in conditions {
        for statement in ["SELECT * FROM t", "UPDATE t SET d = 1", "DELETE FROM t"] {
            let sql = format!("{statement} WHERE {condition}");
            assert!(is_narrow(&mut glue, &sql).await, "{sql}");
        }
    }
    let joined = [
        "SELECT t.id FROM o JOIN t ON t.id = o.tid WHERE o.id = 1",
        "SELECT t.id FROM o LEFT JOIN t ON o.tid = t.id WHERE o.id IN (1, 2)",
        "SELECT t.id FROM o JOIN t ON t.id = o.tid WHERE o.id > 1 AND o.id < 4",
    ];
    for sql in joined {
        assert!(is_narrow(&mut glue, sql).await, "{sql}");
    }
}

#[tokio::test]
async fn joins_find_what_a_scan_finds() {
    let mut glue = filled().await;
    for join in ["JOIN", "LEFT JOIN"] {
        for condition in ["o.id = 1", "o.id IN (1, 2, 3)", "o.id > 1 AND o.id <= 4"] {
            for on in ["t.id = o.tid", "o.tid = t.id AND t.n > 5", "t.id = o.tid AND o.n < 3"] {
                let sql = |condition: &str| {
                    format!("SELECT o.id, t.id, t.mail FROM o {join} t ON {on} WHERE {condition}")
                };
                let scanned = rows(&mut glue, &sql(&format!("({condition}) OR 1 = 2"))).await;
                assert_eq!(
                    rows(&mut glue, &sql(condition)).await,
                    scanned,
                    "{join} {on} {condition}"
                );
            }
        }
    }
}

#[tokio::test]
async fn a_condition_on_another_table_is_no_key_of_this_one() {
    // GlueSQL's own pass takes the key of any table for that of the first.
    let mut glue = filled().await;
    let sql = "SELECT o.id FROM o JOIN t ON t.id = o.tid WHERE t.id = 3";
    assert_eq!(numbers(&mut glue, sql).await, [1, 4]);
    let sql = "SELECT id FROM t WHERE id = 3 AND n = 6";
    assert_eq!(numbers(&mut glue, sql).await, [3]);
    assert!(numbers(&mut glue, "SELECT id FROM t WHERE id = 3 AND n = 5").await.is_empty());
}

#[tokio::test]
async fn the_order_of_the_key_is_read() {
    let mut glue = filled().await;
    let sql = "SELECT id FROM t ORDER BY id DESC LIMIT 3";
    assert_eq!(numbers(&mut glue, sql).await, [29, 28, 27]);
    assert!(is_narrow(&mut glue, sql).await);
    let sql = "SELECT id FROM t WHERE id > 3 AND id < 7 ORDER BY id DESC";
    assert_eq!(numbers(&mut glue, sql).await, [6, 5, 4]);
}

#[tokio::test]
async fn a_plan_that_is_too_old_finds_all_the_same() {
    let mut glue = filled().await;
    glue.execute(
        "DROP TABLE words; CREATE TABLE words (n INTEGER PRIMARY KEY, word TEXT);
         INSERT INTO words VALUES (5, 'a'), (6, 'b');
         DELETE FROM words WHERE word > 'a';
         UPDATE words SET word = 'c' WHERE word IN ('a', 'b')",
    )
    .await
    .unwrap();
    assert_eq!(numbers(&mut glue, "SELECT n FROM words").await, [5]);
}

#[tokio::test]
async fn columns_may_be_named_with_their_table() {
    let mut glue = filled().await;
    let all = [
        ("UPDATE t SET n = t.n + 100 WHERE t.id = 1", 1),
        ("UPDATE t SET n = ABS(t.n) + 100 WHERE CAST(t.id AS TEXT) = '2'", 1),
        ("UPDATE o SET n = (SELECT t.n FROM t WHERE t.id = o.tid LIMIT 1) WHERE o.id = 1", 1),
        // The inner table takes the name.
        ("UPDATE t SET n = 200 WHERE t.id = 4 AND 3 IN (SELECT t.tid FROM o AS t)", 1),
        ("DELETE FROM o WHERE EXISTS (SELECT * FROM t WHERE t.id = o.tid AND o.n = 3)", 1),
    ];
    for (sql, count) in all {
        let done = glue.execute(sql).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
        let done_as = [Payload::Update(count), Payload::Delete(count)];
        assert!(done_as.contains(&done[0]), "{sql}: {done:?}");
    }
    assert_eq!(numbers(&mut glue, "SELECT id FROM t WHERE n > 99").await, [1, 2, 4]);
    assert_eq!(numbers(&mut glue, "SELECT n FROM o WHERE id = 1").await, [106 - 100]);
}

#[tokio::test]
async fn errors_name_tables_as_people_do() {
    let mut glue = filled().await;
    let wrong = [
        "UPDATE t SET n = t.nothing WHERE t.id = 1",
        "DELETE FROM t WHERE t.nothing = 1",
        "UPDATE t SET nothing = 1",
        "UPDATE nowhere SET n = 1 WHERE nowhere.id = 1",
        "DELETE FROM nowhere",
        "INSERT INTO nowhere VALUES (1)",
        "INSERT INTO t VALUES (1, 1, 'm', 1)",
        "INSERT INTO t VALUES (100, NULL, 'm', 1)",
        "INSERT INTO t (nothing) VALUES (1)",
        "UPDATE t SET id = 3",
    ];
    for sql in wrong {
        error(&mut glue, sql).await;
    }
}
