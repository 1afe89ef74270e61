//! Procedures that change the repository: `CALL prolly_commit('message')`.
//!
//! | procedure | does |
//! |---|---|
//! | `prolly_commit(message)` | commits, even if nothing changed |
//! | `prolly_branch(name[, revision])` | makes a branch |
//! | `prolly_branch_delete(name[, 'force'])` | deletes a branch; one that is not merged by force alone |
//! | `prolly_checkout(revision)`, `prolly_checkout('-b', name[, revision])` | checks out a branch or another revision; makes the branch first |
//! | `prolly_merge(revision[, 'ours' \| 'theirs'])` | merges; conflicts are recorded, or decided for a side |
//! | `prolly_revert(revision)`, `prolly_cherry_pick(revision)` | takes a commit's changes back, or makes them again |
//! | `prolly_tag(name[, message[, revision]])` | names a commit |
//! | `prolly_tag_delete(name)` | deletes a tag |
//! | `prolly_reset('hard' \| 'soft'[, revision])` | moves the branch to a commit |
//! | `prolly_resolve(table \| '*', key \| '*', 'ours' \| 'theirs' \| 'base')` | resolves conflicts; a key of several columns as `prolly_conflicts` shows it, a JSON array |
//! | `prolly_abort()`, `prolly_continue([message])` | ends a merge, revert or cherry-pick |
//!
//! `SELECT prolly_commit('message')`, as a whole statement, is the same. Arguments are literals or
//! parameters. Each gives a row that says what was done. None runs within a transaction.

mod parse;
mod run;

pub(super) use parse::parse_call;
pub(super) use run::run_call;

/// A procedure with its arguments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Call {
    Commit {
        message: String,
    },
    Branch {
        name: String,
        start: String,
    },
    BranchDelete {
        name: String,
        force: bool,
    },
    Checkout {
        revision: String,
    },
    /// Makes a branch and checks it out.
    CheckoutNew {
        name: String,
        start: String,
    },
    Merge {
        revision: String,
        decide: Decide,
    },
    Revert {
        revision: String,
    },
    CherryPick {
        revision: String,
    },
    Tag {
        name: String,
        message: Option<String>,
        revision: String,
    },
    TagDelete {
        name: String,
    },
    Reset {
        hard: bool,
        revision: String,
    },
    /// `None` for all tables, for all keys.
    Resolve {
        table: Option<String>,
        key: Option<String>,
        side: Side,
    },
    Abort,
    Continue {
        message: Option<String>,
    },
}

/// What becomes of conflicts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Decide {
    Record,
    Ours,
    Theirs,
}

/// What a conflict is resolved to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Ours,
    Theirs,
    Base,
}
