//! A data set in a folder of a repository that holds code.

use std::fs;
use std::path::Path;

use prollytree_git::{GitBackend, GitError};
use prollytree_repo::{MapName, MergeOutcome, ResetMode, Uncommitted};

use super::sandbox::{Sandbox, isolated};
use super::store::{Repo, commit, get, init, map, open, try_open};

/// A repository with code, without a data set.
pub(super) fn code(at: &Sandbox) {
    at.git("", &["init", "--quiet", "--initial-branch=main", "work"]);
    at.write("work/src/main.rs", "fn main() {}\n");
    at.write("work/src/lib.rs", "//! A library.\n");
    at.write("work/README.md", "Read me\n");
    at.git("work", &["add", "."]);
    at.git("work", &["commit", "--quiet", "--message", "Code"]);
}

/// The data set in it, with a first version.
pub(super) fn beside_code(at: &Sandbox) -> Repo {
    code(at);
    let mut repo = init(&at.path("work/data"));
    commit(&mut repo, &[("a", "1"), ("b", "1")], "Data");
    repo
}

pub(super) fn status(at: &Sandbox) -> String {
    at.git("work", &["status", "--porcelain"])
}

/// The files that a commit changed.
fn changed(at: &Sandbox, commit: &str) -> Vec<String> {
    let files = at.git("work", &["show", "--format=", "--name-only", "--first-parent", commit]);
    files.lines().map(str::to_owned).collect()
}

#[test]
fn the_status_is_clean_after_every_verb() {
    isolated(|at| {
        code(at);
        let mut repo = init(&at.path("work/data"));
        assert_eq!(status(at), "");
        assert_eq!(at.git("work", &["log", "--format=%s"]), "Code");
        let clean = |verb: &str| assert_eq!(status(at), "", "after {verb}");
        repo.set(&map(), "a", "1").unwrap();
        repo.save().unwrap();
        clean("save");
        let first = repo.commit("First").unwrap();
        clean("commit");
        repo.create_branch("dev", &first).unwrap();
        repo.create_tag("v1", &first, Some("One")).unwrap();
        clean("branch and tag");
        commit(&mut repo, &[("a", "2"), ("page", &"words ".repeat(500))], "On main");
        repo.checkout("dev", Uncommitted::Refuse).unwrap();
        clean("checkout");
        repo.set(&map(), "saved", "1").unwrap();
        repo.save().unwrap();
        repo.checkout("main", Uncommitted::Carry).unwrap();
        clean("carry");
        repo.checkout("dev", Uncommitted::Discard).unwrap();
        repo.set(&MapName::new("another").unwrap(), "b", vec![0xff]).unwrap();
        let on_dev = commit(&mut repo, &[("c", "3")], "On dev");
        repo.checkout("main", Uncommitted::Refuse).unwrap();
        repo.merge("dev", Default::default()).unwrap();
        clean("merge");
        repo.revert(&repo.resolve("HEAD~1").unwrap(), None, Default::default()).unwrap();
        clean("revert");
        repo.reset(&first, ResetMode::Hard).unwrap();
        clean("reset");
        commit(&mut repo, &[("d", "4")], "Not what dev stands on");
        repo.cherry_pick(&repo.resolve(&on_dev).unwrap(), None, Default::default()).unwrap();
        clean("cherry-pick");
        commit(&mut repo, &[("c", "other")], "To be in conflict");
        let merged = repo.merge("dev", Default::default()).unwrap();
        assert_eq!(merged, MergeOutcome::Conflicts(1));
        clean("merge with conflicts");
        repo.abort_operation().unwrap();
        clean("aborted merge");
        repo.checkout_detached(&first, Uncommitted::Refuse).unwrap();
        clean("detached checkout");
        commit(&mut repo, &[("c", "detached")], "Detached");
        clean("detached commit");
        repo.checkout("main", Uncommitted::Refuse).unwrap();
        for name in ["default", "another"] {
            repo.delete_range(&MapName::new(name).unwrap(), ..).unwrap();
        }
        repo.commit("Nothing is left").unwrap();
        clean("a commit of no maps");
        assert_eq!(at.git("work", &["ls-files", "data"]), "data/.gitattributes\ndata/PROLLY");
        at.fsck("work");
    });
}

