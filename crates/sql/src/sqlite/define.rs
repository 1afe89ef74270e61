//! Statements that change the schema: SQLite runs them, then the catalog is made to say what SQLite's
//! schema says.

use std::collections::BTreeSet;
use std::sync::Arc;

use prollytree_repo::Backend;

use super::connection::Connection;
use super::error::SqliteError;
use super::known::{self, Kind, Known, Objects};
use super::mirror::Mirror;
use super::read_table::read_table;
use crate::catalog::MAX_SLOTS;
use crate::database::{Database, no_expressions};
use crate::error::SqlError;
use crate::schema::{Definition, Index, Table};

impl<B: Backend + 'static> Connection<B> {
    /// Brings the catalog to what the schema of the working copy says. Rows must have been harvested
    /// before the statement.
    pub(super) fn harvest_schema(&mut self) -> Result<(), SqliteError> {
        let now = known::read(&self.copy.sqlite)?;
        let before = std::mem::take(&mut self.copy.known.objects);
        if now == before {
            self.copy.known.objects = before;
            return Ok(());
        }
        // Left empty by an error, it is put back with the whole transaction.
        self.drop_definitions(&before, &now)?;
        self.harvest_tables(&before, &now)?;
        self.make_definitions(&before, &now)?;
        self.copy.known.objects = now;
        Ok(())
    }

    fn harvest_tables(&mut self, before: &Objects, now: &Objects) -> Result<(), SqliteError> {
        let names = |objects: &Objects| Known::tables(objects).cloned().collect::<BTreeSet<_>>();
        let (old_names, new_names) = (names(before), names(now));
        let gone: Vec<_> = old_names.difference(&new_names).collect();
        let new: Vec<_> = new_names.difference(&old_names).collect();
        let mut changed = changed_tables(before, now);
        match (gone.as_slice(), new.as_slice()) {
            // One statement does not both drop and make a table.
            ([from], [to]) => {
                self.shared.database().rename_table(from, to)?;
                if let Some(number) = self.copy.known.watched.remove(*from) {
                    self.copy.known.watched.insert((*to).clone(), number);
                }
                changed.insert((*to).clone());
            }
            _ => {
                for name in gone {
                    self.shared.database().drop_table(name)?;
                    self.copy.known.watched.remove(name);
                }
            }
        }
        changed.retain(|name| new_names.contains(name));
        for name in changed {
            let sql = now.get(&(Kind::Table, name.clone())).map(|object| object.sql.as_str());
            self.harvest_table_schema(&name, sql.unwrap_or_default())?;
        }
        Ok(())
    }

    fn harvest_table_schema(&mut self, name: &str, sql: &str) -> Result<(), SqliteError> {
        let old = self.shared.database().catalog().table(name).cloned();
        let table = read_table(&self.copy.sqlite, name, sql, old.as_deref())?;
        if table.next_slot > MAX_SLOTS {
            let why = "so many columns were added to it that its rows have no place for more";
            return Err(SqliteError::Table { table: name.to_owned(), why: why.to_owned() });
        }
        let is_new = old.is_none();
        let mirror = Arc::new(Mirror::new(Arc::new(table.clone()))?);
        {
            let mut database = self.shared.database();
            match old {
                None => database.create_table(table)?,
                Some(old) if *old == table => {}
                Some(old) => alter(&mut database, &old, table)?,
            }
        }
        self.copy.watch(mirror)?;
        if is_new && let Some(&number) = self.copy.known.watched.get(name) {
            // CREATE TABLE … AS SELECT fills the table before anybody watches it.
            self.copy.tracker.mark_all(&self.copy.sqlite, number)?;
            self.harvest()?;
        }
        Ok(())
    }

    fn drop_definitions(&mut self, before: &Objects, now: &Objects) -> Result<(), SqliteError> {
        let mut database = self.shared.database();
        for ((kind, name), object) in before {
            if now.get(&(*kind, name.clone())) != Some(object) {
                match kind {
                    Kind::View => _ = database.drop_view(name)?,
                    Kind::Trigger => _ = database.drop_trigger(name)?,
                    Kind::Table | Kind::Index => {}
                }
            }
        }
        Ok(())
    }

    fn make_definitions(&mut self, before: &Objects, now: &Objects) -> Result<(), SqliteError> {
        let mut database = self.shared.database();
        for ((kind, name), object) in now {
            if before.get(&(*kind, name.clone())) == Some(object) {
                continue;
            }
            let (name, sql) = (name.clone(), object.sql.clone());
            match kind {
                Kind::View => database.create_view(Definition { name, on: None, sql })?,
                Kind::Trigger => {
                    let on = Some(object.on.clone());
                    database.create_trigger(Definition { name, on, sql })?;
                }
                Kind::Table | Kind::Index => {}
            }
        }
        Ok(())
    }
}

/// The tables whose own statement changed, or that of an index.
fn changed_tables(before: &Objects, now: &Objects) -> BTreeSet<String> {
    let differing = |one: &Objects, other: &Objects| {
        let objects = one.iter().filter(|((kind, _), _)| matches!(kind, Kind::Table | Kind::Index));
        let objects = objects.filter(|(key, object)| other.get(key) != Some(object));
        objects.map(|(_, object)| object.on.clone()).collect::<BTreeSet<_>>()
    };
    let mut changed = differing(now, before);
    changed.extend(differing(before, now));
    changed
}

/// Makes a table look as `new` does.
fn alter<B: Backend + 'static>(
    database: &mut Database<B>,
    old: &Table,
    new: Table,
) -> Result<(), SqlError> {
    let name = new.name.as_str();
    let is_kept = |index: &&Index| new.indexes.contains(index);
    for index in old.indexes.iter().filter(|index| !is_kept(index)) {
        database.drop_index(name, &index.name)?;
    }
    for column in old.columns.iter().filter(|column| new.position(column.slot).is_none()) {
        database.drop_column(name, &column.name)?;
    }
    let (kept, added): (Vec<_>, Vec<_>) =
        new.indexes.iter().cloned().partition(|index| old.indexes.contains(index));
    database.alter_table(Table { indexes: kept, ..new.clone() })?;
    for index in added {
        database.create_index(name, index, &mut no_expressions)?;
    }
    Ok(())
}
