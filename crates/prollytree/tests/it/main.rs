//! What needs every feature: the engines of SQL on each backend.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests may panic")]

mod conformance;
mod corpus;
mod engines;
mod support;
