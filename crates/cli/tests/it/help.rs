//! What the program says of itself.

use crate::support::Sandbox;

/// The commands that a help lists.
fn commands(help: &str) -> Vec<String> {
    let lines = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    let names = lines.take_while(|line| !line.is_empty()).filter(|line| !line.starts_with("   "));
    let names = names.filter_map(|line| line.split_whitespace().next());
    names.filter(|name| *name != "help").map(str::to_owned).collect()
}

#[test]
fn without_a_command_it_says_how_to_start() {
    let sandbox = Sandbox::empty();
    insta::assert_snapshot!("start", sandbox.run(&[]).transcript());
    sandbox.ok(&["init"]);
    insta::assert_snapshot!("start_in_a_store", sandbox.run(&[]).transcript());
}

#[test]
fn the_help_lists_all_commands() {
    let sandbox = Sandbox::empty();
    insta::assert_snapshot!("help", sandbox.ok(&["--help"]));
    assert_eq!(sandbox.ok(&["help"]), sandbox.ok(&["--help"]));
}

#[test]
fn every_command_has_a_help() {
    let sandbox = Sandbox::empty();
    let found = commands(&sandbox.ok(&["--help"]));
    assert!(found.len() > 30, "{found:?}");
    for command in found {
        let help = sandbox.ok(&[&command, "--help"]);
        for below in commands(&help) {
            let help = sandbox.ok(&[&command, &below, "--help"]);
            insta::assert_snapshot!(format!("help_{command}_{below}"), help);
        }
        insta::assert_snapshot!(format!("help_{command}"), help);
    }
}

#[test]
fn completions_and_pages_come_from_the_definition() {
    let sandbox = Sandbox::empty();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = sandbox.ok(&["completions", shell]);
        assert!(script.contains("cherry-pick"), "{shell}");
    }
    assert!(sandbox.ok(&["man"]).contains(".TH prolly 1"));
    sandbox.ok(&["man", "pages"]);
    assert!(sandbox.read("pages/prolly-merge.1").contains("\\-\\-continue"));
    assert!(sandbox.read("pages/prolly.1").contains("Exit codes"));
    assert!(sandbox.read("pages/prolly-git-install.1").contains("\\-\\-no\\-links"));
}
