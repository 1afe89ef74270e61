//! Clones, pushes, fetches and pulls between folders.

use super::{commit, in_git};
use crate::support::Sandbox;

/// A sandbox with a bare repository `hub`, and a data set `a` that pushed a commit to it.
fn pushed() -> Sandbox {
    let sandbox = Sandbox::empty();
    sandbox.git(&["init", "--quiet", "--bare", "-b", "main", "hub.git"]);
    sandbox.ok(&["init", "--git", "a"]);
    commit(&sandbox, "a", "First", &[("k", "v"), ("shared", "0")]);
    let hub = sandbox.path("hub.git");
    sandbox.git(&["-C", "a", "remote", "add", "origin", hub.to_str().unwrap()]);
    done(&sandbox, &["-C", "a", "push"]);
    sandbox
}

/// Runs a command in which Git may tell its progress.
fn done(sandbox: &Sandbox, arguments: &[&str]) -> String {
    let ran = sandbox.run(arguments);
    assert_eq!(ran.code, Some(0), "{arguments:?}: {ran:?}");
    ran.text()
}

#[test]
fn a_native_store_has_no_remotes() {
    let sandbox = Sandbox::new();
    for command in ["push", "fetch", "pull"] {
        let refused = sandbox.run(&[command, "origin"]);
        assert_eq!(refused.code, Some(2), "{refused:?}");
        let expected = format!("`prolly {command}` needs a data set in Git");
        assert!(refused.err.contains(&expected), "{refused:?}");
    }
}

#[test]
fn what_git_cannot_clone_is_not_cloned() {
    let sandbox = Sandbox::empty();
    let failed = sandbox.run(&["clone", "missing"]);
    assert_eq!(failed.code, Some(3), "{failed:?}");
    assert!(failed.err.contains("`git clone --no-checkout -- missing missing` failed"));
    assert!(!sandbox.path("missing").exists());
    let nameless = sandbox.run(&["clone", "/"]);
    assert_eq!(nameless.code, Some(2), "{nameless:?}");
}

#[test]
fn without_git_it_says_so() {
    let sandbox = Sandbox::empty();
    let mut command = sandbox.command(&["clone", "missing"]);
    command.env("PATH", sandbox.path("nowhere"));
    let failed = sandbox.ran(command);
    assert_eq!(failed.code, Some(3), "{failed:?}");
    assert!(failed.err.contains("hint: install Git"), "{failed:?}");
}

#[test]
fn what_holds_no_data_is_cloned_and_told() {
    let sandbox = Sandbox::empty();
    sandbox.git(&["init", "--quiet", "code"]);
    sandbox.git(&["-C", "code", "commit", "--quiet", "--allow-empty", "-m", "Code"]);
    let told = sandbox.run(&["clone", "code", "copy"]);
    assert_eq!(told.code, Some(3), "{told:?}");
    assert!(told.err.contains("there is no data set in copy"), "{told:?}");
}

#[test]
fn commits_go_there_and_back() {
    let sandbox = pushed();
    let hub = sandbox.path("hub.git").display().to_string();
    assert!(done(&sandbox, &["clone", &hub, "b"]).contains("into b"));
    assert_eq!(sandbox.git(&["-C", "b", "status", "--porcelain"]), "");
    assert_eq!(sandbox.ok(&["-C", "b", "list"]), sandbox.ok(&["-C", "a", "list"]));
    assert_eq!(done(&sandbox, &["-C", "b", "pull"]), "Already up to date\n");

    commit(&sandbox, "b", "Second", &[("k2", "v2")]);
    assert_eq!(done(&sandbox, &["-C", "b", "push", "origin", "main"]), "Pushed main to origin\n");
    assert_eq!(done(&sandbox, &["-C", "a", "fetch"]), "Fetched origin\n");
    assert_eq!(sandbox.run(&["-C", "a", "get", "k2"]).code, Some(1));
    assert_eq!(sandbox.ok(&["-C", "a", "get", "k2", "--at", "origin/main"]), "v2");
    assert!(done(&sandbox, &["-C", "a", "pull"]).starts_with("Moved forward to "));
    assert_eq!(sandbox.json(&["-C", "a", "log"]), sandbox.json(&["-C", "b", "log"]));
    assert_eq!(sandbox.git(&["-C", "a", "status", "--porcelain"]), "");
}

