//! Commits: what the maps held, after what, by whom, when and why.

use std::collections::BTreeMap;

use prollytree_tree::{Hash, TreeConfig};

use crate::codec::{Decoder, Encoder, RecordError, RecordKind};
use crate::id::CommitId;
use crate::identity::Identity;
use crate::name::MapName;
use crate::time::Timestamp;

/// The content of a map: the root of its tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MapRoot {
    /// The root of the tree.
    pub root: Hash,
    /// How many entries the tree has; never 0, since a map without entries does not exist.
    pub count: u64,
    /// The parameters that shape the tree.
    pub config: TreeConfig,
}

/// All maps of a version. Two versions are equal if these are.
///
/// A map exists as long as it has entries, so there is nothing to create or to drop.
pub type Maps = BTreeMap<MapName, MapRoot>;

/// A version of all maps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Commit {
    /// The content.
    pub maps: Maps,
    /// What it was made from: none for the first commit, two for a merge, ours first.
    pub parents: Vec<CommitId>,
    /// Who made the changes.
    pub author: Identity,
    /// When the commit was made.
    pub time: Timestamp,
    /// What it is about. The first line is its title.
    pub message: String,
}

impl Commit {
    /// The first line of the message.
    pub fn title(&self) -> &str {
        self.message.lines().next().unwrap_or_default()
    }

    /// The canonical bytes, whose hash is the id in our own storages.
    ///
    /// # Errors
    /// A text is too long or holds what it cannot hold, or a parent is of another kind of repository.
    pub fn encode(&self) -> Result<Vec<u8>, RecordError> {
        let mut out = Encoder::new(RecordKind::Commit);
        out.count("list of parents", self.parents.len())?;
        self.parents.iter().try_for_each(|parent| out.commit_id(parent))?;
        encode_maps(&mut out, &self.maps)?;
        out.identity(&self.author)?;
        out.time(self.time)?;
        out.message(&self.message)?;
        out.finish()
    }

    /// Reads canonical bytes.
    ///
    /// # Errors
    /// The bytes are not the one encoding of a commit.
    pub fn decode(bytes: &[u8]) -> Result<Self, RecordError> {
        let mut input = Decoder::new(RecordKind::Commit, bytes)?;
        let parents = (0..input.count()?).map(|_| input.commit_id()).collect::<Result<_, _>>()?;
        let commit = Self {
            parents,
            maps: decode_maps(&mut input)?,
            author: input.identity()?,
            time: input.time()?,
            message: input.message()?,
        };
        input.finish()?;
        Ok(commit)
    }
}

pub(crate) fn encode_maps(out: &mut Encoder, maps: &Maps) -> Result<(), RecordError> {
    out.count("list of maps", maps.len())?;
    for (name, map) in maps {
        out.text("map name", name.as_str())?;
        out.config(&map.config);
        out.hash(&map.root);
        if map.count == 0 {
            return Err(RecordError::Field { field: "number of entries" });
        }
        out.u64(map.count);
    }
    Ok(())
}

pub(crate) fn decode_maps(input: &mut Decoder<'_>) -> Result<Maps, RecordError> {
    let mut maps = Maps::new();
    for _ in 0..input.count()? {
        let bad = |field| RecordError::Field { field };
        let name = MapName::new(input.text("map name")?).map_err(|_| bad("map name"))?;
        let config = input.config()?;
        let map = MapRoot { config, root: input.hash()?, count: input.u64()? };
        if map.count == 0 {
            return Err(bad("number of entries"));
        }
        if maps.last_key_value().is_some_and(|(last, _)| *last >= name) {
            return Err(bad("order of the maps"));
        }
        maps.insert(name, map);
    }
    Ok(maps)
}

#[cfg(test)]
mod tests;
