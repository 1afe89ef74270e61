//! Tests of the repository through its public API.
#![allow(clippy::unwrap_used, reason = "helpers of tests are not marked as tests")]

mod basics;
