//! What a statement is, by its first words, and what is refused.

use super::error::SqliteError;
use super::script::{Token, Tokens};
use super::track::PREFIX;

/// What a statement is.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Kind {
    Begin,
    Commit,
    Rollback,
    Savepoint(String),
    Release(String),
    RollbackTo(String),
    /// Changes the schema.
    Define,
    /// Tells or sets something of the connection.
    Pragma,
    /// Changes rows.
    Change,
    /// Anything else: most of all queries. `WITH` can stand before both.
    Other,
}

impl Kind {
    /// # Errors
    /// The statement would leave the versions of the tables behind.
    pub(super) fn of(sql: &str) -> Result<Self, SqliteError> {
        let mut tokens = Tokens::new(sql);
        let first = tokens.next().filter(|first| !first.is("SELECT"));
        let Some(first) = first else { return Ok(Self::Other) };
        let mut name = |skip: &str| name_behind(&mut tokens, skip);
        let word = first.text.to_ascii_uppercase();
        Ok(match word.as_str() {
            "BEGIN" => Self::Begin,
            "COMMIT" | "END" => Self::Commit,
            "ROLLBACK" => roll_back(&mut tokens),
            "SAVEPOINT" => Self::Savepoint(name("")),
            "RELEASE" => Self::Release(name("SAVEPOINT")),
            "CREATE" | "ALTER" | "DROP" => {
                check_definition(sql)?;
                Self::Define
            }
            "PRAGMA" => {
                check_pragma(tokens)?;
                Self::Pragma
            }
            "INSERT" | "UPDATE" | "DELETE" | "REPLACE" => Self::Change,
            "ATTACH" | "DETACH" => return Err(refused(&word, ATTACH)),
            "VACUUM" => return Err(refused(&word, VACUUM)),
            _ => Self::Other,
        })
    }
}

const ATTACH: &str = "tables of another file have no versions; import them instead";
const VACUUM: &str = "it would number rows anew, and the trees need none: `prolly gc` frees space";
const VIRTUAL: &str = "a virtual table keeps its rows outside of the trees";
const INTERNAL: &str = "names that begin with prolly_ are for the connection's own triggers";
const STATE: &str = "it is where a working copy says what it holds";
const TEMPORARY: &str = "it would run for rows that others changed, too";
const PRAGMA: &str = "it would change how the working copy is kept";

fn refused(statement: &str, why: &'static str) -> SqliteError {
    SqliteError::Refused { statement: statement.to_owned(), why }
}

/// The name of a savepoint.
fn name_behind(tokens: &mut Tokens<'_>, skip: &str) -> String {
    let mut token = tokens.next();
    if !skip.is_empty() && token.is_some_and(|token| token.is(skip)) {
        token = tokens.next();
    }
    token.map(|token| super::read_table::unquote(token.text)).unwrap_or_default()
}

/// `ROLLBACK [TRANSACTION [name]] [TO [SAVEPOINT] name]`
fn roll_back(tokens: &mut Tokens<'_>) -> Kind {
    let mut token = tokens.next();
    if token.is_some_and(|token| token.is("TRANSACTION")) {
        token = tokens.next();
        // A transaction may be given a name, which means nothing.
        if token.is_some_and(|token| !token.is("TO")) {
            token = tokens.next();
        }
    }
    match token {
        Some(token) if token.is("TO") => Kind::RollbackTo(name_behind(tokens, "SAVEPOINT")),
        _ => Kind::Rollback,
    }
}

fn check_definition(sql: &str) -> Result<(), SqliteError> {
    let words: Vec<_> = Tokens::new(sql).take(8).collect();
    let is = |at: usize, word: &str| words.get(at).is_some_and(|token| token.is(word));
    if is(0, "CREATE") && is(1, "VIRTUAL") {
        return Err(refused("CREATE VIRTUAL TABLE", VIRTUAL));
    }
    let is_state = |token: &Token<'_>| {
        super::read_table::unquote(token.text).eq_ignore_ascii_case(super::known::STATE)
    };
    if words.iter().any(is_state) {
        return Err(refused("a table of this name", STATE));
    }
    if is(0, "CREATE") && (is(1, "TEMP") || is(1, "TEMPORARY")) && is(2, "TRIGGER") {
        return Err(refused("CREATE TEMP TRIGGER", TEMPORARY));
    }
    let trigger = words.iter().position(|token| token.is("TRIGGER")).filter(|&at| at <= 2);
    let rest = trigger.and_then(|at| words.get(at..)).unwrap_or_default();
    let is_ours = |token: &Token<'_>| {
        let name = super::read_table::unquote(token.text).to_ascii_lowercase();
        name.starts_with(PREFIX)
    };
    // The name stands behind IF [NOT] EXISTS and the name of the schema.
    if rest.iter().take_while(|token| !token.is("ON")).any(is_ours) {
        return Err(refused("a trigger of this name", INTERNAL));
    }
    Ok(())
}

/// What may be asked.
const ASKED: [&str; 24] = [
    "application_id",
    "collation_list",
    "compile_options",
    "database_list",
    "encoding",
    "foreign_key_check",
    "foreign_key_list",
    "freelist_count",
    "function_list",
    "index_info",
    "index_list",
    "index_xinfo",
    "integrity_check",
    "journal_mode",
    "module_list",
    "page_count",
    "page_size",
    "pragma_list",
    "quick_check",
    "schema_version",
    "table_info",
    "table_list",
    "table_xinfo",
    "user_version",
];

/// What may be set, too: for this connection, and nothing of how rows are kept.
const SET: [&str; 14] = [
    "analysis_limit",
    "automatic_index",
    "busy_timeout",
    "cache_size",
    "cache_spill",
    "case_sensitive_like",
    "defer_foreign_keys",
    "foreign_keys",
    "optimize",
    "query_only",
    "recursive_triggers",
    "reverse_unordered_selects",
    "soft_heap_limit",
    "threads",
];

fn check_pragma(mut tokens: Tokens<'_>) -> Result<(), SqliteError> {
    let mut name = tokens.next().map(|token| token.text.to_ascii_lowercase()).unwrap_or_default();
    let mut sign = tokens.next();
    if sign.is_some_and(|token| token.text == ".") {
        name = tokens.next().map(|token| token.text.to_ascii_lowercase()).unwrap_or_default();
        sign = tokens.next();
    }
    let sets = sign.is_some_and(|token| token.text == "=")
        // A list's argument is what it is about.
        || sign.is_some() && ["application_id", "journal_mode", "page_size", "encoding",
            "schema_version", "user_version"].contains(&name.as_str());
    if SET.contains(&name.as_str()) || ASKED.contains(&name.as_str()) && !sets {
        return Ok(());
    }
    Err(refused(&format!("PRAGMA {name}"), PRAGMA))
}

/// Whether SQLite counts what a statement changes.
pub(super) fn changes_rows(sql: &str) -> bool {
    let words = ["INSERT", "UPDATE", "DELETE", "REPLACE", "WITH"];
    Tokens::new(sql).next().is_some_and(|first| words.iter().any(|word| first.is(word)))
}

/// How a commit that a statement makes is called: its text on one line, shortened.
pub(super) fn message_of(sql: &str, more: usize) -> String {
    const WIDTH: usize = 72;
    let tail = if more == 0 { String::new() } else { format!(" (and {more} more)") };
    let mut line = sql.split_whitespace().collect::<Vec<_>>().join(" ");
    let width = WIDTH.saturating_sub(tail.len());
    if line.chars().count() > width {
        line = line.chars().take(width - 1).chain(['…']).collect();
    }
    line + &tail
}
