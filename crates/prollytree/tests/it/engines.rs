//! Both engines on one set of tables.

use gluesql_core::prelude::Glue;
use prollytree::sql::ProllyStorage;
use prollytree::sql::sqlite::{Connection, ConnectionOptions};

use crate::support::in_git;

#[test]
fn a_table_of_one_engine_is_a_table_of_the_other_in_git() {
    let folder = tempfile::tempdir().unwrap();
    let mut connection = Connection::open(in_git(&folder), ConnectionOptions::default()).unwrap();
    connection
        .run("CREATE TABLE note (id INTEGER PRIMARY KEY, text TEXT); INSERT INTO note VALUES (7, 'x')")
        .unwrap();
    drop(connection);
    let storage = ProllyStorage::with_repository(in_git(&folder)).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let mut glue = Glue::new(storage);
    let found = runtime.block_on(glue.execute("SELECT text FROM note WHERE id = 7")).unwrap();
    assert!(format!("{found:?}").contains("Str(\"x\")"), "{found:?}");
    runtime.block_on(glue.execute("INSERT INTO note VALUES (8, 'y')")).unwrap();
    let git = std::process::Command::new("git")
        .args(["log", "--format=%s"])
        .current_dir(folder.path().join("data"))
        .output()
        .unwrap();
    let log = String::from_utf8(git.stdout).unwrap();
    assert_eq!(log.lines().count(), 3, "{log}");
    assert!(log.starts_with("INSERT INTO"), "{log}");
}
