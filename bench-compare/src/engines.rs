//! The libraries measured, one a file.

mod btreemap;
mod im_ordmap;
mod ours;
mod ours_files;
mod prolly_map;
mod prolly_map_files;
mod redb;
mod rival_prollytree;
mod rival_prollytree_files;
mod sqlite;
#[cfg(test)]
mod tests;

use crate::engine::{DurableEngine, Engine};

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