#[test]
fn both_sides_are_merged() {
    let sandbox = pushed();
    let hub = sandbox.path("hub.git").display().to_string();
    done(&sandbox, &["clone", &hub, "b"]);
    commit(&sandbox, "a", "Ours", &[("a", "1"), ("shared", "a")]);
    done(&sandbox, &["-C", "a", "push"]);
    commit(&sandbox, "b", "Theirs", &[("b", "1"), ("shared", "b")]);
    let refused = sandbox.run(&["-C", "b", "push"]);
    assert_eq!(refused.code, Some(3), "{refused:?}");

    let pulled = sandbox.run(&["-C", "b", "pull"]);
    assert_eq!(pulled.code, Some(1), "{pulled:?}");
    assert!(pulled.text().contains("conflict on shared"), "{pulled:?}");
    sandbox.ok(&["-C", "b", "resolve", "shared", "--theirs"]);
    sandbox.ok(&["-C", "b", "merge", "--continue"]);
    let log = sandbox.json(&["-C", "b", "log", "-n", "1"]);
    assert_eq!(log[0]["message"], "Merge remote-tracking branch 'origin/main'");
    done(&sandbox, &["-C", "b", "push"]);
    done(&sandbox, &["-C", "a", "pull"]);
    assert_eq!(sandbox.ok(&["-C", "a", "list"]), "a\t1\nb\t1\nk\tv\nshared\ta\n");
    sandbox.git(&["-C", "hub.git", "fsck", "--full", "--strict"]);
}

#[test]
fn a_side_can_win_a_pull() {
    let sandbox = pushed();
    let hub = sandbox.path("hub.git").display().to_string();
    done(&sandbox, &["clone", &hub, "b"]);
    commit(&sandbox, "a", "Ours", &[("shared", "a")]);
    done(&sandbox, &["-C", "a", "push"]);
    commit(&sandbox, "b", "Theirs", &[("shared", "b")]);
    assert!(done(&sandbox, &["-C", "b", "pull", "--ours"]).starts_with("Merged as "));
    assert_eq!(sandbox.ok(&["-C", "b", "get", "shared"]), "b");
}

#[test]
fn a_branch_follows_what_it_is_set_to() {
    let sandbox = pushed();
    sandbox.git(&["-C", "a", "remote", "rename", "origin", "upstream"]);
    let none = sandbox.run(&["-C", "a", "pull", "origin"]);
    assert_eq!(none.code, Some(3), "{none:?}");
    assert!(none.err.contains("no remote named origin"), "{none:?}");
    sandbox.ok(&["-C", "a", "checkout", "-b", "dev"]);
    commit(&sandbox, "a", "On dev", &[("dev", "1")]);
    done(&sandbox, &["-C", "a", "push", "upstream"]);
    sandbox.ok(&["-C", "a", "checkout", "main"]);
    sandbox.git(&["-C", "a", "config", "branch.main.remote", "upstream"]);
    sandbox.git(&["-C", "a", "config", "branch.main.merge", "refs/heads/dev"]);
    done(&sandbox, &["-C", "a", "pull"]);
    assert_eq!(sandbox.ok(&["-C", "a", "get", "dev"]), "1");
}

#[test]
fn uncommitted_changes_stop_a_pull_and_stay_out_of_a_push() {
    let sandbox = pushed();
    let hub = sandbox.path("hub.git").display().to_string();
    sandbox.ok(&["-C", "a", "set", "draft", "1"]);
    done(&sandbox, &["-C", "a", "push"]);
    done(&sandbox, &["clone", &hub, "b"]);
    assert_eq!(sandbox.run(&["-C", "b", "get", "draft"]).code, Some(1));
    commit(&sandbox, "b", "Second", &[("k", "2")]);
    done(&sandbox, &["-C", "b", "push"]);
    let refused = sandbox.run(&["-C", "a", "pull"]);
    assert_eq!(refused.code, Some(3), "{refused:?}");
    assert!(refused.err.contains("uncommitted changes"), "{refused:?}");
    assert_eq!(sandbox.ok(&["-C", "a", "get", "draft"]), "1");
}

#[test]
fn on_no_branch_a_push_needs_a_name() {
    let sandbox = in_git();
    commit(&sandbox, ".", "First", &[("k", "v")]);
    sandbox.ok(&["checkout", "HEAD~0"]);
    let refused = sandbox.run(&["push"]);
    assert_eq!(refused.code, Some(2), "{refused:?}");
    assert!(refused.err.contains("no branch is checked out"), "{refused:?}");
}

#[test]
fn a_push_takes_names_and_no_refspecs() {
    let sandbox = pushed();
    for refspec in [":main", "+main", "main:other"] {
        let refused = sandbox.run(&["-C", "a", "push", "origin", refspec]);
        assert_eq!(refused.code, Some(2), "{refused:?}");
    }
    sandbox.git(&["-C", "hub.git", "rev-parse", "--verify", "main"]);
}

#[test]
fn a_pull_is_not_misled_by_a_branch_that_is_called_like_the_remote_one() {
    let sandbox = pushed();
    done(&sandbox, &["clone", "hub.git", "b"]);
    done(&sandbox, &["-C", "b", "branch", "origin/main"]);
    commit(&sandbox, "a", "Second", &[("k", "w")]);
    done(&sandbox, &["-C", "a", "push"]);
    done(&sandbox, &["-C", "b", "pull"]);
    assert_eq!(sandbox.ok(&["-C", "b", "get", "k"]), "w");
}
