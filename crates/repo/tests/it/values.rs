//! Large values, prefixes and ranges.

use std::io::{self, Read};

use prollytree_repo::{MapName, MemoryBackend, Options, Repository};
use prollytree_tree::TreeConfig;

use crate::basics::{options, repo};

#[test]
fn large_values_are_streamed_in_and_out_and_shared_between_versions() {
    let backend = MemoryBackend::new();
    let mut repo = Repository::init(backend.clone(), options()).unwrap();
    let map = MapName::new("models").unwrap();
    let mut bytes: Vec<u8> = (0..1_000_000u32).flat_map(|n| (n ^ n << 13).to_le_bytes()).collect();
    repo.set_reader(&map, "weights", &bytes[..]).unwrap();
    repo.commit("first").unwrap();
    let before = backend.storage().size_bytes();
    bytes[2_000_000] ^= 1;
    repo.set_reader(&map, "weights", &bytes[..]).unwrap();
    repo.commit("second").unwrap();
    let grown = backend.storage().size_bytes() - before;
    assert!(grown < bytes.len() / 8, "a changed byte cost {grown} bytes");

    let mut read = Vec::new();
    repo.get_reader(&map, b"weights").unwrap().unwrap().read_to_end(&mut read).unwrap();
    assert!(read == bytes);
    assert!(repo.get_reader(&map, b"nope").unwrap().is_none());
    repo.set_reader(&map, "short", &b"inline"[..]).unwrap();
    let short = repo.get_reader(&map, b"short").unwrap().unwrap();
    assert_eq!(io::read_to_string(short).unwrap(), "inline");
}

#[test]
fn an_import_holds_no_more_than_its_budget() {
    let options = Options::default().with_pending_budget_bytes(10_000);
    let backend = MemoryBackend::new();
    let mut repo = Repository::init(backend.clone(), options).unwrap();
    for n in 0..1_000u32 {
        repo.set(&MapName::default(), n.to_be_bytes(), [0; 100]).unwrap();
    }
    // What passed the budget was built into nodes before any root was asked for.
    assert!(backend.storage().size_bytes() > 50_000);
    assert_eq!(repo.working_map(&MapName::default()).unwrap().len(), 1_000);
}

#[test]
fn changes_can_be_narrowed_to_a_prefix_or_a_range() {
    let mut repo = repo();
    let (map, users) = (MapName::default(), MapName::new("users").unwrap());
    let edits = ["a:1", "a:2", "b:1", "c:1"].map(|key| (key.into(), Some(b"x".to_vec())));
    repo.apply(&map, edits).unwrap();
    repo.set(&users, "u", "1").unwrap();
    let diff = repo.uncommitted().unwrap();
    assert_eq!(diff.maps().map(|map| map.name.as_str()).collect::<Vec<_>>(), ["default", "users"]);
    let default = diff.maps().next().unwrap();
    let keys = |changes: prollytree_tree::Diff<'_, _, _>| {
        changes.map(|change| String::from_utf8(change.unwrap().key).unwrap()).collect::<Vec<_>>()
    };
    assert_eq!(keys(default.changes_with_prefix(b"a:").unwrap()), ["a:1", "a:2"]);
    assert_eq!(keys(default.changes(&b"a:2"[..]..&b"c"[..]).unwrap()), ["a:2", "b:1"]);
    repo.commit("all").unwrap();
    repo.delete_range(&map, &b"a"[..]..&b"b:2"[..]).unwrap();
    let tree = repo.working_map(&map).unwrap();
    assert_eq!(tree.first().unwrap(), Some((b"c:1".to_vec(), b"x".to_vec())));
    assert_eq!(repo.changed_maps().unwrap(), [map]);
}

#[test]
fn a_map_keeps_the_shape_that_it_was_made_with() {
    let backend = MemoryBackend::new();
    let small = TreeConfig::default().with_targets(64, 64).unwrap();
    let mut repo = Repository::init(backend.clone(), options().with_tree_config(small)).unwrap();
    repo.set(&MapName::default(), "a", "1").unwrap();
    repo.commit("small").unwrap();
    let mut repo = Repository::open(backend, options()).unwrap();
    repo.set(&MapName::default(), "b", "2").unwrap();
    repo.set(&MapName::new("new").unwrap(), "b", "2").unwrap();
    repo.commit("more").unwrap();
    let shapes: Vec<_> = repo.head_maps().values().map(|map| map.config).collect();
    assert_eq!(shapes, [small, TreeConfig::default()]);
}
