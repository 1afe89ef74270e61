//! Virtual tables over versions, and functions on them.

use std::sync::Arc;

use prollytree_repo::Backend;

use super::shared::Shared;

/// Makes the tables and functions of versions known to a connection.
///
/// Functions that move the repository do so by [`Shared::with_repository`].
#[expect(clippy::unnecessary_wraps, reason = "what is registered can fail")]
pub(super) fn register<B: Backend + 'static>(
    sqlite: &rusqlite::Connection,
    shared: &Arc<Shared<B>>,
) -> rusqlite::Result<()> {
    _ = (sqlite, shared);
    Ok(())
}
