//! Keys, values and maps of every kind go through Git unchanged.

use std::collections::BTreeMap;

use prollytree_git::GitBackend;
use prollytree_repo::{MapName, Repository};
use prollytree_tree::{InMemoryNodeStorage, Snapshot, TreeConfig};

use super::sandbox::{Sandbox, isolated};
use super::store::{content, init, map, noise, open, versions};

type Entries = BTreeMap<Vec<u8>, Vec<u8>>;

/// Keys that file systems, Git, or text have opinions about.
fn odd_keys() -> Vec<Vec<u8>> {
    let mut keys: Vec<Vec<u8>> = [
        "",
        " ",
        ".",
        "..",
        ".git",
        ".git/config",
        ".GIT",
        "git~1",
        "/",
        "//",
        "/etc/passwd",
        "a/",
        "a/b",
        "a/b/../c",
        "C:\\x",
        "a:b",
        "CON",
        "nul",
        "a",
        "A",
        "aA",
        "Aa",
        "é",
        "e\u{301}",
        "ü/ö",
        "a\nb",
        "a\r\nb",
        "a\tb",
        "\t",
        "\n",
        "\\",
        "\\n",
        "\\@0 2000 x",
        "-",
        "--",
        "-rf",
        "d-",
        "l-x",
        "b-x",
        "v-x",
        "node",
        "list",
        "PROLLY",
        "*?[]",
        "%41",
        "~",
        "\u{202e}",
        "#!",
        "\u{feff}",
        "trailing ",
        "trailing.",
    ]
    .iter()
    .map(|key| key.as_bytes().to_vec())
    .collect();
    keys.extend([vec![0], vec![0, 0], vec![0xff], vec![0xff; 255], vec![0xff; 256]]);
    // The longest keys, which differ at their ends only; and such that names are cut within.
    keys.extend([b'a', b'b', 0xff].map(|last| [&vec![b'x'; 4095][..], &[last]].concat()));
    keys.extend((98..104).map(|len| vec![b'y'; len]));
    keys.extend((31..36).map(|len| vec![b'/'; len]));
    keys
}

/// Puts entries into a data set of small nodes, so that most keys name a leaf.
fn load(at: &Sandbox, config: TreeConfig, entries: &Entries) {
    let backend = GitBackend::init(at.path("data"), &Default::default()).unwrap();
    let options = backend.options().with_tree_config(config);
    let mut repo = Repository::init(backend, options).unwrap();
    for (key, value) in entries {
        repo.set(&map(), key.as_slice(), value.as_slice()).unwrap();
    }
    repo.commit("All").unwrap();
}

/// Demands that a data set holds these entries, under the root that they have in memory.
fn holds(at: &Sandbox, folder: &str, config: TreeConfig, entries: &Entries) {
    let memory = InMemoryNodeStorage::<32>::new();
    let sorted = entries.iter().map(|(key, value)| (key.as_slice(), value.as_slice()));
    let expected = Snapshot::from_sorted(memory, config, sorted).unwrap();
    let found = content(&at.path(folder));
    let (root, found) = &found["main"]["default"];
    assert_eq!(*root, expected.root());
    assert!(found.iter().map(|(key, value)| (key, value)).eq(entries));
    let repo = open(&at.path(folder));
    for (key, value) in entries {
        assert_eq!(repo.get(&map(), key).unwrap().as_ref(), Some(value), "{}", key.escape_ascii());
    }
}

/// Git copies the data set in every way that looks at names, and loses nothing.
fn survives_git(at: &Sandbox, config: TreeConfig, entries: &Entries) {
    holds(at, "data", config, entries);
    at.git("data", &["gc", "--quiet", "--prune=now"]);
    at.fsck("data");
    holds(at, "data", config, entries);
    // A server that refuses what is strange.
    at.git("", &["init", "--quiet", "--bare", "--initial-branch=main", "hub"]);
    at.git("hub", &["config", "receive.fsckObjects", "true"]);
    at.git("data", &["push", "--quiet", "../hub", "main"]);
    holds(at, "hub", config, entries);
    // A working tree with all files, under the rules of other file systems.
    let strict = ["-c", "core.protectHFS=true", "-c", "core.protectNTFS=true"];
    at.git("", &[&strict[..], &["clone", "--quiet", "hub", "clone"]].concat());
    assert_eq!(at.git("clone", &["status", "--porcelain"]), "");
    let files = at.git("clone", &["ls-files"]).to_lowercase();
    let mut files: Vec<_> = files.lines().collect();
    let count = files.len();
    files.sort_unstable();
    files.dedup();
    assert_eq!(files.len(), count, "names that differ in case only");
    holds(at, "clone", config, entries);
}

