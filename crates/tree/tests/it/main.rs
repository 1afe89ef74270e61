//! Tests of the tree's public behaviour.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may panic")]

mod canonical;
mod checks;
mod faults;
mod merges;
mod model;
mod proofs;
mod vectors;
