//! Commits and maps as text and as JSON.

use prollytree_repo::{Commit, CommitId, Maps};
use serde_json::{Value, json};

/// A commit as a JSON document.
pub(crate) fn commit_json(id: &CommitId, commit: &Commit) -> Value {
    json!({
        "commit": id.to_string(),
        "parents": commit.parents.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "author": { "name": commit.author.name, "email": commit.author.email },
        "time": commit.time.to_string(),
        "message": commit.message,
        "maps": maps_json(&commit.maps),
    })
}

/// The maps of a version as a JSON document.
pub(crate) fn maps_json(maps: &Maps) -> Value {
    let map = |(name, map): (&prollytree_repo::MapName, &prollytree_repo::MapRoot)| {
        (name.to_string(), json!({ "root": map.root.to_hex(), "entries": map.count }))
    };
    Value::Object(maps.iter().map(map).collect())
}
