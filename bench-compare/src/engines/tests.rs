//! Every engine must compute what `BTreeMap` computes, or its times mean nothing.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::data::{Dataset, Entry, Key, touch};
use crate::engine::{Engine, GitEngine, Map, Scan, Version};
use crate::git::changed_file_bytes;
use crate::measure::Budget;
use crate::records::Records;
use crate::rows::Row;

const SIZE: usize = 3_000;

fn each_engine(test: impl Fn(&dyn Engine, &Dataset)) {
    let data = Dataset::new(7, SIZE, 100);
    for engine in super::in_memory() {
        eprintln!("{}", engine.title());
        test(&*engine, &data);
    }
}

fn scan_of<'a>(entries: impl IntoIterator<Item = &'a Entry>) -> Scan {
    let mut scan = Scan::default();
    entries.into_iter().for_each(|entry| scan.add(&entry.key, &entry.value));
    scan
}

/// Inserts a few, updates a few, deletes a few; the same to the model.
fn edit(map: &mut dyn Map, data: &Dataset) -> BTreeMap<Key, Entry> {
    let mut model: BTreeMap<_, _> = data.sorted.iter().map(|entry| (entry.key, *entry)).collect();
    for entry in
        data.fresh[..40].iter().copied().chain(data.shuffled[..40].iter().map(|e| e.changed()))
    {
        map.put(&entry).unwrap();
        map.root().unwrap();
        model.insert(entry.key, entry);
    }
    for entry in &data.shuffled[20..60] {
        map.delete(&entry.key).unwrap();
        map.root().unwrap();
        model.remove(&entry.key);
    }
    model
}

#[test]
fn edits_agree_with_the_model() {
    each_engine(|engine, data| {
        let mut map = engine.build(&data.sorted).unwrap();
        let model = edit(&mut *map, data);
        assert_eq!(map.scan().unwrap(), scan_of(model.values()));
        for entry in model.values().take(100) {
            assert_eq!(map.get(&entry.key).unwrap(), touch(&entry.value));
        }
    });
}

#[test]
fn every_way_to_build_gives_the_same_root() {
    each_engine(|engine, data| {
        let root = engine.build(&data.sorted).unwrap().root().unwrap();
        let mut batch = engine.empty().unwrap();
        batch.put_batch(&data.shuffled).unwrap();
        assert_eq!(batch.root().unwrap(), root);
        let mut stream = engine.empty().unwrap();
        let mut budget = Budget::new(Duration::from_secs(600), u64::MAX);
        assert_eq!(stream.stream(&data.shuffled, &mut budget).unwrap(), SIZE);
        assert_eq!(stream.root().unwrap(), root);
    });
}

#[test]
fn diff_and_merge_agree_with_the_model() {
    each_engine(|engine, data| {
        let mut map = engine.build(&data.sorted).unwrap();
        let base = map.snapshot().unwrap();
        map.put_batch(&data.fresh[50..60]).unwrap();
        let ours = map.snapshot().unwrap();
        map.checkout(base).unwrap();
        let mut model = edit(&mut *map, data);
        let theirs = map.snapshot().unwrap();
        assert_eq!(map.diff(base, theirs).unwrap(), Some(40 + 20 + 40));
        model.extend(data.fresh[50..60].iter().map(|entry| (entry.key, *entry)));
        merge_gives(&mut *map, [base, ours, theirs], scan_of(model.values()));
        map.reopen().unwrap();
        merge_gives(&mut *map, [base, ours, theirs], scan_of(model.values()));
    });
}

fn merge_gives(map: &mut dyn Map, [base, ours, theirs]: [Version; 3], wanted: Scan) {
    map.checkout(ours).unwrap();
    assert_eq!(map.merge(base, theirs).unwrap(), Some(0));
    assert_eq!(map.scan().unwrap(), wanted);
}

#[test]
fn commits_are_read_back() {
    let data = Dataset::new(7, 500, 10);
    for engine in super::durable() {
        let name = format!("bench-compare-test-{}-{}", std::process::id(), engine.id());
        let dir = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&dir).unwrap();
        let mut map = engine.create(&dir, &data.sorted).unwrap();
        let change = data.shuffled[0].changed();
        for entry in [&change, &data.fresh[0]] {
            map.commit(entry).unwrap();
            assert_eq!(map.get(&entry.key).unwrap(), Some(touch(&entry.value)));
        }
        assert_eq!(map.get(&data.fresh[1].key).unwrap(), None, "{}", engine.title());
        drop(map);
        std::fs::remove_dir_all(dir).unwrap();
    }
}

#[test]
fn git_commits_are_read_back() {
    let records = Records::new(7, 200, 10);
    for engine in super::git() {
        let name = format!("bench-compare-test-{}-{}", std::process::id(), engine.title());
        let dir = std::env::temp_dir().join(name.replace('*', ""));
        std::fs::create_dir_all(&dir).unwrap();
        let mut map = engine.create(&dir, &records.shuffled).unwrap();
        let changes = [records.shuffled[0].changed(1), records.fresh[0].clone()];
        for change in &changes {
            map.set(change).unwrap();
            map.commit().unwrap();
            assert_eq!(map.get(&change.key).unwrap(), Some(change.value.clone().into_bytes()));
        }
        drop(map);

        // A repository of one file holds the last value only.
        let holds_all =
            [Row::GitLoad, Row::GitReads].iter().any(|row| engine.takes_part(*row, 200));
        let mut map = engine.open(&dir).unwrap();
        for record in records.shuffled[1..].iter().chain(&changes).filter(|_| holds_all) {
            let value = Some(record.value.clone().into_bytes());
            assert_eq!(map.get(&record.key).unwrap(), value, "{}", engine.title());
        }
        std::fs::remove_dir_all(dir).unwrap();
    }
}

#[test]
fn changed_files_are_measured() {
    let records = Records::new(7, 200, 0).shuffled;
    let dir =
        std::env::temp_dir().join(format!("bench-compare-test-{}-leaves", std::process::id()));
    std::fs::create_dir_all(&dir).unwrap();
    let engine = super::git_files::GitFiles::PerKey;
    let mut map = engine.create(&dir, &records).unwrap();
    let changes = [records[3].changed(0), records[5].changed(1)];
    for change in &changes {
        map.set(change).unwrap();
        map.commit().unwrap();
    }
    let bytes = |counts: fn(&str) -> bool| changed_file_bytes(&dir, 2, counts).unwrap();
    let both = changes.iter().map(|change| change.value.len() as u64).sum::<u64>();
    assert_eq!((bytes(|_| true), bytes(|_| false)), (both, 0));
    std::fs::remove_dir_all(dir).unwrap();
}
