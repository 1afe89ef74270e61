//! Files of rows that become rows of a table.

mod infer;
mod records;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use prollytree_repo::CommitId;
use prollytree_sql::History;
use prollytree_sql::sqlite::{Connection, ConnectionOptions, SqliteError};

use super::literal::name_literal;
use crate::commands::import::{Opened, open};
use crate::error::CliError;
use crate::progress::{Progress, Unit};
use crate::rows::{Problem, RowError};
use crate::storage::Storage;
use crate::store::Place;
use infer::Columns;
pub(crate) use records::{FileFormat, cell as cell_from_json};
use records::{Record, Records};

/// What is to be imported, and where to.
#[derive(Clone, Debug)]
pub(crate) struct Import {
    /// The file as it is named in messages.
    pub(crate) named: PathBuf,
    /// The file as it is read, perhaps several times.
    pub(crate) file: PathBuf,
    /// Its format.
    pub(crate) format: FileFormat,
    /// The table.
    pub(crate) table: String,
    /// The columns of the primary key, if the table is to be made.
    pub(crate) create: Option<Vec<String>>,
    /// Whether rows take the place of those of the same key.
    pub(crate) replace: bool,
    /// What stands for NULL in CSV.
    pub(crate) null: String,
    /// The message of the commit.
    pub(crate) message: String,
}

/// What an import did.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Imported {
    pub(crate) rows: u64,
    pub(crate) commit: CommitId,
}

/// How often an import begins anew because someone else wrote meanwhile.
const TRIES: usize = 10;

impl Import {
    /// Imports all rows as one commit, or none.
    pub(crate) fn run(&self, place: &Place) -> Result<Imported, CliError> {
        let create = match &self.create {
            Some(key) => Some(self.infer()?.create(&self.table, key)?),
            None => None,
        };
        // The rows become a commit with a message that says where they are from.
        let options = ConnectionOptions { history: History::Explicit, working_copy: None };
        let mut connection = Connection::open(place.open()?, options)?;
        for _ in 1..TRIES {
            match self.load(&mut connection, create.as_deref()) {
                Err(error) if error.is_retryable() => connection.refresh()?,
                result => return result,
            }
        }
        self.load(&mut connection, create.as_deref())
    }

    /// Looks at the whole file: a type that the first rows have may not hold the last.
    fn infer(&self) -> Result<Columns, CliError> {
        let mut columns = Columns::new(&self.named);
        self.each("looking at the rows", |record| columns.see(record))?;
        Ok(columns)
    }

    fn load(
        &self,
        connection: &mut Connection<Storage>,
        create: Option<&str>,
    ) -> Result<Imported, CliError> {
        connection.execute("BEGIN", &[])?;
        let loaded = create
            .map_or(Ok(()), |sql| self.create_table(connection, sql))
            .and_then(|()| self.insert(connection));
        let loaded = loaded.and_then(|rows| {
            connection.execute("COMMIT", &[])?;
            Ok(rows)
        });
        if loaded.is_err() && connection.is_in_transaction() {
            connection.execute("ROLLBACK", &[])?;
        }
        Ok(Imported { rows: loaded?, commit: commit(connection, &self.message)? })
    }

    fn create_table(
        &self,
        connection: &mut Connection<Storage>,
        sql: &str,
    ) -> Result<(), CliError> {
        match connection.execute(sql, &[]) {
            Ok(_) => Ok(()),
            Err(SqliteError::Statement { message, .. }) if message.ends_with("already exists") => {
                Err(CliError::TableExists { table: self.table.clone() })
            }
            Err(error) => Err(error.into()),
        }
    }

    fn insert(&self, connection: &mut Connection<Storage>) -> Result<u64, CliError> {
        // The lines of a JSON file may have different fields.
        let mut statements: HashMap<Arc<[String]>, String> = HashMap::new();
        let mut rows = 0;
        self.each("importing", |record| {
            let sql = statements
                .entry(record.names.clone())
                .or_insert_with(|| self.insert_sql(&record.names));
            connection.execute(sql, &record.cells).map_err(|error| self.refused(record, error))?;
            rows += 1;
            Ok(())
        })?;
        Ok(rows)
    }

    fn insert_sql(&self, names: &[String]) -> String {
        let table = name_literal(&self.table);
        let verb = if self.replace { "REPLACE" } else { "INSERT" };
        if names.is_empty() {
            return format!("{verb} INTO {table} DEFAULT VALUES");
        }
        let columns: Vec<_> = names.iter().map(|name| name_literal(name)).collect();
        let marks = vec!["?"; names.len()].join(", ");
        format!("{verb} INTO {table} ({}) VALUES ({marks})", columns.join(", "))
    }

    /// The error of a row that the table does not take, at its place in the file.
    fn refused(&self, record: &Record, error: SqliteError) -> CliError {
        let message = match error {
            SqliteError::Statement { message, .. } if message.starts_with("no such table: ") => {
                return CliError::NoTableToImport { table: self.table.clone() };
            }
            SqliteError::Statement { message, .. } => message,
            other if other.is_retryable() => return other.into(),
            other => other.to_string(),
        };
        let mut columns = record.names.iter();
        let column = columns.rfind(|name| message.ends_with(&format!(".{name}")));
        let (path, column) = (self.named.clone(), column.cloned());
        RowError { path, line: record.line, column, problem: Problem::Refused { message } }.into()
    }

    /// Shows each record of the file.
    fn each(
        &self,
        title: &'static str,
        mut see: impl FnMut(&Record) -> Result<(), CliError>,
    ) -> Result<(), CliError> {
        let (source, size, read): Opened = open(&self.file)?;
        let mut progress = Progress::new(title, Unit::Bytes, size);
        let mut records = Records::new(&self.named, source, self.format, &self.null)?;
        while let Some(record) = records.next()? {
            see(record)?;
            progress.set(done(&read));
        }
        Ok(())
    }
}

fn done(read: &Arc<AtomicU64>) -> u64 {
    read.load(Ordering::Relaxed)
}

/// Commits what was loaded. The rows are saved by now, so others who write only make it wait.
fn commit(connection: &mut Connection<Storage>, message: &str) -> Result<CommitId, CliError> {
    for _ in 1..TRIES {
        match connection.commit(message) {
            Err(error) if error.is_retryable() => connection.refresh()?,
            result => return Ok(result?),
        }
    }
    Ok(connection.commit(message)?)
}

/// Copies standard input to a file, so that it can be read more than once.
pub(crate) fn spool(path: &Path) -> Result<tempfile::NamedTempFile, CliError> {
    let file = tempfile::Builder::new().prefix("prolly-import").tempfile();
    let mut file = file.map_err(CliError::file("create a file in", std::env::temp_dir()))?;
    let mut source = crate::context::open_input(path)?;
    std::io::copy(&mut source, &mut file).map_err(CliError::file("read", path))?;
    Ok(file)
}
