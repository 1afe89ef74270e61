//! How a store is opened, and how a commit is made durable.

/// The sizes that a store works with. They may differ between handles of one store.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct StoreOptions {
    /// How many bytes of decoded nodes are kept in memory; 64 MiB by default.
    pub cache_bytes: u64,
    /// How many bytes of uncommitted nodes are kept in memory before they are written out, to be
    /// committed later; 32 MiB by default, at most 4 GiB.
    pub pending_bytes: u64,
    /// The length after which a segment is ended; 64 MiB by default, at most 16 GiB.
    pub segment_bytes: u64,
    /// How much is appended between two checkpoints, which is what opening has to read again;
    /// 256 KiB by default.
    pub checkpoint_bytes: u64,
}

impl Default for StoreOptions {
    fn default() -> Self {
        Self {
            cache_bytes: 64 << 20,
            pending_bytes: 32 << 20,
            segment_bytes: 64 << 20,
            checkpoint_bytes: 256 << 10,
        }
    }
}

impl StoreOptions {
    /// The index counts offsets in a segment in eights, in 32 bits, and a segment ends with the
    /// batch that exceeds its length.
    pub(crate) fn within_limits(self) -> Self {
        Self {
            segment_bytes: self.segment_bytes.min(16 << 30),
            pending_bytes: self.pending_bytes.min(4 << 30),
            ..self
        }
    }
}

/// What survives once a commit returns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Durability {
    /// The commit survives a crash of the machine.
    #[default]
    Sync,
    /// The commit survives a crash of the process. After a crash of the machine it may be gone,
    /// with all later ones; the next commit with [`Sync`](Self::Sync) makes it durable too.
    Buffered,
}
