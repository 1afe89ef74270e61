//! Merging all tables of a version: the adjuster of the repository's merges.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use prollytree_repo::{Adjust, Backend, MapName, MapRoot, Maps, MergedMaps, RepoError, Versions};
use prollytree_tree::{Conflict, TreeConfig};

use super::columns::{Origin, invert, match_columns};
use super::plan::{Base, Plan, Plans, Side};
use super::references::IndexTrees;
use super::reshape::Reshape;
use super::rows::Rows;
use super::schema::{MergedTable, Tables, merge_table};
use super::settle::{kept, place, root, settle};
use super::{Clashes, Expressions, Prefer};
use crate::catalog::{Catalog, TABLE, catalog_map, rows_map};
use crate::error::SqlError;
use crate::row::{RowCodec, same_cell};
use crate::schema::Table;
use crate::version::{RowDiff, TableVersion, Version};

/// Merges the tables of two versions.
pub(super) struct TableMerger<'e, B> {
    pub(super) backend: B,
    pub(super) prefer: Prefer,
    pub(super) expressions: &'e mut dyn Expressions,
}

impl<B: Backend + 'static> Adjust for TableMerger<'_, B> {
    fn owns(&self, map: &MapName) -> bool {
        is_of_tables(map)
    }

    fn merge(&mut self, versions: Versions<'_>, merged: &mut MergedMaps) -> Result<(), RepoError> {
        let outcome = self.merge_tables(versions, merged);
        outcome.map_err(|error| match error {
            SqlError::Repository(error) => error,
            error => RepoError::Adjust(Box::new(error)),
        })
    }
}

fn is_of_tables(map: &MapName) -> bool {
    map.as_str().starts_with("sql/")
}

fn of_tables(maps: &Maps) -> BTreeMap<&MapName, &MapRoot> {
    maps.iter().filter(|(name, _)| is_of_tables(name)).collect()
}

impl<B: Backend + 'static> TableMerger<'_, B> {
    fn merge_tables(
        &mut self,
        versions: Versions<'_>,
        merged: &mut MergedMaps,
    ) -> Result<(), SqlError> {
        let [base, ours, theirs] = [versions.base, versions.ours, versions.theirs].map(of_tables);
        if theirs == base || theirs == ours {
            return Ok(());
        }
        if ours == base {
            merged.maps.retain(|map, _| !is_of_tables(map));
            merged.maps.extend(theirs.into_iter().map(|(map, root)| (map.clone(), *root)));
            return Ok(());
        }
        let open = |maps: &Maps| Version::open(self.backend.clone(), maps.clone());
        let mut merge = Merge {
            base: open(versions.base)?,
            ours: open(versions.ours)?,
            theirs: open(versions.theirs)?,
            descends: (versions.ours_descends, versions.theirs_descends),
            prefer: if versions.for_base { Prefer::Base } else { self.prefer },
            catalog: Catalog::default(),
            plans: Plans::new(),
            conflicts: Vec::new(),
        };
        let names = [&merge.base, &merge.ours, &merge.theirs];
        let names = names.into_iter().flat_map(|version| version.catalog().tables());
        let names: BTreeSet<_> = names.map(|table| table.name.clone()).collect();
        for name in names {
            merge.table(&name, self.expressions)?;
        }
        merge.definitions()?;
        merge.name_clashes()?;
        merge.sequences();
        // The base of another merge is never looked at but for rows and schemas.
        let mut trees = IndexTrees::new();
        if !versions.for_base {
            let (inspection, broken) = settle(&mut merge.plans, self.expressions)?;
            merge.conflicts.extend(broken);
            trees = inspection.trees;
        }
        merged.maps.retain(|map, _| !is_of_tables(map));
        place(&merge.plans, &trees, &mut merged.maps)?;
        let catalog = merge.write_catalog()?;
        if let Some(root) = root(&catalog) {
            merged.maps.insert(catalog_map()?, root);
        }
        merged.conflicts.append(&mut merge.conflicts);
        Ok(())
    }
}

