//! Making a new store.

use crate::dir::Dir;
use crate::error::{Damage, StoreError};
use crate::format::{
    BatchHeader, Manifest, Meta, SEGMENT_HEADER_LEN, SUM_LEN, SegmentEntry, Sums, segment_header,
    segment_name, segment_number,
};
use crate::vfs::OpenMode;

/// Creates the first segment and the manifest. The caller holds the lock.
pub(crate) fn create(dir: &Dir) -> Result<(), StoreError> {
    if dir.read(Manifest::NAME)?.is_some() {
        return Err(StoreError::AlreadyExists { path: dir.path("") });
    }
    let sums = Sums::new(dir.random()?);
    let first = first_segment(&sums);
    // Without a manifest a segment is what a crash left of an earlier attempt, unless it is longer.
    for name in dir.list()?.iter().filter(|name| segment_number(name).is_some()) {
        if dir.open(name, OpenMode::Read)?.len()? > first.len() as u64 {
            let (path, damage) = (dir.path(Manifest::NAME), Damage::MissingFile);
            return Err(StoreError::Damaged { path, offset: 0, damage });
        }
    }
    let file = dir.open(&segment_name(0), OpenMode::CreateEmpty)?;
    file.write(&first, 0)?;
    file.sync()?;
    dir.sync()?;
    let manifest = Manifest {
        id: sums.id,
        generation: 1,
        collection: 0,
        next_segment: 1,
        segments: vec![SegmentEntry { number: 0, last: None }],
    };
    manifest.prepare(dir)?;
    Manifest::publish(dir)
}

/// A segment with an empty first batch.
fn first_segment(sums: &Sums) -> Vec<u8> {
    let meta = Meta { refs: Vec::new(), index: Some(Vec::new()) }.encode();
    let header = BatchHeader {
        checkpoint: true,
        last: false,
        segment: 0,
        at: SEGMENT_HEADER_LEN,
        sequence: 1,
        synced: 0,
        records_len: 0,
        meta_len: meta.len() as u64,
        checkpoint_before: 0,
        before: [0; SUM_LEN],
        records_sum: sums.of(&[]),
        meta_sum: sums.of(&meta),
    };
    [segment_header(sums, 0), header.encode(sums).0, meta].concat()
}
