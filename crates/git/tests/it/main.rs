//! Tests of data sets in Git repositories through the public API and the `git` program.
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests are not marked as tests")]

mod canonical;
mod conforms;
mod conversion;
mod kv;
mod plain;
mod review_a;
mod review_b;
mod vectors;
