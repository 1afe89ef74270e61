//! Values of any length, read piece by piece.

use std::io::{self, Cursor, Read};

use prollytree_tree::{BlobReader, NodeStorage, Value};

/// Reads a value, short or large, holding one piece of it in memory.
pub struct ValueReader<'s, S>(Source<'s, S>);

enum Source<'s, S> {
    Inline(Cursor<Vec<u8>>),
    Blob(BlobReader<'s, S>),
}

impl<'s, S: NodeStorage> ValueReader<'s, S> {
    /// Reads a value whose parts lie in `storage`.
    pub fn new(storage: &'s S, value: Value) -> Self {
        Self(match value {
            Value::Inline(bytes) => Source::Inline(Cursor::new(bytes)),
            Value::Blob(blob) => Source::Blob(BlobReader::new(storage, blob)),
        })
    }
}

impl<S: NodeStorage> Read for ValueReader<'_, S> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match &mut self.0 {
            Source::Inline(bytes) => bytes.read(buffer),
            Source::Blob(reader) => reader.read(buffer),
        }
    }
}
