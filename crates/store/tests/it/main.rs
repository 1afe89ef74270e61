//! The store as its users see it.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a failed helper fails its test")]
#![allow(clippy::disallowed_methods, reason = "tests look at the files of real stores")]

mod basic;
mod collect;
mod conform;
mod crash;
mod damage;
mod faults;
mod golden;
mod model;
mod processes;
mod support;
mod threads;
