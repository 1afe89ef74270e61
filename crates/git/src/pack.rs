//! Packs: one file for all objects of an update, and its index.
//!
//! The objects stand whole and compressed, as Git reads them from any pack; deltas are the work of
//! `git gc`. The formats are those of gitformat-pack(5), index version 2.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use flate2::{Compress, Compression, FlushCompress, Status};
use gix::hash::{Kind as HashKind, ObjectId};
use gix::objs::Kind;

use crate::error::{GitError, io_error};

/// What Git compresses loose objects with.
const LEVEL: Compression = Compression::fast();
/// How often files are written that somebody removes meanwhile.
const TRIES: u32 = 10;
/// Offsets from here on stand in the index's table of large ones.
const LARGE_OFFSET: u64 = 1 << 31;

/// An object to be packed.
pub(crate) struct Packed<'a> {
    pub(crate) id: ObjectId,
    pub(crate) kind: Kind,
    pub(crate) data: &'a [u8],
}

/// A pack that was written, and whose objects nothing leads to yet.
pub(crate) struct Written {
    /// Keeps the pack from being taken for garbage; removed when a ref leads to it.
    keep: PathBuf,
}

impl Written {
    /// Leaves the pack to Git.
    pub(crate) fn release(self) -> Result<(), GitError> {
        match fs::remove_file(&self.keep) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(io_error("remove", &self.keep)(error))
            }
            _ => Ok(()),
        }
    }
}