/// A merge under way.
pub(super) struct Merge<B> {
    pub(super) base: Version<B>,
    pub(super) ours: Version<B>,
    pub(super) theirs: Version<B>,
    /// Whether slots of the base mean the same in `ours` and in `theirs`.
    descends: (bool, bool),
    pub(super) prefer: Prefer,
    pub(super) catalog: Catalog,
    pub(super) plans: Plans<B>,
    conflicts: Vec<(MapName, Conflict)>,
}

/// One of the versions.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Which {
    Base,
    Ours,
    Theirs,
}

impl<B: Backend + 'static> Merge<B> {
    fn version(&self, from: Which) -> &Version<B> {
        match from {
            Which::Base => &self.base,
            Which::Ours => &self.ours,
            Which::Theirs => &self.theirs,
        }
    }

    fn rows(&self, from: Which, name: &str) -> Result<Option<TableVersion<B>>, SqlError> {
        let version = self.version(from);
        version.catalog().table(name).map(|_| version.table(name)).transpose()
    }

    /// Merges one table.
    fn table(&mut self, name: &str, expressions: &mut dyn Expressions) -> Result<(), SqlError> {
        let map = rows_map(name)?;
        let state = |from| {
            let version = self.version(from);
            version.catalog().table(name).map(|table| (table.clone(), version.maps().get(&map)))
        };
        let (base, ours, theirs) = (state(Which::Base), state(Which::Ours), state(Which::Theirs));
        if ours == theirs || theirs == base {
            return self.take(Which::Ours, name);
        }
        if ours == base {
            return self.take(Which::Theirs, name);
        }
        let (Some((ours, _)), Some((theirs, _))) = (&ours, &theirs) else {
            return self.clash(name);
        };
        let base = base.map(|(table, _)| table);
        let (ours, theirs) = (ours.clone(), theirs.clone());
        let tables =
            Tables { base: base.as_deref(), ours: &ours, theirs: &theirs, descends: self.descends };
        let mut clashes = Clashes::default();
        let mut cells_changed = |origin| self.cells_changed(name, origin);
        let merged = merge_table(tables, self.prefer, &mut clashes, &mut cells_changed)?;
        match merged {
            Some(merged) if clashes.0.is_empty() => self.merge_rows(merged, expressions),
            _ => self.clash(name),
        }
    }

    /// The table stays as one side has it, and is a conflict if that is not decided.
    fn clash(&mut self, name: &str) -> Result<(), SqlError> {
        match self.prefer {
            Prefer::Ours => self.take(Which::Ours, name),
            Prefer::Theirs => self.take(Which::Theirs, name),
            Prefer::Base => self.take(Which::Base, name),
            Prefer::Record => {
                self.record(&[TABLE, name].concat())?;
                self.take(Which::Ours, name)
            }
        }
    }

    /// Records that both sides changed an entry of the catalog.
    pub(super) fn record(&mut self, entry: &str) -> Result<(), SqlError> {
        let key = entry.as_bytes().to_vec();
        let value =
            |version: &Version<B>| Ok::<_, SqlError>(version.catalog_tree()?.get_value(&key)?);
        let (base, ours, theirs) = (value(&self.base)?, value(&self.ours)?, value(&self.theirs)?);
        self.conflicts.push((catalog_map()?, Conflict { key, base, ours, theirs }));
        Ok(())
    }

    /// Takes a table as a version has it.
    fn take(&mut self, from: Which, name: &str) -> Result<(), SqlError> {
        let Some(merged) = self.rows(from, name)? else { return Ok(()) };
        self.catalog.put_table(merged.table().clone());
        let shape = *merged.snapshot().config();
        let side = |side| -> Result<Option<Side<B>>, SqlError> {
            let Some(rows) = self.rows(side, name)? else { return Ok(None) };
            let by_slot = self.same_slots(side, from, name);
            Side::matched(&rows, merged.codec(), by_slot, shape).map(Some)
        };
        let ours = side(Which::Ours)?;
        let theirs = if from == Which::Theirs { side(Which::Theirs)? } else { None };
        let base = self.rows(Which::Base, name)?.map(|rows| {
            let by_slot = self.same_slots(Which::Base, from, name);
            let matched = match_columns(rows.table(), merged.table(), by_slot);
            let sources = invert(&matched, merged.table().columns.len());
            let reshape = Reshape::new(rows.table(), merged.codec().clone(), sources);
            Base { reshape: Some(reshape), rows }
        });
        let plan = Plan { merged, base, ours, theirs, moved: Default::default() };
        self.plans.insert(name.to_owned(), plan);
        Ok(())
    }

    /// Whether slots of a table mean the same in two versions: one was made from the other.
    fn same_slots(&self, one: Which, other: Which, name: &str) -> bool {
        let table = |from| self.version(from).catalog().table(name);
        let descends = |from| match from {
            Which::Base => true,
            Which::Ours => self.descends.0,
            Which::Theirs => self.descends.1,
        };
        let is_base =
            |from| from == Which::Base || descends(from) && table(from) == table(Which::Base);
        one == other || descends(one) && descends(other) && (is_base(one) || is_base(other))
    }

    /// Whether the side that kept a column changed cells of it: in rows of the base, or by new rows
    /// that have a value there.
    fn cells_changed(&self, name: &str, origin: Origin) -> Result<bool, SqlError> {
        let kept = match origin.ours {
            Some(at) => Some((Which::Ours, at)),
            None => origin.theirs.map(|at| (Which::Theirs, at)),
        };
        let (Some((from, at)), Some(at_base)) = (kept, origin.base) else { return Ok(false) };
        let (Some(base), Some(side)) = (self.rows(Which::Base, name)?, self.rows(from, name)?)
        else {
            return Ok(false);
        };
        let initial = side.table().columns.get(at).map(|column| column.initial.clone());
        let mut changed = false;
        base.diff(&side, |RowDiff { before, after, .. }| {
            if let Some(cell) = after.as_ref().and_then(|row| row.get(at)) {
                changed |= match before.as_ref().and_then(|row| row.get(at_base)) {
                    Some(before) => !same_cell(before, cell),
                    None => !cell.is_null() && initial.as_ref() != Some(cell),
                };
            }
            Ok(!changed)
        })?;
        Ok(changed)
    }

    /// Merges the rows of a table whose schema is merged.
    fn merge_rows(
        &mut self,
        merged: MergedTable,
        expressions: &mut dyn Expressions,
    ) -> Result<(), SqlError> {
        let MergedTable { table, origins } = merged;
        let (name, codec) = (table.name.clone(), Arc::new(RowCodec::new(Arc::new(table))));
        let shape = self.shape(&name)?;
        let side = |from, at: fn(&Origin) -> Option<usize>| -> Result<Side<B>, SqlError> {
            let none = Table { name: name.clone(), ..Table::default() };
            let rows = match self.rows(from, &name)? {
                Some(rows) => rows,
                None => self.version(from).empty_table(Arc::new(none), shape),
            };
            Side::new(&rows, &codec, origins.iter().map(at).collect(), shape)
        };
        let base = side(Which::Base, |origin| origin.base)?;
        let ours = side(Which::Ours, |origin| origin.ours)?;
        let theirs = side(Which::Theirs, |origin| origin.theirs)?;
        let sequence =
            self.ours.catalog().sequence(&name).max(self.theirs.catalog().sequence(&name));
        let rows = Rows { base: &base.rows, ours: &ours.rows, theirs: &theirs.rows, sequence };
        let merged = rows.merge(self.prefer, expressions)?;
        let map = rows_map(&name)?;
        for found in merged.conflicts {
            self.conflicts.push((map.clone(), kept(found, ours.rows.snapshot().storage())?));
        }
        self.catalog.put_table(codec.table().clone());
        let plan = Plan {
            merged: ours.rows.with_rows(codec, merged.rows),
            base: Some(Base { rows: base.rows, reshape: None }),
            ours: Some(ours),
            theirs: Some(theirs),
            moved: merged.moved,
        };
        self.plans.insert(name, plan);
        Ok(())
    }

    /// The parameters of the tree of a table's rows: those of a version that has some.
    fn shape(&self, name: &str) -> Result<TreeConfig, SqlError> {
        let map = rows_map(name)?;
        let versions = [&self.ours, &self.theirs, &self.base].into_iter();
        let found = versions.filter_map(|version| version.maps().get(&map)).next();
        Ok(found.map_or_else(TreeConfig::default, |map| map.config))
    }
}
