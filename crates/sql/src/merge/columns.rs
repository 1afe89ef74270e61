//! Which columns of two versions of a table are the same, and where merged ones are stored.
//!
//! A slot means in every later version of a table the same column, or nothing. A merge must keep that
//! true for both of its parents. So where each side gave one slot to a column of its own, neither
//! keeps it: both move to slots that no side has, and the old slot stays empty for ever. A column that
//! moved is found by its name.

use std::collections::HashMap;

use crate::schema::Table;

/// For each column of `from` where the same column stands in `to`.
///
/// With `by_slot`, one of the two was made from the other, and slots tell; names tell of the rest.
pub(super) fn match_columns(from: &Table, to: &Table, by_slot: bool) -> Vec<Option<usize>> {
    let mut found: Vec<Option<usize>> = vec![None; from.columns.len()];
    let mut taken = vec![false; to.columns.len()];
    let mut pass = |same: &dyn Fn(usize, usize) -> bool| {
        for (i, place) in found.iter_mut().enumerate().filter(|(_, place)| place.is_none()) {
            let hit = (0..taken.len()).find(|&j| taken.get(j) == Some(&false) && same(i, j));
            if let Some(taken) = hit.and_then(|j| taken.get_mut(j)) {
                *taken = true;
                *place = hit;
            }
        }
    };
    let pair = |i: usize, j: usize| Some((from.columns.get(i)?, to.columns.get(j)?));
    if by_slot {
        pass(&|i, j| pair(i, j).is_some_and(|(a, b)| a.slot == b.slot));
    }
    pass(&|i, j| pair(i, j).is_some_and(|(a, b)| a.name.eq_ignore_ascii_case(&b.name)));
    found
}

/// For each of `len` places which column leads to it, by [`match_columns`].
pub(super) fn invert(matched: &[Option<usize>], len: usize) -> Vec<Option<usize>> {
    let mut sources = vec![None; len];
    for (from, to) in matched.iter().enumerate() {
        if let Some(place) = to.and_then(|to| sources.get_mut(to)) {
            *place = Some(from);
        }
    }
    sources
}

/// A column of the merged table: where it stands in each version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(super) struct Origin {
    pub(super) base: Option<usize>,
    pub(super) ours: Option<usize>,
    pub(super) theirs: Option<usize>,
}

/// What three versions of a table have in columns.
pub(super) struct Columns {
    /// Those that both sides have or that one side added.
    pub(super) kept: Vec<Origin>,
    /// Those that one side dropped.
    pub(super) dropped: Vec<Origin>,
}

/// Matches the columns of three versions. Their order is that of the base, then of slots and names, so
/// new slots are the same whichever side merges.
pub(super) fn trace(
    base: Option<&Table>,
    ours: &Table,
    theirs: &Table,
    descends: (bool, bool),
) -> Columns {
    let none = Table::default();
    let base = base.unwrap_or(&none);
    let in_ours = match_columns(base, ours, descends.0);
    let in_theirs = match_columns(base, theirs, descends.1);
    let (mut kept, mut dropped) = (Vec::new(), Vec::new());
    for (i, (&ours, &theirs)) in in_ours.iter().zip(&in_theirs).enumerate() {
        let origin = Origin { base: Some(i), ours, theirs };
        match (ours, theirs) {
            (Some(_), Some(_)) => kept.push(origin),
            (None, None) => {}
            _ => dropped.push(origin),
        }
    }
    let is_new = |matched: &[Option<usize>], i: usize| !matched.contains(&Some(i));
    let name = |table: &Table, i: usize| {
        table.columns.get(i).map(|column| column.name.to_ascii_lowercase()).unwrap_or_default()
    };
    let mut added: HashMap<String, Origin> = HashMap::new();
    for i in (0..ours.columns.len()).filter(|&i| is_new(&in_ours, i)) {
        added.entry(name(ours, i)).or_default().ours = Some(i);
    }
    for i in (0..theirs.columns.len()).filter(|&i| is_new(&in_theirs, i)) {
        added.entry(name(theirs, i)).or_default().theirs = Some(i);
    }
    let mut added: Vec<_> = added.into_iter().collect();
    added.sort_by_key(|(name, origin)| {
        let (ours, theirs) = claims(*origin, ours, theirs);
        (ours.unwrap_or(u32::MAX).min(theirs.unwrap_or(u32::MAX)), name.clone())
    });
    kept.extend(added.into_iter().map(|(_, origin)| origin));
    Columns { kept, dropped }
}

