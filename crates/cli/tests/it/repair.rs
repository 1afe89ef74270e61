//! Checks, rescues and collections of garbage.

use std::fs;

use crate::main_job::diverged;
use crate::support::Sandbox;

#[test]
fn damage_is_found_told_and_survived() {
    let sandbox = diverged();
    assert!(sandbox.ok(&["check", "--trees"]).contains("no damage"));
    let store = sandbox.path(".prolly");
    let segment = fs::read_dir(&store)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .find(|path| path.file_name().unwrap().to_string_lossy().starts_with("seg"))
        .unwrap();
    let mut bytes = fs::read(&segment).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0xff;
    fs::write(&segment, bytes).unwrap();
    let check = sandbox.run(&["check", "--json"]);
    assert_eq!(check.code, Some(1), "{check:?}");
    let report: serde_json::Value = serde_json::from_slice(&check.out).unwrap();
    assert!(report["problems"][0]["what"].is_string(), "{report}");
    let text = sandbox.run(&["check"]).text();
    assert!(text.contains("damaged:") && text.contains("seg"), "{text}");

    let salvage = sandbox.run(&["salvage", ".", "rescued"]);
    assert!(matches!(salvage.code, Some(0 | 1)), "{salvage:?}");
    assert!(salvage.text().contains("Saved"), "{salvage:?}");
    let again = sandbox.run(&["salvage", ".", "rescued"]);
    assert_eq!(again.code, Some(3), "{again:?}");
}

#[test]
fn a_sound_store_is_salvaged_whole() {
    let sandbox = diverged();
    assert_eq!(sandbox.run(&["salvage", ".", "copy"]).code, Some(0));
    assert_eq!(sandbox.ok(&["-C", "copy", "log", "main"]), sandbox.ok(&["log", "main"]));
    assert_eq!(
        sandbox.ok(&["-C", "copy", "list", "--at", "dev"]),
        sandbox.ok(&["list", "--at", "dev"])
    );
}

#[test]
fn garbage_is_freed_and_nothing_else() {
    let sandbox = Sandbox::new();
    sandbox.ok(&["set", "kept", "value"]);
    sandbox.ok(&["commit", "-m", "Kept"]);
    let large: Vec<u8> = (0..2_000_000u32).map(|i| (i.wrapping_mul(i) >> 5) as u8).collect();
    sandbox.write("large", &large);
    sandbox.ok(&["set", "large", "--file", "large"]);
    sandbox.ok(&["reset", "--hard"]);
    sandbox.ok(&["gc", "--days", "0"]);
    let collected = sandbox.json(&["gc", "--days", "0"]);
    assert!(collected[0]["after_bytes"].as_u64().unwrap() < 1_000_000, "{collected:?}");
    assert_eq!(sandbox.ok(&["get", "kept"]), "value");
    assert!(sandbox.ok(&["check"]).contains("no damage"));
}
