//! A folder in which a test runs, cut off from the environment.

use std::any::type_name;
use std::env;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

/// The folder of a test, in the process that runs it.
const FOLDER: &str = "PLAIN_TEST_FOLDER";
/// What a further process of the test is to do.
const ROLE: &str = "PLAIN_TEST_ROLE";

/// An empty folder, and the `git` program in it.
pub(super) struct Sandbox {
    folder: PathBuf,
    test: &'static str,
}

/// Runs a test in a process of its own, with an empty folder and an empty home.
///
/// The environment of a process that runs other tests cannot be changed.
pub(super) fn isolated<F: FnOnce(&Sandbox)>(test: F) {
    let name = type_name::<F>();
    let name = name.strip_prefix("it::").unwrap().strip_suffix("::{{closure}}").unwrap();
    if let Some(folder) = env::var_os(FOLDER) {
        return test(&Sandbox { folder: folder.into(), test: name });
    }
    let root = tempfile::Builder::new().prefix("prolly-plain-").tempdir().unwrap();
    let root = fs::canonicalize(root.path()).map(|path| (root, path)).unwrap();
    let (home, folder) = (root.1.join("home"), root.1.join("test"));
    fs::create_dir(&home).unwrap();
    fs::create_dir(&folder).unwrap();
    let mut command = this_test(name);
    for (variable, _) in env::vars_os() {
        let ours = ["GIT_", "PROLLY_", "XDG_", "LC_", "SSH_"];
        if ours.iter().any(|prefix| variable.to_string_lossy().starts_with(prefix)) {
            command.env_remove(variable);
        }
    }
    command.env("HOME", &home).env("GIT_CONFIG_NOSYSTEM", "1").env("LANG", "C");
    // Where a test fails is told by its own words.
    command.env("RUST_BACKTRACE", "0");
    let output = command.env(FOLDER, &folder).output().unwrap();
    let (said, failed) = (text(&output.stdout), text(&output.stderr));
    let ran = output.status.success() && said.contains("test result: ok. 1 passed");
    assert!(ran, "{said}\n{failed}");
}

fn this_test(name: &str) -> Command {
    let mut command = Command::new(env::current_exe().unwrap());
    command.args([name, "--exact", "--nocapture", "--include-ignored"]);
    command
}

impl Sandbox {
    /// A path in the folder.
    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Makes a file, and the folders that it lies in.
    pub(super) fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    /// Reads a file.
    pub(super) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    /// Runs `git` in one of the folders; it must succeed. What it prints, without the last line end.
    pub(super) fn git<A: AsRef<OsStr>>(&self, folder: &str, arguments: &[A]) -> String {
        git(&self.path(folder), arguments)
    }

    /// Has Git look at every object of a repository; it must find no fault.
    pub(super) fn fsck(&self, folder: &str) {
        fsck(&self.path(folder));
    }

    /// Runs `git` in one of the folders; it must fail. What it says.
    pub(super) fn git_refuses(&self, folder: &str, arguments: &[&str]) -> String {
        let output = run(command(&self.path(folder), arguments));
        let said = text(&output.stdout) + &text(&output.stderr);
        assert!(!output.status.success(), "git {arguments:?} succeeded: {said}");
        said
    }

    /// Starts this test once more beside this process, with a role.
    pub(super) fn start(&self, role: &str) -> Child {
        self.start_in(role, &[])
    }

    /// As [`start`](Self::start), with more variables in the environment.
    pub(super) fn start_in(&self, role: &str, environment: &[(&str, &Path)]) -> Child {
        let mut command = this_test(self.test);
        command.envs(environment.iter().copied()).env(ROLE, role).stdout(Stdio::null());
        command.spawn().unwrap()
    }

    /// What this process is to do, if it is not the one that the test began in.
    pub(super) fn role() -> Option<String> {
        env::var(ROLE).ok()
    }
}

/// Runs `git` in a folder; it must succeed.
pub(super) fn git<A: AsRef<OsStr>>(folder: &Path, arguments: &[A]) -> String {
    let output = run(command(folder, arguments));
    let shown = arguments.iter().map(|argument| argument.as_ref().to_string_lossy());
    let shown = shown.collect::<Vec<_>>().join(" ");
    let failed = text(&output.stderr);
    let said = text(&output.stdout);
    assert!(output.status.success(), "git {shown}: {said}{failed}");
    said.strip_suffix('\n').unwrap_or(&said).to_owned()
}

/// Has Git look at every object of a repository; it must find no fault.
pub(super) fn fsck(folder: &Path) {
    let arguments = ["fsck", "--full", "--strict", "--no-dangling", "--no-progress"];
    assert_eq!(git(folder, &arguments), "");
}

/// `git` in a folder, with the author that it demands; ours has none.
pub(super) fn command<A: AsRef<OsStr>>(folder: &Path, arguments: &[A]) -> Command {
    let mut command = Command::new("git");
    // What Git does on its own behind a command, it does before the command ends.
    command.args(["-c", "gc.autoDetach=false", "-c", "maintenance.autoDetach=false"]);
    command.args(arguments).current_dir(folder).stdin(Stdio::null());
    for who in ["AUTHOR", "COMMITTER"] {
        command.env(format!("GIT_{who}_NAME"), "Git");
        command.env(format!("GIT_{who}_EMAIL"), "git@example.org");
    }
    command
}

fn run(mut command: Command) -> Output {
    command.output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
