//! Tests of the repository through its public API.
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests are not marked as tests")]

mod adjusters;
mod basics;
mod branches;
mod copies;
mod crashes;
mod histories;
mod logs;
mod merges;
mod model;
mod readers;
mod revisions;
mod seam;
mod sharing;
mod values;
