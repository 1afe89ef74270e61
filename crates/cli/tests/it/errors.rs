//! What goes wrong, what the program says then, and its exit codes.

use std::fmt::Write as _;
use std::fs;

use crate::support::Sandbox;

#[test]
fn errors_say_what_to_do_next() {
    let sandbox = Sandbox::empty();
    let mut transcript = String::new();
    let mut record = |arguments: &[&str]| {
        let ran = sandbox.run(arguments);
        write!(transcript, "$ prolly {}\n{}\n", arguments.join(" "), ran.transcript()).unwrap();
    };
    record(&["status"]);
    record(&["--store", "missing", "status"]);
    record(&["-C", "missing", "status"]);
    record(&["init"]);
    record(&["init"]);
    record(&["log"]);
    record(&["commit", "-m", "Nothing"]);
    record(&["commit"]);
    record(&["get", "absent"]);
    record(&["get", "--hex", "xyz"]);
    record(&["delete", "absent"]);
    record(&["import", "missing.csv"]);
    record(&["import", "unknown.format"]);
    record(&["set", "k"]);
    record(&["set", "k", "v", "--map", "bad name"]);
    record(&["set", "k", "v"]);
    record(&["checkout", "nowhere"]);
    record(&["commit", "-m", "First"]);
    record(&["show", "abc"]);
    record(&["branch", "a..b"]);
    record(&["branch", "main"]);
    record(&["branch", "-d", "main"]);
    record(&["merge", "--continue"]);
    record(&["resolve", "k", "--ours"]);
    record(&["prove", "-o", "proof"]);
    record(&["verify", "proof", "--root", "12", "--key", "k"]);
    record(&["unknown"]);
    insta::assert_snapshot!("errors", transcript);
}

#[test]
fn a_wrong_date_is_refused() {
    let sandbox = Sandbox::new();
    let mut command = sandbox.command(&["commit", "--allow-empty", "-m", "x"]);
    let output = command.env("PROLLY_AUTHOR_DATE", "yesterday").output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("2026-01-31T12:00:00Z"));
}

#[test]
fn folders_and_odd_names_are_refused_without_a_panic() {
    let sandbox = Sandbox::new();
    fs::create_dir(sandbox.path("folder")).unwrap();
    sandbox.ok(&["commit", "--allow-empty", "-m", "First"]);
    let long = "n".repeat(300);
    let key = "k".repeat(5000);
    let cases: [(&[&str], i32); 13] = [
        (&["import", "folder", "--format", "csv"], 3),
        (&["set", "k", "--file", "folder"], 3),
        (&["set", "k", "--file", &long], 3),
        (&["set", &key, "v"], 3),
        (&["verify", "folder", "--root", &"0".repeat(64), "--key", "k"], 3),
        (&["export", "folder", "--format", "csv"], 3),
        (&["branch", &long], 2),
        (&["tag", "-m", "x", &long], 2),
        (&["--store", "folder", "status"], 3),
        (&["import", &long, "--format", "kv"], 3),
        (&["set", "k", "v", "--map", &long], 2),
        (&["get", "k", "--at", &long], 3),
        (&["demo", "--rows", "5"], 2),
    ];
    for (arguments, code) in cases {
        let ran = sandbox.run(arguments);
        assert_eq!(ran.code, Some(code), "{arguments:?}: {ran:?}");
        assert!(ran.err.contains("error: "), "{ran:?}");
        assert!(!ran.err.contains("panicked"), "{ran:?}");
    }
}

#[cfg(unix)]
#[test]
fn arguments_that_are_not_utf8_are_a_matter_of_usage() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;

    let sandbox = Sandbox::new();
    let mut command = sandbox.command(&["set"]);
    let output = command.arg(OsStr::from_bytes(b"k\xff")).arg("v").output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("UTF-8"));
}

#[test]
fn files_of_noise_are_refused_without_a_panic() {
    let sandbox = Sandbox::new();
    let noise: Vec<u8> =
        (0..4096u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    sandbox.write("noise", &noise).write("zeros", [0; 100]).write("empty", "");
    for format in ["csv", "tsv", "jsonl", "kv", "entries"] {
        for file in ["noise", "zeros", "empty"] {
            let ran = sandbox.run(&["import", file, "--format", format, "--strict"]);
            assert!(matches!(ran.code, Some(0 | 2 | 3)), "{ran:?}");
            assert!(!ran.err.contains("panicked"), "{ran:?}");
        }
    }
    for file in ["noise", "zeros", "empty"] {
        let ran = sandbox.run(&["verify", file, "--root", &"0".repeat(64), "--all"]);
        assert_eq!(ran.code, Some(1), "{ran:?}");
    }
}

#[test]
fn a_store_is_found_from_a_folder_below() {
    let sandbox = Sandbox::new();
    fs::create_dir_all(sandbox.path("a/b")).unwrap();
    sandbox.ok(&["set", "k", "v"]);
    assert_eq!(sandbox.ok(&["-C", "a/b", "get", "k"]), "v");
    let elsewhere = Sandbox::empty();
    let store = sandbox.path(".prolly");
    assert_eq!(elsewhere.ok(&["--store", store.to_str().unwrap(), "get", "k"]), "v");
    let mut command = elsewhere.command(&["get", "k"]);
    assert_eq!(command.env("PROLLY_DIR", &store).output().unwrap().stdout, b"v");
}
