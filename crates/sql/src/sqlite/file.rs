//! A working copy in a file, which the connections of several processes share.
//!
//! A table in it, which nobody else sees, says which version of the tables it holds; it changes in the
//! transactions that change the rows. So a connection that holds the file's lock brings it up to date
//! from whatever it is, be it left behind by a crash or moved ahead by another process.

use std::path::Path;
use std::sync::Arc;

use prollytree_repo::{Backend, Commit, Identity, Maps, Timestamp};
use rusqlite::{Connection, ErrorCode, OptionalExtension};

use super::copy::WorkingCopy;
use super::error::SqliteError;
use super::known::{self, STATE};
use super::mirror::Mirror;
use super::transaction::PATIENCE;
use crate::catalog::Catalog;
use crate::version::Version;

/// How a working copy is laid out. One of another layout is made anew.
const FORMAT: i64 = 1;

/// What a connection remembers of the file.
#[derive(Debug, Default)]
pub(super) struct FileState {
    /// What the file said when the connection looked last.
    seen: Vec<u8>,
    /// What it says once the transaction under way is committed.
    next: Option<Vec<u8>>,
}

impl WorkingCopy {
    /// Opens the file of a working copy, or makes it; one that is damaged is made anew.
    pub(super) fn open(path: &Path) -> Result<Self, SqliteError> {
        let opened = open_file(path).or_else(|error| match error.sqlite_error_code() {
            Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => {
                remove(path)?;
                open_file(path)
            }
            _ => Err(error),
        });
        let failed = |source| SqliteError::WorkingCopy { path: path.to_owned(), source };
        let mut copy = Self::new(opened.map_err(failed)?)?;
        copy.file = Some(FileState::default());
        Ok(copy)
    }

    /// What the file says it holds, if that is not what the connection saw last. `None` in it: nothing
    /// that can be read.
    pub(super) fn look(&mut self) -> Result<Option<Option<Maps>>, SqliteError> {
        if self.file.is_none() {
            return Ok(None);
        }
        let said = self.said()?.unwrap_or_default();
        let Some(file) = &mut self.file else { return Ok(None) };
        if said == file.seen && !said.is_empty() {
            return Ok(None);
        }
        let maps = Commit::decode(&said).ok().map(|commit| commit.maps);
        file.seen = said;
        Ok(Some(maps))
    }

    fn said(&self) -> rusqlite::Result<Option<Vec<u8>>> {
        let exists = "SELECT 1 FROM main.sqlite_schema WHERE name = ?";
        if !self.sqlite.prepare_cached(exists)?.exists([STATE])? {
            return Ok(None);
        }
        let sql = format!("SELECT maps FROM main.{STATE} WHERE format = {FORMAT}");
        self.sqlite.prepare_cached(&sql)?.query_row([], |row| row.get(0)).optional()
    }

    /// Writes what the file holds from the end of the transaction on.
    pub(super) fn say(&mut self, maps: &Maps) -> Result<(), SqliteError> {
        let Some(file) = &mut self.file else { return Ok(()) };
        let said = encode(maps)?;
        let sql = format!("UPDATE main.{STATE} SET maps = ? WHERE format = {FORMAT}");
        let known = self.sqlite.prepare_cached(&sql).and_then(|mut update| update.execute([&said]));
        if !matches!(known, Ok(1)) {
            self.sqlite.execute_batch(&format!(
                "DROP TABLE IF EXISTS main.{STATE};
                 CREATE TABLE main.{STATE} (format INTEGER PRIMARY KEY, maps BLOB NOT NULL);"
            ))?;
            let sql = format!("INSERT INTO main.{STATE} VALUES ({FORMAT}, ?)");
            self.sqlite.execute(&sql, [&said])?;
        }
        file.next = Some(said);
        Ok(())
    }

    /// Remembers what was written, behind a commit; or forgets it, behind a roll-back.
    pub(super) fn settle(&mut self, committed: bool) {
        if let Some(file) = &mut self.file {
            match file.next.take() {
                Some(next) if committed => file.seen = next,
                _ => {}
            }
        }
    }

    /// Forgets what the file said, behind a roll-back of what was made of that.
    pub(super) fn forget(&mut self) {
        if let Some(file) = &mut self.file {
            *file = FileState::default();
        }
    }

    /// Takes over what another process made of the file: watches its tables.
    pub(super) fn adopt<B: Backend + 'static>(
        &mut self,
        before: &Catalog,
        theirs: &Version<B>,
    ) -> Result<(), SqliteError> {
        let gone: Vec<_> = self.known.watched.keys().cloned().collect();
        for name in gone.iter().filter(|name| theirs.catalog().table(name).is_none()) {
            if let Some(number) = self.known.watched.remove(name) {
                self.tracker.unwatch(&self.sqlite, number)?;
            }
        }
        for table in theirs.catalog().tables() {
            let is_watched = self.known.watched.contains_key(&table.name);
            if !is_watched || before.table(&table.name) != Some(table) {
                self.watch(Arc::new(Mirror::new(table.clone())?))?;
            }
        }
        self.known.objects = known::read(&self.sqlite)?;
        Ok(())
    }
}

/// The maps of the tables as bytes: a commit's, which nobody sees.
fn encode(maps: &Maps) -> Result<Vec<u8>, SqliteError> {
    let author = Identity { name: "prolly".to_owned(), email: "prolly".to_owned() };
    let time = Timestamp::utc(0);
    let tables = maps.iter().filter(|(name, _)| name.as_str().starts_with("sql/"));
    let maps = tables.map(|(name, root)| (name.clone(), *root)).collect();
    let commit = Commit { maps, parents: Vec::new(), author, time, message: String::new() };
    commit.encode().map_err(|source| {
        let name = STATE.to_owned();
        SqliteError::Table { table: name, why: source.to_string() }
    })
}

fn open_file(path: &Path) -> rusqlite::Result<Connection> {
    let sqlite = Connection::open(path)?;
    sqlite.busy_timeout(PATIENCE)?;
    // The trees are the truth, so the last changes of a crash may be lost here.
    sqlite.execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;")?;
    sqlite.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))?;
    Ok(sqlite)
}

/// Removes the file and what SQLite keeps beside it.
fn remove(path: &Path) -> rusqlite::Result<()> {
    for suffix in ["", "-wal", "-shm"] {
        let mut name = path.as_os_str().to_owned();
        name.push(suffix);
        match std::fs::remove_file(&name) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(rusqlite::Error::InvalidPath(name.into()));
            }
            _ => {}
        }
    }
    Ok(())
}
