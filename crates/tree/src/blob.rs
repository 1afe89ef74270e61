//! Large values: content-defined chunks under lists of chunks.
//!
//! A value longer than [`MAX_INLINE_LEN`] is cut where its content says so (a gear hash, after Xia et
//! al., "FastCDC", USENIX ATC 2016), so that versions of a value share the chunks that did not
//! change, also behind an insertion. The chunks' names are kept in lists, cut by the names
//! themselves, and these in lists again until one object is left. `spec/FORMAT.md`, section "Large
//! values", has the constants.

mod list;
mod reader;
#[cfg(test)]
mod tests;

use std::io::{ErrorKind, Read};
use std::sync::LazyLock;

use xxhash_rust::xxh3::xxh3_64_with_seed;

use crate::error::TreeError;
use crate::hash::Hash;
use crate::object::ObjectKind;
use crate::storage::{NodeStorage, Nowhere};
use crate::value::{Blob, MAX_INLINE_LEN, MAX_VALUE_LEN, Value, ValueRef};

use list::Lists;
pub use list::{ChunkList, Part};
pub use reader::BlobReader;

/// The length that a chunk has at least, unless it is the last.
const MIN_CHUNK_LEN: usize = 16 << 10;
/// The length that a chunk does not pass.
pub const MAX_CHUNK_LEN: usize = 256 << 10;
/// A chunk ends where these bits of the gear hash are zero: every 64 KiB on average.
const CHUNK_MASK: u64 = 0xffff << 48;
const GEAR_SEED: u64 = 0x7072_6f6c_6c79_0001;

static GEAR: LazyLock<[u64; 256]> =
    LazyLock::new(|| std::array::from_fn(|byte| xxh3_64_with_seed(&[byte as u8], GEAR_SEED)));

/// Reads a value to its end and stores it: short ones inline, long ones in chunks.
///
/// Holds one chunk in memory.
///
/// # Errors
/// The source or the storage fails, or the value is longer than [`MAX_VALUE_LEN`].
pub fn store_reader<S: NodeStorage>(
    storage: &S,
    mut source: impl Read,
) -> Result<Value, TreeError> {
    let mut buffer = Vec::with_capacity(2 * MAX_CHUNK_LEN);
    let mut has_ended = fill(&mut source, &mut buffer)?;
    if buffer.len() <= MAX_INLINE_LEN {
        return Ok(Value::Inline(buffer));
    }
    let mut lists = Lists::new(storage);
    while !buffer.is_empty() {
        let len = chunk_len(&buffer);
        lists.push(put_chunk(storage, &buffer[..len])?)?;
        buffer.drain(..len);
        // A file that grows meanwhile ends where it ended first: what was cut as its end is final.
        has_ended = has_ended || fill(&mut source, &mut buffer)?;
    }
    lists.finish().map(Value::Blob)
}

/// Stores a value that is in memory; short ones stay where they are.
pub(crate) fn store_value<'v, S: NodeStorage>(
    storage: &S,
    value: &'v [u8],
) -> Result<ValueRef<'v>, TreeError> {
    if value.len() <= MAX_INLINE_LEN {
        return Ok(ValueRef::Inline(value));
    }
    let mut lists = Lists::new(storage);
    let mut rest = value;
    while !rest.is_empty() {
        let (chunk, behind) = rest.split_at(chunk_len(rest));
        lists.push(put_chunk(storage, chunk)?)?;
        rest = behind;
    }
    lists.finish().map(ValueRef::Blob)
}

/// Moves a value out of line if it is too long for a leaf, and refuses a reference that no leaf holds.
pub(crate) fn normalise<S: NodeStorage>(storage: &S, value: Value) -> Result<Value, TreeError> {
    match value {
        Value::Blob(blob) => check_blob(blob).map(|()| value),
        Value::Inline(bytes) if bytes.len() > MAX_INLINE_LEN => {
            store_value(storage, &bytes).map(ValueRef::to_value)
        }
        value => Ok(value),
    }
}

/// Refuses a reference to a value of a length that is not kept out of line.
pub(crate) fn check_blob(blob: Blob) -> Result<(), TreeError> {
    if blob.is_valid() { Ok(()) } else { Err(TreeError::BadBlob { hash: blob.hash }) }
}

/// Copies a value out of a leaf, or reads all its chunks.
pub(crate) fn read_value<S: NodeStorage>(
    storage: &S,
    value: ValueRef<'_>,
) -> Result<Vec<u8>, TreeError> {
    match value {
        ValueRef::Inline(bytes) => Ok(bytes.to_vec()),
        ValueRef::Blob(blob) => {
            let mut reader = BlobReader::new(storage, blob);
            let mut bytes = Vec::new();
            while let Some(chunk) = reader.next_chunk()? {
                bytes.extend_from_slice(&chunk);
            }
            Ok(bytes)
        }
    }
}

/// Names the value that [`store_reader`] would make of these bytes, without storing it.
pub(crate) fn name_value(value: &[u8]) -> Result<ValueRef<'_>, TreeError> {
    store_value(&Nowhere, value)
}

fn put_chunk<S: NodeStorage>(storage: &S, chunk: &[u8]) -> Result<Part, TreeError> {
    put(storage, ObjectKind::Chunk, chunk).map(|hash| Part { len: chunk.len() as u64, hash })
}

fn put<S: NodeStorage>(storage: &S, kind: ObjectKind, bytes: &[u8]) -> Result<Hash, TreeError> {
    let hash = kind.hash_bytes(bytes);
    storage
        .write_object(kind, &hash, bytes)
        .map_err(|source| TreeError::storage(kind, hash, source))?;
    Ok(hash)
}

/// The length of the first chunk, given at least [`MAX_CHUNK_LEN`] bytes or all that are left.
fn chunk_len(bytes: &[u8]) -> usize {
    let end = bytes.len().min(MAX_CHUNK_LEN);
    let mut hash = 0u64;
    for (i, &byte) in bytes[..end].iter().enumerate().skip(MIN_CHUNK_LEN - 64) {
        hash = (hash << 1).wrapping_add(GEAR[usize::from(byte)]);
        if i + 1 >= MIN_CHUNK_LEN && hash & CHUNK_MASK == 0 {
            return i + 1;
        }
    }
    end
}

/// Reads until the buffer holds a whole chunk or the source ends, and tells whether it ended.
fn fill(source: &mut impl Read, buffer: &mut Vec<u8>) -> Result<bool, TreeError> {
    let mut filled = buffer.len();
    if filled >= MAX_CHUNK_LEN {
        return Ok(false);
    }
    buffer.resize(2 * MAX_CHUNK_LEN, 0);
    let result = loop {
        if filled == buffer.len() {
            break Ok(false);
        }
        match source.read(&mut buffer[filled..]) {
            Ok(0) => break Ok(true),
            Ok(n) => filled += n,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => break Err(TreeError::Source(error)),
        }
    };
    buffer.truncate(filled);
    result
}

fn check_len(len: u64) -> Result<(), TreeError> {
    if len > MAX_VALUE_LEN {
        return Err(TreeError::ValueTooLong { len });
    }
    Ok(())
}
