//! Proofs, made with a store and verified without.

use crate::main_job::diverged;
use crate::support::Sandbox;

/// Makes a proof and takes it to a folder without a store.
fn prove(sandbox: &Sandbox, arguments: &[&str]) -> (Sandbox, serde_json::Value) {
    let made = sandbox.json(&[&["prove", "-o", "proof"], arguments].concat()).remove(0);
    let elsewhere = Sandbox::empty();
    elsewhere.write("proof", std::fs::read(sandbox.path("proof")).unwrap());
    (elsewhere, made)
}

#[test]
fn a_key_is_verified_from_the_root_alone() {
    let sandbox = diverged();
    let (elsewhere, made) = prove(&sandbox, &["2"]);
    let root = made["root"].as_str().unwrap();
    let verify = ["verify", "proof", "--root", root, "--key", "2"];
    insta::assert_snapshot!("verified", elsewhere.ok(&verify));
    let value = sandbox.ok(&["get", "2"]);
    elsewhere.ok(&[&verify[..], &["--value", &value]].concat());
    elsewhere.write("value", &value);
    elsewhere.ok(&[&verify[..], &["--value-file", "value"]].concat());
    let refused = elsewhere.run(&[&verify[..], &["--value", "other"]].concat());
    insta::assert_snapshot!("refused", refused.transcript());
    assert_eq!(elsewhere.run(&["verify", "proof", "--root", root, "--key", "1"]).code, Some(1));
    assert_eq!(elsewhere.run(&[&verify[..], &["--absent"]].concat()).code, Some(1));
    let other = root.chars().rev().collect::<String>();
    assert_eq!(elsewhere.run(&["verify", "proof", "--root", &other, "--key", "2"]).code, Some(1));
    let refused = elsewhere.run(&["verify", "proof", "--root", &other, "--key", "2", "--json"]);
    let document: serde_json::Value = serde_json::from_slice(&refused.out).unwrap();
    assert_eq!((refused.code, &document["verified"]), (Some(1), &false.into()));
}

#[test]
fn absence_ranges_and_differences_are_verified() {
    let sandbox = diverged();
    let (elsewhere, made) = prove(&sandbox, &["7", "8"]);
    let root = made["root"].as_str().unwrap();
    elsewhere.ok(&["verify", "proof", "--root", root, "--key", "7", "--key", "8", "--absent"]);

    let (elsewhere, made) = prove(&sandbox, &["--range", "1", "3", "--at", "HEAD~1"]);
    let root = made["root"].as_str().unwrap();
    let verified = elsewhere.json(&["verify", "proof", "--root", root, "--range", "1", "3"]);
    assert_eq!(verified[0]["entries"].as_array().unwrap().len(), 2);
    assert_eq!(elsewhere.run(&["verify", "proof", "--root", root, "--all"]).code, Some(1));

    let (elsewhere, made) = prove(&sandbox, &["--diff", "main", "dev"]);
    let (before, after) = (made["before"].as_str().unwrap(), made["after"].as_str().unwrap());
    let verify = ["verify", "proof", "--before", before, "--after", after, "--all"];
    insta::assert_snapshot!("verified_difference", elsewhere.ok(&verify));
    let swapped = ["verify", "proof", "--before", after, "--after", before, "--all"];
    assert_eq!(elsewhere.run(&swapped).code, Some(1));
}

#[test]
fn every_flipped_byte_is_refused() {
    let sandbox = diverged();
    let (elsewhere, made) = prove(&sandbox, &["--prefix", "2"]);
    let root = made["root"].as_str().unwrap();
    let proof = std::fs::read(elsewhere.path("proof")).unwrap();
    for i in 0..proof.len() {
        let mut flipped = proof.clone();
        flipped[i] ^= 1;
        elsewhere.write("proof", flipped);
        let ran = elsewhere.run(&["verify", "proof", "--root", root, "--prefix", "2"]);
        assert_eq!(ran.code, Some(1), "byte {i}: {ran:?}");
    }
}

#[test]
fn the_printed_command_verifies() {
    let sandbox = diverged();
    sandbox.ok(&["set", "it's", "x"]);
    let made = sandbox.json(&["prove", "it's", "2", "-o", "proof"]).remove(0);
    let command =
        made["verify"].as_str().unwrap().replacen("prolly", env!("CARGO_BIN_EXE_prolly"), 1);
    let shell = std::process::Command::new("sh")
        .args(["-c", &command])
        .current_dir(sandbox.path(""))
        .output()
        .unwrap();
    assert!(shell.status.success(), "{command}: {shell:?}");
}
