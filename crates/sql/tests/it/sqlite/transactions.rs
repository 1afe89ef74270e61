//! Transactions, and several connections on one store.

use prollytree_repo::Repository;
use prollytree_sql::History;
use prollytree_sql::sqlite::{Connection, ConnectionOptions};
use prollytree_store::{Store, StoreOptions};

use super::support::{Both, Memory, open, options, rows};

const T: &str = "CREATE TABLE t (id INTEGER PRIMARY KEY, n UNIQUE)";

fn messages(connection: &mut Memory) -> Vec<String> {
    let mut found = Vec::new();
    let work = |repo: &mut Repository<_>| {
        let mut next = repo.tip();
        while let Some(id) = next {
            let commit = repo.read_commit(&id)?;
            found.push(commit.message.clone());
            next = commit.parents.first().copied();
        }
        Ok(())
    };
    connection.with_repository(work).unwrap();
    found
}

#[test]
fn a_transaction_is_one_commit_or_nothing() {
    let mut both = Both::with(T);
    both.run("BEGIN; INSERT INTO t VALUES (1, 1); INSERT INTO t VALUES (2, 2)");
    assert_eq!(rows(&mut open(&both.backend), "SELECT * FROM t"), [""; 0]);
    both.run("COMMIT");
    assert_eq!(both.rows("SELECT * FROM t"), ["1|1", "2|2"]);
    both.run("BEGIN; DELETE FROM t; CREATE TABLE u (a); DROP TABLE t; ROLLBACK");
    assert_eq!(both.rows("SELECT * FROM t"), ["1|1", "2|2"]);
    both.run("BEGIN; UPDATE t SET n = 9 WHERE id = 1; SELECT * FROM t");
    let error = both.fail("INSERT OR ROLLBACK INTO t VALUES (3, 9)");
    assert!(error.to_string().contains("UNIQUE"), "{error}");
    assert!(!both.first.is_in_transaction());
    both.fail("COMMIT");
    assert_eq!(both.rows("SELECT * FROM t"), ["1|1", "2|2"]);
    let first = "INSERT INTO t VALUES (1, 1) (and 1 more)";
    assert_eq!(messages(&mut both.first), [first, T]);
}

#[test]
fn savepoints_nest_and_take_the_schema_back() {
    let mut both = Both::with(T);
    both.run(
        "BEGIN; INSERT INTO t VALUES (1, 1); SAVEPOINT a; UPDATE t SET n = 2;
         ALTER TABLE t ADD COLUMN x DEFAULT 'x'; CREATE TABLE u (a); INSERT INTO u VALUES (7);
         SAVEPOINT b; INSERT INTO t VALUES (2, 3, 'y'); DROP TABLE u; ROLLBACK TO b;
         INSERT INTO t VALUES (4, 4, 'z'); RELEASE b;",
    );
    assert_eq!(rows(&mut both.first, "SELECT * FROM t"), ["1|2|x", "4|4|z"]);
    assert_eq!(rows(&mut both.first, "SELECT * FROM u"), ["7"]);
    both.run("ROLLBACK TO a; INSERT INTO t VALUES (5, 5); COMMIT");
    assert_eq!(both.rows("SELECT * FROM t"), ["1|1", "5|5"]);
    both.run(
        "SAVEPOINT s; DELETE FROM t WHERE id = 1; SAVEPOINT s; DELETE FROM t; ROLLBACK TO s;
              RELEASE s; INSERT INTO t VALUES (6, 6); RELEASE s",
    );
    assert!(!both.first.is_in_transaction());
    assert_eq!(both.rows("SELECT * FROM t"), ["5|5", "6|6"]);
}

#[test]
fn a_schema_change_that_fails_in_a_transaction_takes_nothing_along() {
    let mut both = Both::with(T);
    both.run("BEGIN; INSERT INTO t VALUES (1, 1), (2, 2)");
    both.fail("CREATE TABLE v (a INT PRIMARY KEY ON CONFLICT IGNORE)");
    both.fail("CREATE UNIQUE INDEX i ON t (n > 0)");
    both.run("CREATE INDEX i ON t (n); COMMIT");
    assert_eq!(both.rows("SELECT name FROM sqlite_schema WHERE sql NOT NULL"), ["t", "i"]);
    assert_eq!(both.rows("SELECT id FROM t INDEXED BY i WHERE n = 2"), ["2"]);
}

