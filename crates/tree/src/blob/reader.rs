//! Reads a large value, one chunk at a time.

use std::io;
use std::sync::Arc;

use super::MIN_CHUNK_LEN;
use super::list::{ChunkList, MAX_HEIGHT, Part};
use crate::error::TreeError;
use crate::hash::Hash;
use crate::object::ObjectKind;
use crate::storage::NodeStorage;
use crate::value::Blob;

/// Reads the bytes of a large value in order, holding one chunk and one list a level in memory.
///
/// As an [`io::Read`] it wraps a [`TreeError`] in an [`io::Error`].
pub struct BlobReader<'s, S> {
    storage: &'s S,
    /// The parts still to be read: height and part, the next one last.
    pending: Vec<(u8, Part)>,
    chunk: Arc<[u8]>,
    consumed: usize,
}

impl<'s, S: NodeStorage> BlobReader<'s, S> {
    /// Starts at the first byte.
    pub fn new(storage: &'s S, blob: Blob) -> Self {
        let top = (blob.height, Part { len: blob.len, hash: blob.hash });
        Self { storage, pending: vec![top], chunk: Arc::new([]), consumed: 0 }
    }

    /// The next chunk, or `None` behind the last.
    ///
    /// # Errors
    /// A part is missing or damaged, or does not have the length that the list above says. The next
    /// call tries the same part again.
    pub fn next_chunk(&mut self) -> Result<Option<Arc<[u8]>>, TreeError> {
        while let Some(&(height, part)) = self.pending.last() {
            let bad = TreeError::BadBlob { hash: part.hash };
            if height == 0 {
                let chunk = self.read(ObjectKind::Chunk, part.hash)?;
                // Else a few lists that share their parts could claim a terabyte of single bytes.
                let is_long_enough = chunk.len() >= MIN_CHUNK_LEN || self.pending.len() == 1;
                if !is_long_enough || chunk.len() as u64 != part.len {
                    return Err(bad);
                }
                self.pending.pop();
                return Ok(Some(chunk));
            }
            let bytes = self.read(ObjectKind::ChunkList, part.hash)?;
            let Some(list) = ChunkList::decode(&bytes) else { return Err(bad) };
            let len = list.parts.iter().try_fold(0u64, |sum, part| sum.checked_add(part.len));
            if list.height != height || height > MAX_HEIGHT || len != Some(part.len) {
                return Err(bad);
            }
            self.pending.pop();
            self.pending.extend(list.parts.into_iter().rev().map(|part| (height - 1, part)));
        }
        Ok(None)
    }

    fn read(&self, kind: ObjectKind, hash: Hash) -> Result<Arc<[u8]>, TreeError> {
        self.storage
            .read_object(kind, &hash)
            .map_err(|source| TreeError::storage(kind, hash, source))?
            .ok_or(TreeError::MissingObject { kind, hash })
    }
}

impl<S: NodeStorage> io::Read for BlobReader<'_, S> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while self.consumed == self.chunk.len() {
            match self.next_chunk().map_err(io::Error::other)? {
                Some(chunk) => (self.chunk, self.consumed) = (chunk, 0),
                None => return Ok(0),
            }
        }
        let n = out.len().min(self.chunk.len() - self.consumed);
        out[..n].copy_from_slice(&self.chunk[self.consumed..self.consumed + n]);
        self.consumed += n;
        Ok(n)
    }
}
