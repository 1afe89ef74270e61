//! The `GitVersionedKvStore` of `prollytree` 0.4.1: a loose blob a node, which no
//! commit leads to, and two files in each commit.

use std::path::Path;

use rival_prollytree::git::GitVersionedKvStore;
use rival_prollytree::tree::Tree;

use super::git_files::new_repository;
use crate::engine::{GitEngine, GitMap, Named, Outcome};
use crate::records::Record;
use crate::rows::Row;

/// The engine.
pub(super) struct RivalProllytreeGit;

/// It refuses the root of a repository.
const FOLDER: &str = "data";
/// Staging takes quadratic time, about a minute for so many.
const MOST_KEYS: usize = 10_000;

impl Named for RivalProllytreeGit {
    fn id(&self) -> &'static str {
        "prollytree"
    }

    fn title(&self) -> &'static str {
        "prollytree 0.4.1 git"
    }

    fn note(&self, row: Row) -> Option<&'static str> {
        Some(match row {
            Row::GitLoad => "`insert` writes all that is staged anew; nothing is synced",
            Row::GitSize => {
                "built by `insert_batch` on its tree, past the staging; no commit leads to its nodes: `git gc` keeps them for two weeks, `git gc --prune=now` deletes them"
            }
            Row::GitWriters => "one handle a process; opened anew after an error",
            _ => "built by `insert_batch` on its tree, past the staging; nothing is synced",
        })
    }
}

impl GitEngine for RivalProllytreeGit {
    fn takes_part(&self, _row: Row, keys: usize) -> bool {
        keys <= MOST_KEYS
    }

    fn create(&self, dir: &Path, records: &[Record]) -> Outcome<Box<dyn GitMap>> {
        new_repository(dir)?;
        let mut store = GitVersionedKvStore::init(dir.join(FOLDER))?;
        if !records.is_empty() {
            let of = |part: fn(&Record) -> &String| -> Vec<Vec<u8>> {
                records.iter().map(|record| part(record).clone().into_bytes()).collect()
            };
            store.tree_mut().insert_batch(&of(|record| &record.key), &of(|record| &record.value));
            store.commit("load")?;
        }
        Ok(Box::new(RivalProllytreeGitMap { store }))
    }

    fn open(&self, dir: &Path) -> Outcome<Box<dyn GitMap>> {
        let store = GitVersionedKvStore::open(dir.join(FOLDER))?;
        Ok(Box::new(RivalProllytreeGitMap { store }))
    }
}

struct RivalProllytreeGitMap {
    store: GitVersionedKvStore<32>,
}

impl GitMap for RivalProllytreeGitMap {
    fn set(&mut self, record: &Record) -> Outcome<()> {
        let (key, value) = (record.key.clone(), record.value.clone());
        Ok(self.store.insert(key.into_bytes(), value.into_bytes())?)
    }

    fn commit(&mut self) -> Outcome<()> {
        self.store.commit("change")?;
        Ok(())
    }

    fn get(&mut self, key: &str) -> Outcome<Option<Vec<u8>>> {
        Ok(self.store.get(key.as_bytes()))
    }
}
