use prollytree_repo::{
    Choice, ManualClock, MapName, MemoryBackend, MergeOptions, MergeOutcome, Options, RepoError,
    Repository, Uncommitted,
};

pub(crate) type Repo = Repository<MemoryBackend>;

pub(crate) fn options() -> Options {
    Options::default()
        .with_author_name("Ada")
        .with_author_email("ada@example.org")
        .with_clock(ManualClock::new(1_000, 1))
}

pub(crate) fn repo() -> Repo {
    Repository::init(MemoryBackend::new(), options()).unwrap()
}

fn map() -> MapName {
    MapName::default()
}

pub(crate) fn get(repo: &Repo, key: &str) -> Option<String> {
    repo.get(&map(), key.as_bytes()).unwrap().map(|value| String::from_utf8(value).unwrap())
}

pub(crate) fn set(repo: &mut Repo, key: &str, value: &str) {
    repo.set(&map(), key, value).unwrap();
}

#[test]
fn uncommitted_edits_survive_a_restart_once_saved() {
    let backend = MemoryBackend::new();
    let mut repo = Repository::init(backend.clone(), options()).unwrap();
    set(&mut repo, "a", "1");
    repo.commit("first").unwrap();
    set(&mut repo, "b", "2");
    repo.save().unwrap();
    set(&mut repo, "c", "3");
    drop(repo);

    let mut repo = Repository::open(backend, options()).unwrap();
    assert_eq!(get(&repo, "b").as_deref(), Some("2"));
    assert_eq!(get(&repo, "c"), None);
    let changes: Vec<_> = repo
        .uncommitted()
        .unwrap()
        .changes()
        .map(|change| change.unwrap().difference.key)
        .collect();
    assert_eq!(changes, [b"b"]);
    repo.discard().unwrap();
    assert_eq!(get(&repo, "b"), None);
    assert!(matches!(repo.commit("none"), Err(RepoError::NothingToCommit)));
}

#[test]
fn a_conflict_is_recorded_resolved_and_continued() {
    let backend = MemoryBackend::new();
    let mut repo = Repository::init(backend.clone(), options()).unwrap();
    set(&mut repo, "k", "base");
    set(&mut repo, "gone", "base");
    let base = repo.commit("base").unwrap();
    repo.create_branch("dev", &base).unwrap();
    set(&mut repo, "k", "ours");
    set(&mut repo, "gone", "edited");
    let ours = repo.commit("ours").unwrap();
    repo.checkout("dev", Uncommitted::Refuse).unwrap();
    set(&mut repo, "k", "theirs");
    repo.delete(&map(), b"gone").unwrap();
    set(&mut repo, "new", "theirs");
    let theirs = repo.commit("theirs").unwrap();
    repo.checkout("main", Uncommitted::Refuse).unwrap();
    let outcome = repo.merge("dev", MergeOptions::default()).unwrap();
    assert_eq!(outcome, MergeOutcome::Conflicts(2));
    drop(repo);

    let mut repo = Repository::open(backend, options()).unwrap();
    assert_eq!(get(&repo, "k").as_deref(), Some("ours"));
    assert_eq!(get(&repo, "new").as_deref(), Some("theirs"));
    let keys: Vec<_> =
        repo.conflicts().unwrap().into_iter().map(|(_, conflict)| conflict.key).collect();
    assert_eq!(keys, [&b"gone"[..], b"k"]);
    assert!(matches!(repo.commit("no"), Err(RepoError::OperationUnderWay { .. })));
    assert!(matches!(repo.continue_operation(None), Err(RepoError::Unresolved { count: 2 })));
    repo.resolve_conflict(&map(), b"gone", &Choice::Theirs).unwrap();
    repo.resolve_conflict(&map(), b"k", &Choice::Value(b"both".to_vec())).unwrap();
    let again = repo.resolve_conflict(&map(), b"k", &Choice::Ours);
    assert!(matches!(again, Err(RepoError::NoConflict { .. })));
    let merge = repo.continue_operation(None).unwrap();
    let commit = repo.read_commit(&merge).unwrap();
    assert_eq!(commit.parents, [ours, theirs]);
    assert_eq!(commit.message, "Merge branch 'dev'");
    assert_eq!(get(&repo, "k").as_deref(), Some("both"));
    assert_eq!(get(&repo, "gone"), None);
    assert_eq!(repo.merge("dev", MergeOptions::default()).unwrap(), MergeOutcome::AlreadyUpToDate);
}
