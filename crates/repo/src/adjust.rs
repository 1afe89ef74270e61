//! Maps that a merge key by key would break, and who merges them instead.

use crate::commit::Maps;
use crate::error::RepoError;
use crate::merge::MergedMaps;
use crate::name::MapName;
use crate::repository::differing;

/// What is merged.
#[derive(Clone, Copy, Debug)]
pub struct Versions<'a> {
    /// The content that both sides started from.
    pub base: &'a Maps,
    /// The content that the merge goes into.
    pub ours: &'a Maps,
    /// The content that is merged in.
    pub theirs: &'a Maps,
    /// Whether `ours` descends from `base`, a commit: else the base lies elsewhere in the history, or was
    /// itself merged from several.
    pub ours_descends: bool,
    /// As `ours_descends`, for `theirs`; a revert takes the way back, which is the same way.
    pub theirs_descends: bool,
    /// Whether the result is not to be seen, but only the base of another merge, because the two
    /// branches were merged crosswise before. Conflicts have the value of their own base then.
    pub for_base: bool,
}

impl<'a> Versions<'a> {
    /// Two sides that descend from a commit.
    pub(crate) fn descending(base: &'a Maps, ours: &'a Maps, theirs: &'a Maps) -> Self {
        Self { base, ours, theirs, ours_descends: true, theirs_descends: true, for_base: false }
    }
}

/// Merges maps that mean something together, such as a table and its indexes.
///
/// A merge passes over the maps that it [owns](Self::owns), so `ours` stands there, merges all others
/// key by key, and then calls [`merge`](Self::merge) once, before anything is committed or recorded.
pub trait Adjust {
    /// Whether a map is not to be merged key by key.
    fn owns(&self, map: &MapName) -> bool;

    /// Merges the maps that it owns: replaces them in the outcome, and adds the conflicts that are
    /// left. Whatever it puts there must be stored.
    ///
    /// # Errors
    /// As the adjuster has it; an error of its own is [`RepoError::Adjust`].
    fn merge(&mut self, versions: Versions<'_>, merged: &mut MergedMaps) -> Result<(), RepoError>;
}

/// Merges all maps key by key.
pub(crate) struct KeyByKey;

impl Adjust for KeyByKey {
    fn owns(&self, _: &MapName) -> bool {
        false
    }

    fn merge(&mut self, _: Versions<'_>, _: &mut MergedMaps) -> Result<(), RepoError> {
        Ok(())
    }
}

/// Under this lie tables, their indexes and their catalog.
const TABLES: &str = "sql/";

/// Whether a map belongs to tables.
pub(crate) fn is_of_tables(map: &MapName) -> bool {
    map.as_str().starts_with(TABLES)
}

/// Merges key by key, but never tables: if both sides changed some, the merge is refused.
///
/// One map changed on both sides is not asked for: a constraint of one table speaks of another, and
/// the catalog of all.
pub(crate) struct RefuseTables;

impl Adjust for RefuseTables {
    fn owns(&self, map: &MapName) -> bool {
        is_of_tables(map)
    }

    fn merge(&mut self, versions: Versions<'_>, merged: &mut MergedMaps) -> Result<(), RepoError> {
        let Versions { base, ours, theirs, .. } = versions;
        let changed = |side: &Maps| {
            let mut maps = differing(base, side);
            maps.retain(is_of_tables);
            maps
        };
        let their_maps = changed(theirs);
        if their_maps.iter().all(|map| ours.get(map) == theirs.get(map)) {
            return Ok(());
        }
        let our_maps = changed(ours);
        if !our_maps.is_empty() {
            let both = their_maps.iter().find(|map| our_maps.contains(map));
            let map = both.or(their_maps.first()).cloned().unwrap_or_default();
            return Err(RepoError::Tables { map });
        }
        for map in their_maps {
            match theirs.get(&map) {
                Some(root) => merged.maps.insert(map, *root),
                None => merged.maps.remove(&map),
            };
        }
        Ok(())
    }
}