#[test]
fn odd_keys_are_kept() {
    isolated(|at| {
        let config = TreeConfig::default().with_targets(64, 128).unwrap();
        let entries: Entries = odd_keys()
            .into_iter()
            .map(|key| (key.clone(), key[..key.len().min(90)].to_vec()))
            .collect();
        load(at, config, &entries);
        survives_git(at, config, &entries);
    });
}

#[test]
fn odd_keys_name_large_values() {
    isolated(|at| {
        let config = TreeConfig::default().with_targets(64, 128).unwrap();
        let sizes = [1024, 1025, 3000, 17_000, 300_000];
        let keys = odd_keys().into_iter().zip(sizes.into_iter().cycle()).enumerate();
        let entries: Entries = keys.map(|(i, (key, len))| (key, noise(i as u64, len))).collect();
        load(at, config, &entries);
        survives_git(at, config, &entries);
    });
}

#[test]
fn a_leaf_of_one_empty_key_is_kept() {
    isolated(|at| {
        let entries = Entries::from([(Vec::new(), Vec::new())]);
        load(at, TreeConfig::default(), &entries);
        assert_eq!(at.git("data", &["show", "HEAD:maps/default/l"]), "\t");
        survives_git(at, TreeConfig::default(), &entries);
    });
}

#[test]
fn twenty_thousand_keys_are_kept() {
    isolated(|at| {
        let entry =
            |i: u32| (format!("user:{i:08}").into_bytes(), format!("{{\"id\":{i}}}").into_bytes());
        let mut entries: Entries = (0..20_000).map(entry).collect();
        load(at, TreeConfig::default(), &entries);
        holds(at, "data", TreeConfig::default(), &entries);
        // Most of them go again, and a part in the middle changes.
        let mut repo = open(&at.path("data"));
        for (i, (key, _)) in entries.iter().enumerate() {
            match i {
                500..15_000 => _ = repo.delete(&map(), key).unwrap(),
                17_000..17_200 => repo.set(&map(), key.clone(), "changed").unwrap(),
                _ => {}
            }
        }
        repo.commit("Fewer").unwrap();
        let keys: Vec<_> = entries.keys().cloned().collect();
        keys[500..15_000].iter().for_each(|key| _ = entries.remove(key));
        keys[17_000..17_200]
            .iter()
            .for_each(|key| _ = entries.insert(key.clone(), b"changed".to_vec()));
        survives_git(at, TreeConfig::default(), &entries);
    });
}

#[test]
fn maps_of_odd_names_are_kept() {
    isolated(|at| {
        let long = "m".repeat(180);
        let longer = format!("{}n", "m".repeat(179));
        let names = [
            "default",
            "a",
            "A",
            "a/b",
            "a%2fb",
            "ü",
            "日本/語",
            "node",
            "maps",
            "PROLLY",
            "x.y",
            "#",
            "a@b",
            &long,
            &longer,
        ];
        let names: Vec<_> = names.iter().map(|name| MapName::new(*name).unwrap()).collect();
        let mut repo = init(&at.path("data"));
        for (i, name) in names.iter().enumerate() {
            repo.set(name, "key", format!("{i}")).unwrap();
            repo.set(name, "own", name.as_str()).unwrap();
        }
        repo.commit("Maps").unwrap();
        repo.delete(&names[1], b"key").unwrap();
        repo.delete(&names[1], b"own").unwrap();
        repo.set(&names[2], "key", "changed").unwrap();
        repo.commit("One map fewer").unwrap();
        let all = versions(&at.path("data"));
        at.git("", &["clone", "--quiet", "data", "clone"]);
        at.fsck("clone");
        at.git("clone", &["gc", "--quiet", "--prune=now"]);
        assert_eq!(versions(&at.path("clone")), all);
        let now = content(&at.path("clone")).remove("main").unwrap();
        let found: Vec<_> = now.keys().map(String::as_str).collect();
        let mut expected: Vec<_> =
            names.iter().map(MapName::as_str).filter(|name| *name != "a").collect();
        expected.sort_unstable();
        assert_eq!(found, expected);
        for (name, (_, entries)) in now {
            assert_eq!(entries[1], (b"own".to_vec(), name.into_bytes()));
        }
    });
}
