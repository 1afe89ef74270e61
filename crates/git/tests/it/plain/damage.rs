//! What is missing, damaged, or changed by hand is an error that names it, and never other data.

use std::collections::BTreeSet;
use std::error::Error;
use std::fs;
use std::path::PathBuf;

use prollytree_repo::Repository;
use prollytree_tree::Entry;

use super::sandbox::{Sandbox, isolated};
use super::store::{Repo, chain, init, map, noise, try_open};

/// All keys and values of `main`, or why they cannot be had.
pub(super) fn read_all(at: &Sandbox, folder: &str) -> Result<Vec<Entry>, String> {
    let read = || -> Result<_, Box<dyn Error>> {
        let mut repo = try_open(&at.path(folder))?;
        let map = repo.working_map(&map())?;
        let entries = map.iter()?.collect::<Result<Vec<_>, _>>()?;
        assert_eq!(entries.len() as u64, map.len());
        // The values once more, each by its key.
        for (key, value) in &entries {
            assert_eq!(map.get(key)?.as_ref(), Some(value));
        }
        Ok(entries)
    };
    read().map_err(|error| chain(&*error))
}

/// A data set with an object of each kind.
fn small(at: &Sandbox) -> Repo {
    let mut repo = init(&at.path("data"));
    for i in 0..400 {
        repo.set(&map(), format!("key/{i:05}"), format!("value {i}")).unwrap();
    }
    repo.set(&map(), "bytes", vec![0xff; 9]).unwrap();
    repo.set(&map(), "page", "a line\n".repeat(400)).unwrap();
    repo.set(&map(), "large", noise(1, 200_000)).unwrap();
    repo.commit("All").unwrap();
    repo
}

fn files_of(at: &Sandbox, folder: &str, extension: &str) -> Vec<PathBuf> {
    let files = fs::read_dir(at.path(folder)).unwrap().map(|file| file.unwrap().path());
    let mut files: Vec<_> =
        files.filter(|path| path.extension().is_some_and(|found| found == extension)).collect();
    files.sort_unstable();
    files
}

#[test]
fn no_object_can_be_missing_unnoticed() {
    isolated(|at| {
        drop(small(at));
        let all = read_all(at, "data").unwrap();
        let [pack] = &files_of(at, "data/.git/objects/pack", "pack")[..] else { panic!() };
        // All objects loose, each in a file of its own.
        fs::rename(pack, at.path("the.pack")).unwrap();
        fs::remove_file(pack.with_extension("idx")).unwrap();
        let unpack = "git unpack-objects -q < ../the.pack";
        at.git("data", &["-c", &format!("alias.unpack=!{unpack}"), "unpack"]);
        assert_eq!(read_all(at, "data").unwrap(), all);

        let listed = at.git("data", &["rev-list", "--objects", "HEAD"]);
        let ids: BTreeSet<_> = listed.lines().map(|line| &line[..40]).collect();
        assert!(ids.len() > 15, "{listed}");
        let mut unread = Vec::new();
        for id in &ids {
            let (folder, name) = id.split_at(2);
            let path = at.path(&format!("data/.git/objects/{folder}/{name}"));
            fs::rename(&path, at.path("away")).unwrap();
            match read_all(at, "data") {
                Err(said) => assert!(said.contains(id), "{said}, not {id}"),
                Ok(found) => {
                    assert_eq!(found, all);
                    unread.push(*id);
                }
            }
            fs::rename(at.path("away"), path).unwrap();
        }
        // Only the file that tells Git how to treat the others is not needed.
        assert_eq!(unread, [at.git("data", &["rev-parse", "HEAD:.gitattributes"])]);
        assert_eq!(read_all(at, "data").unwrap(), all);
    });
}

#[test]
fn no_byte_of_a_pack_can_change_unnoticed() {
    isolated(|at| {
        drop(small(at));
        let all = read_all(at, "data").unwrap();
        let [pack] = &files_of(at, "data/.git/objects/pack", "pack")[..] else { panic!() };
        let whole = fs::read(pack).unwrap();
        make_writable(pack);
        let mut noticed = 0;
        for at_byte in (0..whole.len()).step_by(whole.len() / 150) {
            let mut bytes = whole.clone();
            bytes[at_byte] ^= 1 << (at_byte % 8);
            fs::write(pack, bytes).unwrap();
            match read_all(at, "data") {
                Ok(found) => assert_eq!(found, all, "byte {at_byte}"),
                Err(_) => noticed += 1,
            }
        }
        assert!(noticed > 140, "{noticed}");
        for len in [0, 1, 11, 12, 20, 100, whole.len() / 2, whole.len() - 21] {
            fs::write(pack, &whole[..len]).unwrap();
            assert!(read_all(at, "data").is_err(), "cut to {len} bytes");
        }
        fs::write(pack, whole).unwrap();
        assert_eq!(read_all(at, "data").unwrap(), all);
    });
}

#[expect(clippy::permissions_set_readonly_false, reason = "a file in a temporary folder")]
fn make_writable(path: &std::path::Path) {
    let mut permissions = fs::metadata(path).unwrap().permissions();
    permissions.set_readonly(false);
    fs::set_permissions(path, permissions).unwrap();
}

#[test]
fn a_pack_or_an_index_that_is_gone_is_an_error() {
    isolated(|at| {
        drop(small(at));
        for extension in ["pack", "idx"] {
            let [file] = &files_of(at, "data/.git/objects/pack", extension)[..] else { panic!() };
            fs::rename(file, at.path("away")).unwrap();
            assert!(read_all(at, "data").is_err(), "without the {extension}");
            // Nor is it taken for an empty place.
            let backend = prollytree_git::GitBackend::init(at.path("data"), &Default::default());
            let made = backend.map(|backend| {
                let options = backend.options();
                Repository::init(backend, options).map(|repo| repo.head_maps().len())
            });
            assert!(!matches!(made, Ok(Ok(_))), "{made:?}");
            fs::rename(at.path("away"), file).unwrap();
        }
        assert!(read_all(at, "data").is_ok());
    });
}

#[test]
fn refs_that_a_crash_left_empty_are_errors() {
    isolated(|at| {
        drop(small(at));
        let all = read_all(at, "data").unwrap();
        for (file, content) in [
            ("data/.git/refs/heads/main", ""),
            ("data/.git/refs/heads/main", "\0\0\0\0"),
            ("data/.git/refs/heads/main", "1234567890123456789012345678901234567890\n"),
            ("data/.git/refs/heads/main", "ref: refs/heads/main\n"),
            ("data/.git/HEAD", "ref: HEAD\n"),
            ("data/.git/HEAD", ""),
            ("data/.git/HEAD", "ref: refs/heads/../../x\n"),
        ] {
            let whole = at.read(file);
            at.write(file, content);
            assert!(read_all(at, "data").is_err(), "{file} with {content:?}");
            at.write(file, whole);
        }
        assert_eq!(read_all(at, "data").unwrap(), all);
    });
}
