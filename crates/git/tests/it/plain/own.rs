//! A repository that holds one data set and nothing else, under the hands of people.

use std::fs;

use prollytree_repo::{MapName, MergeOutcome, ResetMode, Uncommitted};

use super::sandbox::{Sandbox, isolated};
use super::store::{commit, content, get, history, init, map, open, versions};

/// The files that people see.
fn files(at: &Sandbox) -> Vec<String> {
    let files = fs::read_dir(at.path("data")).unwrap();
    let mut names: Vec<_> =
        files.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    names.sort_unstable();
    names
}

#[test]
fn the_folder_shows_two_files_and_the_status_is_clean_after_every_verb() {
    isolated(|at| {
        let mut repo = init(&at.path("data"));
        let clean = |verb: &str| {
            assert_eq!(at.git("data", &["status", "--porcelain"]), "", "after {verb}");
            assert_eq!(at.git("data", &["diff", "HEAD", "--stat"]), "", "after {verb}");
            assert_eq!(files(at), [".git", ".gitattributes", "PROLLY"], "after {verb}");
        };
        assert_eq!(at.git("data", &["status", "--porcelain"]), "");
        assert_eq!(files(at), [".git"]);
        for i in 0..3000 {
            repo.set(&map(), format!("key/{i:05}"), format!("value {i}")).unwrap();
        }
        repo.save().unwrap();
        let first = repo.commit("First").unwrap();
        clean("commit");
        repo.create_branch("dev", &first).unwrap();
        clean("branch");
        commit(&mut repo, &[("key/00001", "changed"), ("page", &"words ".repeat(500))], "On main");
        clean("the second commit");
        repo.set(&map(), "key/00001", "saved").unwrap();
        repo.save().unwrap();
        clean("save");
        repo.checkout("dev", Uncommitted::Discard).unwrap();
        clean("checkout");
        repo.set(&MapName::new("another").unwrap(), "b", vec![0xff]).unwrap();
        let on_dev = repo.commit("On dev").unwrap();
        clean("a commit of another map");
        repo.checkout("main", Uncommitted::Refuse).unwrap();
        let merged = repo.merge("dev", Default::default()).unwrap();
        assert!(matches!(merged, MergeOutcome::Merged(_)));
        clean("merge");
        repo.create_tag("v1", &first, Some("One")).unwrap();
        repo.revert(&repo.resolve("HEAD^1").unwrap(), None, Default::default()).unwrap();
        clean("revert");
        repo.reset(&first, ResetMode::Hard).unwrap();
        clean("reset");
        commit(&mut repo, &[("key/00002", "main")], "Not what dev stands on");
        repo.cherry_pick(&on_dev, None, Default::default()).unwrap();
        clean("cherry-pick");
        repo.checkout_detached(&first, Uncommitted::Refuse).unwrap();
        clean("detached checkout");
        commit(&mut repo, &[("key/00003", "detached")], "Detached");
        clean("detached commit");
        repo.checkout("main", Uncommitted::Refuse).unwrap();
        for name in ["default", "another"] {
            repo.delete_range(&MapName::new(name).unwrap(), ..).unwrap();
        }
        repo.commit("Nothing is left").unwrap();
        clean("a commit of no maps");
        commit(&mut repo, &[("again", "1")], "Again");
        clean("a commit after that");
        assert_eq!(
            content(&at.path("data"))["main"]["default"].1,
            [(b"again".to_vec(), b"1".to_vec())]
        );
    });
}

#[test]
fn a_second_init_opens() {
    isolated(|at| {
        let mut repo = init(&at.path("data"));
        repo.set(&map(), "saved", "1").unwrap();
        repo.save().unwrap();
        let mut repo = init(&at.path("data"));
        assert_eq!(get(&repo, "saved").unwrap(), "1");
        repo.commit("First").unwrap();
        commit(&mut repo, &[("a", "1")], "Second");
        let (refs, config) = (at.git("data", &["show-ref", "--head"]), at.read("data/.git/config"));
        let repo = init(&at.path("data"));
        assert_eq!(get(&repo, "a").unwrap(), "1");
        assert_eq!(at.git("data", &["show-ref", "--head"]), refs);
        assert_eq!(at.read("data/.git/config"), config);
        // A clone is opened as well.
        at.git("", &["clone", "--quiet", "data", "clone"]);
        assert_eq!(get(&init(&at.path("clone")), "a").unwrap(), "1");
        assert_eq!(at.git("clone", &["status", "--porcelain"]), "");
    });
}

