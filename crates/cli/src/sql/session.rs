//! A session: the connection, and how results are shown.

use std::io::BufRead;
use std::path::Path;
use std::time::{Duration, Instant};

use prollytree_sql::sqlite::{
    Connection, ConnectionOptions, Outcome, RowSink, SqliteError, schema_text,
};
use prollytree_sql::{History, SqlError, Value};

use super::at::At;
use super::command::{self, Next};
use super::error::{Before, StatementError};
use super::format::Style;
use super::hint::{Names, hint};
use super::lines::RowWriter;
use super::script::{Piece, Script, Source};
use crate::context::open_input;
use crate::error::CliError;
use crate::output::{Output, style};
use crate::storage::Storage;
use crate::store::{Place, Repo};
use crate::text::plural;

/// Statements and what they give.
pub(crate) struct Session<'o> {
    place: Place,
    history: History,
    /// The connection, from the first statement on that needs it.
    live: Option<Connection<Storage>>,
    /// The version that is read instead of the working state.
    at: Option<At>,
    pub(super) out: &'o mut Output,
    pub(super) style: Style,
    /// Whether the time that a statement took is told.
    pub(super) is_timed: bool,
    /// What the shell calls the working state; read anew outside transactions.
    branch: String,
    /// How many scripts are being read: those that a script reads, too.
    depth: u32,
}

/// Scripts that read themselves end here.
const MAX_DEPTH: u32 = 16;

impl<'o> Session<'o> {
    pub(crate) fn new(place: Place, history: History, style: Style, out: &'o mut Output) -> Self {
        let (live, at, branch) = (None, None, String::new());
        Self { place, history, live, at, out, style, is_timed: false, branch, depth: 0 }
    }

    /// The connection to the working state.
    pub(super) fn live(&mut self) -> Result<&mut Connection<Storage>, CliError> {
        let connection = match self.live.take() {
            Some(connection) => connection,
            None => {
                let options = ConnectionOptions { history: self.history, working_copy: None };
                Connection::open(self.place.open()?, options)?
            }
        };
        Ok(self.live.insert(connection))
    }

    /// Reads a version from now on; without a revision, works on the working state again.
    pub(crate) fn read_at(&mut self, revision: Option<&str>) -> Result<(), CliError> {
        self.at = match revision {
            Some(revision) => Some(At::open(&self.place, Some(revision))?),
            None => None,
        };
        Ok(())
    }

    /// Whether a transaction is under way.
    pub(super) fn is_in_transaction(&self) -> bool {
        self.live.as_ref().is_some_and(Connection::is_in_transaction)
    }

    /// Tells the time of each statement from now on, or not.
    pub(crate) fn set_timed(&mut self, is_timed: bool) {
        self.is_timed = is_timed;
    }

    /// Runs a file; `-` is standard input.
    pub(crate) fn run_file(&mut self, path: &Path) -> Result<Next, CliError> {
        if self.depth == MAX_DEPTH {
            return Err(CliError::TooDeep { path: path.to_owned() });
        }
        let source = match path == Path::new("-") {
            true => Source::Input,
            false => Source::File(path.to_owned()),
        };
        let file = std::io::BufReader::new(open_input(path)?);
        self.depth += 1;
        let next = self.run_script(&source, file);
        self.depth -= 1;
        next
    }

    /// Runs a script up to its end, the command `.quit`, or the first error.
    pub(crate) fn run_script(
        &mut self,
        source: &Source,
        mut lines: impl BufRead,
    ) -> Result<Next, CliError> {
        let mut script = Script::new();
        let mut line = String::new();
        let mut ran = 0;
        loop {
            line.clear();
            let len = lines.read_line(&mut line).map_err(CliError::read(source))?;
            if len == 0 {
                script.end();
            } else {
                script.push(&line);
            }
            while let Some(piece) = script.next() {
                if self.run_piece(&piece, source, ran)?.is_quit() {
                    return Ok(Next::Quit);
                }
                ran += 1;
            }
            if len == 0 {
                break;
            }
        }
        Ok(Next::Go)
    }

    /// Ends the session of a script.
    pub(crate) fn end(&self) -> Result<(), CliError> {
        if self.is_in_transaction() { Err(CliError::OpenTransaction) } else { Ok(()) }
    }

    /// Runs a statement or a command, behind so many others of the script.
    pub(super) fn run_piece(
        &mut self,
        piece: &Piece,
        source: &Source,
        ran: u64,
    ) -> Result<Next, CliError> {
        if piece.is_command {
            return command::run(self, &piece.text);
        }
        let was_open = self.is_in_transaction();
        let before = match (source, ran) {
            (Source::Shell, _) => Before::None,
            _ if was_open => Before::RolledBack(ran),
            (_, 0) => Before::None,
            _ => Before::Stand(ran),
        };
        let started = Instant::now();
        match self.execute(&piece.text, &[])? {
            Ok(()) => {}
            Err(cause) => {
                let mut error = StatementError::new(cause, piece, source, before);
                error.hint = hint(&error.cause, || self.names());
                return Err(Box::new(error).into());
            }
        }
        // Whoever writes into our pipe may wait for the answer.
        self.out.flush()?;
        if self.is_timed {
            tell_time(started.elapsed());
        }
        Ok(Next::Go)
    }

