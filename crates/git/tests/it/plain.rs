//! What plain Git does to a data set, and what a data set does to a Git repository.
//!
//! Every test runs in a process of its own with an empty home, so that nothing the machine or the
//! user configured has a say, neither in ours nor in the `git` program.

mod sandbox;
mod store;

mod by_hand;
mod code;
mod commits;
mod content;
mod damage;
mod http;
mod large;
mod locks;
mod own;
mod placement;
mod reach;
mod refs;
mod shallow;
mod show;
mod tags;
mod worktrees;
mod writers;
