//! Connections on stores in memory.

use prollytree_repo::{MemoryBackend, Options, Repository};
use prollytree_sql::sqlite::{Connection, ConnectionOptions, Outcome, SqliteError};
use prollytree_sql::{Value, text};

pub(super) type Memory = Connection<MemoryBackend>;

pub(super) fn options() -> Options {
    Options::default().with_author_name("Ada").with_author_email("ada@example.org")
}

pub(super) fn new_backend() -> MemoryBackend {
    let backend = MemoryBackend::new();
    Repository::init(backend.clone(), options()).unwrap();
    backend
}

pub(super) fn open(backend: &MemoryBackend) -> Memory {
    let repo = Repository::open(backend.clone(), options()).unwrap();
    Connection::open(repo, ConnectionOptions::default()).unwrap()
}

/// A connection, and another one that knows of its tables from the trees alone.
pub(super) struct Both {
    pub(super) backend: MemoryBackend,
    pub(super) first: Memory,
}

impl Both {
    pub(super) fn new() -> Self {
        let backend = new_backend();
        let first = open(&backend);
        Self { backend, first }
    }

    pub(super) fn with(script: &str) -> Self {
        let mut both = Self::new();
        both.run(script);
        both
    }

    #[track_caller]
    pub(super) fn run(&mut self, script: &str) -> Vec<Outcome> {
        self.first.run(script).unwrap_or_else(|error| panic!("{error}: {script}"))
    }

    pub(super) fn fail(&mut self, script: &str) -> SqliteError {
        self.first.run(script).expect_err(script)
    }

    /// The rows of a query, which the trees alone give, too.
    #[track_caller]
    pub(super) fn rows(&mut self, sql: &str) -> Vec<String> {
        let rows = rows(&mut self.first, sql);
        assert_eq!(rows, self::rows(&mut open(&self.backend), sql), "from the trees: {sql}");
        rows
    }

    /// Whether both have the same schema, and go on from it in the same way.
    #[track_caller]
    pub(super) fn check_fails_everywhere(&mut self, sql: &str, message: &str) {
        let first = self.first.run(sql).expect_err(sql).to_string();
        let second = open(&self.backend).run(sql).expect_err(sql).to_string();
        assert!(first.contains(message), "{first}");
        assert!(second.contains(message), "from the trees: {second}");
    }
}

#[track_caller]
pub(super) fn rows(connection: &mut Memory, sql: &str) -> Vec<String> {
    let found = connection.query(sql, &[]).unwrap_or_else(|error| panic!("{error}: {sql}"));
    found.rows.iter().map(|row| show(row)).collect()
}

pub(super) fn show(row: &[Value]) -> String {
    row.iter().map(text::show).collect::<Vec<_>>().join("|")
}
