//! Where data sets are made and found.

use std::fs;

use super::{commit, in_git};
use crate::support::Sandbox;

#[test]
fn it_says_where_the_store_is() {
    let sandbox = Sandbox::empty();
    let made = sandbox.run(&["init", "--git"]).transcript();
    assert_eq!(made, "Made an empty store in [DIR]\nexit code 0\n");
    let named = sandbox.json(&["init", "--git", "named", "--branch", "trunk"]);
    assert_eq!(named[0]["store"], "named");
}

#[test]
fn its_options_belong_to_git() {
    let sandbox = Sandbox::empty();
    for options in [&["--bare"][..], &["--object-format", "sha256"]] {
        let refused = sandbox.run(&[&["init"], options].concat());
        assert_eq!(refused.code, Some(2), "{refused:?}");
        assert!(refused.err.contains("--git"), "{refused:?}");
    }
    assert!(!sandbox.path(".prolly").exists());
}

#[test]
fn a_folder_holds_one_store() {
    let sandbox = Sandbox::new();
    let refused = sandbox.run(&["init", "--git"]);
    assert_eq!(refused.code, Some(3), "{refused:?}");
    assert!(refused.err.contains("holds a native store already"), "{refused:?}");
    assert!(!sandbox.path(".git").exists());
}

#[test]
fn a_data_set_is_made_once() {
    let sandbox = in_git();
    for arguments in [&["init", "--git"][..], &["init"]] {
        let refused = sandbox.run(arguments);
        assert_eq!(refused.code, Some(3), "{refused:?}");
        assert!(refused.err.contains("holds a data set already"), "{refused:?}");
    }
    assert!(!sandbox.path(".prolly").exists());
}

#[test]
fn the_nearest_store_is_meant() {
    let sandbox = in_git();
    sandbox.ok(&["set", "where", "git above"]);
    sandbox.ok(&["init", "below"]);
    sandbox.ok(&["-C", "below", "set", "where", "native below"]);
    fs::create_dir_all(sandbox.path("below/deep")).unwrap();
    assert_eq!(sandbox.ok(&["-C", "below/deep", "get", "where"]), "native below");
    assert_eq!(sandbox.ok(&["--store", ".", "get", "where"]), "git above");

    let sandbox = Sandbox::new();
    sandbox.ok(&["set", "where", "native above"]);
    sandbox.ok(&["init", "--git", "below"]);
    sandbox.ok(&["-C", "below", "set", "where", "git below"]);
    assert_eq!(sandbox.ok(&["-C", "below", "get", "where"]), "git below");
    assert_eq!(sandbox.ok(&["--store", "below", "get", "where"]), "git below");
    assert_eq!(sandbox.ok(&["get", "where"]), "native above");
}

#[test]
fn git_finds_everything_clean() {
    let sandbox = in_git();
    commit(&sandbox, ".", "First", &[("k", "v")]);
    assert_eq!(sandbox.git(&["status", "--porcelain"]), "");
    assert_eq!(sandbox.git(&["log", "--format=%s"]), "First\n");
    assert_eq!(sandbox.git(&["branch", "--show-current"]), "main\n");
    sandbox.git(&["fsck", "--full", "--strict"]);
    sandbox.ok(&["checkout", "-b", "dev"]);
    assert_eq!(sandbox.git(&["status", "--porcelain"]), "");
    // What is not committed is not Git's business yet.
    sandbox.ok(&["set", "k", "w"]);
    assert_eq!(sandbox.git(&["status", "--porcelain"]), "");
    sandbox.git(&["checkout", "--quiet", "main"]);
    assert!(sandbox.ok(&["status"]).starts_with("On branch main"));
}

#[test]
fn beside_code_only_the_data_is_committed() {
    let sandbox = Sandbox::empty();
    sandbox.git(&["init", "--quiet", "-b", "main"]);
    sandbox.write("code.txt", "one\n");
    sandbox.git(&["add", "code.txt"]);
    sandbox.git(&["commit", "--quiet", "-m", "Code"]);
    let refused = sandbox.run(&["init", "--git"]);
    assert_eq!(refused.code, Some(3), "{refused:?}");
    assert!(refused.err.contains("prolly init --git FOLDER"), "{refused:?}");

    sandbox.ok(&["init", "--git", "data"]);
    sandbox.write("staged.txt", "staged\n").write("code.txt", "two\n");
    sandbox.git(&["add", "staged.txt"]);
    commit(&sandbox, "data", "Data", &[("k", "v")]);
    assert_eq!(sandbox.git(&["status", "--porcelain"]), " M code.txt\nA  staged.txt\n");
    let names = sandbox.git(&["show", "--format=", "--name-only", "HEAD"]);
    assert!(names.lines().all(|name| name.starts_with("data/")), "{names}");
    assert_eq!(sandbox.git(&["show", "HEAD:code.txt"]), "one\n");
}

#[test]
fn repositories_are_bare_or_of_another_hash_if_asked() {
    let sandbox = Sandbox::empty();
    sandbox.ok(&["init", "--git", "--bare", "data.git"]);
    commit(&sandbox, "data.git", "First", &[("k", "v")]);
    assert_eq!(sandbox.git(&["-C", "data.git", "rev-parse", "--is-bare-repository"]), "true\n");
    assert_eq!(sandbox.git(&["-C", "data.git", "log", "--format=%s"]), "First\n");

    sandbox.ok(&["init", "--git", "--object-format", "sha256", "long"]);
    commit(&sandbox, "long", "First", &[("k", "v")]);
    let id = sandbox.json(&["-C", "long", "log"])[0]["commit"].as_str().unwrap().to_owned();
    assert_eq!(sandbox.git(&["-C", "long", "rev-parse", "HEAD"]).trim_end(), id);
    assert_eq!(id.len(), 64);
}

#[test]
fn the_first_branch_is_as_git_is_set_up() {
    let sandbox = Sandbox::empty();
    sandbox.write("config", "[init]\n\tdefaultBranch = trunk\n[user]\n\tname = Ada\n");
    let run = |arguments: &[&str]| {
        let mut command = sandbox.command(arguments);
        command.env("GIT_CONFIG_GLOBAL", sandbox.path("config"));
        let ran = sandbox.ran(command);
        assert_eq!(ran.code, Some(0), "{ran:?}");
        ran.text()
    };
    run(&["init", "--git", "data"]);
    assert!(run(&["-C", "data", "status"]).starts_with("On branch trunk"));
    run(&["-C", "data", "commit", "--allow-empty", "-m", "First"]);
    assert!(run(&["-C", "data", "log"]).contains("Ada"));
    run(&["init", "--git", "other", "-b", "chosen"]);
    assert!(run(&["-C", "other", "status"]).starts_with("On branch chosen"));
}
