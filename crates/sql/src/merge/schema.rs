//! Merging what a table looks like.

use std::collections::{BTreeMap, HashMap};

use super::columns::{self, Columns, Origin};
use super::{Clashes, Prefer};
use crate::catalog::MAX_SLOTS;
use crate::error::SqlError;
use crate::schema::{Check, Column, ForeignKey, Index, IndexKey, Table};

/// A merged table, and where its columns come from.
pub(super) struct MergedTable {
    pub(super) table: Table,
    pub(super) origins: Vec<Origin>,
}

/// Three versions of a table; `base` is `None` if both sides made it.
#[derive(Clone, Copy)]
pub(super) struct Tables<'t> {
    pub(super) base: Option<&'t Table>,
    pub(super) ours: &'t Table,
    pub(super) theirs: &'t Table,
    /// Whether slots of the base mean the same in `ours` and in `theirs`.
    pub(super) descends: (bool, bool),
}

/// Tells whether the side that kept a column changed cells of it.
pub(super) type CellsChanged<'c> = dyn FnMut(Origin) -> Result<bool, SqlError> + 'c;

/// Merges what a table looks like; `None` if only a whole side can stand.
///
/// # Errors
/// `cells_changed` fails.
pub(super) fn merge_table(
    tables: Tables<'_>,
    prefer: Prefer,
    clashes: &mut Clashes,
    cells_changed: &mut CellsChanged<'_>,
) -> Result<Option<MergedTable>, SqlError> {
    let Tables { base, ours, theirs, descends } = tables;
    let Columns { kept: mut origins, dropped } = columns::trace(base, ours, theirs, descends);
    let mut pick = Picker { prefer, clashes };
    let mut lost = Vec::new();
    for origin in dropped {
        if pick.keeps_dropped(tables, origin, cells_changed)? {
            origins.push(origin);
        } else {
            lost.push(origin);
        }
    }
    let (slots, next_slot) = columns::slots(&origins, base, ours, theirs);
    let (origins, slots) = columns::in_order(origins, slots);
    let merged = origins
        .iter()
        .zip(&slots)
        .filter_map(|(origin, &slot)| Some(Column { slot, ..pick.column(tables, *origin)? }));
    let columns: Vec<_> = merged.collect();
    let maps = SlotMaps::new(tables, &origins, &slots, &lost);
    let scalar = |table: &Table| (table.kind, table.strict, table.autoincrement);
    let (kind, strict, autoincrement) =
        pick.one(base.map(scalar), scalar(ours), scalar(theirs), || "the kind of table".to_owned());
    let comment = |table: &Table| table.comment.clone();
    let table = Table {
        name: ours.name.clone(),
        primary_key: maps.primary_key(ours, &maps.ours),
        next_slot,
        indexes: pick.indexes(tables, &maps),
        foreign_keys: pick.foreign_keys(tables, &maps),
        checks: pick.checks(tables),
        kind,
        strict,
        autoincrement,
        comment: pick
            .one(base.map(comment), comment(ours), comment(theirs), || "the comment".to_owned()),
        columns,
    };
    let same_key = table.primary_key == maps.primary_key(theirs, &maps.theirs)
        && key_collations(ours) == key_collations(theirs)
        && ours.kind == theirs.kind;
    if !same_key {
        pick.clashes.add("the primary key");
        return Ok(None);
    }
    if let Some(what) = contradiction(&table) {
        pick.clashes.add(what);
        return Ok(None);
    }
    Ok(Some(MergedTable { table, origins }))
}

fn key_collations(table: &Table) -> Vec<crate::schema::Collation> {
    let position = |slot| table.columns.get(table.position(slot)?).map(|column| column.collation);
    table.primary_key.iter().filter_map(|part| position(part.slot)).collect()
}

/// What of a merged table cannot be, if anything: each side made sense, but not both together.
fn contradiction(table: &Table) -> Option<String> {
    let mut names: HashMap<String, ()> = HashMap::new();
    for column in &table.columns {
        if names.insert(column.name.to_ascii_lowercase(), ()).is_some() {
            return Some(format!("two columns {}", column.name));
        }
    }
    let has = |slot: u32| table.position(slot).is_some();
    let missing = |index: &&Index| {
        index.parts.iter().any(|part| matches!(part.key, IndexKey::Column(slot) if !has(slot)))
    };
    if let Some(index) = table.indexes.iter().find(missing) {
        return Some(format!("index {}, of which a column was dropped", index.name));
    }
    let missing = |key: &&ForeignKey| key.columns.iter().any(|&slot| !has(slot));
    if let Some(key) = table.foreign_keys.iter().find(missing) {
        return Some(format!("the foreign key to {}, of which a column was dropped", key.table));
    }
    (table.next_slot > MAX_SLOTS).then(|| "the number of columns".to_owned())
}

