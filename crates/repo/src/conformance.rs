//! What every [`Backend`] must do, as a suite of checks that any implementation runs in its tests.
//!
//! ```
//! use prollytree_repo::{MemoryBackend, conformance};
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! conformance::run(|| {
//!     let backend = MemoryBackend::new();
//!     move || backend.clone()
//! })
//! # }
//! ```

use std::error::Error;

use crate::backend::{Backend, BackendError, RefUpdate, RefValue};
use crate::commit::{Commit, Maps};
use crate::error::RepoError;
use crate::id::CommitId;
use crate::identity::Identity;
use crate::log::Reason;
use crate::name::{MapName, RefName};
use crate::options::Options;
use crate::repository::{Choice, MergeOptions, MergeOutcome, Repository, Uncommitted};
use crate::tag::Tag;
use crate::time::{ManualClock, Timestamp};

type Checked = Result<(), Box<dyn Error>>;

/// Runs all checks. `fresh` makes an empty storage and returns what opens a handle to it; a second
/// handle stands for another process, and for this one after a restart.
///
/// # Errors
/// An operation failed that must not.
///
/// # Panics
/// A result is not as it must be.
pub fn run<B, O>(fresh: impl Fn() -> O) -> Checked
where
    B: Backend,
    O: Fn() -> B + Sync,
{
    refs_change_all_or_none(fresh())?;
    refs_are_listed_by_prefix(fresh())?;
    objects_keep_their_content(fresh())?;
    moves_are_logged_and_pruned(fresh())?;
    repositories_survive_a_restart(fresh())?;
    writers_lose_no_commit(fresh())
}

fn branch(name: &str) -> Result<RefName, Box<dyn Error>> {
    Ok(RefName::branch(name)?)
}

fn identity() -> Identity {
    Identity { name: "Ada".to_owned(), email: "ada@example.org".to_owned() }
}

fn commit(message: &str, parents: Vec<CommitId>) -> Commit {
    let (author, time) = (identity(), Timestamp { seconds: 1_000, offset_minutes: -90 });
    Commit { maps: Maps::new(), parents, author, time, message: message.to_owned() }
}

fn update(name: &RefName, expected: Option<CommitId>, new: Option<CommitId>) -> RefUpdate {
    let value = |id: Option<CommitId>| id.map(RefValue::Commit);
    RefUpdate { name: name.clone(), expected: value(expected), new: value(new) }
}

fn refs_change_all_or_none<B: Backend>(open: impl Fn() -> B) -> Checked {
    let backend = open();
    let (a, b) = (branch("a")?, branch("b")?);
    let one = backend.write_commit(&commit("one", vec![]))?;
    let two = backend.write_commit(&commit("two", vec![one]))?;
    assert_eq!(backend.read_ref(&a)?, None);
    backend.update_refs(&[update(&a, None, Some(one))])?;
    assert_eq!(open().read_ref(&a)?, Some(RefValue::Commit(one)));

    let stale = [update(&b, None, Some(two)), update(&a, Some(two), Some(one))];
    match backend.update_refs(&stale) {
        Err(BackendError::Conflict { name, current }) => {
            assert_eq!((name, current), (a.clone(), Some(RefValue::Commit(one))));
        }
        other => assert!(matches!(other, Err(BackendError::Conflict { .. })), "{other:?}"),
    }
    assert_eq!(backend.read_ref(&b)?, None, "an update that failed changed a ref");
    let taken = backend.update_refs(&[update(&a, None, Some(two))]);
    assert!(matches!(taken, Err(BackendError::Conflict { .. })));

    backend.update_refs(&[update(&a, Some(one), None), update(&b, None, Some(two))])?;
    assert_eq!(open().read_ref(&a)?, None);
    assert_eq!(open().read_ref(&b)?, Some(RefValue::Commit(two)));
    // Expecting what stays demands it.
    backend.update_refs(&[update(&b, Some(two), Some(two))])?;
    let moved = backend.update_refs(&[update(&b, Some(one), Some(one))]);
    assert!(matches!(moved, Err(BackendError::Conflict { .. })));
    Ok(())
}

fn refs_are_listed_by_prefix<B: Backend>(open: impl Fn() -> B) -> Checked {
    let backend = open();
    let one = backend.write_commit(&commit("one", vec![]))?;
    let names = [branch("a")?, branch("a-b")?, branch("b/c")?, RefName::tag("a")?];
    for name in names.iter().rev() {
        backend.update_refs(&[update(name, None, Some(one))])?;
    }
    let head = RefValue::Symbolic(branch("a")?);
    let head_update = RefUpdate { name: RefName::head(), expected: None, new: Some(head.clone()) };
    backend.update_refs(&[head_update])?;
    let listed = |prefix| -> Result<Vec<RefName>, BackendError> {
        Ok(open().list_refs(prefix)?.into_iter().map(|(name, _)| name).collect())
    };
    assert_eq!(listed("refs/heads/")?, names[..3]);
    assert_eq!(listed("refs/heads/a")?, names[..2]);
    assert_eq!(listed("refs/tags/")?, names[3..]);
    assert_eq!(listed("refs/tags/x")?, []);
    assert_eq!(open().read_ref(&RefName::head())?, Some(head));
    Ok(())
}

fn objects_keep_their_content<B: Backend>(open: impl Fn() -> B) -> Checked {
    let backend = open();
    let root = commit("a title\n\nand a body: \u{e9}\u{4e2d}", vec![]);
    let id = backend.write_commit(&root)?;
    assert_eq!(backend.write_commit(&root)?, id, "equal commits must have equal ids");
    let merge = commit("merge", vec![id, backend.write_commit(&commit("other", vec![]))?]);
    let merge_id = backend.write_commit(&merge)?;
    assert_ne!(merge_id, id);
    let tag = Tag {
        target: merge_id,
        name: "v1".to_owned(),
        tagger: identity(),
        time: merge.time,
        message: "first".to_owned(),
    };
    let tag_id = backend.write_tag(&tag)?;
    let name = RefName::tag("v1")?;
    let new = Some(RefValue::Tag(tag_id));
    backend.update_refs(&[RefUpdate { name: name.clone(), expected: None, new: new.clone() }])?;

    let other = open();
    assert_eq!(other.read_ref(&name)?, new);
    assert_eq!(other.read_tag(&tag_id)?, Some(tag));
    assert_eq!(other.read_commit(&merge_id)?, Some(merge));
    assert_eq!(other.read_commit(&id)?, Some(root));
    let bytes = vec![0xab; id.as_bytes().len()];
    let absent = CommitId::from_slice(&bytes).ok_or("an id of another length")?;
    assert_eq!(other.read_commit(&absent)?, None);
    Ok(())
}

fn moves_are_logged_and_pruned<B: Backend>(open: impl Fn() -> B) -> Checked {
    let backend = open();
    let (main, head) = (branch("main")?, RefName::head());
    let one = backend.write_commit(&commit("one", vec![]))?;
    let two = backend.write_commit(&commit("two", vec![one]))?;
    let reason = |seconds, why: &str| Reason {
        who: identity(),
        when: Timestamp::utc(seconds),
        why: why.to_owned(),
    };
    let to_main = RefUpdate {
        name: head.clone(),
        expected: None,
        new: Some(RefValue::Symbolic(main.clone())),
    };
    backend.update_refs(&[to_main])?;
    backend.move_refs(&[update(&main, None, Some(one))], &reason(10, "first"))?;
    backend.move_refs(&[update(&main, Some(one), Some(two))], &reason(20, "second"))?;
    let stale = backend.move_refs(&[update(&main, Some(one), None)], &reason(30, "stale"));
    assert!(matches!(stale, Err(BackendError::Conflict { .. })));
    for name in [&main, &head] {
        let log = open().read_log(name, usize::MAX)?;
        let moves: Vec<_> = log.iter().map(|entry| (entry.old, entry.new)).collect();
        assert_eq!(moves, [(Some(one), Some(two)), (None, Some(one))], "log of {name}");
        assert_eq!(log.first().map(|entry| &entry.reason), Some(&reason(20, "second")));
    }
    assert_eq!(backend.read_log(&main, 1)?.len(), 1);
    assert_eq!(backend.prune_logs(20)?, 2);
    assert_eq!(open().read_log(&main, usize::MAX)?.len(), 1);
    assert_eq!(backend.prune_logs(21)?, 2);
    assert_eq!(open().read_log(&head, usize::MAX)?, []);
    assert_eq!(open().read_ref(&main)?, Some(RefValue::Commit(two)));
    Ok(())
}

fn options() -> Options {
    Options::default().with_clock(ManualClock::new(1_000, 1))
}

fn repositories_survive_a_restart<B: Backend>(open: impl Fn() -> B) -> Checked {
    let missing = Repository::open(open(), options());
    assert!(matches!(missing, Err(RepoError::NotARepository)));
    let mut repo = Repository::init(open(), options())?;
    let again = Repository::init(open(), options());
    assert!(matches!(again, Err(RepoError::AlreadyARepository)));

    let (map, users) = (MapName::default(), MapName::new("users")?);
    for n in 0..2_000 {
        repo.set(&map, format!("key {n:05}"), format!("value {n}"))?;
    }
    let large: Vec<u8> = (0..300_000u32).flat_map(u32::to_le_bytes).collect();
    repo.set_reader(&users, "large", &large[..])?;
    let first = repo.commit("first")?;
    repo.create_branch("dev", &first)?;
    repo.set(&map, "key 00007", "ours")?;
    repo.commit("ours")?;
    repo.checkout("dev", Uncommitted::Refuse)?;
    repo.set(&map, "key 00007", "theirs")?;
    repo.delete(&map, b"key 01000")?;
    repo.commit("theirs")?;
    repo.set(&users, "draft", "saved")?;
    repo.save()?;

    let mut repo = Repository::open(open(), options())?;
    assert_eq!(repo.current_branch(), Some("dev"));
    assert_eq!(repo.get(&users, b"draft")?, Some(b"saved".to_vec()));
    repo.discard()?;
    repo.checkout("main", Uncommitted::Refuse)?;
    let outcome = repo.merge("dev", MergeOptions::default())?;
    assert_eq!(outcome, MergeOutcome::Conflicts(1));

    let mut repo = Repository::open(open(), options())?;
    repo.resolve_conflict(&map, b"key 00007", &Choice::Theirs)?;
    repo.continue_operation(Some("merged"))?;
    let repo = Repository::open(open(), options())?;
    assert_eq!(repo.get(&map, b"key 00007")?, Some(b"theirs".to_vec()));
    assert_eq!(repo.get(&map, b"key 01000")?, None);
    assert_eq!(repo.get(&map, b"key 01999")?, Some(b"value 1999".to_vec()));
    assert_eq!(repo.get(&users, b"large")?, Some(large));
    Ok(())
}

/// How many threads write, and how many commits each makes.
const WRITERS: usize = 3;
const COMMITS: usize = 8;

fn writers_lose_no_commit<B: Backend>(open: impl Fn() -> B + Sync) -> Checked {
    Repository::init(open(), options())?;
    std::thread::scope(|scope| {
        let open = &open;
        let writers: Vec<_> =
            (0..WRITERS).map(|writer| scope.spawn(move || write(open(), writer))).collect();
        for writer in writers {
            match writer.join() {
                Ok(result) => result?,
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        Ok::<(), RepoError>(())
    })?;
    let repo = Repository::open(open(), options())?;
    let tip = repo.tip().ok_or("no commit was made")?;
    let commits = repo.log(&tip)?.collect::<Result<Vec<_>, _>>()?;
    assert_eq!(commits.len(), WRITERS * COMMITS);
    let tree = repo.open_map(repo.head_maps(), &MapName::default())?;
    assert_eq!(tree.len(), (WRITERS * COMMITS) as u64);
    Ok(())
}

/// Commits one key at a time; a writer that was too slow refreshes and tries again.
fn write<B: Backend>(backend: B, writer: usize) -> Result<(), RepoError> {
    let mut repo = Repository::open(backend, options())?;
    for n in 0..COMMITS {
        repo.set(&MapName::default(), format!("{writer} {n}"), "x")?;
        loop {
            match repo.commit(format!("{writer} {n}")) {
                Err(error) if error.is_retryable() => repo.refresh()?,
                result => {
                    result?;
                    break;
                }
            }
        }
    }
    Ok(())
}
