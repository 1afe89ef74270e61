//! Many writers at once, Git among them.

use std::collections::HashSet;
use std::path::Path;
use std::thread;

use prollytree_git::{GitVersionedKvStore, InitOptions};
use prollytree_repo::CommitOptions;

use super::placement::code;
use super::sandbox::{Sandbox, command, fsck, git, isolated};
use super::store::{content, init, init_with};

const WRITERS: usize = 4;
/// What each of them writes.
const COMMITS: usize = 25;

/// Makes commits through a handle of its own.
fn write(folder: &Path, writer: usize) {
    let mut store = GitVersionedKvStore::open(folder).unwrap();
    for i in 0..COMMITS {
        let key = format!("{writer}/{i:02}");
        store.set(key.as_str(), "1").unwrap();
        store.commit(key.as_str()).unwrap();
    }
}

/// Demands that every commit is there, each with its key, and those of others.
fn none_is_lost(folder: &Path, others: &[String]) {
    let writers = (0..WRITERS).flat_map(|writer| (0..COMMITS).map(move |i| (writer, i)));
    let expected: Vec<_> = writers.map(|(writer, i)| format!("{writer}/{i:02}")).collect();
    let entries = &content(folder)["main"]["default"].1;
    let keys = entries.iter().map(|(key, _)| String::from_utf8(key.clone()).unwrap());
    assert!(keys.eq(expected.iter().cloned()));
    let log = git(folder, &["log", "--format=%H %s", "main"]);
    let commits: Vec<_> = log.lines().map(|line| line.split_once(' ').unwrap()).collect();
    let mut titles: Vec<_> = commits.iter().map(|(_, title)| *title).collect();
    titles.retain(|title| title.contains('/'));
    titles.sort_unstable();
    assert_eq!(titles, expected);
    let ids: HashSet<_> = commits.iter().map(|(id, _)| *id).collect();
    let lost: Vec<_> = others.iter().filter(|id| !ids.contains(id.as_str())).collect();
    assert!(lost.is_empty(), "{lost:?}");
    fsck(folder);
}

/// Commits what `main` holds once more, as Git's plumbing does it, unless somebody is faster.
fn commit_by_git(folder: &Path) -> Option<String> {
    let head = git(folder, &["rev-parse", "main"]);
    let tree = format!("{head}^{{tree}}");
    let made = git(folder, &["commit-tree", "-p", &head, "-m", "By Git", &tree]);
    let update = ["update-ref", "-m", "by Git", "refs/heads/main", &made, &head];
    command(folder, &update).output().unwrap().status.success().then_some(made)
}

/// Makes a data set with a commit of nothing, so that there is a branch for Git.
fn begin(folder: &Path) {
    let mut repo = init(folder);
    let message = "Begin".to_owned();
    let options = CommitOptions { message, allow_empty: true, ..Default::default() };
    repo.commit_with(options).unwrap();
}

/// Lets threads write, and does something until they end.
fn while_threads_write(folder: &Path, mut meanwhile: impl FnMut()) {
    thread::scope(|scope| {
        let start = |writer| scope.spawn(move || write(folder, writer));
        let writers: Vec<_> = (0..WRITERS).map(start).collect();
        while !writers.iter().all(|writer| writer.is_finished()) {
            meanwhile();
        }
    });
}

#[test]
fn no_commit_of_a_thread_is_lost_nor_one_of_git() {
    isolated(|at| {
        let folder = at.path("data");
        begin(&folder);
        let mut by_git = Vec::new();
        while_threads_write(&folder, || by_git.extend(commit_by_git(&folder)));
        assert!(!by_git.is_empty());
        none_is_lost(&folder, &by_git);
        assert_eq!(at.git("data", &["status", "--porcelain"]), "");
    });
}

/// Starts this test once more for each writer, and does something until they end.
fn in_processes(at: &Sandbox, folder: &str, meanwhile: impl Fn()) {
    let mut writers: Vec<_> = (0..WRITERS).map(|writer| at.start(&writer.to_string())).collect();
    while writers.iter_mut().any(|writer| writer.try_wait().unwrap().is_none()) {
        meanwhile();
    }
    assert!(writers.iter_mut().all(|writer| writer.wait().unwrap().success()));
    none_is_lost(&at.path(folder), &[]);
}

#[test]
fn no_commit_of_a_process_is_lost_while_git_collects_garbage() {
    isolated(|at| {
        let folder = at.path("data.git");
        if let Some(writer) = Sandbox::role() {
            return write(&folder, writer.parse().unwrap());
        }
        let mut options = InitOptions::default();
        options.bare = true;
        drop(init_with(&folder, &options));
        in_processes(at, "data.git", || {
            // Two of these at a time are one too many for Git.
            _ = command(&folder, &["gc", "--quiet", "--prune=now"]).output().unwrap();
        });
    });
}

#[test]
fn no_commit_of_a_process_beside_code_is_lost() {
    isolated(|at| {
        let folder = at.path("work/data");
        if let Some(writer) = Sandbox::role() {
            return write(&folder, writer.parse().unwrap());
        }
        code(at);
        drop(init(&folder));
        at.write("work/src/main.rs", "fn main() { staged() }\n");
        at.git("work", &["add", "src"]);
        at.write("work/src/main.rs", "fn main() { edited() }\n");
        in_processes(at, "work/data", thread::yield_now);
        assert_eq!(at.git("work", &["status", "--porcelain"]), "MM src/main.rs");
    });
}

#[test]
#[ignore = "a `git commit` that has read the index from before commits that content again"]
fn commits_by_git_in_a_loop_undo_nothing() {
    isolated(|at| {
        let folder = at.path("data");
        begin(&folder);
        while_threads_write(&folder, || {
            let empty = ["commit", "--quiet", "--allow-empty", "--message", "By Git"];
            // Git gives up where another is faster.
            _ = command(&folder, &empty).output().unwrap();
        });
        let log = at.git("data", &["log", "--format=%H %s"]);
        let by_git = log.lines().filter_map(|line| line.strip_suffix(" By Git"));
        for id in by_git {
            let undone = at.git("data", &["diff", "--stat", &format!("{id}~1"), id]);
            assert_eq!(undone, "", "{id}");
        }
        none_is_lost(&folder, &[]);
    });
}
