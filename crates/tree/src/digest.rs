//! Keyed BLAKE3, one key a kind of message, and its batched form.
//!
//! A node is named by the root of a binary Merkle tree over its entries, so one node costs about
//! twice as many small hashes as it has entries. Hashed one at a time these cost four times as much
//! as one flat hash of the node; hashed side by side in SIMD lanes they cost about the same
//! (`docs/design/hash.md`). The batch entry point of the `blake3` crate is public but hidden, so
//! this file is the only one that may use it, and a test holds it against the documented function.

use blake3::IncrementCounter;
use blake3::platform::{Platform, words_from_le_bytes_32};

use crate::hash::{HASH_LEN, Hash};

/// Messages are padded with zeros to a multiple of this many bytes.
pub(crate) const BLOCK_LEN: usize = 64;

/// The longest message, in blocks, that is a single BLAKE3 chunk and can be batched.
const MAX_BATCH_BLOCKS: usize = 16;

/// BLAKE3's own domain flags (section 2.1 of its paper).
const CHUNK_START: u8 = 1 << 0;
const CHUNK_END: u8 = 1 << 1;
const ROOT: u8 = 1 << 3;
const KEYED_HASH: u8 = 1 << 4;

/// What a message is about; each has a BLAKE3 key of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Domain {
    LeafEntry,
    InnerEntry,
    LeafPair,
    InnerPair,
    Node,
    Chunk,
    ChunkList,
    Record,
}

impl Domain {
    /// The key: ASCII, padded with zeros to 32 bytes.
    const fn key(self) -> &'static [u8; 32] {
        match self {
            Self::LeafEntry => b"prollytree 1 leaf entry\0\0\0\0\0\0\0\0\0",
            Self::InnerEntry => b"prollytree 1 inner entry\0\0\0\0\0\0\0\0",
            Self::LeafPair => b"prollytree 1 leaf pair\0\0\0\0\0\0\0\0\0\0",
            Self::InnerPair => b"prollytree 1 inner pair\0\0\0\0\0\0\0\0\0",
            Self::Node => b"prollytree 1 node\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
            Self::Chunk => b"prollytree 1 chunk\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
            Self::ChunkList => b"prollytree 1 chunk list\0\0\0\0\0\0\0\0\0",
            Self::Record => b"prollytree 1 record\0\0\0\0\0\0\0\0\0\0\0\0\0",
        }
    }

    /// The keyed hash of a whole message, not padded.
    pub(crate) fn hash(self, message: &[u8]) -> Hash {
        Hash::from_bytes(*blake3::keyed_hash(self.key(), message).as_bytes())
    }

    /// Hashes many padded messages of one length.
    ///
    /// `messages` holds `out.len()` messages of `blocks` blocks each, one behind the other.
    pub(crate) fn hash_batch(self, messages: &[u8], blocks: usize, out: &mut [Hash]) {
        debug_assert_eq!(messages.len(), out.len() * blocks * BLOCK_LEN);
        macro_rules! dispatch {
            ($($n:literal)*) => {
                match blocks {
                    0 => {}
                    $($n => self.hash_lanes::<{ $n * BLOCK_LEN }>(messages, out),)*
                    _ => self.hash_each(messages, blocks * BLOCK_LEN, out),
                }
            };
        }
        dispatch!(1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16);
    }

    /// The documented function, for messages too long for one BLAKE3 chunk.
    fn hash_each(self, messages: &[u8], len: usize, out: &mut [Hash]) {
        for (message, out) in messages.chunks_exact(len).zip(out) {
            *out = self.hash(message);
        }
    }

    fn hash_lanes<const N: usize>(self, messages: &[u8], out: &mut [Hash]) {
        const LANES: usize = 16;
        debug_assert!(N <= MAX_BATCH_BLOCKS * BLOCK_LEN);
        let platform = Platform::detect();
        let key = words_from_le_bytes_32(self.key());
        let (messages, _) = messages.as_chunks::<N>();
        let empty = [0; N];
        for (messages, out) in messages.chunks(LANES).zip(out.chunks_mut(LANES)) {
            let mut inputs = [&empty; LANES];
            for (input, message) in inputs.iter_mut().zip(messages) {
                *input = message;
            }
            let mut digests = [0; LANES * HASH_LEN];
            platform.hash_many(
                &inputs[..messages.len()],
                &key,
                0,
                IncrementCounter::No,
                KEYED_HASH,
                CHUNK_START,
                CHUNK_END | ROOT,
                &mut digests,
            );
            for (out, digest) in out.iter_mut().zip(digests.as_chunks().0) {
                *out = Hash::from_bytes(*digest);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batches_equal_the_documented_function() {
        for blocks in 1..=18 {
            for count in [0, 1, 2, 7, 15, 16, 17, 33] {
                let messages: Vec<u8> =
                    (0..count * blocks * BLOCK_LEN).map(|i| (i * 7 % 251) as u8).collect();
                let mut out = vec![Hash::from_bytes([0; 32]); count];
                Domain::LeafEntry.hash_batch(&messages, blocks, &mut out);
                for (i, hash) in out.iter().enumerate() {
                    let len = blocks * BLOCK_LEN;
                    assert_eq!(*hash, Domain::LeafEntry.hash(&messages[i * len..(i + 1) * len]));
                }
            }
        }
    }
}
