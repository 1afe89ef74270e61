//! Making the tables what a choice says, and checking what is left.

use prollytree_repo::{Backend, MapName, Maps, OperationKind, RepoError};

use super::conflicts::{Subject, chosen, describe, subject};
use super::inspect::inspect;
use super::operation::Recorded;
use super::plan::{Plan, Plans, Side};
use super::settle::{conflict, place};
use super::{Expressions, RowChoice, RowConflict};
use crate::catalog::{Catalog, TABLE, VIEW, index_map, rows_map};
use crate::database::{Change, Database};
use crate::error::SqlError;
use crate::schema::Table;
use crate::text;
use crate::value::Row;
use crate::version::Version;

impl<B: Backend + 'static> Database<B> {
    /// Resolves conflicts, and leaves others open.
    pub(super) fn resolve_these(
        &mut self,
        conflicts: Recorded,
        rest: Recorded,
        choice: &RowChoice,
        expressions: &mut dyn Expressions,
    ) -> Result<(), SqlError> {
        self.require_operation()?;
        let done = self.choose(&conflicts, choice, expressions);
        let done = done.and_then(|()| self.check_again(rest, expressions));
        if done.is_err() {
            self.roll_back()?;
        }
        done.map(drop)
    }

    /// Makes the working state what a choice means.
    fn choose(
        &mut self,
        conflicts: &Recorded,
        choice: &RowChoice,
        expressions: &mut dyn Expressions,
    ) -> Result<(), SqlError> {
        let version = self.current()?;
        let mut done = Vec::new();
        for (map, recorded) in conflicts {
            let (table, row_key) = match subject(&version, map, recorded)? {
                None => continue,
                Some(Subject::Entry { prefix, name }) => {
                    self.choose_entry(prefix, &name, choice)?;
                    continue;
                }
                Some(Subject::Row { table, key }) => (table, key),
                Some(Subject::Violation { table, key, .. }) => (table, key),
            };
            // A row that both sides changed says more than the constraints that it breaks.
            if done.contains(&(table.clone(), row_key.clone())) {
                continue;
            }
            if let Some(found) = describe(&version, map, recorded)?
                && let Some(row) = chosen(&found, choice)
            {
                self.write_choice(&found, &row_key, row, expressions)?;
            }
            done.push((table, row_key));
        }
        Ok(())
    }

    fn write_choice(
        &mut self,
        conflict: &RowConflict,
        row_key: &[u8],
        row: Option<Row>,
        expressions: &mut dyn Expressions,
    ) -> Result<(), SqlError> {
        let handle = self.table(&conflict.table)?;
        if let Some(row) = &row
            && !handle.table().has_hidden_key()
            && handle.codec().key(row)? != row_key
        {
            let (table, key) = (conflict.table.clone(), text::list(&conflict.key));
            return Err(SqlError::OtherKey { table, key });
        }
        let change = row.map_or(Change::Delete, Change::Put);
        let mut evaluate = |key: &_, row: &_| expressions.index_value(key, row);
        self.write(&handle, [(row_key.to_vec(), change)], &mut evaluate)
    }

    fn choose_entry(
        &mut self,
        prefix: &str,
        name: &str,
        choice: &RowChoice,
    ) -> Result<(), SqlError> {
        match choice {
            RowChoice::Ours | RowChoice::Working => return Ok(()),
            RowChoice::Theirs => {}
            RowChoice::Base | RowChoice::Row(_) => {
                return Err(SqlError::NoSuchChoice { name: name.to_owned() });
            }
        }
        let backend = self.repository().backend().clone();
        let theirs = Version::open(backend, self.repository().operation_theirs()?)?;
        let mut catalog = (**self.catalog()).clone();
        let mut maps = self.current()?.maps().clone();
        match prefix {
            TABLE => take_table(name, &theirs, &mut catalog, &mut maps)?,
            VIEW => {
                catalog.remove_view(name);
                let view = theirs.catalog().views().find(|view| view.name == name);
                view.into_iter().for_each(|view| catalog.put_view((**view).clone()));
            }
            _ => {
                catalog.remove_trigger(name);
                let trigger = theirs.catalog().triggers().find(|trigger| trigger.name == name);
                trigger.into_iter().for_each(|trigger| catalog.put_trigger((**trigger).clone()));
            }
        }
        self.replace_tables(maps, catalog)
    }

    /// Checks what the operation changed, brings indexes up to date, and records the conflicts that are
    /// left: these, and rows that break a constraint now.
    pub(super) fn check_again(
        &mut self,
        mut open: Recorded,
        expressions: &mut dyn Expressions,
    ) -> Result<u64, SqlError> {
        let working = self.current()?;
        let plans = self.plans(&working)?;
        let inspection = inspect(&plans, expressions)?;
        for violation in &inspection.violations {
            let (map, found) = conflict(&plans, violation)?;
            if !open.iter().any(|(other, known)| *other == map && known.key == found.key) {
                open.push((map, found));
            }
        }
        let mut maps = working.maps().clone();
        place(&plans, &inspection.trees, &mut maps)?;
        let count = open.len() as u64;
        self.finish_with(|repo| {
            if repo.working_maps()? != maps {
                repo.set_working_maps(maps);
            }
            Ok(repo.replace_conflicts(open)?)
        })?;
        Ok(count)
    }

    /// The tables as they are beside those of both sides.
    fn plans(&mut self, working: &Version<B>) -> Result<Plans<B>, SqlError> {
        let repo = self.repository();
        let backend = repo.backend().clone();
        let kind = repo.operation().ok_or(RepoError::NoOperation)?.kind;
        let is_merge = kind == OperationKind::Merge;
        let ours = Version::open(backend.clone(), repo.head_maps().clone())?;
        let theirs = match repo.operation_theirs() {
            Ok(maps) => Some(Version::open(backend, maps)?),
            // Nobody remembers which parent it was: constraints that only theirs has are checked on
            // all rows.
            Err(RepoError::Mainline { .. }) => None,
            Err(error) => return Err(error.into()),
        };
        let mut plans = Plans::new();
        for table in working.catalog().tables() {
            let merged = working.table(&table.name)?;
            let shape = *merged.snapshot().config();
            let side = |version: &Version<B>, by_slot| -> Result<Option<Side<B>>, SqlError> {
                if version.catalog().table(&table.name).is_none() {
                    return Ok(None);
                }
                let rows = version.table(&table.name)?;
                Side::matched(&rows, merged.codec(), by_slot, shape).map(Some)
            };
            let ours = side(&ours, true)?;
            let theirs = theirs.as_ref().map_or(Ok(None), |theirs| side(theirs, is_merge))?;
            let plan = Plan { base: None, ours, theirs, moved: Default::default(), merged };
            plans.insert(table.name.clone(), plan);
        }
        Ok(plans)
    }
}

/// The maps that hold a table.
fn maps_of(table: &Table) -> Result<Vec<MapName>, SqlError> {
    let mut maps = vec![rows_map(&table.name)?];
    for index in table.indexes.iter().filter(|index| index.is_stored()) {
        maps.push(index_map(&table.name, &index.name)?);
    }
    Ok(maps)
}

/// Puts a table of another version, or none, in the place of one.
fn take_table<B: Backend + 'static>(
    name: &str,
    theirs: &Version<B>,
    catalog: &mut Catalog,
    maps: &mut Maps,
) -> Result<(), SqlError> {
    let sequence = catalog.sequence(name).max(theirs.catalog().sequence(name));
    if let Some(table) = catalog.remove_table(name) {
        for map in maps_of(&table)? {
            maps.remove(&map);
        }
    }
    let Some(table) = theirs.catalog().table(name) else { return Ok(()) };
    catalog.put_table(table.clone());
    for map in maps_of(table)? {
        maps.extend(theirs.maps().get(&map).map(|root| (map, *root)));
    }
    if sequence > 0 {
        catalog.put_sequence(name, sequence);
    }
    Ok(())
}
