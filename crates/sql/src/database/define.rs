//! Making, changing and dropping tables and what belongs to them.

use std::sync::Arc;

use prollytree_repo::Backend;

use super::{Database, EvaluateIndex, TableHandle};
use crate::catalog::{MAX_SLOTS, index_map, rows_map};
use crate::error::SqlError;
use crate::row::RowCodec;
use crate::schema::{Column, Definition, Index, IndexKey, Table};
use crate::version::ALL_KEYS;

impl<B: Backend + 'static> Database<B> {
    /// Makes a table.
    ///
    /// # Errors
    /// There is something of its name already, the name cannot be used, or the backend fails.
    pub fn create_table(&mut self, table: Table) -> Result<(), SqlError> {
        self.require_free_name(&table.name)?;
        rows_map(&table.name)?;
        let mut table = table;
        table.indexes.sort_by(|a, b| a.name.cmp(&b.name));
        // Wrong names are told before anything changes.
        TableHandle::new(Arc::new(table.clone()))?;
        let mut catalog = (*self.catalog).clone();
        catalog.put_table(Arc::new(table));
        self.set_catalog(catalog)
    }

    fn require_free_name(&self, name: &str) -> Result<(), SqlError> {
        let exists = |kind| Err(SqlError::Exists { kind, name: name.to_owned() });
        if self.catalog.find_table(name).is_some() {
            return exists("table");
        }
        if self.catalog.views().any(|view| view.name.eq_ignore_ascii_case(name)) {
            return exists("view");
        }
        Ok(())
    }

    /// Drops a table, its rows, indexes and triggers.
    ///
    /// # Errors
    /// There is no such table, or the backend fails.
    pub fn drop_table(&mut self, name: &str) -> Result<(), SqlError> {
        let table = self.table(name)?;
        self.touch()?;
        let maps = table.indexes().iter().map(|(_, map)| map);
        for map in maps.chain([table.rows_map()]) {
            self.repo.delete_range(map, ..)?;
        }
        let mut catalog = (*self.catalog).clone();
        catalog.remove_table(name);
        let triggers: Vec<_> = catalog.triggers().cloned().collect();
        for trigger in triggers.iter().filter(|trigger| trigger.on.as_deref() == Some(name)) {
            catalog.remove_trigger(&trigger.name);
        }
        self.next_rowids.remove(name);
        self.set_catalog(catalog)
    }

    /// Gives a table another name. Nothing is rewritten: O(tables).
    ///
    /// # Errors
    /// There is no such table, there is something of the new name already, or the backend fails.
    pub fn rename_table(&mut self, name: &str, new_name: &str) -> Result<(), SqlError> {
        let old = self.table(name)?;
        if !name.eq_ignore_ascii_case(new_name) {
            self.require_free_name(new_name)?;
        }
        let mut table = (**old.table()).clone();
        table.name = new_name.to_owned();
        let new = TableHandle::new(Arc::new(table.clone()))?;
        self.touch()?;
        let mut maps = self.repo.working_maps()?;
        let from = old.indexes().iter().map(|(_, map)| map).chain([old.rows_map()]);
        let to = new.indexes().iter().map(|(_, map)| map).chain([new.rows_map()]);
        let moved: Vec<_> =
            from.zip(to).map(|(from, to)| (to.clone(), maps.remove(from))).collect();
        maps.extend(moved.into_iter().filter_map(|(to, root)| Some((to, root?))));
        self.repo.set_working_maps(maps);
        let mut catalog = (*self.catalog).clone();
        let sequence = catalog.sequence(name);
        catalog.remove_table(name);
        catalog.put_table(Arc::new(table));
        if sequence > 0 {
            catalog.put_sequence(new_name, sequence);
        }
        // Foreign keys follow the table that they refer to.
        let referring = catalog.tables().filter(|table| {
            table.foreign_keys.iter().any(|key| key.table.eq_ignore_ascii_case(name))
        });
        for table in referring.cloned().collect::<Vec<_>>() {
            let mut table = (*table).clone();
            for key in
                table.foreign_keys.iter_mut().filter(|key| key.table.eq_ignore_ascii_case(name))
            {
                key.table = new_name.to_owned();
            }
            catalog.put_table(Arc::new(table));
        }
        self.next_rowids.remove(name);
        self.set_catalog(catalog)
    }

    /// Replaces what a table looks like, where its rows stay as they are: names, defaults, checks,
    /// foreign keys, new columns behind the old ones.
    ///
    /// # Errors
    /// There is no such table, or the backend fails.
    pub fn alter_table(&mut self, table: Table) -> Result<(), SqlError> {
        if self.catalog.table(&table.name).is_none() {
            return Err(SqlError::NoTable { table: table.name });
        }
        let mut catalog = (*self.catalog).clone();
        catalog.put_table(Arc::new(table));
        self.set_catalog(catalog)
    }

    /// Adds a column, whose [`initial`](Column::initial) value all rows have then. No row is
    /// rewritten. The slot is given here.
    ///
    /// # Errors
    /// There is no such table, a column of this name is there, rows would have no value for a column
    /// that must have one, or the backend fails.
    pub fn add_column(&mut self, table: &str, column: Column) -> Result<(), SqlError> {
        let handle = self.table(table)?;
        let mut table = (**handle.table()).clone();
        if table.columns.iter().any(|old| old.name.eq_ignore_ascii_case(&column.name)) {
            return Err(SqlError::Exists { kind: "column", name: column.name });
        }
        let rows = self.current()?.rows_of(handle.codec().clone())?;
        let slot = table.next_slot;
        if column.not_null && column.initial.is_null() && !rows.is_empty() || slot >= MAX_SLOTS {
            return Err(SqlError::NoInitialValue { table: table.name, column: column.name });
        }
        table.columns.push(Column { slot, ..column });
        table.next_slot += 1;
        self.alter_table(table)
    }

    /// Gives a column another name.
    ///
    /// # Errors
    /// There is no such table or column, a column of the new name is there, or the backend fails.
    pub fn rename_column(&mut self, table: &str, name: &str, new: &str) -> Result<(), SqlError> {
        let mut table = (**self.table(table)?.table()).clone();
        let column = table.column(name).map(|column| column.slot);
        let Some(slot) = column else {
            return Err(SqlError::NoColumn { table: table.name, column: name.to_owned() });
        };
        let taken = table
            .columns
            .iter()
            .any(|column| column.slot != slot && column.name.eq_ignore_ascii_case(new));
        if taken {
            return Err(SqlError::Exists { kind: "column", name: new.to_owned() });
        }
        for column in table.columns.iter_mut().filter(|column| column.slot == slot) {
            column.name = new.to_owned();
        }
        self.alter_table(table)
    }

    /// Drops a column, and rewrites the rows without it.
    ///
    /// # Errors
    /// There is no such table or column, a key, an index or a foreign key needs it, or the backend
    /// fails.
    pub fn drop_column(&mut self, table: &str, name: &str) -> Result<(), SqlError> {
        let handle = self.table(table)?;
        let mut table = (**handle.table()).clone();
        let Some(position) = table.columns.iter().position(|column| column.name == name) else {
            return Err(SqlError::NoColumn { table: table.name, column: name.to_owned() });
        };
        let slot = table.columns[position].slot;
        if let Some(what) = user_of(&table, slot) {
            return Err(SqlError::ColumnInUse { table: table.name, column: name.to_owned(), what });
        }
        let rows = self.current()?.rows_of(handle.codec().clone())?;
        table.columns.remove(position);
        let codec = RowCodec::new(Arc::new(table.clone()));
        self.touch()?;
        for row in rows.scan(ALL_KEYS, false).rows() {
            let (key, mut row) = row?;
            row.remove(position);
            let value = codec.encode(&row)?;
            self.repo.set(handle.rows_map(), key, value)?;
        }
        self.alter_table(table)
    }

    /// Makes an index, and builds its tree if it has one.
    ///
    /// # Errors
    /// There is no such table, an index of this name is there, rows break its uniqueness, or the
    /// backend fails; then nothing has changed.
    pub fn create_index(
        &mut self,
        table: &str,
        index: Index,
        evaluate: &mut EvaluateIndex<'_>,
    ) -> Result<(), SqlError> {
        let old = self.table(table)?.table().clone();
        let mut table = (*old).clone();
        if table.indexes.iter().any(|found| found.name.eq_ignore_ascii_case(&index.name)) {
            return Err(SqlError::Exists { kind: "index", name: index.name });
        }
        index_map(&table.name, &index.name)?;
        let name = index.name.clone();
        table.indexes.push(index);
        table.indexes.sort_by(|a, b| a.name.cmp(&b.name));
        self.alter_table(table)?;
        let handle = self.table(&old.name)?;
        let built = self.build_index(&handle, &name, evaluate);
        if built.is_err() {
            self.repo.delete_range(&index_map(&old.name, &name)?, ..)?;
            self.alter_table((*old).clone())?;
        }
        built
    }

    /// Drops an index.
    ///
    /// # Errors
    /// There is no such table or index, or the backend fails.
    pub fn drop_index(&mut self, table: &str, index: &str) -> Result<(), SqlError> {
        let mut table = (**self.table(table)?.table()).clone();
        let Some(position) = table.indexes.iter().position(|found| found.name == index) else {
            return Err(SqlError::NoIndex { table: table.name, index: index.to_owned() });
        };
        table.indexes.remove(position);
        self.touch()?;
        self.repo.delete_range(&index_map(&table.name, index)?, ..)?;
        self.alter_table(table)
    }

    /// Makes a view.
    ///
    /// # Errors
    /// There is something of its name already, or the backend fails.
    pub fn create_view(&mut self, view: Definition) -> Result<(), SqlError> {
        self.require_free_name(&view.name)?;
        let mut catalog = (*self.catalog).clone();
        catalog.put_view(view);
        self.set_catalog(catalog)
    }

    /// Drops a view, and tells whether there was one.
    ///
    /// # Errors
    /// The backend fails.
    pub fn drop_view(&mut self, name: &str) -> Result<bool, SqlError> {
        let mut catalog = (*self.catalog).clone();
        let was = catalog.remove_view(name);
        self.set_catalog(catalog)?;
        Ok(was)
    }

    /// Makes a trigger, or replaces the one of its name.
    ///
    /// # Errors
    /// The backend fails.
    pub fn create_trigger(&mut self, trigger: Definition) -> Result<(), SqlError> {
        let mut catalog = (*self.catalog).clone();
        catalog.put_trigger(trigger);
        self.set_catalog(catalog)
    }

    /// Drops a trigger, and tells whether there was one.
    ///
    /// # Errors
    /// The backend fails.
    pub fn drop_trigger(&mut self, name: &str) -> Result<bool, SqlError> {
        let mut catalog = (*self.catalog).clone();
        let was = catalog.remove_trigger(name);
        self.set_catalog(catalog)?;
        Ok(was)
    }

    /// Keeps the greatest rowid that a table with `autoincrement` ever had.
    ///
    /// # Errors
    /// The backend fails.
    pub fn set_sequence(&mut self, table: &str, sequence: i64) -> Result<(), SqlError> {
        if self.catalog.sequence(table) == sequence {
            return Ok(());
        }
        let mut catalog = (*self.catalog).clone();
        catalog.put_sequence(table, sequence);
        self.set_catalog(catalog)
    }
}

/// What needs a column, if anything does.
fn user_of(table: &Table, slot: u32) -> Option<String> {
    if table.primary_key.iter().any(|part| part.slot == slot) {
        return Some("the primary key".to_owned());
    }
    let of_index =
        |index: &&Index| index.parts.iter().any(|part| part.key == IndexKey::Column(slot));
    if let Some(index) = table.indexes.iter().find(of_index) {
        return Some(format!("index {}", index.name));
    }
    let key = table.foreign_keys.iter().find(|key| key.columns.contains(&slot));
    key.map(|key| format!("the foreign key to {}", key.table))
}
