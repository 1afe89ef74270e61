//! Runs commands of this very program in processes of their own, tells about it, and checks them.

use std::fmt;
use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::json;
use tempfile::TempDir;

use crate::error::CliError;
use crate::output::{Output, style};

/// The most lines of a command's output that are shown.
const SHOWN_LINES: usize = 14;
/// The longest line that is shown whole, in characters.
const SHOWN_WIDTH: usize = 160;

/// Where commands run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// In the folder of the store.
    Store,
    /// In a folder without a store.
    Elsewhere,
}

/// Where the demonstration happens.
pub(super) struct Stage<'o> {
    out: &'o mut Output,
    program: PathBuf,
    store: PathBuf,
    elsewhere: TempDir,
    /// The folder to remove at the end, if it is not to be kept.
    temporary: Option<TempDir>,
    place: Place,
    commands: u64,
}

/// What a command printed.
pub(super) struct Printed {
    command: String,
    text: String,
}

impl<'o> Stage<'o> {
    pub(super) fn new(out: &'o mut Output, dir: Option<PathBuf>) -> Result<Self, CliError> {
        let temporary = || TempDir::with_prefix("prolly-demo-");
        let failed = |error| CliError::file("create a folder in", std::env::temp_dir())(error);
        let (store, temporary) = match dir {
            Some(dir) => {
                std::fs::create_dir(&dir).map_err(CliError::file("create", &dir))?;
                let absolute = dir.canonicalize().map_err(CliError::file("find", &dir))?;
                (absolute, None)
            }
            None => {
                let dir = temporary().map_err(failed)?;
                (dir.path().to_owned(), Some(dir))
            }
        };
        let elsewhere = TempDir::with_prefix("prolly-elsewhere-").map_err(failed)?;
        let program = std::env::current_exe().map_err(CliError::file("find", "prolly"))?;
        Ok(Self { out, program, store, elsewhere, temporary, place: Place::Store, commands: 0 })
    }

    /// Where the next commands run.
    pub(super) fn go(&mut self, place: Place) {
        self.place = place;
    }

    /// The path of a file in the folder without a store.
    pub(super) fn elsewhere(&self, name: &str) -> String {
        self.elsewhere.path().join(name).display().to_string()
    }

    /// Says what comes next.
    pub(super) fn say(&mut self, text: impl fmt::Display) -> Result<(), CliError> {
        if self.out.is_json() {
            return Ok(());
        }
        let text = self.out.paint(style::STRONG, text);
        self.out.line(format_args!("\n# {text}"))?;
        self.out.flush()
    }