/// Where the slots of each version lie in the merged table. A column that was dropped has a number
/// there that no slot can be, the same in all versions.
struct SlotMaps {
    base: HashMap<u32, u32>,
    ours: HashMap<u32, u32>,
    theirs: HashMap<u32, u32>,
}

impl SlotMaps {
    fn new(tables: Tables<'_>, origins: &[Origin], slots: &[u32], lost: &[Origin]) -> Self {
        let lost = lost.iter().zip((0..u32::MAX).map(|i| u32::MAX - i));
        let all: Vec<_> = origins.iter().zip(slots.iter().copied()).chain(lost).collect();
        let map = |table: Option<&Table>, at: fn(&Origin) -> Option<usize>| {
            let slot = |origin: &Origin| Some(table?.columns.get(at(origin)?)?.slot);
            all.iter().filter_map(|(origin, to)| Some((slot(origin)?, *to))).collect()
        };
        Self {
            base: map(tables.base, |origin| origin.base),
            ours: map(Some(tables.ours), |origin| origin.ours),
            theirs: map(Some(tables.theirs), |origin| origin.theirs),
        }
    }

    fn primary_key(
        &self,
        table: &Table,
        slots: &HashMap<u32, u32>,
    ) -> Vec<crate::schema::KeyColumn> {
        let mut key = table.primary_key.clone();
        key.iter_mut().for_each(|part| part.slot = moved(slots, part.slot));
        key
    }
}

/// Neither side has a column in it: both dropped it.
const GONE: u32 = u32::MAX / 2;

fn moved(slots: &HashMap<u32, u32>, slot: u32) -> u32 {
    slots.get(&slot).copied().unwrap_or(GONE)
}

/// An index by the slots of the merged table.
pub(super) fn moved_index(index: &Index, slot_of: impl Fn(u32) -> u32) -> Index {
    let mut index = Index { created: None, ..index.clone() };
    for part in &mut index.parts {
        if let IndexKey::Column(slot) = &mut part.key {
            *slot = slot_of(*slot);
        }
    }
    index
}

/// Picks one of two values, and remembers where both sides changed one.
struct Picker<'c> {
    prefer: Prefer,
    clashes: &'c mut Clashes,
}

