//! Data sets that somebody changed with other tools: what is wrong is an error that names it.

use std::error::Error;
use std::fs;

use prollytree_repo::MapName;

use super::damage::read_all;
use super::own::diverged;
use super::placement::beside_code;
use super::sandbox::{Sandbox, isolated};
use super::store::{chain, commit, content, get, map, open, try_open};

/// Changes one file of the data set by hand in the commit that is checked out, so that no version has
/// what was there. What reading says.
fn by_hand(at: &Sandbox, file: &str, change: impl Fn(&str) -> String) -> String {
    let path = format!("work/data/{file}");
    let head = at.git("work", &["rev-parse", "HEAD"]);
    at.write(&path, change(&at.read(&path)));
    at.git("work", &["commit", "--quiet", "--all", "--amend", "--message", "By hand"]);
    let said = read_all(at, "work/data").unwrap_err();
    let id = at.git("work", &["rev-parse", &format!("HEAD:data/{file}")]);
    assert!(said.contains(&id), "{said}, not {id}");
    at.git("work", &["reset", "--quiet", "--hard", &head]);
    said
}

/// The faults of what is checked out, each with its sources.
fn faults(at: &Sandbox, folder: &str) -> Vec<String> {
    let repo = open(&at.path(folder));
    let faults = repo.backend().check_versions(repo.tip()).unwrap();
    faults.iter().map(|(_, fault)| chain(fault)).collect()
}

#[test]
fn a_leaf_that_somebody_edited_is_an_error_with_its_name() {
    isolated(|at| {
        let mut repo = beside_code(at);
        for i in 0..2000 {
            repo.set(&map(), format!("key/{i:05}"), format!("value {i}")).unwrap();
        }
        repo.commit("More").unwrap();
        let all = content(&at.path("work/data"));
        let leaf = at.git("work", &["grep", "--files-with-matches", "value 1000"]);
        let leaf = leaf.strip_prefix("data/").unwrap();
        for (from, to) in [
            ("value 1000", "another value"),
            ("key/01000\tvalue 1000\n", ""),
            ("key/01000\tvalue 1000\n", "key/01000\tvalue 1000\nkey/01000a\tnew\n"),
            ("key/01000\t", "key/01000 "),
            ("key/01000\t", "key/00001\t"),
            ("value 1000\n", "value 1000\n\n"),
            ("value 1000", "\\x"),
        ] {
            by_hand(at, leaf, |text| {
                let changed = text.replace(from, to);
                assert_ne!(changed, text);
                changed
            });
        }
        by_hand(at, leaf, |_| String::new());
        assert_eq!(content(&at.path("work/data")), all);

        // As long as another version has what was there, it is read, and the change is found on demand.
        let path = format!("work/data/{leaf}");
        at.write(&path, at.read(&path).replace("value 1000", "another"));
        at.git("work", &["commit", "--quiet", "--all", "--message", "By hand"]);
        assert_eq!(content(&at.path("work/data")), all);
        let id = at.git("work", &["rev-parse", &format!("HEAD:data/{leaf}")]);
        let [fault] = &faults(at, "work/data")[..] else { panic!() };
        assert!(fault.contains(&id), "{fault}, not {id}");
    });
}

#[test]
fn a_key_in_a_leaf_that_nobody_edited_is_read_still() {
    isolated(|at| {
        let mut repo = beside_code(at);
        for i in 0..2000 {
            repo.set(&map(), format!("key/{i:05}"), format!("value {i}")).unwrap();
        }
        repo.commit("More").unwrap();
        let leaf = at.git("work", &["grep", "--files-with-matches", "value 1000"]);
        let leaf = format!("work/{leaf}");
        at.write(&leaf, at.read(&leaf).replace("value 1000", "another"));
        at.git("work", &["commit", "--quiet", "--all", "--amend", "--message", "By hand"]);
        let mut repo = open(&at.path("work/data"));
        assert_eq!(get(&repo, "key/00001").unwrap(), "value 1");
        assert!(repo.get(&map(), b"key/01000").is_err());
        assert!(repo.contains(&map(), b"key/01000").is_err());
        // An edit of that leaf is refused as well; one beside it is not, and heals nothing.
        repo.set(&map(), "key/01000", "new").unwrap();
        assert!(repo.commit("Refused").is_err());
        let mut repo = open(&at.path("work/data"));
        commit(&mut repo, &[("key/00001", "new")], "Beside it");
        let repo = open(&at.path("work/data"));
        assert_eq!(get(&repo, "key/00001").unwrap(), "new");
        assert!(repo.get(&map(), b"key/01000").is_err());
    });
}

