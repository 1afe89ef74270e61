//! Tables on the command line.

mod errors;
mod merge;
mod processes;
mod session;
mod transfer;

use std::fmt::Write as _;
use std::fs::File;

use crate::support::{Ran, Sandbox};

impl Sandbox {
    /// Runs `prolly sql` with a script on standard input.
    fn script(&self, arguments: &[&str], script: &str) -> Ran {
        self.write("input", script);
        let mut command = self.command(&[&["sql"], arguments].concat());
        command.stdin(File::open(self.path("input")).unwrap());
        self.ran(command)
    }

    /// Runs statements that must succeed, and returns what they printed.
    fn sql(&self, statements: &str) -> String {
        self.ok(&["sql", "-c", statements])
    }
}

/// What commands print, one after the other.
fn transcript(sandbox: &Sandbox, session: &[&[&str]]) -> String {
    let mut text = String::new();
    for arguments in session {
        let ran = sandbox.run(arguments).transcript();
        writeln!(text, "$ prolly {}\n{ran}", arguments.join(" ")).unwrap();
    }
    text
}

/// Tables with a row of each kind of value.
const PEOPLE: &str = "\
CREATE TABLE people (id INTEGER PRIMARY KEY, name TEXT NOT NULL, size REAL, photo BLOB);
INSERT INTO people VALUES
    (1, 'Alice', 1.5, x'00ff'), (2, '', NULL, NULL), (3, 'käse 日本', -2, x''), (40, 'a,\"b\"
c', 9e999, NULL);
";
