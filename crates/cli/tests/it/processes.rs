//! Several processes at the same store.

use std::thread;

use crate::support::Sandbox;

#[test]
fn writers_at_once_lose_nothing() {
    const WRITERS: usize = 4;
    const KEYS: usize = 15;
    let sandbox = Sandbox::new();
    thread::scope(|scope| {
        for writer in 0..WRITERS {
            let sandbox = &sandbox;
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
    let sandbox = Sandbox::new();
    sandbox.ok(&["commit", "--allow-empty", "-m", "First"]);
    thread::scope(|scope| {
        let collector = scope.spawn(|| {
            for _ in 0..10 {
                sandbox.ok(&["gc", "--days", "0"]);
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
