//! The libraries measured, one a file.

mod btreemap;
mod git_files;
mod gluesql;
mod im_ordmap;
mod ours;
mod ours_files;
mod ours_git;
mod ours_gluesql;
mod ours_native;
mod ours_sqlite;
mod prolly_map;
mod prolly_map_files;
mod redb;
mod rival_prollytree;
mod rival_prollytree_files;
mod rival_prollytree_git;
mod rival_prollytree_sql;
mod sqlite;
mod sqlite_sql;
#[cfg(test)]
mod tests;

use crate::engine::{DurableEngine, Engine, GitEngine, SqlEngine};

/// Every engine in memory, in the order of the columns.
pub fn in_memory() -> Vec<Box<dyn Engine>> {
    vec![
        Box::new(ours::Ours),
        Box::new(btreemap::BTreeMapEngine),
        Box::new(im_ordmap::ImOrdMapEngine),
        Box::new(rival_prollytree::RivalProllytree::AsOffered),
        Box::new(rival_prollytree::RivalProllytree::MergeByHand),
        Box::new(prolly_map::ProllyMap::AsOffered),
        Box::new(prolly_map::ProllyMap::MergeByHand),
    ]
}

/// Every engine on disk, in the order of the columns.
pub fn durable() -> Vec<Box<dyn DurableEngine>> {
    vec![
        Box::new(ours_files::OursFiles),
        Box::new(redb::Redb),
        Box::new(sqlite::Sqlite),
        Box::new(rival_prollytree_files::RivalProllytreeFiles),
        Box::new(prolly_map_files::ProllyMapFiles),
    ]
}

/// Every engine of the Git rows, in the order of the columns.
pub fn git() -> Vec<Box<dyn GitEngine>> {
    vec![
        Box::new(ours_native::OursNative),
        Box::new(ours_git::OursGit::Synced),
        Box::new(ours_git::OursGit::Unsynced),
        Box::new(rival_prollytree_git::RivalProllytreeGit),
        Box::new(git_files::GitFiles::PerKey),
        Box::new(git_files::GitFiles::One),
        Box::new(git_files::GitFiles::OneSynced),
    ]
}

/// Every engine of the SQL rows, in the order of the columns.
pub fn sql() -> Vec<Box<dyn SqlEngine>> {
    vec![
        Box::new(ours_gluesql::OursGluesql),
        Box::new(gluesql::GluesqlMemory),
        Box::new(ours_sqlite::OursSqlite),
        Box::new(sqlite_sql::SqliteSql),
        Box::new(rival_prollytree_sql::RivalProllytreeSql),
    ]
}
