//! What a table of the working copy looks like: what SQLite tells of its columns, and its text, read
//! by a parser, for what SQLite does not tell.

use rusqlite::fallible_iterator::FallibleIterator as _;
use sqlite3_parser::ast::{
    Cmd, ColumnConstraint, ColumnDefinition, CreateTableBody, DeferSubclause, Expr,
    ForeignKeyClause, InitDeferredPred, Name, NamedTableConstraint, RefAct, RefArg, ResolveType,
    Stmt, TabFlags, TableConstraint,
};
use sqlite3_parser::lexer::sql::Parser;

use super::convert::from_sqlite;
use super::copy::is_expression;
use super::error::SqliteError;
use super::read_index;
use super::text_of::{declared, ident, literal};
use crate::schema::{
    Action, Check, Collation, Column, ForeignKey, Generated, KeyColumn, Table, TableKind,
};
use crate::value::{ColumnType, Value};

/// Reads a table that SQLite keeps as `sql`. What it looked like before tells which columns are the
/// same.
pub(super) fn read_table(
    sqlite: &rusqlite::Connection,
    name: &str,
    sql: &str,
    old: Option<&Table>,
) -> Result<Table, SqliteError> {
    let Stmt::CreateTable { body, .. } = parse(name, sql)? else {
        return Err(refused(name, "its definition is no CREATE TABLE"));
    };
    let CreateTableBody::ColumnsAndConstraints { columns, constraints, flags } = body else {
        return Err(refused(name, "its definition is a query"));
    };
    let kind = if flags.contains(TabFlags::WithoutRowid) {
        TableKind::WithoutRowid
    } else {
        old.map(|old| old.kind).unwrap_or_default()
    };
    let strict = old.map_or(flags.contains(TabFlags::Strict), |old| old.strict);
    let comment = old.and_then(|old| old.comment.clone());
    let table = Table { name: name.to_owned(), kind, strict, comment, ..Table::default() };
    let mut reader = Reader { sqlite, table };
    reader.columns(old)?;
    for (position, column) in columns.values().enumerate() {
        reader.column_constraints(position, column)?;
    }
    for NamedTableConstraint { name, constraint } in constraints.iter().flatten() {
        reader.table_constraint(name.as_ref(), constraint)?;
    }
    let mut table = reader.table;
    read_index::read_key(sqlite, &mut table)?;
    table.indexes = read_index::read_indexes(sqlite, &table, old)?;
    Ok(table)
}

pub(super) fn refused(table: &str, why: &str) -> SqliteError {
    SqliteError::Table { table: table.to_owned(), why: why.to_owned() }
}

/// Reads a statement that SQLite keeps.
pub(super) fn parse(table: &str, sql: &str) -> Result<Stmt, SqliteError> {
    match Parser::new(sql.as_bytes()).next() {
        Ok(Some(Cmd::Stmt(statement))) => Ok(statement),
        Ok(_) => Err(refused(table, "its definition is no statement")),
        Err(error) => Err(refused(table, &format!("its definition cannot be read: {error}"))),
    }
}

/// A name or a collation without its quotes.
pub(super) fn unquote(name: &str) -> String {
    let inner = |quote: &str| {
        let inner = name.strip_prefix(quote)?.strip_suffix(quote)?;
        Some(inner.replace(&quote.repeat(2), quote))
    };
    let brackets = || Some(name.strip_prefix('[')?.strip_suffix(']')?.to_owned());
    let found = inner("\"").or_else(|| inner("'")).or_else(|| inner("`")).or_else(brackets);
    found.unwrap_or_else(|| name.to_owned())
}

pub(super) fn collation(table: &str, name: &str) -> Result<Collation, SqliteError> {
    match name.to_ascii_lowercase().as_str() {
        "binary" => Ok(Collation::Binary),
        "nocase" => Ok(Collation::NoCase),
        "rtrim" => Ok(Collation::Rtrim),
        _ => Err(refused(table, &format!("{name} is no collation"))),
    }
}

struct Reader<'c> {
    sqlite: &'c rusqlite::Connection,
    table: Table,
}