#[test]
fn an_empty_repository_that_git_made_is_taken() {
    isolated(|at| {
        at.git("", &["init", "--quiet", "--initial-branch=trunk", "data"]);
        let mut repo = init(&at.path("data"));
        commit(&mut repo, &[("a", "1")], "First");
        assert_eq!(at.git("data", &["branch", "--show-current"]), "trunk");
        assert_eq!(at.git("data", &["status", "--porcelain"]), "");
        assert_eq!(files(at), [".git", ".gitattributes", "PROLLY"]);
    });
}

#[test]
fn a_checkout_by_git_is_seen() {
    isolated(|at| {
        let mut repo = history(&at.path("data"));
        at.git("data", &["checkout", "--quiet", "dev"]);
        assert_eq!(files(at), [".git", ".gitattributes", "PROLLY"]);
        repo.refresh().unwrap();
        assert_eq!(repo.current_branch(), Some("dev"));
        assert_eq!(get(&repo, "key/00300"), None);
        commit(&mut repo, &[("key/00300", "back")], "Back");
        at.git("data", &["checkout", "--quiet", "-b", "third", "main~1"]);
        let mut repo = open(&at.path("data"));
        assert_eq!(
            (repo.current_branch(), get(&repo, "key/00300").unwrap().as_str()),
            (Some("third"), "value 300")
        );
        commit(&mut repo, &[("key/00300", "third")], "Third");
        at.git("data", &["checkout", "--quiet", "--detach", "main"]);
        repo.refresh().unwrap();
        assert_eq!(repo.current_branch(), None);
        assert_eq!(at.git("data", &["status", "--porcelain"]), "");
    });
}

#[test]
fn all_files_can_be_shown_and_hidden_again() {
    isolated(|at| {
        let mut repo = history(&at.path("data"));
        let clean = || assert_eq!(at.git("data", &["status", "--porcelain"]), "");
        at.git("data", &["sparse-checkout", "disable"]);
        assert_eq!(files(at), [".git", ".gitattributes", "PROLLY", "maps"]);
        clean();
        commit(&mut repo, &[("key/00010", "shown"), ("new", "1")], "With all files");
        clean();
        repo.checkout("dev", Uncommitted::Refuse).unwrap();
        clean();
        repo.checkout("main", Uncommitted::Refuse).unwrap();
        let found = at.git("data", &["grep", "--no-index", "shown", "maps"]);
        assert!(found.ends_with("key/00010\tshown"), "{found}");
        at.git("data", &["sparse-checkout", "set", "--cone"]);
        assert_eq!(files(at), [".git", ".gitattributes", "PROLLY"]);
        commit(&mut repo, &[("key/00010", "hidden")], "With few files");
        clean();
        at.git("data", &["sparse-checkout", "reapply", "--no-sparse-index"]);
        commit(&mut repo, &[("key/00010", "whole index")], "With a whole index");
        clean();
        at.git("data", &["clean", "--quiet", "-f", "-d", "-x"]);
        at.git("data", &["stash", "--include-untracked"]);
        let repo = open(&at.path("data"));
        assert_eq!(get(&repo, "key/00010").unwrap(), "whole index");
        assert_eq!(files(at), [".git", ".gitattributes", "PROLLY"]);
    });
}

#[test]
fn a_person_can_keep_files_beside_the_data() {
    isolated(|at| {
        let mut repo = init(&at.path("data"));
        commit(&mut repo, &[("a", "1")], "First");
        at.write("data/README.md", "What this is\n");
        at.write("data/untracked", "\n");
        at.write("data/docs/more.md", "More\n");
        at.git("data", &["add", "--sparse", "README.md", "docs"]);
        commit(&mut repo, &[("a", "2")], "Second");
        let staged = "A  README.md\nA  docs/more.md\n?? untracked";
        assert_eq!(at.git("data", &["status", "--porcelain"]), staged);
        at.git("data", &["commit", "--quiet", "--message", "Read me"]);
        repo.refresh().unwrap();
        commit(&mut repo, &[("a", "3")], "Third");
        assert_eq!(at.git("data", &["status", "--porcelain"]), "?? untracked");
        assert_eq!(at.git("data", &["show", "HEAD:README.md"]), "What this is");
        at.git("data", &["rm", "--quiet", ".gitattributes"]);
        at.git("data", &["commit", "--quiet", "--message", "Not needed"]);
        let mut repo = open(&at.path("data"));
        commit(&mut repo, &[("a", "4")], "Fourth");
        assert_eq!(at.git("data", &["status", "--porcelain"]), "?? untracked");
    });
}

