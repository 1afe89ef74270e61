//! Tags and signatures.

use std::io::ErrorKind;
use std::process::Command;

use super::sandbox::{Sandbox, isolated};
use super::store::{commit, content_at, get, history, init, map, open};

#[test]
fn tags_of_both_kinds_are_read_in_both_directions() {
    isolated(|at| {
        let mut repo = history(&at.path("data"));
        assert_eq!(at.git("data", &["cat-file", "-t", "plain"]), "commit");
        assert_eq!(at.git("data", &["cat-file", "-t", "annotated"]), "tag");
        let note = at.git("data", &["tag", "--list", "-n", "annotated"]);
        assert_eq!(
            note.split_whitespace().collect::<Vec<_>>().join(" "),
            "annotated A tag with a message"
        );
        assert_eq!(at.git("data", &["describe", "dev"]), "annotated");

        at.git("data", &["tag", "by-git", "HEAD~1"]);
        at.git(
            "data",
            &["tag", "--annotate", "--message", "By Git\n\nWith a body", "noted", "dev"],
        );
        // A tag of a tag, a tag of no commit, and names that only Git allows.
        at.git("data", &["tag", "--annotate", "--message", "Again", "nested", "noted"]);
        at.git("data", &["tag", "of-a-blob", "HEAD:PROLLY"]);
        at.git("data", &["update-ref", &format!("refs/tags/{}", "long".repeat(50)), "HEAD"]);
        repo.refresh().unwrap();
        let tags = repo.tags().unwrap();
        let names: Vec<_> = tags.iter().map(|tag| tag.name.short()).collect();
        assert_eq!(names, ["annotated", "by-git", "nested", "noted", "plain"]);
        for tag in &tags {
            let commit = at.git("data", &["rev-parse", &format!("{}^{{commit}}", tag.name)]);
            assert_eq!(tag.target.to_string(), commit);
            assert_eq!(repo.resolve(tag.name.short()).unwrap(), tag.target);
        }
        let message = |i: usize| tags[i].tag.as_ref().map(|tag| tag.message.as_str());
        assert_eq!(message(0), Some("A tag with a message"));
        assert_eq!([message(1), message(3)], [None, Some("By Git\n\nWith a body")]);
        assert_eq!(tags[3].tag.as_ref().unwrap().tagger.name, "Git");

        assert!(repo.create_tag("by-git", &tags[0].target, None).is_err());
        repo.delete_tag("by-git").unwrap();
        assert_eq!(at.git("data", &["tag", "--list", "by-git"]), "");
    });
}

/// Lets Git sign with a key made for the test, if there is a program that makes one.
fn make_key(at: &Sandbox, folder: &str) -> bool {
    let mut make = Command::new("ssh-keygen");
    make.args(["-q", "-t", "ed25519", "-N", "", "-C", "test", "-f"]).arg(at.path("key"));
    match make.status() {
        Err(error) if error.kind() == ErrorKind::NotFound => return false,
        made => assert!(made.unwrap().success()),
    }
    let public = at.read("key.pub");
    at.write("signers", format!("git@example.org {public}"));
    let path = |name: &str| at.path(name).to_str().unwrap().to_owned();
    at.git(folder, &["config", "gpg.format", "ssh"]);
    at.git(folder, &["config", "user.signingKey", &path("key")]);
    at.git(folder, &["config", "gpg.ssh.allowedSignersFile", &path("signers")]);
    true
}

#[test]
fn a_commit_that_git_signed_is_ours_still() {
    isolated(|at| {
        let mut repo = init(&at.path("data"));
        commit(&mut repo, &[("a", "1")], "First");
        let plain = commit(&mut repo, &[("a", "2")], "To be signed");
        if !make_key(at, "data") {
            return;
        }
        at.git("data", &["commit", "--quiet", "--amend", "-S", "--no-edit"]);
        at.git("data", &["verify-commit", "HEAD"]);
        assert_eq!(at.git("data", &["status", "--porcelain"]), "");

        let mut repo = open(&at.path("data"));
        let (id, signed) = repo.commit_at("HEAD").unwrap();
        assert_ne!(id.to_string(), plain);
        assert_eq!(signed.message, "To be signed");
        assert_eq!(get(&repo, "a").unwrap(), "2");
        let [_, found] = [&plain, "HEAD"].map(|revision| content_at(&repo, revision));
        assert_eq!(found["HEAD"], content_at(&repo, &plain)[&plain]);
        // The next commit of ours stands on the signed one.
        commit(&mut repo, &[("a", "3")], "Next");
        assert_eq!(at.git("data", &["rev-parse", "HEAD~1"]), id.to_string());
        at.git("data", &["verify-commit", "HEAD~1"]);
        at.fsck("data");
    });
}

#[test]
fn a_signed_tag_is_read() {
    isolated(|at| {
        let mut repo = init(&at.path("data"));
        commit(&mut repo, &[("a", "1")], "First");
        if !make_key(at, "data") {
            return;
        }
        at.git("data", &["tag", "--sign", "--message", "Signed", "v1"]);
        at.git("data", &["verify-tag", "v1"]);
        commit(&mut repo, &[("a", "2")], "Second");
        let tags = repo.tags().unwrap();
        let tag = tags[0].tag.as_ref().unwrap();
        assert!(tag.message.starts_with("Signed"), "{}", tag.message);
        let old = repo.open_map(&repo.maps_at("v1").unwrap(), &map()).unwrap();
        assert_eq!(old.get(b"a").unwrap().unwrap(), b"1");
    });
}
