//! Transactions.
//!
//! GlueSQL begins and commits around every statement. Within a transaction it is told to do so as
//! well: that is how a statement that fails halfway is taken back by itself.

use async_trait::async_trait;
use gluesql_core::error::Result;
use gluesql_core::store::Transaction;
use prollytree_repo::Backend;

use super::ProllyStorage;
use super::error::glue_error;

#[async_trait]
impl<B: Backend + 'static> Transaction for ProllyStorage<32, B> {
    async fn begin(&mut self, autocommit: bool) -> Result<bool> {
        let session = self.session_mut();
        if autocommit {
            session.begin_statement();
            return Ok(true);
        }
        session.begin().map_err(glue_error)?;
        Ok(false)
    }

    async fn rollback(&mut self) -> Result<()> {
        let session = self.session_mut();
        let done = if session.statement.automatic {
            session.abort_statement()
        } else {
            session.roll_back()
        };
        done.map_err(glue_error)
    }

    async fn commit(&mut self) -> Result<()> {
        let session = self.session_mut();
        let done =
            if session.statement.automatic { session.end_statement() } else { session.commit() };
        done.map_err(glue_error)
    }
}