impl Reader<'_> {
    /// Reads names, types and defaults, and gives each column its slot.
    fn columns(&mut self, old: Option<&Table>) -> Result<(), SqliteError> {
        self.table.next_slot = old.map_or(0, |old| old.next_slot);
        let of = format!("PRAGMA main.table_xinfo({})", literal(&self.table.name));
        let mut statement = self.sqlite.prepare(&of)?;
        let mut rows = statement.query([])?;
        let mut columns = Vec::new();
        while let Some(row) = rows.next()? {
            let default: Option<String> = row.get(4)?;
            columns.push(Column {
                name: row.get(1)?,
                declared: row.get(2)?,
                not_null: row.get(3)?,
                default: default.map(|text| default_text(&text)),
                ..Column::default()
            });
        }
        let names: Vec<_> = columns.iter().map(|column| column.name.clone()).collect();
        for (position, mut column) in columns.into_iter().enumerate() {
            match old.and_then(|old| same_column(old, &names, position)) {
                Some(before) => {
                    column.slot = before.slot;
                    column.initial = before.initial.clone();
                    column.comment = before.comment.clone();
                    if let (None, Some(default)) = (&column.default, &before.default)
                        && !is_expression(self.sqlite, default)
                    {
                        column.default = Some(default.clone());
                    }
                    if declared(before).eq_ignore_ascii_case(&column.declared) {
                        (column.ty, column.declared) = (before.ty, before.declared.clone());
                    } else {
                        column.ty = type_of(&column.declared, self.table.strict);
                    }
                }
                None => {
                    column.slot = self.table.next_slot;
                    column.ty = type_of(&column.declared, self.table.strict);
                    self.table.next_slot += 1;
                    if old.is_some() {
                        column.initial = self.initial(&column.name)?;
                    }
                }
            }
            self.table.columns.push(column);
        }
        Ok(())
    }

    /// What rows have in a column that was added to them: all the same.
    fn initial(&self, column: &str) -> Result<Value, SqliteError> {
        let (column, table) = (ident(column), ident(&self.table.name));
        let sql = format!("SELECT {column} FROM main.{table} LIMIT 1");
        let mut statement = self.sqlite.prepare(&sql)?;
        let mut rows = statement.query([])?;
        let row = rows.next()?;
        Ok(row.map(|row| row.get_ref(0).map(from_sqlite)).transpose()?.unwrap_or_default())
    }

    fn column_constraints(
        &mut self,
        position: usize,
        definition: &ColumnDefinition,
    ) -> Result<(), SqliteError> {
        let table = self.table.name.clone();
        let Some(slot) = self.table.columns.get(position).map(|column| column.slot) else {
            return Err(refused(&table, "its definition has other columns than the table"));
        };
        for named in &definition.constraints {
            match &named.constraint {
                ColumnConstraint::PrimaryKey { conflict_clause, auto_increment, .. } => {
                    self.table.autoincrement |= auto_increment;
                    self.require_abort(*conflict_clause)?;
                }
                ColumnConstraint::NotNull { conflict_clause, .. }
                | ColumnConstraint::Unique(conflict_clause) => {
                    self.require_abort(*conflict_clause)?;
                }
                ColumnConstraint::Check(check) => self.check(named.name.as_ref(), check),
                ColumnConstraint::Collate { collation_name } => {
                    let collation = collation(&table, &unquote(&collation_name.0))?;
                    self.with_column(position, |column| column.collation = collation);
                }
                ColumnConstraint::Generated { expr, typ } => {
                    let stored = typ.as_ref().is_some_and(|ty| ty.0.eq_ignore_ascii_case("stored"));
                    let generated = Some(Generated { expression: expr.to_string(), stored });
                    self.with_column(position, |column| {
                        column.generated = generated;
                        column.initial = Value::Null;
                    });
                }
                ColumnConstraint::ForeignKey { clause, deref_clause } => {
                    self.foreign_key(
                        named.name.as_ref(),
                        vec![slot],
                        clause,
                        deref_clause.as_ref(),
                    );
                }
                // Stands behind the foreign key that it is for.
                ColumnConstraint::Defer(clause) => {
                    if let Some(key) = self.table.foreign_keys.last_mut() {
                        key.deferred = is_deferred(Some(clause));
                    }
                }
                ColumnConstraint::Default(_) => {}
            }
        }
        Ok(())
    }

    fn with_column(&mut self, position: usize, change: impl FnOnce(&mut Column)) {
        if let Some(column) = self.table.columns.get_mut(position) {
            change(column);
        }
    }

    fn table_constraint(
        &mut self,
        name: Option<&Name>,
        constraint: &TableConstraint,
    ) -> Result<(), SqliteError> {
        match constraint {
            TableConstraint::PrimaryKey { conflict_clause, auto_increment, .. } => {
                self.table.autoincrement |= auto_increment;
                self.require_abort(*conflict_clause)
            }
            TableConstraint::Unique { conflict_clause, .. } => self.require_abort(*conflict_clause),
            TableConstraint::Check(check) => {
                self.check(name, check);
                Ok(())
            }
            TableConstraint::ForeignKey { columns, clause, deref_clause } => {
                let slots = columns.iter().map(|column| {
                    let column = self.table.column(&unquote(&column.col_name.0));
                    column.map(|column| column.slot)
                });
                let slots = slots.collect::<Option<Vec<_>>>();
                let slots = slots
                    .ok_or_else(|| refused(&self.table.name, "a foreign key has no such column"))?;
                self.foreign_key(name, slots, clause, deref_clause.as_ref());
                Ok(())
            }
        }
    }

    /// The catalog has no place for what a constraint does instead of failing.
    fn require_abort(&self, clause: Option<ResolveType>) -> Result<(), SqliteError> {
        match clause {
            None | Some(ResolveType::Abort) => Ok(()),
            Some(_) => Err(refused(
                &self.table.name,
                "a constraint has ON CONFLICT: say INSERT OR … or ON CONFLICT in statements instead",
            )),
        }
    }

    fn check(&mut self, name: Option<&Name>, check: &Expr) {
        let name = name.map(|name| unquote(&name.0)).unwrap_or_default();
        self.table.checks.push(Check { name, expression: check.to_string() });
    }

    fn foreign_key(
        &mut self,
        name: Option<&Name>,
        columns: Vec<u32>,
        clause: &ForeignKeyClause,
        defer: Option<&DeferSubclause>,
    ) {
        let referenced = clause.columns.iter().flatten();
        let mut key = ForeignKey {
            name: name.map(|name| unquote(&name.0)).unwrap_or_default(),
            columns,
            table: unquote(&clause.tbl_name.0),
            referenced: referenced.map(|column| unquote(&column.col_name.0)).collect(),
            on_delete: Action::NoAction,
            on_update: Action::NoAction,
            deferred: is_deferred(defer),
        };
        for arg in &clause.args {
            match arg {
                RefArg::OnDelete(act) => key.on_delete = action(*act),
                RefArg::OnUpdate(act) => key.on_update = action(*act),
                RefArg::OnInsert(_) | RefArg::Match(_) => {}
            }
        }
        self.table.foreign_keys.push(key);
    }
}

