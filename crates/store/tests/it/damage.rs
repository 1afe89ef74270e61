//! Damage: every byte of a small store, one after the other.

use std::sync::Arc;

use prollytree_store::sim::SimVfs;
use prollytree_store::{Store, StoreError, StoreOptions};
use prollytree_tree::{Hash, Locator, NodeStorage, ObjectKind};

use crate::collect::{Lists, is_whole, put_list};
use crate::support::{content, put_leaf, set};

fn tiny() -> StoreOptions {
    let mut options = StoreOptions::default();
    options.segment_bytes = 3000;
    options.checkpoint_bytes = 1000;
    options.cache_bytes = 0;
    options
}

/// A store of several segments, with a leaf and lists of chunks.
struct Sample {
    disk: SimVfs,
    lists: Vec<Hash>,
    leaf: Hash,
}

const NAMES: [&str; 3] = ["a", "b", "c"];

fn sample() -> Sample {
    let disk = SimVfs::new();
    let store = Store::create_on(Arc::new(disk.clone()), tiny()).unwrap();
    let (leaf, _) = put_leaf(&store, &[(b"key", b"value"), (b"kez", b"")]);
    let mut lists = Vec::new();
    for (i, name) in NAMES.iter().enumerate() {
        let list = put_list(&store, i as u64 * 10..i as u64 * 10 + 4);
        set(&store, name, list.as_bytes()).unwrap();
        lists.push(list);
    }
    Sample { disk, lists, leaf }
}

const FILES: [&str; 4] = ["MANIFEST", "SYNCED", "seg-00000000", "seg-00000001"];

impl Sample {
    /// A copy of the disk on which one file is changed.
    fn with(&self, file: &str, damage: impl FnOnce(&mut Vec<u8>)) -> SimVfs {
        let disk = self.disk.copy();
        let mut bytes = disk.content(file).unwrap();
        damage(&mut bytes);
        disk.set_content(file, bytes);
        disk
    }

    /// Reads everything from a store; all that was stored is right, or an error says that it is not.
    fn read_all(&self, disk: &SimVfs) -> Result<(), StoreError> {
        let store = Store::open_on(Arc::new(disk.clone()), tiny())?;
        let refs = store.refs()?;
        assert_eq!(refs.len(), NAMES.len());
        for (name, list) in NAMES.iter().zip(&self.lists) {
            assert_eq!(&*refs[*name], list.as_bytes());
            assert!(is_whole(&store, list)?, "a chunk of {name} is absent");
        }
        let leaf = store.read_node(&self.leaf, Locator::NONE)?;
        assert_eq!(leaf.unwrap().key(1), b"kez");
        Ok(())
    }
}

/// Whether an error is one that damage gives.
fn says_so(error: &StoreError) -> bool {
    use StoreError::{Damaged, NotAStore, UnsupportedVersion};
    matches!(error, Damaged { .. } | UnsupportedVersion { .. } | NotAStore { .. })
}

#[test]
fn every_flip_of_every_byte_is_noticed_or_does_no_harm() {
    let sample = sample();
    sample.read_all(&sample.disk).unwrap();
    let (mut noticed, mut harmless) = (0, 0);
    for file in FILES {
        for at in 0..sample.disk.content(file).unwrap().len() {
            for flip in [0x01, 0x10, 0x80, 0xff] {
                let disk = sample.with(file, |bytes| bytes[at] ^= flip);
                match sample.read_all(&disk) {
                    Err(error) => {
                        assert!(says_so(&error), "{file} at {at}: {error}");
                        noticed += 1;
                    }
                    Ok(()) => harmless += 1,
                }
            }
        }
    }
    assert!(noticed > 4 * harmless, "{noticed} noticed, {harmless} harmless");
}

#[test]
fn a_check_reports_every_flip_in_a_segment() {
    let sample = sample();
    for file in FILES {
        let len = sample.disk.content(file).unwrap().len();
        for at in (0..len).filter(|at| file.starts_with("seg") || at % 512 < 96) {
            let disk = sample.with(file, |bytes| bytes[at] ^= 0x40);
            match Store::open_on(Arc::new(disk), tiny()) {
                Err(error) => assert!(says_so(&error), "{file} at {at}: {error}"),
                // One of the two slots of the hint is valid still.
                Ok(store) => {
                    let report = store.check().unwrap();
                    assert!(!report.problems.is_empty() || file == "SYNCED", "{file} at {at}");
                }
            }
        }
    }
    let store = Store::open_on(Arc::new(sample.disk.copy()), tiny()).unwrap();
    let report = store.check().unwrap();
    assert_eq!(report.problems, []);
    assert!(report.objects >= 16);
    assert_eq!(store.check_reachable(&Lists).unwrap().problems, []);
}

#[test]
fn a_file_cut_anywhere_is_noticed_or_does_no_harm() {
    let sample = sample();
    for file in FILES {
        for len in 0..sample.disk.content(file).unwrap().len() {
            let disk = sample.with(file, |bytes| bytes.truncate(len));
            if let Err(error) = sample.read_all(&disk) {
                assert!(says_so(&error), "{file} cut to {len}: {error}");
            }
        }
    }
}

