//! Files become tables, and tables files.

use std::process::Command;

use super::{PEOPLE, transcript};
use crate::git::in_git;
use crate::support::{Sandbox, without_hashes};

#[test]
fn files_are_imported_with_their_types() {
    let sandbox = Sandbox::new();
    sandbox
        .write("a.csv", "id,zip,size,note\n1,007,1,\n2,12345,2.5,\"a,\"\"b\"\"\"\n3,,,x\n")
        .write("b.jsonl", concat!(
            "{\"k\": \"a\", \"n\": 1, \"yes\": true, \"deep\": {\"b\": [1, 2.0]}}\n\n",
            "{\"n\": 12345678901234567890, \"k\": \"b\", \"mixed\": 1, \"data\": {\"hex\": \"00ff\"}}\n",
            "{\"k\": \"c\", \"yes\": null, \"mixed\": \"x\", \"real\": 1}\n",
            "{\"k\": \"d\", \"real\": 1.5, \"mixed\": false}\n",
        ))
        .write("more.csv", "note,id\nnew,4\n")
        .write("twice.csv", "id,note\n5,five\n4,again\n")
        .write("bad.csv", "id,note\n6,six\n7\n")
        .write("other.csv", "id,nothing\n6,six\n")
        .write("bad.jsonl", "{\"k\": 1}\n{\"k\": }\n")
        .write("empty.csv", "")
        .write("header.csv", "id,ID\n")
        .write("strict.csv", "n\n1\nx\n");
    sandbox.sql("CREATE TABLE strict (n INTEGER) STRICT");
    let text = transcript(
        &sandbox,
        &[
            &["sql", "import", "a.csv", "a", "--create", "--key", "id"],
            &["sql", "import", "b.jsonl", "b", "--create", "--key", "k"],
            &["sql", "-c", ".schema a", "-c", ".schema b"],
            &["sql", "export", "a", "--format", "csv"],
            &["sql", "export", "b", "--format", "jsonl"],
            &["sql", "import", "more.csv", "a", "-m", "More"],
            &["sql", "import", "twice.csv", "a"],
            &["sql", "import", "twice.csv", "a", "--replace", "--json"],
            &["sql", "import", "bad.csv", "a"],
            &["sql", "import", "other.csv", "a"],
            &["sql", "import", "bad.jsonl", "b"],
            &["sql", "import", "strict.csv", "strict"],
            &["sql", "import", "a.csv", "nowhere"],
            &["sql", "import", "a.csv", "a", "--create"],
            &["sql", "import", "a.csv", "c", "--create", "--key", "id,nothing"],
            &["sql", "import", "empty.csv", "c", "--create"],
            &["sql", "import", "header.csv", "c", "--create"],
            &["sql", "import", "missing.csv", "c", "--create"],
            &["sql", "import", "file", "c"],
            &["sql", "import", "a.csv", "c", "--key", "id"],
            &["sql", "export", "nowhere", "--format", "csv"],
            &["sql", "export", "a"],
            &["sql", "export", "-c", "SELECT nothing FROM a", "--format", "csv"],
            &[
                "sql",
                "export",
                "-c",
                "SELECT count(*) AS n FROM a",
                "--at",
                "HEAD~1",
                "--format",
                "json",
            ],
            &["log", "--oneline"],
        ],
    );
    insta::assert_snapshot!("import", without_hashes(&text));
}

#[test]
fn what_is_exported_can_be_imported() {
    let sandbox = Sandbox::new();
    sandbox.sql(PEOPLE);
    sandbox.ok(&["sql", "export", "people", "-o", "a.jsonl"]);
    sandbox.sql(&PEOPLE.replace("people", "again"));
    sandbox.sql("DELETE FROM again");
    sandbox.ok(&["sql", "import", "a.jsonl", "again"]);
    let roots = |sandbox: &Sandbox, table: &str| {
        let status = sandbox.json(&["status"]).remove(0);
        status["maps"][format!("sql/rows/{table}")]["root"].clone()
    };
    assert_eq!(roots(&sandbox, "again"), roots(&sandbox, "people"));
    // CSV has no bytes.
    sandbox.sql("UPDATE people SET photo = NULL, size = 1");
    sandbox.sql("DELETE FROM again");
    sandbox.ok(&["sql", "export", "people", "-o", "a.csv", "--null", "\\N"]);
    let ran = sandbox.script(
        &["import", "-", "again", "--format", "csv", "--null", "\\N"],
        &sandbox.read("a.csv"),
    );
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert_eq!(roots(&sandbox, "again"), roots(&sandbox, "people"));
    // An export that fails leaves what was there.
    let ran =
        sandbox.run(&["sql", "export", "-c", "SELECT abs(-9223372036854775808)", "-o", "a.csv"]);
    assert_eq!(ran.code, Some(3), "{ran:?}");
    assert!(sandbox.read("a.csv").starts_with("id,name"));
}

