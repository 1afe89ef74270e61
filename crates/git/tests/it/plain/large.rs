//! Large values, as Git sees them.

use super::sandbox::{command, isolated};
use super::store::{init, map, noise, open};

#[test]
fn a_value_of_some_kilobytes_is_a_plain_blob() {
    isolated(|at| {
        let value = "some words, ".repeat(180);
        let mut repo = init(&at.path("data"));
        repo.set(&map(), "a/page", value.as_str()).unwrap();
        repo.set(&map(), "short", "here").unwrap();
        repo.commit("A page").unwrap();
        assert_eq!(at.git("data", &["show", "HEAD:maps/default/v-a%2fpage"]), value);
        let leaf = at.git("data", &["show", "HEAD:maps/default/l"]);
        let (page, short) = leaf.split_once('\n').unwrap();
        assert!(page.starts_with(&format!("a/page\t\\@0 {} ", value.len())), "{page}");
        assert_eq!(short, "short\there");
    });
}

#[test]
fn a_value_of_some_megabytes_is_stored_in_parts_that_versions_share() {
    isolated(|at| {
        let value = noise(7, 5_000_000);
        let mut repo = init(&at.path("data"));
        repo.set(&map(), "film", value.clone()).unwrap();
        repo.commit("A film").unwrap();
        let path = "HEAD:maps/default/v-film";
        // Lists of parts lie in lists.
        let parts = at.git("data", &["ls-tree", "-r", "--name-only", path]);
        let parts: Vec<_> = parts.lines().filter(|name| !name.ends_with("list")).collect();
        assert!(parts.len() > 10, "{parts:?}");
        let part = |name: &str| {
            let shown = command(&at.path("data"), &["show", &format!("{path}/{name}")]).output();
            shown.unwrap().stdout
        };
        assert!(parts.iter().flat_map(|name| part(name)).eq(value.iter().copied()));

        let mut cut = value.clone();
        cut.splice(2_500_000..2_500_000, *b"inserted");
        repo.set(&map(), "film", cut.clone()).unwrap();
        repo.commit("Cut").unwrap();
        drop(repo);
        at.git("data", &["gc", "--quiet", "--prune=now"]);
        let counts = at.git("data", &["count-objects", "-v"]);
        let size = counts.lines().find_map(|line| line.strip_prefix("size-pack: ")).unwrap();
        assert!(size.parse::<u64>().unwrap() < 6000, "{size} KiB for two versions");
        let repo = open(&at.path("data"));
        assert_eq!(repo.get(&map(), b"film").unwrap().unwrap(), cut);
        let first = repo.open_map(&repo.maps_at("HEAD~1").unwrap(), &map()).unwrap();
        assert_eq!(first.get(b"film").unwrap().unwrap(), value);
    });
}

#[test]
fn parts_of_a_value_that_stay_are_kept_once() {
    isolated(|at| {
        let mut value = noise(7, 5_000_000);
        let mut repo = init(&at.path("data"));
        repo.set(&map(), "film", value.clone()).unwrap();
        repo.commit("A film").unwrap();
        let size = || {
            let counts = at.git("data", &["count-objects", "-v"]);
            let line = counts.lines().find_map(|line| line.strip_prefix("size-pack: "));
            line.unwrap().parse::<u64>().unwrap()
        };
        let before = size();
        value.splice(2_500_000..2_500_000, *b"inserted");
        repo.set(&map(), "film", value.clone()).unwrap();
        repo.commit("Cut").unwrap();
        // They are written again, since nothing but a ref keeps the old ones for sure.
        at.git("data", &["gc", "--quiet"]);
        assert!(size() - before < 1000, "{} KiB more", size() - before);
    });
}