    /// Runs a statement and writes what it gives. The inner error is that of the statement.
    pub(super) fn execute(
        &mut self,
        sql: &str,
        params: &[Value],
    ) -> Result<Result<(), SqliteError>, CliError> {
        if self.at.is_none() {
            let live = self.live()?;
            // A query in the shell sees what others committed meanwhile.
            if !live.is_in_transaction() {
                live.refresh()?;
            }
        }
        let paint = self.out.is_color();
        let mut writer = RowWriter::new(&self.style, self.out, paint);
        let outcome = match (&self.at, &mut self.live) {
            (Some(at), _) => at.execute_each(sql, params, &mut writer),
            (None, Some(live)) => patiently(live, sql, params, &mut writer),
            (None, None) => Ok(Outcome::Done),
        };
        let is_query = matches!(outcome, Ok(Outcome::Rows(_)));
        let rows = writer.finish(is_query)?;
        let outcome = match outcome {
            Ok(outcome) => outcome,
            Err(error) => return Ok(Err(error)),
        };
        if self.style.is_for_people() {
            let said = match outcome {
                Outcome::Rows(_) => Some(plural(rows, "row")),
                Outcome::Changed(count) => Some(format!("Changed {}", plural(count, "row"))),
                Outcome::Done => None,
            };
            if let Some(said) = said {
                let said = self.out.paint(style::FAINT, said);
                self.out.line(said)?;
            }
        }
        Ok(Ok(()))
    }

    /// What the version is called that statements work on: the branch, or the revision.
    pub(super) fn place_name(&mut self) -> String {
        if let Some(at) = &self.at {
            return format!("@{}", at.revision());
        }
        if !self.is_in_transaction() {
            let found = self.live().and_then(|live| Ok(live.with_repository(branch_name)?));
            // A fault is told by the next statement, which cannot go on without the repository.
            self.branch = found.unwrap_or_default();
        }
        self.branch.clone()
    }

    /// The rows of a query of our own, as texts.
    fn texts(&mut self, sql: &str) -> Result<Vec<String>, CliError> {
        let rows = self.live()?.query(sql, &[])?.rows;
        let cells = rows.iter().flatten();
        Ok(cells.map(|cell| super::cell::text(cell).into_owned()).collect())
    }

    /// The statements that make the tables, indexes, views and triggers, or those of one table.
    pub(super) fn schema(&mut self, table: Option<&str>) -> Result<Vec<String>, CliError> {
        if let Some(at) = &self.at {
            let text = schema_text(at.version().catalog(), table);
            return Ok([text.tables, text.rest].concat());
        }
        Ok(self.live()?.schema_sql(table)?)
    }

    /// The tables and views, in the order of their names.
    pub(super) fn tables(&mut self) -> Result<Vec<String>, CliError> {
        if let Some(at) = &self.at {
            return Ok(at.tables());
        }
        let mut names = self.live()?.tables()?;
        names.extend(self.texts("SELECT name FROM sqlite_schema WHERE type = 'view'")?);
        names.sort_unstable();
        Ok(names)
    }

    /// The names of tables and their columns. What cannot be read has no names: this is for hints and
    /// completion, which must not fail where a statement did not.
    pub(super) fn names(&mut self) -> Names {
        if let Some(at) = &self.at {
            return at.names();
        }
        let tables = self.tables().unwrap_or_default();
        let columns = "SELECT DISTINCT c.name FROM sqlite_schema AS t, pragma_table_xinfo(t.name) AS c \
                       WHERE t.type IN ('table', 'view') AND t.name NOT LIKE 'sqlite\\_%' ESCAPE '\\'";
        let columns = self.texts(columns).unwrap_or_default();
        Names { tables, columns }
    }
}

/// Runs a statement, again and again while others are faster: outside a transaction nothing of it was
/// done then, and nothing shown.
fn patiently(
    live: &mut Connection<Storage>,
    sql: &str,
    params: &[Value],
    sink: &mut dyn RowSink,
) -> Result<Outcome, SqliteError> {
    // Each failed try is a success of someone else; so many in a row mean that something is wrong.
    const TRIES: usize = 200;
    let is_alone = !live.is_in_transaction();
    for _ in 1..TRIES {
        match live.execute_each(sql, params, sink) {
            Err(error) if is_alone && error.is_retryable() => {}
            outcome => return outcome,
        }
    }
    live.execute_each(sql, params, sink)
}

/// The branch that is checked out, or the commit where there is none.
fn branch_name(repo: &mut Repo) -> Result<String, SqlError> {
    let branch = repo.current_branch().map(str::to_owned);
    let commit = || repo.tip().map(|tip| tip.short().to_string());
    Ok(branch.or_else(commit).unwrap_or_default())
}

/// Tells how long a statement took, on standard error: results stay what they are.
fn tell_time(time: Duration) {
    let micros = time.as_micros();
    if micros < 1000 {
        anstream::eprintln!("Took {micros} µs");
    } else {
        anstream::eprintln!("Took {}.{:03} ms", micros / 1000, micros % 1000);
    }
}
