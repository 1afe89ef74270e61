//! Readers beside a writer: money that moves between accounts is never seen half moved.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use prollytree_repo::{MapName, Options, Repository, RepositoryTrace};
use prollytree_store::{Store, StoreOptions};

/// How long the test takes, in seconds; 60 if it is not set.
const SECONDS: &str = "PROLLYTREE_READERS_SECONDS";
const READERS: usize = 8;
const ACCOUNTS: u64 = 2_000;
const BALANCE: i64 = 1_000;

/// Segments are started and dropped all the time.
fn small() -> StoreOptions {
    let mut options = StoreOptions::default();
    options.segment_bytes = 2 << 20;
    options.checkpoint_bytes = 64 << 10;
    options.cache_bytes = 1 << 20;
    options
}

fn maps() -> [MapName; 2] {
    ["savings", "current"].map(|name| MapName::new(name).unwrap())
}

fn account(n: u64) -> Vec<u8> {
    format!("account {n:06}").into_bytes()
}

fn balance(bytes: &[u8]) -> i64 {
    i64::from_le_bytes(bytes.try_into().unwrap())
}

/// Moves money from an account of one map to one of the other, eight times, and commits.
fn transfer(repo: &mut Repository<Store>, seed: u64) {
    let maps = maps();
    for i in 0..8 {
        let dice = (seed * 8 + i).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let places = [
            (&maps[0], account((dice >> 16) % ACCOUNTS), -1),
            (&maps[1], account((dice >> 40) % ACCOUNTS), 1),
        ];
        for (map, key, change) in places {
            let now = balance(&repo.get(map, &key).unwrap().unwrap());
            repo.set(map, key, (now + change).to_le_bytes()).unwrap();
        }
    }
    repo.commit(seed.to_string()).unwrap();
}

/// Reads what is checked out, and which commit that is.
fn read(repo: &mut Repository<Store>) -> u64 {
    repo.refresh().unwrap();
    let commit = repo.read_commit(&repo.tip().unwrap()).unwrap();
    let (mut accounts, mut total) = (0, 0);
    for map in maps() {
        let tree = repo.open_map(&commit.maps, &map).unwrap();
        for entry in tree.iter().unwrap() {
            total += balance(&entry.unwrap().1);
            accounts += 1;
        }
    }
    assert_eq!((accounts, total), (2 * ACCOUNTS, 2 * ACCOUNTS as i64 * BALANCE));
    commit.message.parse().unwrap()
}

#[test]
#[ignore = "takes a minute: the nightly recipe runs it"]
fn eight_readers_beside_a_writer_see_whole_commits_only() {
    let seconds = std::env::var(SECONDS).map_or(60, |text| text.parse().unwrap());
    let end = Instant::now() + Duration::from_secs(seconds);
    let dir = tempfile::tempdir().unwrap();
    let store = Store::create(dir.path(), small()).unwrap();
    let mut writer = Repository::init(store.clone(), Options::default()).unwrap();
    for map in maps() {
        let edits = (0..ACCOUNTS).map(|n| (account(n), Some(BALANCE.to_le_bytes().to_vec())));
        writer.apply(&map, edits).unwrap();
    }
    writer.commit("0").unwrap();
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        let reader = |i| {
            // Half of them have a handle of their own, as another process has.
            let own = || Store::open(dir.path(), small()).unwrap();
            let store = if i % 2 == 0 { store.clone() } else { own() };
            let mut repo = Repository::open(store, Options::default()).unwrap();
            let done = &done;
            scope.spawn(move || {
                let mut last = 0;
                while !done.load(Ordering::Relaxed) {
                    let seen = read(&mut repo);
                    assert!(seen >= last, "commit {seen} was seen after commit {last}");
                    last = seen;
                }
                last
            })
        };
        let readers: Vec<_> = (0..READERS).map(reader).collect();
        let mut commits = 0;
        while Instant::now() < end && readers.iter().all(|reader| !reader.is_finished()) {
            commits += 1;
            transfer(&mut writer, commits);
            if commits % 100 == 0 {
                writer.collect(i64::MAX).unwrap().run().unwrap();
            }
        }
        done.store(true, Ordering::Relaxed);
        let seen = readers.into_iter().map(|reader| reader.join().unwrap());
        assert!(seen.max() > Some(0), "nobody saw any of {commits} commits");
    });
    assert_eq!(store.check().unwrap().problems, []);
    assert_eq!(store.check_reachable(&RepositoryTrace).unwrap().problems, []);
}
