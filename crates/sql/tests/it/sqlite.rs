//! The dialect of SQLite: what a connection answers, and what is in the trees when it is gone.

mod dialect;
mod differential;
mod foreign;
mod hazards;
mod support;
mod transactions;