/// A schema with everything that a dump has to put in order.
const SCHEMA: &str = "\
CREATE TABLE pets (owner INTEGER REFERENCES people ON DELETE CASCADE, name TEXT, loud TEXT AS (upper(name)) STORED, CHECK (name <> ''));
INSERT INTO pets (owner, name) VALUES (1, 'Rex'), (3, 'it''s'), (NULL, 'Tom');
DELETE FROM pets WHERE name = 'Tom';
CREATE UNIQUE INDEX pets_name ON pets (name COLLATE NOCASE DESC) WHERE owner > 0;
CREATE VIEW owners AS SELECT p.name AS person, q.name AS pet FROM people p JOIN pets q ON q.owner = p.id;
CREATE TABLE sums (n INTEGER, a TEXT, b, PRIMARY KEY (a, n DESC)) WITHOUT ROWID;
INSERT INTO sums VALUES (-9223372036854775807 - 1, 'x', 1), (0, 'y', CAST(x'6100' AS TEXT));
CREATE TRIGGER grow AFTER INSERT ON pets BEGIN UPDATE sums SET n = n + 1 WHERE a = 'y'; END;
";

#[test]
fn a_dump_makes_the_same_tables() {
    for sandbox in [Sandbox::new(), in_git()] {
        sandbox.sql(PEOPLE);
        sandbox.sql(SCHEMA);
        let dump = sandbox.ok(&["sql", "dump"]);
        insta::assert_snapshot!("dump", dump);
        let other = Sandbox::new();
        other.write("dump.sql", &dump);
        other.ok(&["sql", "dump.sql"]);
        assert_eq!(other.ok(&["sql", "dump"]), dump);
        assert_eq!(
            other.sql("INSERT INTO pets (owner, name) VALUES (1, 'Fox'); SELECT n FROM sums"),
            sandbox.sql("INSERT INTO pets (owner, name) VALUES (1, 'Fox'); SELECT n FROM sums")
        );
        // One commit made all of them.
        assert_eq!(other.ok(&["log", "--oneline"]).lines().count(), 2);
        let old = sandbox.ok(&["sql", "dump", "people", "--at", "HEAD~7", "--schema"]);
        insta::assert_snapshot!("dump_schema", old);
    }
}

#[test]
fn the_program_of_sqlite_reads_a_dump() {
    let Ok(version) = Command::new("sqlite3").arg("--version").output() else { return };
    assert!(version.status.success());
    let sandbox = Sandbox::new();
    sandbox.sql(PEOPLE);
    sandbox.sql(SCHEMA);
    sandbox.ok(&["sql", "dump", "-o", "dump.sql"]);
    let mut command = sandbox.prepared("sqlite3", &["-bail", "x.db", ".read dump.sql"]);
    let ran = command.output().unwrap();
    assert!(ran.status.success() && ran.stderr.is_empty(), "{ran:?}");
    // As digits, because the two programs write texts in different ways.
    let query = "SELECT hex(quote(owner) || loud) FROM pets ORDER BY name;
        SELECT hex(person || pet) FROM owners ORDER BY 1;
        SELECT hex(id || quote(name) || (size > 1e308) || quote(photo)) FROM people WHERE size <> 0";
    let ran = sandbox.prepared("sqlite3", &["x.db", query]).output().unwrap();
    let ours = sandbox.ok(&["sql", "--format", "csv", "--no-header", "-c", query]);
    assert_eq!(String::from_utf8(ran.stdout).unwrap(), ours);
}
