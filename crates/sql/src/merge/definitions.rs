//! What else the catalog holds: views, triggers, sequences; and names that only one thing can have.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use prollytree_repo::Backend;
use prollytree_tree::{Snapshot, Value as Stored};

use super::Prefer;
use super::tables::Merge;
use crate::catalog::{Catalog, TABLE, TRIGGER, VIEW};
use crate::error::SqlError;
use crate::schema::Definition;

type Definitions = BTreeMap<String, Arc<Definition>>;

fn views(catalog: &Catalog) -> Definitions {
    catalog.views().map(|view| (view.name.clone(), view.clone())).collect()
}

fn triggers(catalog: &Catalog) -> Definitions {
    catalog.triggers().map(|trigger| (trigger.name.clone(), trigger.clone())).collect()
}

impl<B: Backend + 'static> Merge<B> {
    /// Merges views and triggers, each as a whole. A trigger goes with its table.
    pub(super) fn definitions(&mut self) -> Result<(), SqlError> {
        for view in self.merged(VIEW, views)? {
            self.catalog.put_view((*view).clone());
        }
        for trigger in self.merged(TRIGGER, triggers)? {
            let has = |name: &str| {
                self.catalog.find_table(name).is_some()
                    || self.catalog.views().any(|view| view.name.eq_ignore_ascii_case(name))
            };
            if trigger.on.as_deref().is_none_or(has) {
                self.catalog.put_trigger((*trigger).clone());
            }
        }
        Ok(())
    }

    fn merged(
        &mut self,
        prefix: &str,
        all: fn(&Catalog) -> Definitions,
    ) -> Result<Vec<Arc<Definition>>, SqlError> {
        let (base, ours, theirs) =
            (all(self.base.catalog()), all(self.ours.catalog()), all(self.theirs.catalog()));
        let names: BTreeSet<_> = ours.keys().chain(theirs.keys()).collect();
        let mut merged = Vec::new();
        for name in names {
            let (base, ours, theirs) = (base.get(name), ours.get(name), theirs.get(name));
            let stays = if ours == theirs || theirs == base {
                ours
            } else if ours == base {
                theirs
            } else {
                match self.prefer {
                    Prefer::Record => {
                        self.record(&[prefix, name].concat())?;
                        ours
                    }
                    Prefer::Ours => ours,
                    Prefer::Theirs => theirs,
                    Prefer::Base => base,
                }
            };
            merged.extend(stays.cloned());
        }
        Ok(merged)
    }

    /// Leaves out what has the name of something of ours, but for the case of letters, or as another
    /// kind of thing.
    pub(super) fn name_clashes(&mut self) -> Result<(), SqlError> {
        let ours = self.ours.catalog().clone();
        let tables: Vec<_> = self.catalog.tables().map(|table| table.name.clone()).collect();
        let views: Vec<_> = self.catalog.views().map(|view| view.name.clone()).collect();
        let names = || tables.iter().chain(&views);
        let twice =
            |name: &str| names().filter(|other| other.eq_ignore_ascii_case(name)).count() > 1;
        for name in tables.iter().filter(|name| ours.table(name).is_none() && twice(name)) {
            self.record(&[TABLE, name].concat())?;
            self.catalog.remove_table(name);
            self.plans.remove(name);
        }
        let is_ours = |name: &String| ours.views().any(|view| view.name == *name);
        for name in views.iter().filter(|name| !is_ours(name) && twice(name)) {
            self.record(&[VIEW, name].concat())?;
            self.catalog.remove_view(name);
        }
        Ok(())
    }

    /// The greatest rowid that a table ever had is the greater one of both sides.
    pub(super) fn sequences(&mut self) {
        let (ours, theirs) = (self.ours.catalog().clone(), self.theirs.catalog().clone());
        for (table, sequence) in ours.sequences().chain(theirs.sequences()) {
            if self.catalog.table(table).is_some() {
                let known = self.catalog.sequence(table);
                self.catalog.put_sequence(table, sequence.max(known));
            }
        }
    }

    /// The tree of the merged catalog.
    ///
    /// # Errors
    /// An entry cannot be written, or the backend fails.
    pub(super) fn write_catalog(&self) -> Result<Snapshot<B>, SqlError> {
        let (ours, theirs) = (self.ours.catalog_tree()?, self.theirs.catalog_tree()?);
        let tree = if ours.is_empty() { theirs } else { ours };
        let mut edits: BTreeMap<Vec<u8>, Option<Stored>> = BTreeMap::new();
        for entry in tree.iter()? {
            edits.insert(entry?.0, None);
        }
        let entries = self.catalog.entries()?.into_iter();
        edits.extend(entries.map(|(key, text)| (key, Some(Stored::Inline(text)))));
        Ok(tree.apply(edits)?)
    }
}