#[test]
fn two_connections_see_each_other_and_lose_races() {
    let mut both = Both::with(T);
    let mut other = open(&both.backend);
    both.run("INSERT INTO t VALUES (1, 1)");
    other.run("INSERT INTO t VALUES (2, 2); CREATE TABLE u (a)").unwrap();
    both.run("INSERT INTO t VALUES (3, 3); INSERT INTO u VALUES (1)");
    assert_eq!(both.rows("SELECT id FROM t"), ["1", "2", "3"]);
    both.run("BEGIN; UPDATE t SET n = 10 WHERE id = 1");
    other.run("UPDATE t SET n = 20 WHERE id = 2").unwrap();
    let error = both.fail("COMMIT");
    assert!(error.is_retryable(), "{error}");
    assert!(!both.first.is_in_transaction());
    both.first.refresh().unwrap();
    assert_eq!(both.rows("SELECT n FROM t ORDER BY id"), ["1", "20", "3"]);
}

#[test]
fn explicit_history_commits_by_name_alone() {
    let both = Both::with(T);
    let repo = Repository::open(both.backend.clone(), options()).unwrap();
    let history = ConnectionOptions { history: History::Explicit, ..Default::default() };
    let mut connection = Connection::open(repo, history).unwrap();
    connection.run("INSERT INTO t VALUES (1, 1); INSERT INTO t VALUES (2, 2)").unwrap();
    assert_eq!(messages(&mut connection).len(), 1);
    assert_eq!(rows(&mut open(&both.backend), "SELECT count(*) FROM t"), ["2"]);
    connection.commit("both").unwrap();
    assert_eq!(messages(&mut connection), ["both", T]);
}

#[test]
fn the_working_copy_follows_what_is_checked_out() {
    let mut both = Both::with(T);
    both.run("INSERT INTO t VALUES (1, 1)");
    let move_to = |connection: &mut Memory, revision: &str| {
        let work = |repo: &mut Repository<_>| {
            Ok(repo.checkout(revision, prollytree_repo::Uncommitted::Refuse)?)
        };
        connection.with_repository(work).unwrap();
    };
    both.first
        .with_repository(|repo| {
            let tip = repo.tip().unwrap();
            Ok(repo.create_branch("side", &tip)?)
        })
        .unwrap();
    move_to(&mut both.first, "side");
    both.run(
        "ALTER TABLE t ADD COLUMN s; INSERT INTO t VALUES (2, 2, 's'); CREATE VIEW v AS SELECT 1",
    );
    move_to(&mut both.first, "main");
    assert_eq!(both.rows("SELECT * FROM t"), ["1|1"]);
    both.fail("SELECT * FROM v");
    move_to(&mut both.first, "side");
    assert_eq!(both.rows("SELECT * FROM t, v"), ["1|1|NULL|1", "2|2|s|1"]);
}

#[test]
fn connections_share_a_file_and_outlive_it() {
    let dir = tempfile::tempdir().unwrap();
    let store = dir.path().join("store");
    let file = dir.path().join("copy.db");
    let created = Store::create(&store, StoreOptions::default()).unwrap();
    drop(Repository::init(created, options()).unwrap());
    let open = |working_copy: bool| {
        let repo =
            Repository::open(Store::open(&store, StoreOptions::default()).unwrap(), options())
                .unwrap();
        let working_copy = working_copy.then(|| file.clone());
        Connection::open(repo, ConnectionOptions { working_copy, ..Default::default() }).unwrap()
    };
    let count = |connection: &mut Connection<Store>| {
        let found = connection.query("SELECT count(*), max(n) FROM t", &[]).unwrap();
        super::support::show(&found.rows[0])
    };
    let (mut a, mut b) = (open(true), open(true));
    a.run(T).unwrap();
    a.run("INSERT INTO t VALUES (1, 1)").unwrap();
    b.run("INSERT INTO t VALUES (2, 2); ALTER TABLE t ADD COLUMN x").unwrap();
    a.run("INSERT INTO t VALUES (3, 3, 3); CREATE TABLE u (a)").unwrap();
    b.run("INSERT INTO u VALUES (1); DELETE FROM t WHERE id = 1").unwrap();
    drop((a, b));
    // One that has nothing to do with the file changes the trees.
    open(false).run("INSERT INTO t VALUES (4, 4, 4)").unwrap();
    let mut c = open(true);
    assert_eq!(count(&mut c), "3|4");
    c.run("UPDATE t SET n = 40 WHERE id = 4").unwrap();
    assert_eq!(count(&mut open(false)), "3|40");
    drop(c);
    std::fs::write(&file, b"no database at all, but long enough to be looked at").unwrap();
    assert_eq!(count(&mut open(true)), "3|40");
}