/// The slots that a column has on both sides.
fn claims(origin: Origin, ours: &Table, theirs: &Table) -> (Option<u32>, Option<u32>) {
    let slot = |table: &Table, at: Option<usize>| Some(table.columns.get(at?)?.slot);
    (slot(ours, origin.ours), slot(theirs, origin.theirs))
}

/// The slots of merged columns, and the next free one.
pub(super) fn slots(
    origins: &[Origin],
    base: Option<&Table>,
    ours: &Table,
    theirs: &Table,
) -> (Vec<u32>, u32) {
    let claimed: Vec<_> = origins.iter().map(|origin| claims(*origin, ours, theirs)).collect();
    let before = |origin: &Origin| Some(base?.columns.get(origin.base?)?.slot);
    let mut next = ours.next_slot.max(theirs.next_slot).max(base.map_or(0, |base| base.next_slot));
    // A slot that the other side gave to a column of its own, and be it gone by now, means that column
    // in its older versions.
    let is_spent = |slot: u32, other: &Table| {
        slot < other.next_slot && base.is_none_or(|base| slot >= base.next_slot)
    };
    let slots = origins.iter().zip(&claimed).enumerate().map(|(i, (origin, claim))| {
        let is_new = origin.base.is_none();
        let wanted = match *claim {
            (Some(slot), None) if is_new && is_spent(slot, theirs) => None,
            (None, Some(slot)) if is_new && is_spent(slot, ours) => None,
            (Some(ours), Some(theirs)) if ours == theirs => Some(ours),
            // An earlier merge moved it on one side.
            (Some(ours), Some(theirs)) if before(origin) == Some(ours) => Some(theirs),
            (Some(ours), Some(theirs)) if before(origin) == Some(theirs) => Some(ours),
            (Some(_), Some(_)) => None,
            (ours, theirs) => ours.or(theirs),
        };
        let is_free = |slot: &u32| {
            let others = claimed.iter().enumerate().filter(|(j, _)| *j != i);
            others.into_iter().all(|(_, (a, b))| *a != Some(*slot) && *b != Some(*slot))
        };
        wanted.filter(is_free).unwrap_or_else(|| {
            next += 1;
            next - 1
        })
    });
    let slots = slots.collect();
    (slots, next)
}

/// Puts columns into an order that is both sides', as far as they agree; then that of slots.
pub(super) fn in_order(origins: Vec<Origin>, slots: Vec<u32>) -> (Vec<Origin>, Vec<u32>) {
    let mut rest: Vec<_> = origins.into_iter().zip(slots).collect();
    rest.sort_by_key(|(_, slot)| *slot);
    let (mut ordered, mut ordered_slots) = (Vec::new(), Vec::new());
    while !rest.is_empty() {
        let before = |a: Option<usize>, b: Option<usize>| a.is_some() && b.is_some() && a < b;
        let is_next = |(column, _): &(Origin, u32)| {
            rest.iter().all(|(other, _)| {
                !before(other.ours, column.ours) && !before(other.theirs, column.theirs)
            })
        };
        // There is none if the sides have two columns the other way round.
        let (origin, slot) = rest.remove(rest.iter().position(is_next).unwrap_or_default());
        ordered.push(origin);
        ordered_slots.push(slot);
    }
    (ordered, ordered_slots)
}