#[test]
fn a_list_of_maps_that_somebody_edited_is_an_error_with_its_name() {
    isolated(|at| {
        drop(beside_code(at));
        let said = by_hand(at, "PROLLY", |text| text.replace("prolly 1", "prolly 2"));
        assert!(said.contains("prolly 2"), "{said}");
        let said = by_hand(at, "PROLLY", |text| text.replace("map default", "map  default"));
        assert!(said.contains("line 2"), "{said}");
        by_hand(at, "PROLLY", |text| format!("<<<<<<< HEAD\n{text}"));
        by_hand(at, "PROLLY", |text| text.replace('\n', "\r\n"));
        by_hand(at, "PROLLY", |_| String::new());
        // Not without a word: the map is there still.
        let said = by_hand(at, "PROLLY", |text| text.lines().next().unwrap().to_owned() + "\n");
        assert!(said.contains("the list of the maps that lie beside it"), "{said}");
    });
}

#[test]
fn a_root_or_a_count_that_somebody_edited_is_an_error() {
    isolated(|at| {
        drop(beside_code(at));
        let list = at.read("work/data/PROLLY");
        let fields: Vec<_> = list.lines().nth(1).unwrap().split(' ').collect();
        let other_root =
            if &fields[2][..1] == "0" { "1" } else { "0" }.to_owned() + &fields[2][1..];
        let leaf = at.git("work", &["rev-parse", "HEAD:data/maps/default/l"]);
        for (old, new, map, named) in [
            (fields[2], other_root.as_str(), "default", leaf.as_str()),
            (" 2 ", " 3 ", "default", "has 2 entries, but 3 are recorded"),
            ("map default ", "map other ", "other", "is not the list of the maps"),
        ] {
            let changed = list.replace(old, new);
            assert_ne!(changed, list);
            at.write("work/data/PROLLY", changed);
            at.git("work", &["commit", "--quiet", "--all", "--message", "By hand"]);
            let read = || -> Result<_, Box<dyn Error>> {
                let mut repo = try_open(&at.path("work/data"))?;
                Ok(repo.working_map(&MapName::new(map)?)?.get(b"a")?)
            };
            let said = chain(&*read().unwrap_err());
            assert!(said.contains(named), "{said}, not {named}");
            at.git("work", &["reset", "--quiet", "--hard", "HEAD~1"]);
        }
    });
}

#[test]
fn a_merge_that_was_forced_is_the_side_that_was_preferred_and_can_be_undone() {
    isolated(|at| {
        for (side, branch) in [("ours", "main"), ("theirs", "dev")] {
            diverged(at);
            let before = content(&at.path("data"));
            // Git takes the list and the nodes of that side, and among others a leaf of the other.
            at.git("data", &["merge", "--quiet", "-s", "ort", "-X", side, "dev"]);
            assert_eq!(content(&at.path("data"))["main"], before[branch]);
            let [fault] = &faults(at, "data")[..] else { panic!() };
            assert!(fault.contains("does not hold what the tree calls"), "{fault}");
            at.git("data", &["reset", "--quiet", "--hard", "HEAD~1"]);
            assert_eq!(content(&at.path("data")), before);
            assert_eq!(faults(at, "data"), [""; 0]);
            fs::remove_dir_all(at.path("data")).unwrap();
        }
    });
}