    /// Makes a file in the store's folder.
    pub(super) fn write_file(
        &mut self,
        name: &str,
        write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> Result<(), CliError> {
        let path = self.store.join(name);
        let file = File::create(&path).map_err(CliError::file("create", &path))?;
        let mut file = BufWriter::new(file);
        write(&mut file).and_then(|()| file.flush()).map_err(CliError::file("write", &path))
    }

    /// Shows the first lines of a file.
    pub(super) fn show_file(&mut self, name: &str, lines: usize) -> Result<(), CliError> {
        if self.out.is_json() {
            return Ok(());
        }
        self.prompt(&format!("head -n {lines} {name}"))?;
        let path = self.store.join(name);
        let file = File::open(&path).map_err(CliError::file("open", &path))?;
        for line in BufReader::new(file).lines().take(lines) {
            self.out.line(line.map_err(CliError::file("read", &path))?)?;
        }
        Ok(())
    }

    /// Runs a command that is to succeed.
    pub(super) fn run(&mut self, arguments: &[&str]) -> Result<Printed, CliError> {
        self.run_to(0, arguments)
    }

    /// Runs a command that is to end with this exit code.
    pub(super) fn run_to(&mut self, code: i32, arguments: &[&str]) -> Result<Printed, CliError> {
        let folder = match self.place {
            Place::Store => self.store.clone(),
            Place::Elsewhere => self.elsewhere.path().to_owned(),
        };
        let shown = arguments.iter().map(|word| shell_word(word, &folder)).collect::<Vec<_>>();
        let command = format!("prolly {}", shown.join(" "));
        let json = self.out.is_json();
        if !json {
            self.prompt(&command)?;
        }
        let output = Command::new(&self.program)
            .args(arguments)
            .current_dir(&folder)
            .env_remove("PROLLY_DIR")
            .stdin(Stdio::null())
            .output()
            .map_err(CliError::file("run", &self.program))?;
        self.commands += 1;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
        if json {
            let exit = output.status.code();
            self.out.json(&json!({ "command": command, "exit": exit, "output": text }))?;
        } else {
            self.show(&text)?;
            self.show(&complaint)?;
        }
        self.out.flush()?;
        if output.status.code() != Some(code) {
            let found = format!("{}: {}", output.status, complaint.trim_end());
            return Err(CliError::Demo { command, expected: format!("exit code {code}"), found });
        }
        Ok(Printed { command, text })
    }

    fn prompt(&mut self, command: &str) -> Result<(), CliError> {
        let command = self.out.paint(style::NAME, command);
        self.out.line(format_args!("$ {command}"))?;
        self.out.flush()
    }

    fn show(&mut self, text: &str) -> Result<(), CliError> {
        let lines: Vec<_> = text.lines().collect();
        for line in lines.iter().take(SHOWN_LINES) {
            match line.char_indices().nth(SHOWN_WIDTH) {
                Some((end, _)) => self.out.line(format_args!("{}…", &line[..end]))?,
                None => self.out.line(line)?,
            }
        }
        match lines.len().checked_sub(SHOWN_LINES) {
            None | Some(0) => Ok(()),
            Some(more) => self.out.line(format_args!("… and {more} more lines")),
        }
    }

    /// Says how it ended.
    pub(super) fn finish(self) -> Result<(), CliError> {
        if self.out.is_json() {
            return Ok(());
        }
        let commands = self.commands;
        self.out.line(format_args!("\nAll {commands} commands did what they should."))?;
        match self.temporary {
            Some(_) => self.out.line("Keep the store with `prolly demo --dir FOLDER`."),
            None => self.out.line(format_args!("The store is in {}.", self.store.display())),
        }
    }
}

impl Printed {
    /// What the command printed, without the last line break.
    pub(super) fn text(&self) -> &str {
        self.text.trim_end_matches('\n')
    }

    /// Fails unless the output contains a text.
    pub(super) fn says(self, expected: &str) -> Result<Self, CliError> {
        if self.text.contains(expected) { Ok(self) } else { Err(self.failure(expected)) }
    }

    /// Fails unless the output is a text.
    pub(super) fn is(&self, expected: &str) -> Result<(), CliError> {
        if self.text() == expected { Ok(()) } else { Err(self.failure(expected)) }
    }

    /// The word behind another.
    pub(super) fn word_behind(&self, word: &str) -> Result<String, CliError> {
        let mut words = self.text.split_whitespace().skip_while(|found| *found != word);
        words.nth(1).map(str::to_owned).ok_or_else(|| self.failure(word))
    }

    fn failure(&self, expected: &str) -> CliError {
        CliError::Demo {
            command: self.command.clone(),
            expected: format!("{expected:?}"),
            found: format!("{:?}", self.text()),
        }
    }
}

/// A word as it would be typed in this folder.
fn shell_word(word: &str, folder: &Path) -> String {
    let word = Path::new(word).strip_prefix(folder).ok().and_then(Path::to_str).unwrap_or(word);
    let plain = |c: char| c.is_ascii_alphanumeric() || "._-/:@~".contains(c);
    if !word.is_empty() && word.chars().all(plain) { word.to_owned() } else { format!("'{word}'") }
}