impl Picker<'_> {
    fn one<T: PartialEq>(
        &mut self,
        base: Option<T>,
        ours: T,
        theirs: T,
        what: impl FnOnce() -> String,
    ) -> T {
        if ours == theirs || base.as_ref() == Some(&theirs) {
            return ours;
        }
        if base.as_ref() == Some(&ours) {
            return theirs;
        }
        if self.prefer == Prefer::Record {
            self.clashes.add(what());
        }
        match (self.prefer, base) {
            (Prefer::Theirs, _) => theirs,
            (Prefer::Base, Some(base)) => base,
            _ => ours,
        }
    }

    /// Whether a column that one side dropped stays, because the other side changed it.
    fn keeps_dropped(
        &mut self,
        tables: Tables<'_>,
        origin: Origin,
        cells_changed: &mut CellsChanged<'_>,
    ) -> Result<bool, SqlError> {
        let Tables { base, ours, theirs, .. } = tables;
        let before = origin.base.and_then(|at| base?.columns.get(at));
        let kept = origin.ours.and_then(|at| ours.columns.get(at));
        let kept = kept.or_else(|| origin.theirs.and_then(|at| theirs.columns.get(at)));
        let (Some(before), Some(kept)) = (before, kept) else { return Ok(false) };
        let is_same = Column { slot: kept.slot, ..before.clone() } == *kept;
        if is_same && !cells_changed(origin)? {
            return Ok(false);
        }
        if self.prefer == Prefer::Record {
            self.clashes.add(format!("column {}, dropped and changed", kept.name));
        }
        Ok(match self.prefer {
            Prefer::Record | Prefer::Ours => origin.ours.is_some(),
            Prefer::Theirs => origin.theirs.is_some(),
            Prefer::Base => true,
        })
    }

    /// A merged column; its slot is to be set.
    fn column(&mut self, tables: Tables<'_>, origin: Origin) -> Option<Column> {
        let ours = origin.ours.and_then(|at| tables.ours.columns.get(at));
        let theirs = origin.theirs.and_then(|at| tables.theirs.columns.get(at));
        let base = origin.base.and_then(|at| tables.base?.columns.get(at));
        let (Some(ours), Some(theirs)) = (ours, theirs) else { return ours.or(theirs).cloned() };
        let says = |what: &'static str| move || format!("column {}: {what}", ours.name);
        macro_rules! field {
            ($field:ident, $what:literal) => {
                self.one(
                    base.map(|base| base.$field.clone()),
                    ours.$field.clone(),
                    theirs.$field.clone(),
                    says($what),
                )
            };
        }
        Some(Column {
            slot: ours.slot,
            name: field!(name, "name"),
            ty: field!(ty, "type"),
            declared: field!(declared, "declared type"),
            not_null: field!(not_null, "NOT NULL"),
            default: field!(default, "default"),
            initial: field!(initial, "initial value"),
            collation: field!(collation, "collation"),
            generated: field!(generated, "expression"),
            comment: field!(comment, "comment"),
        })
    }

    /// Merges things that have names, one by one.
    fn named<T: Clone + PartialEq>(
        &mut self,
        kind: &str,
        base: Option<BTreeMap<String, T>>,
        ours: &BTreeMap<String, T>,
        theirs: &BTreeMap<String, T>,
    ) -> Vec<T> {
        let mut names: Vec<_> = ours.keys().chain(theirs.keys()).collect();
        names.sort_unstable();
        names.dedup();
        let merged = names.into_iter().filter_map(|name| {
            let before = base.as_ref().map(|base| base.get(name).cloned());
            // What both sides made has no base: it must be the same.
            let before = before.or(Some(None));
            let (ours, theirs) = (ours.get(name).cloned(), theirs.get(name).cloned());
            self.one(before, ours, theirs, || format!("{kind} {name}"))
        });
        merged.collect()
    }

    fn indexes(&mut self, tables: Tables<'_>, maps: &SlotMaps) -> Vec<Index> {
        let all = |table: &Table, slots: &HashMap<u32, u32>| -> BTreeMap<String, Index> {
            let named =
                |index: &Index| (index.name.clone(), moved_index(index, |slot| moved(slots, slot)));
            table.indexes.iter().map(named).collect()
        };
        let mut merged = self.named(
            "index",
            tables.base.map(|base| all(base, &maps.base)),
            &all(tables.ours, &maps.ours),
            &all(tables.theirs, &maps.theirs),
        );
        // The time when an index was made is no part of what it is: the earlier one stays.
        for index in &mut merged {
            let made = |table: &Table| table.index(&index.name).and_then(|index| index.created);
            let (ours, theirs) = (made(tables.ours), made(tables.theirs));
            index.created = ours.into_iter().chain(theirs).min();
        }
        merged
    }

    fn foreign_keys(&mut self, tables: Tables<'_>, maps: &SlotMaps) -> Vec<ForeignKey> {
        let all = |table: &Table, slots: &HashMap<u32, u32>| -> BTreeMap<String, ForeignKey> {
            let named = |key: &ForeignKey| {
                let key = moved_foreign_key(key, |slot| moved(slots, slot));
                // A foreign key is what refers from where to where; the rest are its properties.
                let place = (&key.columns, &key.referenced);
                (format!("to {} {place:?}", key.table), key)
            };
            table.foreign_keys.iter().map(named).collect()
        };
        self.named(
            "the foreign key",
            tables.base.map(|base| all(base, &maps.base)),
            &all(tables.ours, &maps.ours),
            &all(tables.theirs, &maps.theirs),
        )
    }

    fn checks(&mut self, tables: Tables<'_>) -> Vec<Check> {
        let all = |table: &Table| -> BTreeMap<String, Check> {
            let name = |check: &Check| match check.name.as_str() {
                "" => check.expression.clone(),
                name => name.to_owned(),
            };
            table.checks.iter().map(|check| (name(check), check.clone())).collect()
        };
        self.named("check", tables.base.map(all), &all(tables.ours), &all(tables.theirs))
    }
}

/// A foreign key by the slots of the merged table.
pub(super) fn moved_foreign_key(key: &ForeignKey, slot_of: impl Fn(u32) -> u32) -> ForeignKey {
    let mut key = key.clone();
    key.columns.iter_mut().for_each(|slot| *slot = slot_of(*slot));
    key
}
