//! The demonstration checks itself.

use crate::support::Sandbox;

#[test]
fn it_does_what_it_says() {
    let sandbox = Sandbox::empty();
    let text = sandbox.ok(&["demo", "--rows", "2000", "--dir", "shop"]);
    assert!(text.contains("commands did what they should"), "{text}");
    assert!(text.contains("conflict on customer:0000041"), "{text}");
    assert!(sandbox.ok(&["-C", "shop", "log", "--oneline"]).lines().count() == 4);
    assert_eq!(sandbox.run(&["demo", "--rows", "2000", "--dir", "shop"]).code, Some(3));
}

#[test]
fn every_run_is_the_same() {
    let sandbox = Sandbox::empty();
    let commits = |dir| {
        sandbox.ok(&["demo", "--rows", "1000", "--dir", dir]);
        sandbox.json(&["-C", dir, "log"])
    };
    assert_eq!(commits("a"), commits("b"));
}
