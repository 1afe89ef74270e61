//! The command line as a whole: the program is run as a user runs it.

#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests are not marked as tests")]

mod demo;
mod errors;
mod formats;
mod git;
mod help;
mod json;
mod kill;
mod main_job;
mod processes;
mod proofs;
mod readme;
mod repair;
mod sql;
mod support;
mod values;
