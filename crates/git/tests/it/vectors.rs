//! Golden vectors: a version as Git holds it, object by object.
//!
//! The test compares; with `UPDATE_VECTORS=1` in the environment it writes. A vector that is released
//! never changes.

use std::path::Path;
use std::process::Command;

use prollytree_git::{GitBackend, InitOptions, ObjectFormat};
use prollytree_repo::{ManualClock, MapName, Options, Repository};
use prollytree_tree::TreeConfig;
use serde_json::{Value as Json, json};

fn git(folder: &Path, arguments: &[&str]) -> Vec<u8> {
    let output = Command::new("git").args(arguments).current_dir(folder).output().unwrap();
    assert!(output.status.success(), "git {arguments:?}: {output:?}");
    output.stdout
}

/// Maps with text and bytes, several levels, a large value, a key too long for a name, a map that is
/// one leaf, and one with a name that Git could not take as it is.
fn fill(repo: &mut Repository<GitBackend>) {
    let map = MapName::default();
    for i in 0..60 {
        repo.set(&map, format!("key:{i:03}"), format!("value {}", i * 7)).unwrap();
    }
    repo.set(&map, "key:030\t", "tab\\back\nline").unwrap();
    repo.set(&map, [0xff, 0x00], [0x01, 0x02]).unwrap();
    repo.set(&map, format!("long/{}", "K".repeat(120)), "a").unwrap();
    repo.set(&map, format!("long/{}~", "K".repeat(120)), "b").unwrap();
    repo.set_reader(&map, "page", &[b'p'; 1100][..]).unwrap();
    repo.set(&MapName::new("Odd/näme").unwrap(), "only", "one").unwrap();
}

fn version(format: ObjectFormat) -> Vec<Json> {
    let folder = tempfile::tempdir().unwrap();
    let mut settings = InitOptions::default();
    settings.bare = true;
    settings.object_format = format;
    let backend = GitBackend::init(folder.path().join("vectors.git"), &settings).unwrap();
    let config = TreeConfig::default().with_targets(256, 128).unwrap();
    let options = Options::default()
        .with_author_name("Ada")
        .with_author_email("ada@example.org")
        .with_default_branch("main")
        .with_clock(ManualClock::new(1_000_000_000, 0))
        .with_tree_config(config);
    let mut repo = Repository::init(backend, options).unwrap();
    fill(&mut repo);
    repo.commit("A version").unwrap();
    let folder = repo.backend().git_dir();
    let commit = git(folder, &["cat-file", "commit", "HEAD"]);
    let mut vectors = vec![json!({
        "path": "", "type": "commit", "id": repo.tip().unwrap().to_string(), "bytes": hex(&commit),
    })];
    let entries = git(folder, &["ls-tree", "-r", "-t", "-z", "HEAD"]);
    for entry in String::from_utf8(entries).unwrap().split_terminator('\0') {
        let (object, path) = entry.split_once('\t').unwrap();
        let fields: Vec<_> = object.split(' ').collect();
        let (kind, id) = (fields[1], fields[2]);
        let bytes = git(folder, &["cat-file", kind, id]);
        vectors.push(json!({ "path": path, "type": kind, "id": id, "bytes": hex(&bytes) }));
    }
    vectors
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn golden(file: &str, vectors: &[Json]) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../spec/vectors").join(file);
    if std::env::var_os("UPDATE_VECTORS").is_some() {
        let lines: Vec<String> = vectors.iter().map(Json::to_string).collect();
        std::fs::write(&path, format!("[\n{}\n]\n", lines.join(",\n"))).unwrap();
    }
    let stored: Vec<Json> = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
    assert_eq!(vectors, stored, "{file}");
}

#[test]
fn versions_in_git() {
    golden("git.json", &version(ObjectFormat::Sha1));
    let names = |vectors: Vec<Json>| {
        let name = |vector: Json| (vector["path"].clone(), vector["type"].clone());
        vectors.into_iter().map(name).collect::<Vec<_>>()
    };
    // The other hash names the same objects.
    assert_eq!(names(version(ObjectFormat::Sha256)), names(version(ObjectFormat::Sha1)));
}