#[test]
fn a_later_version_is_refused_and_nothing_is_written() {
    let sample = sample();
    for file in ["MANIFEST", "seg-00000000", "seg-00000001"] {
        let disk = sample.with(file, |bytes| bytes[8] = 2);
        let error = sample.read_all(&disk);
        assert!(matches!(error, Err(StoreError::UnsupportedVersion { found: 2, .. })), "{file}");
        let unchanged = sample.with(file, |bytes| bytes[8] = 2);
        for name in FILES {
            assert_eq!(disk.content(name), unchanged.content(name), "{name}");
        }
    }
}

#[test]
fn a_file_of_another_store_is_noticed() {
    let make = || {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::create(dir.path(), tiny()).unwrap();
        let lists = [0, 10, 20].map(|seed| put_list(&store, seed..seed + 4));
        lists.iter().for_each(|list| _ = set(&store, "main", list.as_bytes()).unwrap());
        (dir, lists)
    };
    let ((dir, lists), (other, _)) = (make(), make());
    let all_is_there = || {
        let store = Store::open(dir.path(), tiny())?;
        assert_eq!(&*store.get_ref("main")?.unwrap(), lists[2].as_bytes());
        lists.iter().try_for_each(|list| is_whole(&store, list).map(|whole| assert!(whole)))
    };
    for file in FILES {
        let (path, foreign) = (dir.path().join(file), other.path().join(file));
        let own = std::fs::read(&path).unwrap();
        std::fs::copy(foreign, &path).unwrap();
        match all_is_there() {
            // A hint that is not believed.
            Ok(()) => assert_eq!(file, "SYNCED"),
            Err(error) => assert!(says_so(&error), "{file}: {error}"),
        }
        std::fs::write(&path, own).unwrap();
        all_is_there().unwrap();
    }
}

#[test]
fn a_damaged_object_is_healed_by_writing_it_again() {
    let sample = sample();
    let needle = content(0, 300);
    let disk = sample.with("seg-00000000", |bytes| {
        let at = bytes.windows(300).position(|window| window == needle).unwrap();
        bytes[at + 7] ^= 1;
    });
    let error = sample.read_all(&disk);
    assert!(matches!(error, Err(StoreError::Damaged { offset, .. }) if offset > 64));
    let store = Store::open_on(Arc::new(disk.clone()), tiny()).unwrap();
    put_list(&store, 0..1);
    set(&store, "a", sample.lists[0].as_bytes()).unwrap();
    store.commit(&Default::default()).unwrap();
    sample.read_all(&disk).unwrap();
}

#[test]
fn what_is_intact_is_salvaged_whatever_byte_is_damaged() {
    let sample = sample();
    let whole = salvage(&sample.disk);
    assert_eq!((whole.1.report.problems.len(), whole.1.refs), (0, 3));
    for file in FILES {
        for at in (0..sample.disk.content(file).unwrap().len()).step_by(3) {
            let disk = sample.with(file, |bytes| bytes[at] ^= 0x20);
            let (store, salvaged) = salvage(&disk);
            assert!(salvaged.report.objects + 1 >= whole.1.report.objects, "{file} at {at}");
            assert!(salvaged.refs >= 2, "{file} at {at}");
            let intact = sample.lists.iter().filter(|list| is_whole(&store, list).unwrap());
            assert!(intact.count() >= 2, "{file} at {at}");
        }
    }
}

#[test]
fn the_refs_of_a_torn_batch_are_not_salvaged() {
    let sample = sample();
    let last = "seg-00000001";
    let disk = sample.with(last, |bytes| {
        let needle = content(20, 300);
        let at = bytes.windows(300).position(|window| window == needle).unwrap();
        bytes[at] ^= 1;
    });
    let (store, salvaged) = salvage(&disk);
    assert_eq!(salvaged.refs, 2);
    assert_eq!(salvaged.report.problems.len(), 1);
    assert_eq!(store.check_reachable(&Lists).unwrap().problems, []);
}

fn salvage(disk: &SimVfs) -> (Store, prollytree_store::Salvaged) {
    let store = Store::create_on(Arc::new(SimVfs::new()), tiny()).unwrap();
    let salvaged = store.salvage_on(Arc::new(disk.clone())).unwrap();
    (store, salvaged)
}

#[test]
fn a_missing_file_is_an_error_and_not_an_empty_store() {
    let sample = sample();
    for file in ["MANIFEST", "seg-00000000", "seg-00000001"] {
        let disk = sample.disk.copy();
        prollytree_store::Vfs::unlink(&disk, file).unwrap();
        let error = sample.read_all(&disk).unwrap_err();
        assert!(matches!(error, StoreError::Damaged { .. }), "{file}: {error}");
        assert!(Store::create_on(Arc::new(disk), tiny()).is_err());
    }
    let absent = ObjectKind::Chunk.hash(b"never stored").unwrap();
    let store = Store::open_on(Arc::new(sample.disk), tiny()).unwrap();
    assert!(store.read_object(ObjectKind::Chunk, &absent).unwrap().is_none());
}
