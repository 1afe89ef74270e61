//! Tests of the tree's public behaviour.

mod canonical;
mod merges;
mod model;
mod proofs;
