//! Three-way merges of all maps of a version.

use prollytree_tree::{Conflict, Resolution, Side, TreeConfig, merge};

use crate::adjust::{Adjust, Versions};
use crate::backend::Backend;
use crate::commit::Maps;
use crate::error::RepoError;
use crate::name::MapName;
use crate::repository::differing;
use crate::working::{map_root, open_map};

/// Decides the conflicts of a merge, key by key.
pub type ConflictResolver<'r> = dyn FnMut(&MapName, &Conflict) -> Resolution + 'r;

/// Decides every conflict for `ours`.
pub(crate) fn ours_win(_: &MapName, _: &Conflict) -> Resolution {
    Resolution::Take(Side::Ours)
}

/// The outcome of a merge of maps.
#[derive(Clone, Debug)]
pub struct MergedMaps {
    /// The content.
    pub maps: Maps,
    /// What was left open; `ours` stands in the maps there.
    pub conflicts: Vec<(MapName, Conflict)>,
}

/// Merges the changes from `base` to `theirs` into `ours`, map by map. Maps that `theirs` did not
/// change are not opened.
pub(crate) fn merge_maps<B: Backend>(
    backend: &B,
    config: TreeConfig,
    versions: Versions<'_>,
    resolver: &mut ConflictResolver<'_>,
    adjust: &mut dyn Adjust,
) -> Result<MergedMaps, RepoError> {
    let Versions { base, ours, theirs, .. } = versions;
    let mut merged = MergedMaps { maps: ours.clone(), conflicts: Vec::new() };
    for name in differing(base, theirs).into_iter().filter(|name| !adjust.owns(name)) {
        // A map that is absent on one side has the shape that it has on another.
        let present = [ours, theirs, base].into_iter().find_map(|maps| maps.get(&name));
        let config = present.map_or(config, |map| map.config);
        let open = |maps: &Maps| open_map(backend, &name, maps.get(&name), config);
        let mut resolve = |conflict: &Conflict| resolver(&name, conflict);
        let outcome = merge(&open(base)?, &open(ours)?, &open(theirs)?, &mut resolve)?;
        match map_root(&outcome.snapshot) {
            Some(map) => merged.maps.insert(name.clone(), map),
            None => merged.maps.remove(&name),
        };
        merged.conflicts.extend(outcome.conflicts.into_iter().map(|found| (name.clone(), found)));
    }
    adjust.merge(versions, &mut merged)?;
    Ok(merged)
}
