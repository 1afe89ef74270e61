//! History independence, in Git too: equal content is one tree of Git, however it came about.

use std::collections::BTreeMap;
use std::process::Command;

use prollytree_git::{GitBackend, InitOptions};
use prollytree_repo::{MapName, Options, Repository};
use prollytree_tree::TreeConfig;
use proptest::prelude::*;

type Content = BTreeMap<Vec<u8>, Vec<u8>>;

/// Trees with many small nodes, so that a few hundred entries make four levels.
fn options() -> Options {
    let config = TreeConfig::default().with_targets(256, 256).unwrap();
    Options::default().with_tree_config(config)
}

fn new_repo(folder: &std::path::Path) -> Repository<GitBackend> {
    let mut settings = InitOptions::default();
    settings.bare = true;
    // Nothing here survives a crash, and nothing has to.
    let backend = GitBackend::init(folder, &settings).unwrap();
    let config = folder.join("config");
    let text = std::fs::read_to_string(&config).unwrap() + "[core]\n\tfsync = none\n";
    std::fs::write(&config, text).unwrap();
    drop(backend);
    Repository::init(GitBackend::init(folder, &settings).unwrap(), options()).unwrap()
}

/// Git's id of the data set's tree.
fn tree_id(repo: &Repository<GitBackend>) -> String {
    let output = Command::new("git")
        .args(["rev-parse", "HEAD^{tree}"])
        .current_dir(repo.backend().git_dir())
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[derive(Debug, Clone)]
enum Step {
    Set(u16, Vec<u8>),
    Delete(u16),
    Commit,
    Save,
    Reopen,
}

fn key(n: u16) -> Vec<u8> {
    match n % 7 {
        0 => [&b"Bin\xff"[..], &n.to_be_bytes()].concat(),
        _ => format!("key/{n:04}").into_bytes(),
    }
}

fn value() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        6 => "[a-z]{0,40}".prop_map(String::into_bytes),
        2 => prop::collection::vec(any::<u8>(), 0..30),
        1 => any::<u8>().prop_map(|byte| vec![byte; 1500]),
        1 => any::<u32>().prop_map(|seed| (0..9_000).flat_map(|n: u32| (n ^ seed).to_le_bytes()).collect()),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        12 => (0..200u16, value()).prop_map(|(n, value)| Step::Set(n, value)),
        5 => (0..200u16).prop_map(Step::Delete),
        1 => Just(Step::Commit),
        1 => Just(Step::Save),
        1 => Just(Step::Reopen),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn any_history_gives_the_tree_of_its_content(steps in prop::collection::vec(step(), 1..250)) {
        let folder = tempfile::tempdir().unwrap();
        let map = MapName::default();
        let mut repo = new_repo(&folder.path().join("history"));
        let mut content = Content::new();
        for step in steps {
            match step {
                Step::Set(n, value) => {
                    repo.set_reader(&map, key(n), &value[..]).unwrap();
                    content.insert(key(n), value);
                }
                Step::Delete(n) => {
                    repo.delete(&map, &key(n)).unwrap();
                    content.remove(&key(n));
                }
                Step::Commit => _ = repo.commit("step"),
                Step::Save => repo.save().unwrap(),
                Step::Reopen => {
                    repo.save().unwrap();
                    let folder = repo.backend().folder().to_owned();
                    drop(repo);
                    repo = Repository::open(GitBackend::open(folder).unwrap(), options()).unwrap();
                }
            }
        }
        // A version that is not the same as the one before, whatever the steps were.
        repo.set(&map, "~", "end").unwrap();
        content.insert(b"~".to_vec(), b"end".to_vec());
        _ = repo.commit("end");

        let mut scratch = new_repo(&folder.path().join("scratch"));
        for (key, value) in &content {
            scratch.set_reader(&map, key.clone(), &value[..]).unwrap();
        }
        scratch.commit("at once").unwrap();
        prop_assert_eq!(repo.head_maps(), scratch.head_maps());
        prop_assert_eq!(tree_id(&repo), tree_id(&scratch));
        for (key, value) in &content {
            prop_assert_eq!(&repo.get(&map, key).unwrap(), &Some(value.clone()));
        }
        // Read anew, from nothing but Git's objects.
        let fresh = GitBackend::open(repo.backend().folder()).unwrap();
        let fresh = Repository::open(fresh, options()).unwrap();
        let tree = fresh.open_map(fresh.head_maps(), &map).unwrap();
        prop_assert_eq!(tree.len(), content.len() as u64);
        prollytree_tree::check_tree(fresh.backend(), tree.config(), tree.root()).unwrap();
    }
}
