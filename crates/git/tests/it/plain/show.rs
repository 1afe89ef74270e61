//! What people see of the data with plain Git.

use super::sandbox::isolated;
use super::store::{commit, init, map};

#[test]
fn a_change_is_a_line_with_its_key_and_its_value() {
    isolated(|at| {
        let mut repo = init(&at.path("data"));
        for i in 0..2000 {
            repo.set(&map(), format!("user:{i:04}"), format!("name {i}")).unwrap();
        }
        repo.commit("Load users").unwrap();
        repo.delete(&map(), b"user:1500").unwrap();
        repo.set(&map(), "user:0700/b", "a tab\t and\nlines").unwrap();
        commit(&mut repo, &[("user:0700", "renamed")], "Rename a user");

        let changed = |text: &str| -> Vec<String> {
            let lines = text.lines().filter(|line| line.contains("user:"));
            let lines = lines.filter(|line| line.starts_with(['+', '-']));
            let lines = lines.filter(|line| !line.starts_with("+++") && !line.starts_with("---"));
            lines.map(str::to_owned).collect()
        };
        let expected = [
            "-user:0700\tname 700",
            "+user:0700\trenamed",
            "+user:0700/b\ta tab\\t and\\nlines",
            "-user:1500\tname 1500",
        ];
        assert_eq!(changed(&at.git("data", &["show"])), expected);
        assert_eq!(changed(&at.git("data", &["diff", "HEAD~1", "HEAD"])), expected);
        // The leaves, the blobs of the nodes above them, and the list of maps.
        let files = at.git("data", &["show", "--format=", "--name-only"]);
        let leaves = files.lines().filter(|file| file.contains("/l-") || file.ends_with("/l"));
        assert_eq!(leaves.count(), 2, "{files}");
        let others = files.lines().filter(|file| *file != "PROLLY" && !file.ends_with("/node"));
        assert_eq!(others.count(), 2, "{files}");

        assert_eq!(at.git("data", &["log", "--format=%s"]), "Rename a user\nLoad users");
        let leaf = at.git("data", &["grep", "--files-with-matches", "renamed", "HEAD"]);
        let leaf = leaf.strip_prefix("HEAD:").unwrap();
        // A leaf is named by the key before it, so its own history is that of its keys.
        assert_eq!(
            at.git("data", &["log", "--format=%s", "--", leaf]),
            "Rename a user\nLoad users"
        );
        let when = at.git("data", &["log", "--format=%s", "-S", "renamed"]);
        assert_eq!(when, "Rename a user");
        let blame = at.git("data", &["blame", "-s", "HEAD", "--", leaf]);
        let head = at.git("data", &["rev-parse", "--short=8", "HEAD"]);
        let news: Vec<_> = blame.lines().filter(|line| line.starts_with(&head)).collect();
        assert_eq!(news.len(), 2, "{news:?}");
    });
}

#[test]
fn bytes_are_shown_as_bytes() {
    isolated(|at| {
        let mut repo = init(&at.path("data"));
        repo.set(&map(), "k", vec![0, 1, 2]).unwrap();
        repo.commit("Bytes").unwrap();
        repo.set(&map(), "k", vec![0, 1, 3]).unwrap();
        repo.commit("Other bytes").unwrap();
        let shown = at.git("data", &["show"]);
        let binary = "Binary files a/maps/default/b and b/maps/default/b differ";
        assert!(shown.contains(binary), "{shown}");
        assert!(shown.contains("\n+map default "), "{shown}");
    });
}

#[test]
fn a_leaf_that_ceases_to_be_text_changes_its_name() {
    isolated(|at| {
        let mut repo = init(&at.path("data"));
        commit(&mut repo, &[("k", "v")], "Text");
        repo.set(&map(), "k", vec![0xff]).unwrap();
        repo.commit("Bytes").unwrap();
        let status = at.git("data", &["show", "--format=", "--name-status", "--", "maps"]);
        assert_eq!(status, "A\tmaps/default/b\nD\tmaps/default/l");
    });
}

#[test]
fn the_author_of_a_commit_is_visible() {
    isolated(|at| {
        let mut repo = init(&at.path("data"));
        commit(&mut repo, &[("a", "1")], "By nobody");
        let nobody = at.git("data", &["log", "-1", "--format=%an <%ae>"]);
        let identity = repo.identity().unwrap();
        assert_eq!(nobody, format!("{} <{}>", identity.name, identity.email));
        at.git("data", &["config", "user.name", "Ada Ü"]);
        at.git("data", &["config", "user.email", "ada@example.org"]);
        let mut repo = super::store::open(&at.path("data"));
        let subject = "Fetch\n\nWith a body,\nof two lines.";
        commit(&mut repo, &[("a", "2")], subject);
        let format = "--format=%an <%ae>|%cn <%ce>|%s|%b";
        let who = "Ada Ü <ada@example.org>";
        let expected = format!("{who}|{who}|Fetch|With a body,\nof two lines.\n");
        assert_eq!(at.git("data", &["log", "-1", format]), expected);
        assert_eq!(at.git("data", &["log", "--format=%an"]), format!("Ada Ü\n{}", identity.name));
    });
}