#[test]
fn what_a_person_staged_and_edited_stays_and_is_in_no_data_commit() {
    isolated(|at| {
        let mut repo = beside_code(at);
        at.write("work/staged-new", "new\n");
        at.write("work/src/main.rs", "fn main() { staged() }\n");
        at.git("work", &["add", "staged-new", "src/main.rs"]);
        at.git("work", &["rm", "--quiet", "--cached", "src/lib.rs"]);
        at.write("work/src/main.rs", "fn main() { edited() }\n");
        at.write("work/README.md", "Edited\n");
        at.write("work/.env", "SECRET=1\n");
        at.write("work/data/notes", "untracked, beside the data\n");
        at.write("work/intended", "to be added\n");
        at.git("work", &["add", "--intent-to-add", "intended"]);
        let look = || {
            let staged = at.git("work", &["diff", "--cached"]);
            (status(at), staged, at.git("work", &["diff"]))
        };
        let before = look();
        for file in ["D  src/lib.rs", "MM src/main.rs", "A  staged-new", "?? .env"] {
            assert!(before.0.lines().any(|line| line == file), "{}", before.0);
        }

        commit(&mut repo, &[("a", "2"), ("c", &"long ".repeat(600))], "More data");
        assert_eq!(look(), before);
        repo.create_branch("dev", &repo.tip().unwrap()).unwrap();
        commit(&mut repo, &[("a", "3")], "On main");
        repo.checkout("dev", Uncommitted::Refuse).unwrap();
        assert_eq!(look(), before);
        commit(&mut repo, &[("b", "2")], "On dev");
        repo.merge("main", Default::default()).unwrap();
        assert_eq!(look(), before);

        for commit in ["HEAD", "HEAD~1", "HEAD^2", "HEAD~2"] {
            let files = changed(at, commit);
            assert!(!files.is_empty(), "{commit}");
            assert!(files.iter().all(|file| file.starts_with("data/")), "{commit}: {files:?}");
        }
        assert_eq!(at.read("work/src/main.rs"), "fn main() { edited() }\n");
        // What was staged is what the person's own commit takes.
        at.git("work", &["commit", "--quiet", "--message", "By hand"]);
        let by_hand = ["src/lib.rs", "src/main.rs", "staged-new"];
        assert_eq!(changed(at, "HEAD"), by_hand);
    });
}

#[test]
fn a_checkout_that_would_lose_edited_code_is_refused() {
    isolated(|at| {
        let mut repo = beside_code(at);
        at.git("work", &["branch", "dev"]);
        at.write("work/src/main.rs", "fn main() { two() }\n");
        at.git("work", &["commit", "--quiet", "--all", "--message", "Code of main"]);
        at.write("work/src/main.rs", "fn main() { edited() }\n");
        repo.refresh().unwrap();
        let refused = repo.checkout("dev", Uncommitted::Refuse).unwrap_err();
        assert!(format!("{refused:?}").contains("src/main.rs"), "{refused:?}");
        assert_eq!(at.git("work", &["branch", "--show-current"]), "main");
        assert_eq!(status(at), " M src/main.rs");
        // The same handle goes on, and once nothing would be lost the checkout is made.
        commit(&mut repo, &[("a", "2")], "Beside edited code");
        at.git("work", &["checkout", "--quiet", "--", "src/main.rs"]);
        repo.checkout("dev", Uncommitted::Refuse).unwrap();
        assert_eq!(at.read("work/src/main.rs"), "fn main() {}\n");
        assert_eq!(get(&repo, "a").unwrap(), "1");
        assert_eq!(status(at), "");
    });
}

#[test]
fn hooks_of_commits_are_not_run() {
    isolated(|at| {
        let mut repo = beside_code(at);
        for hook in ["pre-commit", "commit-msg", "prepare-commit-msg", "post-commit"] {
            let path = format!("work/.git/hooks/{hook}");
            at.write(
                &path,
                format!("#!/bin/sh\necho {hook} >> \"$(git rev-parse --git-dir)/ran\"\nexit 1\n"),
            );
            make_executable(&at.path(&path));
        }
        at.git_refuses("work", &["commit", "--allow-empty", "--message", "Refused by the hook"]);
        assert_eq!(at.read("work/.git/ran"), "pre-commit\n");
        commit(&mut repo, &[("a", "2")], "Data");
        assert_eq!(at.read("work/.git/ran"), "pre-commit\n");
    });
}

