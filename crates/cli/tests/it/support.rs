//! A folder in which the program runs, cut off from the environment.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

/// A folder of its own for a test.
pub(crate) struct Sandbox {
    dir: TempDir,
}

/// What a command printed and how it ended.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) out: Vec<u8>,
    pub(crate) err: String,
    dir: PathBuf,
}

impl Sandbox {
    /// An empty folder.
    pub(crate) fn empty() -> Self {
        Self { dir: TempDir::with_prefix("prolly-test-").unwrap() }
    }

    /// A folder with an empty store.
    pub(crate) fn new() -> Self {
        let sandbox = Self::empty();
        sandbox.ok(&["init"]);
        sandbox
    }

    /// A path in the folder.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Makes a file.
    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) -> &Self {
        fs::write(self.path(name), content).unwrap();
        self
    }

    /// Reads a file.
    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    /// The program, ready to be run here.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        self.prepared(env!("CARGO_BIN_EXE_prolly"), arguments)
    }

    /// The real Git, ready to be run here. It finds the programs in the folder `bin`.
    pub(crate) fn git_command(&self, arguments: &[&str]) -> Command {
        let mut command = self.prepared("git", arguments);
        for role in ["AUTHOR", "COMMITTER"] {
            command.env(format!("GIT_{role}_NAME"), "Grace");
            command.env(format!("GIT_{role}_EMAIL"), "grace@example.com");
        }
        let path = std::env::var("PATH").unwrap();
        command.env("PATH", format!("{}:{path}", self.path("bin").display()));
        command
    }

    /// A program, ready to be run here, with no settings but those that every test has.
    pub(crate) fn prepared(&self, program: impl AsRef<OsStr>, arguments: &[&str]) -> Command {
        let mut command = Command::new(program);
        command.args(arguments).current_dir(self.dir.path()).stdin(Stdio::null());
        for (name, _) in std::env::vars_os() {
            if name
                .to_str()
                .is_some_and(|name| name.starts_with("PROLLY_") || name.starts_with("GIT_"))
            {
                command.env_remove(name);
            }
        }
        command.env("PROLLY_AUTHOR_DATE", "2026-01-31T12:00:00Z").env("NO_COLOR", "1");
        command.env("COLUMNS", "100");
        command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1");
        command
    }

    /// Runs the real Git, which must succeed, and returns what it printed.
    pub(crate) fn git(&self, arguments: &[&str]) -> String {
        let ran = self.ran(self.git_command(arguments));
        assert_eq!(ran.code, Some(0), "git {arguments:?}: {ran:?}");
        ran.text()
    }

    /// Runs a command.
    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        self.ran(self.command(arguments))
    }

    /// Runs a command that was made ready for this folder.
    pub(crate) fn ran(&self, command: Command) -> Ran {
        Ran::of(command, self.dir.path())
    }

    /// Runs a command that must succeed, and returns what it printed.
    pub(crate) fn ok(&self, arguments: &[&str]) -> String {
        let ran = self.run(arguments);
        assert_eq!(ran.code, Some(0), "{arguments:?}: {ran:?}");
        assert_eq!(ran.err, "", "{arguments:?}");
        ran.text()
    }

    /// Runs a command with JSON output that must succeed, and parses each line.
    pub(crate) fn json(&self, arguments: &[&str]) -> Vec<serde_json::Value> {
        let text = self.ok(&[arguments, &["--json"]].concat());
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

impl Ran {
    fn of(mut command: Command, dir: &Path) -> Self {
        let output = command.output().unwrap();
        let err = String::from_utf8(output.stderr).unwrap();
        Self { code: output.status.code(), out: output.stdout, err, dir: dir.to_owned() }
    }

    /// What was printed to standard output.
    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.out.clone()).unwrap()
    }

    /// All that was printed, and the exit code, as a snapshot holds it.
    pub(crate) fn transcript(&self) -> String {
        let code = self.code.map_or("none".to_owned(), |code| code.to_string());
        let text = format!("{}{}exit code {code}\n", self.text(), self.err);
        text.replace(&self.dir.display().to_string(), "[DIR]")
    }
}

/// Puts `#` for hashes, which depend on the clock, the author and the storage.
pub(crate) fn without_hashes(text: &str) -> String {
    let is_hash = |word: &str| {
        word.len() >= 10 && word.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    };
    let ends = |c: char| !c.is_ascii_alphanumeric();
    text.split_inclusive(ends)
        .map(|piece| match piece.strip_suffix(ends) {
            Some(word) if is_hash(word) => format!("#{}", &piece[word.len()..]),
            None if is_hash(piece) => "#".to_owned(),
            _ => piece.to_owned(),
        })
        .collect()
}