#[test]
fn what_git_does_to_history_is_seen() {
    isolated(|at| {
        let mut repo = init(&at.path("data"));
        for value in ["1", "2", "3"] {
            commit(&mut repo, &[("a", value)], value);
        }
        at.git("data", &["commit", "--quiet", "--amend", "--message", "Three"]);
        assert_eq!(open(&at.path("data")).commit_at("HEAD").unwrap().1.message, "Three");
        // The newest commit can be reverted: nobody has changed its lines since.
        at.git("data", &["revert", "--no-edit", "HEAD"]);
        let repo = open(&at.path("data"));
        assert_eq!(get(&repo, "a").unwrap(), "2");
        assert_eq!(repo.maps_at("HEAD").unwrap(), repo.maps_at("HEAD~2").unwrap());
        at.git("data", &["reset", "--quiet", "--hard", "HEAD~3"]);
        let mut repo = open(&at.path("data"));
        assert_eq!(get(&repo, "a").unwrap(), "1");
        assert_eq!(repo.resolve("main@{1}").unwrap(), repo.resolve("ORIG_HEAD").unwrap());
        commit(&mut repo, &[("a", "4")], "4");
        assert_eq!(at.git("data", &["status", "--porcelain"]), "");
        assert_eq!(versions(&at.path("data")).len(), 2);
    });
}

/// Two branches that changed different keys of one map.
pub(super) fn diverged(at: &Sandbox) {
    let mut repo = init(&at.path("data"));
    for i in 0..3000 {
        repo.set(&map(), format!("key/{i:05}"), format!("value {i}")).unwrap();
    }
    repo.commit("First").unwrap();
    repo.create_branch("dev", &repo.tip().unwrap()).unwrap();
    commit(&mut repo, &[("key/00100", "main")], "On main");
    repo.checkout("dev", Uncommitted::Refuse).unwrap();
    commit(&mut repo, &[("key/02900", "dev")], "On dev");
    repo.checkout("main", Uncommitted::Refuse).unwrap();
}

/// Demands that Git refuses, and that giving up brings everything back.
fn is_refused(at: &Sandbox, command: &[&str], abort: &[&str]) {
    diverged(at);
    let before = content(&at.path("data"));
    let said = at.git_refuses("data", command);
    assert!(said.to_lowercase().contains("conflict") && said.contains("PROLLY"), "{said}");
    // What somebody may see meanwhile is what was, and never a mixture.
    assert_eq!(content(&at.path("data")), before);
    at.git("data", abort);
    assert_eq!(at.git("data", &["status", "--porcelain"]), "");
    assert_eq!(content(&at.path("data")), before);
    // Ours merges by key.
    let mut repo = open(&at.path("data"));
    repo.merge("dev", Default::default()).unwrap();
    assert_eq!(
        [get(&repo, "key/00100").unwrap(), get(&repo, "key/02900").unwrap()],
        ["main", "dev"]
    );
    assert_eq!(at.git("data", &["status", "--porcelain"]), "");
}

#[test]
fn a_merge_without_the_strategy_is_refused() {
    isolated(|at| is_refused(at, &["merge", "dev"], &["merge", "--abort"]));
}

#[test]
fn a_merge_by_another_strategy_is_refused() {
    isolated(|at| is_refused(at, &["merge", "-s", "resolve", "dev"], &["merge", "--abort"]));
}

#[test]
fn a_rebase_without_the_strategy_is_refused() {
    isolated(|at| is_refused(at, &["rebase", "dev"], &["rebase", "--abort"]));
}

#[test]
fn a_cherry_pick_without_the_strategy_is_refused() {
    isolated(|at| is_refused(at, &["cherry-pick", "dev"], &["cherry-pick", "--abort"]));
}

#[test]
fn a_merge_that_is_a_fast_forward_needs_no_strategy() {
    isolated(|at| {
        diverged(at);
        at.git("data", &["checkout", "--quiet", "-b", "ahead", "main"]);
        let mut repo = open(&at.path("data"));
        let tip = commit(&mut repo, &[("key/00200", "ahead")], "Ahead");
        at.git("data", &["checkout", "--quiet", "main"]);
        at.git("data", &["merge", "--quiet", "ahead"]);
        let repo = open(&at.path("data"));
        assert_eq!(repo.tip().unwrap().to_string(), tip);
        assert_eq!(get(&repo, "key/00200").unwrap(), "ahead");
        assert_eq!(at.git("data", &["status", "--porcelain"]), "");
    });
}
