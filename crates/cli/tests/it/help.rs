//! What the program says of itself.

use crate::support::Sandbox;

/// The commands that the help lists.
fn commands(sandbox: &Sandbox) -> Vec<String> {
    let help = sandbox.ok(&["--help"]);
    let lines = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    let names = lines.take_while(|line| !line.is_empty()).filter(|line| !line.starts_with("   "));
    names.filter_map(|line| line.split_whitespace().next().map(str::to_owned)).collect()
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
    let commands = commands(&sandbox);
    assert!(commands.len() > 30, "{commands:?}");
    for command in commands.iter().filter(|command| *command != "help") {
        let help = sandbox.ok(&[command, "--help"]);
        // The options of all commands are in the snapshot of the program's own help.
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
}
