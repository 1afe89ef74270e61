//! Tables are compared and merged row by row.

use super::transcript;
use crate::git::in_git;
use crate::support::{Sandbox, without_hashes};

/// Two branches that change the same tables: other columns of a row, the same column of another, and
/// rows that are unique only apart.
fn branches(sandbox: &Sandbox) {
    sandbox.sql(
        "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT UNIQUE, age INTEGER);
         INSERT INTO users VALUES (1, 'Alice', 30), (2, 'Bob', 25), (3, 'Carol', 40);
         CREATE TABLE log (line TEXT)",
    );
    sandbox.ok(&["checkout", "-b", "dev"]);
    sandbox.sql(
        "UPDATE users SET age = 31 WHERE id = 1; UPDATE users SET name = 'Rob' WHERE id = 2;
         INSERT INTO users VALUES (5, 'Zoe', 1); INSERT INTO log VALUES ('dev')",
    );
    sandbox.ok(&["checkout", "main"]);
    sandbox.sql(
        "UPDATE users SET name = 'Alicia' WHERE id = 1; UPDATE users SET name = 'Bobby' WHERE id = 2;
         INSERT INTO users VALUES (6, 'Zoe', 2); DELETE FROM users WHERE id = 3",
    );
    sandbox.ok(&["set", "key", "value"]);
    sandbox.ok(&["commit", "-m", "A key beside the tables"]);
}

const SESSION: &[&[&str]] = &[
    &["diff", "main", "dev"],
    &["diff", "main", "dev", "--stat"],
    &["diff", "main", "dev", "--name-only"],
    &["diff", "main", "dev", "--json"],
    &["show", "dev"],
    &["merge", "dev"],
    &["merge", "--abort"],
    &["merge", "dev", "--json"],
    &["status"],
    &["merge", "--continue"],
    &["resolve", "--table", "users", "2", "--theirs"],
    &["resolve", "--table", "users", "9", "--theirs"],
    &["resolve", "--all", "--delete"],
    &["resolve", "--all", "--ours"],
    &["merge", "--continue"],
    &["sql", "-c", "SELECT * FROM users", "-c", "SELECT * FROM log"],
    &["get", "key"],
    &["revert", "HEAD~1"],
    &["revert", "dev~1"],
    &["cherry-pick", "dev~1"],
];

#[test]
fn merges_print_the_same_in_both_storages() {
    let native = Sandbox::new();
    branches(&native);
    let text = without_hashes(&transcript(&native, SESSION));
    insta::assert_snapshot!("merge", text);
    let git = in_git();
    branches(&git);
    assert_eq!(without_hashes(&transcript(&git, SESSION)), text);
}