#[cfg(unix)]
pub(super) fn make_executable(path: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

#[cfg(not(unix))]
pub(super) fn make_executable(_: &Path) {}

#[test]
fn data_sets_side_by_side_do_not_touch_each_other() {
    isolated(|at| {
        let mut first = beside_code(at);
        let mut second = init(&at.path("work/deep/er/data"));
        assert!(second.head_maps().is_empty());
        commit(&mut second, &[("a", "second")], "Second");
        first.refresh().unwrap();
        commit(&mut first, &[("a", "first")], "First");
        second.refresh().unwrap();
        // Saved edits are of one data set.
        second.set(&map(), "saved", "1").unwrap();
        second.save().unwrap();
        let first = open(&at.path("work/data"));
        assert_eq!([get(&first, "a"), get(&first, "saved")], [Some("first".to_owned()), None]);
        let second = open(&at.path("work/deep/er/data"));
        assert_eq!([get(&second, "a").unwrap(), get(&second, "saved").unwrap()], ["second", "1"]);
        assert_eq!(status(at), "");
        assert!(changed(at, "HEAD").iter().all(|file| file.starts_with("data/")));
        assert!(changed(at, "HEAD~1").iter().all(|file| file.starts_with("deep/er/data/")));
    });
}

#[test]
fn an_index_that_another_program_holds_stops_a_commit_before_it_is_made() {
    isolated(|at| {
        let mut repo = beside_code(at);
        let head = at.git("work", &["rev-parse", "HEAD"]);
        at.write("work/.git/index.lock", "");
        repo.set(&map(), "a", "2").unwrap();
        let refused = repo.commit("Refused").unwrap_err();
        assert!(format!("{refused:?}").contains("index.lock"), "{refused:?}");
        assert_eq!(at.git("work", &["rev-parse", "HEAD"]), head);
        fs::remove_file(at.path("work/.git/index.lock")).unwrap();
        assert_eq!(get(&repo, "a").unwrap(), "2");
        repo.commit("Made").unwrap();
        assert_eq!(status(at), "");
    });
}

#[test]
fn a_file_of_the_data_set_that_somebody_edited_stops_a_commit() {
    isolated(|at| {
        let mut repo = beside_code(at);
        let leaf = "work/data/maps/default/l";
        let text = at.read(leaf);
        assert_eq!(text, "a\t1\nb\t1\n");
        at.write(leaf, "a\tedited\nb\t1\n");
        repo.set(&map(), "a", "2").unwrap();
        let refused = repo.commit("Refused").unwrap_err();
        assert!(format!("{refused:?}").contains("maps/default/l"), "{refused:?}");
        assert_eq!(status(at), " M data/maps/default/l");
        at.git("work", &["checkout", "--quiet", "--", "data"]);
        repo.commit("Made").unwrap();
        assert_eq!(at.read(leaf), "a\t2\nb\t1\n");
        assert_eq!(status(at), "");
    });
}

#[test]
fn the_root_of_a_repository_of_code_is_refused() {
    isolated(|at| {
        code(at);
        let before = at.git("work", &["for-each-ref"]);
        let refused = GitBackend::init(at.path("work"), &Default::default());
        assert!(matches!(refused, Err(GitError::ForeignRepository { .. })), "{refused:?}");
        let opened = try_open(&at.path("work"));
        assert!(matches!(opened, Err(GitError::NotADataSet { .. })));
        assert_eq!(at.git("work", &["for-each-ref"]), before);
        assert_eq!(status(at), "");
        assert!(!at.path("work/.git/prolly").exists());
        assert!(!at.read("work/.git/config").contains("sparse"));
        // So is one without a commit.
        at.git("", &["init", "--quiet", "empty"]);
        at.write("empty/file", "not committed");
        let refused = GitBackend::init(at.path("empty"), &Default::default());
        assert!(matches!(refused, Err(GitError::ForeignRepository { .. })), "{refused:?}");
    });
}

#[test]
fn the_environment_of_a_hook_leads_to_no_other_repository() {
    isolated(|at| {
        if Sandbox::role().is_some() {
            for folder in ["work/data", "own"] {
                commit(&mut open(&at.path(folder)), &[("a", "2")], "From a hook");
            }
            return;
        }
        drop(beside_code(at));
        commit(&mut init(&at.path("own")), &[("a", "1")], "First");
        at.git("", &["init", "--quiet", "other"]);
        at.git("other", &["commit", "--quiet", "--allow-empty", "--message", "Other"]);
        let paths = ["other/.git", "other", "other/.git/index", "other/.git/objects"];
        let [git_dir, work_tree, index, objects] = paths.map(|path| at.path(path));
        let mut hook = at.start_in(
            "hook",
            &[
                ("GIT_DIR", &git_dir),
                ("GIT_COMMON_DIR", &git_dir),
                ("GIT_WORK_TREE", &work_tree),
                ("GIT_INDEX_FILE", &index),
                ("GIT_OBJECT_DIRECTORY", &objects),
                ("GIT_PREFIX", &work_tree),
                ("GIT_NAMESPACE", Path::new("elsewhere")),
            ],
        );
        assert!(hook.wait().unwrap().success());
        for folder in ["work/data", "own"] {
            assert_eq!(get(&open(&at.path(folder)), "a").unwrap(), "2");
            assert_eq!(at.git(folder, &["status", "--porcelain"]), "");
        }
        assert_eq!(at.git("other", &["log", "--format=%s"]), "Other");
        assert_eq!(at.git("other", &["status", "--porcelain"]), "");
    });
}
