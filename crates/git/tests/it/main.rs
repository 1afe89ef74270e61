//! Tests of data sets in Git repositories through the public API and the `git` program.
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests are not marked as tests")]

mod canonical;
mod conforms;
mod content;
mod conversion;
mod hazards;
mod kv;
mod plain;
mod vectors;