fn is_deferred(clause: Option<&DeferSubclause>) -> bool {
    clause.is_some_and(|clause| {
        clause.deferrable && clause.init_deferred == Some(InitDeferredPred::InitiallyDeferred)
    })
}

fn action(act: RefAct) -> Action {
    match act {
        RefAct::NoAction => Action::NoAction,
        RefAct::Restrict => Action::Restrict,
        RefAct::Cascade => Action::Cascade,
        RefAct::SetNull => Action::SetNull,
        RefAct::SetDefault => Action::SetDefault,
    }
}

/// The column that a table had before: of the same name, or, if one column alone has a new name, at
/// the same place.
fn same_column<'t>(old: &'t Table, names: &[String], position: usize) -> Option<&'t Column> {
    let name = names.get(position)?;
    let by_name = old.columns.iter().find(|column| column.name.eq_ignore_ascii_case(name));
    by_name.or_else(|| {
        let column = old.columns.get(position).filter(|_| old.columns.len() == names.len())?;
        let is_gone = !names.iter().any(|name| column.name.eq_ignore_ascii_case(name));
        is_gone.then_some(column)
    })
}

/// A default as an expression that can stand in parentheses: there a bare word would be a column.
fn default_text(text: &str) -> String {
    let of_word = |byte: u8| byte.is_ascii_alphanumeric() || b"_$".contains(&byte) || byte >= 0x80;
    let is_word =
        text.bytes().all(of_word) && !text.starts_with(|first: char| first.is_ascii_digit());
    let words = ["true", "false", "null", "current_time", "current_date", "current_timestamp"];
    let is_known = words.iter().any(|word| text.eq_ignore_ascii_case(word));
    if is_word && !is_known {
        return literal(text);
    }
    if text.starts_with(['`', '[']) && text.ends_with(['`', ']']) {
        return literal(&unquote(text));
    }
    match text.strip_prefix('"').and_then(|text| text.strip_suffix('"')) {
        Some(inner) if !inner.replace("\"\"", "").contains('"') => {
            literal(&inner.replace("\"\"", "\""))
        }
        _ => text.to_owned(),
    }
}

/// The type that a declaration stands for ("Determination Of Column Affinity" in SQLite's
/// documentation). What may be of any kind there may be here.
fn type_of(declared: &str, strict: bool) -> ColumnType {
    let name = declared.to_ascii_uppercase();
    let has = |part: &str| name.contains(part);
    if has("INT") {
        ColumnType::Int64
    } else if has("CHAR") || has("CLOB") || has("TEXT") {
        ColumnType::Text
    } else if strict && name == "BLOB" {
        ColumnType::Bytes
    } else if !has("BLOB") && (has("REAL") || has("FLOA") || has("DOUB")) {
        ColumnType::Float64
    } else {
        ColumnType::Any
    }
}

/// The places of the primary key in the columns that SQLite tells, in its order.
pub(super) fn key_positions(
    sqlite: &rusqlite::Connection,
    table: &str,
) -> Result<Vec<usize>, SqliteError> {
    let of = format!("PRAGMA main.table_xinfo({})", literal(table));
    let mut statement = sqlite.prepare(&of)?;
    let rows = statement.query_map([], |row| Ok((row.get(5)?, row.get(0)?)))?;
    let mut positions = rows.collect::<Result<Vec<(u16, u16)>, _>>()?;
    positions.retain(|(number, _)| *number > 0);
    positions.sort_unstable();
    Ok(positions.into_iter().map(|(_, position)| usize::from(position)).collect())
}

/// A part of the primary key, as SQLite finds rows by it.
pub(super) fn key_part(table: &Table, position: usize, descending: bool) -> Option<KeyColumn> {
    let slot = table.columns.get(position)?.slot;
    Some(KeyColumn { slot, descending })
}