/// Writes objects, each once, as a pack into a repository's object folder.
///
/// What a keep file says is the `owner`: whoever finds one of a process that is gone may remove it.
pub(crate) fn write(
    objects_dir: &Path,
    hash: HashKind,
    objects: &[Packed<'_>],
    owner: &str,
    durable: bool,
) -> Result<Written, GitError> {
    let dir = objects_dir.join("pack");
    fs::create_dir_all(&dir).map_err(io_error("make", &dir))?;
    let (pack, entries) = encode(hash, objects)?;
    let sum = digest(hash, &pack)?;
    let index = encode_index(hash, entries, &sum)?;
    let path = |extension: &str| dir.join(format!("pack-{sum}.{extension}"));
    let keep = path("keep");
    fs::write(&keep, owner).map_err(io_error("write", &keep))?;
    // Git takes for a pack what ends like one, and clears away what begins like this.
    let process = std::process::id();
    let temporary = |part: &str| dir.join(format!("tmp_prolly_{part}_{sum}_{process}"));
    let files = [
        (temporary("pack"), path("pack"), vec![pack, sum.as_slice().to_vec()]),
        (temporary("idx"), path("idx"), vec![index]),
    ];
    let mut tries = 0;
    while let Err(error) = place(&files, durable) {
        tries += 1;
        // `git prune` cannot tell what is being written from what a crash left.
        let pruned = matches!(&error, GitError::Io { source, .. } if source.kind() == io::ErrorKind::NotFound);
        if !pruned || tries == TRIES {
            return Err(error);
        }
    }
    if durable {
        sync_dir(&dir)?;
    }
    Ok(Written { keep })
}

/// A file: under which name it is written, under which it stands in the end, and what it holds.
type Parts = (PathBuf, PathBuf, Vec<Vec<u8>>);

/// Writes a pack and its index, and then names them, the index last.
fn place(files: &[Parts; 2], durable: bool) -> Result<(), GitError> {
    // Side by side, the two syncs take the time of one.
    std::thread::scope(|scope| {
        let [pack, index] = files;
        let index = scope.spawn(|| write_file(&index.0, &index.2, durable));
        write_file(&pack.0, &pack.2, durable)?;
        match index.join() {
            Ok(result) => result,
            Err(panic) => std::panic::resume_unwind(panic),
        }
    })?;
    files
        .iter()
        .try_for_each(|(from, to, _)| fs::rename(from, to).map_err(io_error("rename to", to)))
}

fn write_file(path: &Path, parts: &[Vec<u8>], durable: bool) -> Result<(), GitError> {
    let write = || -> io::Result<()> {
        let mut file = File::create(path)?;
        parts.iter().try_for_each(|part| file.write_all(part))?;
        if durable { file.sync_data() } else { Ok(()) }
    };
    write().map_err(io_error("write", path))
}

/// Makes what was renamed into a folder durable.
pub(crate) fn sync_dir(dir: &Path) -> Result<(), GitError> {
    if cfg!(unix) {
        File::open(dir).and_then(|dir| dir.sync_all()).map_err(io_error("sync", dir))?;
    }
    Ok(())
}

/// An object in a pack: its name, the sum of its stored bytes, and where they begin.
type Entry = (ObjectId, u32, u64);

/// The pack without the sum at its end.
fn encode(hash: HashKind, objects: &[Packed<'_>]) -> Result<(Vec<u8>, Vec<Entry>), GitError> {
    let room = objects.iter().map(|object| object.data.len() / 2 + 64).sum();
    let mut pack = Vec::with_capacity(room);
    pack.extend_from_slice(b"PACK");
    pack.extend_from_slice(&2u32.to_be_bytes());
    pack.extend_from_slice(&(objects.len() as u32).to_be_bytes());
    let mut entries = Vec::with_capacity(objects.len());
    let mut deflate = Compress::new(LEVEL, true);
    for object in objects {
        debug_assert_eq!(object.id.kind(), hash);
        let start = pack.len();
        encode_header(&mut pack, object.kind, object.data.len());
        deflate.reset();
        encode_data(&mut pack, &mut deflate, object.data)?;
        entries.push((object.id, crc32fast::hash(&pack[start..]), start as u64));
    }
    Ok((pack, entries))
}

/// The kind in three bits and the size, lowest four bits first, then seven bits a byte.
fn encode_header(pack: &mut Vec<u8>, kind: Kind, size: usize) {
    let code = match kind {
        Kind::Commit => 1,
        Kind::Tree => 2,
        Kind::Blob => 3,
        Kind::Tag => 4,
    };
    let mut byte = code << 4 | (size & 0xf) as u8;
    let mut rest = size >> 4;
    while rest > 0 {
        pack.push(byte | 0x80);
        byte = (rest & 0x7f) as u8;
        rest >>= 7;
    }
    pack.push(byte);
}

fn encode_data(pack: &mut Vec<u8>, deflate: &mut Compress, data: &[u8]) -> Result<(), GitError> {
    loop {
        let done = deflate.total_in() as usize;
        pack.reserve((data.len() - done) / 2 + 64);
        let status = deflate.compress_vec(&data[done..], pack, FlushCompress::Finish);
        match status {
            Ok(Status::StreamEnd) => return Ok(()),
            Ok(_) => {}
            Err(source) => return Err(GitError::internal("compress an object", source)),
        }
    }
}

fn encode_index(
    hash: HashKind,
    mut entries: Vec<Entry>,
    pack: &ObjectId,
) -> Result<Vec<u8>, GitError> {
    entries.sort_unstable_by_key(|entry| entry.0);
    let mut index = vec![0xff, b't', b'O', b'c', 0, 0, 0, 2];
    let mut below = 0usize;
    for first in 0..=u8::MAX {
        below += entries[below..].iter().take_while(|entry| entry.0.first_byte() == first).count();
        index.extend_from_slice(&(below as u32).to_be_bytes());
    }
    entries.iter().for_each(|entry| index.extend_from_slice(entry.0.as_slice()));
    entries.iter().for_each(|entry| index.extend_from_slice(&entry.1.to_be_bytes()));
    let mut large = Vec::new();
    for (_, _, offset) in entries {
        let short = if offset < LARGE_OFFSET {
            offset as u32
        } else {
            large.push(offset);
            LARGE_OFFSET as u32 | (large.len() - 1) as u32
        };
        index.extend_from_slice(&short.to_be_bytes());
    }
    large.iter().for_each(|offset| index.extend_from_slice(&offset.to_be_bytes()));
    index.extend_from_slice(pack.as_slice());
    let sum = digest(hash, &index)?;
    index.extend_from_slice(sum.as_slice());
    Ok(index)
}

fn digest(hash: HashKind, bytes: &[u8]) -> Result<ObjectId, GitError> {
    let mut hasher = gix::hash::hasher(hash);
    hasher.update(bytes);
    hasher.try_finalize().map_err(|source| GitError::gix("hash a pack", source))
}
