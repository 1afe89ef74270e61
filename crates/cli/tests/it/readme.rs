//! The README's console sessions: run as they are printed, they print what is printed.

use std::path::Path;
use std::process::Command;

use crate::support::{Sandbox, without_hashes};

const README: &str = include_str!("../../../../README.md");

/// A command of a session and what it prints.
struct Step<'t> {
    command: &'t str,
    output: Vec<&'t str>,
}

fn steps() -> Vec<Step<'static>> {
    let mut steps: Vec<Step<'_>> = Vec::new();
    for session in README.split("```console\n").skip(1) {
        let lines = session.split("```").next().unwrap_or_default().lines();
        for line in lines {
            match (line.strip_prefix("$ "), steps.last_mut()) {
                (Some(command), _) => steps.push(Step { command, output: Vec::new() }),
                (None, Some(step)) => step.output.push(line),
                (None, None) => panic!("output before the first command: {line}"),
            }
        }
    }
    steps
}

#[test]
fn the_sessions_print_what_the_readme_says() {
    let sandbox = Sandbox::empty();
    let program = sandbox.command(&[]);
    let bin = Path::new(program.get_program()).parent().unwrap();
    let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap());
    let steps = steps();
    assert!(steps.len() > 15, "the README has lost its sessions");
    for Step { command, output } in steps {
        let mut shell = Command::new("sh");
        shell
            .arg("-c")
            .arg(format!("{command} 2>&1"))
            .current_dir(program.get_current_dir().unwrap());
        for (name, value) in program.get_envs() {
            match value {
                Some(value) => shell.env(name, value),
                None => shell.env_remove(name),
            };
        }
        let ran = shell.env("PATH", &path).env_remove("COLUMNS").output().unwrap();
        let printed = String::from_utf8(ran.stdout).unwrap();
        let folder = sandbox.path("").canonicalize().unwrap();
        let printed = printed.replace(folder.to_str().unwrap().trim_end_matches('/'), "[FOLDER]");
        let printed = without_object_ids(&printed);
        let expected = output.join("\n").replace("[ROOT]", "#");
        assert_eq!(without_hashes(printed.trim_end()), without_hashes(&expected), "$ {command}");
    }
}

/// Hides the ids in what `git diff` says of a file.
fn without_object_ids(text: &str) -> String {
    let line = |line: &str| match line.strip_prefix("index ").and_then(|ids| ids.split_once(' ')) {
        Some((_, mode)) => format!("index [GIT]..[GIT] {mode}"),
        None => line.to_owned(),
    };
    text.lines().map(line).collect::<Vec<_>>().join("\n")
}
