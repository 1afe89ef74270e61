//! Several processes at the same store.

use std::thread;

use crate::git::in_git;
use crate::support::Sandbox;

#[test]
fn writers_at_once_lose_nothing() {
    write_at_once(&Sandbox::new());
}

#[test]
fn writers_at_once_lose_nothing_in_git() {
    let sandbox = in_git();
    write_at_once(&sandbox);
    assert_eq!(sandbox.git(&["status", "--porcelain"]), "");
    sandbox.git(&["fsck", "--full", "--strict"]);
}

fn write_at_once(sandbox: &Sandbox) {
    const WRITERS: usize = 4;
    const KEYS: usize = 15;
    thread::scope(|scope| {
        for writer in 0..WRITERS {
            scope.spawn(move || {
                for i in 0..KEYS {
                    sandbox.ok(&["set", &format!("{writer}/{i}"), "v"]);
                    if i % 5 == 4 {
                        sandbox.ok(&["commit", "--allow-empty", "-m", &format!("{writer}/{i}")]);
                    }
                }
            });
        }
        for _ in 0..20 {
            // A reader meanwhile sees whole states, and no damage.
            sandbox.ok(&["list", "--keys"]);
        }
    });
    assert_eq!(sandbox.ok(&["list", "--keys"]).lines().count(), WRITERS * KEYS);
    assert_eq!(sandbox.ok(&["log", "--oneline"]).lines().count(), WRITERS * KEYS / 5);
    assert!(sandbox.ok(&["check", "--trees"]).contains("no damage"));
}

#[test]
fn garbage_is_collected_beside_writers() {
    collect_beside_a_writer(&Sandbox::new());
}

#[test]
fn garbage_is_collected_beside_writers_in_git() {
    collect_beside_a_writer(&in_git());
}

fn collect_beside_a_writer(sandbox: &Sandbox) {
    sandbox.ok(&["commit", "--allow-empty", "-m", "First"]);
    thread::scope(|scope| {
        let collector = scope.spawn(|| {
            for _ in 0..10 {
                // Git tells of refs that move while it packs them.
                let ran = sandbox.run(&["gc", "--days", "0"]);
                assert_eq!(ran.code, Some(0), "{ran:?}");
            }
        });
        for i in 0..30 {
            sandbox.ok(&["set", "k", &i.to_string()]);
            sandbox.ok(&["commit", "-m", "Next"]);
        }
        collector.join().unwrap();
    });
    assert_eq!(sandbox.ok(&["get", "k", "--at", "HEAD"]), "29");
    assert!(sandbox.ok(&["check"]).contains("no damage"));
}
