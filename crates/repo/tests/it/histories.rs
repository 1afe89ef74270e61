//! Random histories, done on a repository and on the model.

use std::collections::BTreeMap;

use prollytree_repo::{
    Backend, Choice, CommitId, FastForward, ManualClock, MapName, MemoryBackend, MergeOptions,
    MergeOutcome, Options, PickOutcome, RepoError, Repository, ResetMode,
    Strategy as MergeStrategy, Uncommitted, topological,
};
use prollytree_tree::{InMemoryNodeStorage, Snapshot, TreeConfig, Value};
use proptest::prelude::*;

use crate::model::{Content, Key, Model, ModelCommit, Pick, merge};

#[derive(Clone, Debug)]
pub(crate) enum Op {
    Set(Key, Vec<u8>),
    Delete(Key),
    DeleteRange(MapName, Vec<u8>, Vec<u8>),
    Commit,
    Branch(usize),
    Checkout(usize, Uncommitted),
    Merge(usize, FastForward, Conflicts),
    /// Merges two branches into each other from the same start, so that they have two merge bases.
    Cross(usize, Conflicts, Conflicts),
    Pick(usize, Conflicts),
    Revert(usize, Conflicts),
    Reset(usize, ResetMode),
    Save,
    Reopen,
    Refresh,
}

/// What is done about conflicts.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Conflicts {
    Ours,
    Theirs,
    ResolveTheirs,
    ResolveBase,
    Abort,
}

fn map_name() -> impl Strategy<Value = MapName> {
    prop_oneof![Just(MapName::default()), Just(MapName::new("users").unwrap())]
}

fn bytes() -> impl Strategy<Value = Vec<u8>> {
    (0u8..24).prop_map(|n| format!("key {n}").into_bytes())
}

fn key() -> impl Strategy<Value = Key> {
    (map_name(), bytes())
}

fn value() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        8 => (0u8..4).prop_map(|n| vec![n]),
        1 => (0u8..2).prop_map(|n| vec![n; 2000]),
    ]
}

fn conflicts() -> impl Strategy<Value = Conflicts> {
    prop_oneof![
        Just(Conflicts::Ours),
        Just(Conflicts::Theirs),
        Just(Conflicts::ResolveTheirs),
        Just(Conflicts::ResolveBase),
        Just(Conflicts::Abort),
    ]
}

fn op() -> impl Strategy<Value = Op> {
    let uncommitted = prop_oneof![
        Just(Uncommitted::Refuse),
        Just(Uncommitted::Carry),
        Just(Uncommitted::Discard)
    ];
    let fast_forward =
        prop_oneof![Just(FastForward::Allow), Just(FastForward::Never), Just(FastForward::Only)];
    let mode = prop_oneof![Just(ResetMode::Soft), Just(ResetMode::Hard)];
    prop_oneof![
        20 => (key(), value()).prop_map(|(key, value)| Op::Set(key, value)),
        5 => key().prop_map(Op::Delete),
        1 => (map_name(), bytes(), bytes()).prop_map(|(map, a, b)| Op::DeleteRange(map, a, b)),
        12 => Just(Op::Commit),
        4 => any::<usize>().prop_map(Op::Branch),
        8 => (any::<usize>(), uncommitted).prop_map(|(n, how)| Op::Checkout(n, how)),
        8 => (any::<usize>(), fast_forward, conflicts())
            .prop_map(|(n, fast_forward, conflicts)| Op::Merge(n, fast_forward, conflicts)),
        2 => (any::<usize>(), conflicts(), conflicts())
            .prop_map(|(n, first, second)| Op::Cross(n, first, second)),
        2 => (any::<usize>(), conflicts()).prop_map(|(n, conflicts)| Op::Pick(n, conflicts)),
        2 => (any::<usize>(), conflicts()).prop_map(|(n, conflicts)| Op::Revert(n, conflicts)),
        1 => (any::<usize>(), mode).prop_map(|(n, mode)| Op::Reset(n, mode)),
        2 => Just(Op::Save),
        2 => Just(Op::Reopen),
        1 => Just(Op::Refresh),
    ]
}

pub(crate) fn ops() -> impl Strategy<Value = Vec<Op>> {
    prop::collection::vec(op(), 1..80)
}

fn config() -> TreeConfig {
    TreeConfig::default().with_targets(64, 64).unwrap()
}

pub(crate) struct Run<B> {
    backend: B,
    options: Options,
    pub(crate) repo: Repository<B>,
    model: Model,
}

impl<B: Backend> Run<B> {
    pub(crate) fn new(backend: B, step: i64, budget: usize) -> Self {
        let options = Options::default()
            .with_clock(ManualClock::new(1_000, step))
            .with_pending_budget_bytes(budget)
            .with_tree_config(config());
        let repo = Repository::init(backend.clone(), options.clone()).unwrap();
        let model = Model { head: "main".to_owned(), ..Model::default() };
        Self { backend, options, repo, model }
    }

    pub(crate) fn step(&mut self, op: &Op) {
        match op {
            Op::Set((map, key), value) => {
                self.repo.set(map, key.clone(), value.clone()).unwrap();
                self.model.working.insert((map.clone(), key.clone()), value.clone());
            }
            Op::Delete((map, key)) => {
                let existed = self.repo.delete(map, key).unwrap();
                let removed = self.model.working.remove(&(map.clone(), key.clone()));
                assert_eq!(existed, removed.is_some());
            }
            Op::DeleteRange(map, a, b) => {
                self.repo.delete_range(map, a.as_slice()..b.as_slice()).unwrap();
                self.model.working.retain(|(m, key), _| m != map || key < a || key >= b);
            }
            Op::Commit => self.commit(),
            Op::Branch(n) => self.branch(*n),
            Op::Checkout(n, how) => {
                let Some(name) = self.chosen_branch(*n) else { return };
                self.checkout(&name, *how);
            }
            Op::Merge(n, fast_forward, conflicts) => {
                let Some(name) = self.chosen_branch(*n) else { return };
                self.merge(&name, *fast_forward, *conflicts);
            }
            Op::Cross(n, first, second) => self.cross(*n, *first, *second),
            Op::Pick(n, conflicts) => self.pick(*n, *conflicts, false),
            Op::Revert(n, conflicts) => self.pick(*n, *conflicts, true),
            Op::Reset(n, mode) => self.reset(*n, *mode),
            Op::Save => {
                self.repo.save().unwrap();
                self.model.saved = self.model.working.clone();
            }
            Op::Reopen => {
                self.repo = Repository::open(self.backend.clone(), self.options.clone()).unwrap();
                self.model.working = self.model.saved.clone();
            }
            Op::Refresh => self.repo.refresh().unwrap(),
        }
    }

    /// A commit that was made earlier.
    fn chosen(&self, n: usize) -> Option<CommitId> {
        let order = &self.model.order;
        (!order.is_empty()).then(|| order[n % order.len()])
    }

    fn chosen_branch(&self, n: usize) -> Option<String> {
        let branches = &self.model.branches;
        branches.keys().nth(n.checked_rem(branches.len())?).cloned()
    }

    fn note(&mut self, id: CommitId, content: Content, parents: Vec<CommitId>) {
        let commit = self.repo.read_commit(&id).unwrap();
        assert_eq!(commit.parents, parents);
        self.model.committed(id, ModelCommit { content, parents, seconds: commit.time.seconds });
    }

    fn commit(&mut self) {
        let message = format!("commit {}", self.model.order.len());
        let parents = self.model.tip().into_iter().collect();
        match self.repo.commit(message) {
            Ok(id) => {
                assert!(self.model.is_dirty());
                self.note(id, self.model.working.clone(), parents);
            }
            Err(RepoError::NothingToCommit) => assert!(!self.model.is_dirty()),
            Err(error) => panic!("{error}"),
        }
    }

    fn branch(&mut self, n: usize) {
        let Some(id) = self.chosen(n) else { return };
        self.branch_at(id);
    }

    fn branch_at(&mut self, id: CommitId) -> String {
        let name = format!("branch-{}", self.model.branches.len());
        self.repo.create_branch(&name, &id).unwrap();
        self.model.branches.insert(name.clone(), id);
        name
    }

    fn cross(&mut self, n: usize, first: Conflicts, second: Conflicts) {
        let (Some(theirs), Some(start)) = (self.chosen_branch(n), self.model.tip()) else { return };
        let ours = self.model.head.clone();
        let start = self.branch_at(start);
        self.merge(&theirs, FastForward::Never, first);
        self.checkout(&theirs, Uncommitted::Discard);
        self.merge(&start, FastForward::Never, second);
        self.checkout(&ours, Uncommitted::Discard);
    }

    fn checkout(&mut self, name: &str, how: Uncommitted) {
        let target = self.model.content(Some(self.model.branches[name]));
        let base = self.model.content(self.model.tip());
        let (carried, conflicts) = merge(&base, &self.model.working, &target, Pick::Ours);
        match self.repo.checkout(name, how) {
            Ok(()) => {
                assert!(how != Uncommitted::Refuse || !self.model.is_dirty());
                assert!(how != Uncommitted::Carry || conflicts.is_empty());
                let carry = how == Uncommitted::Carry;
                self.model.working = if carry { carried } else { target };
                self.model.saved = self.model.working.clone();
                self.model.head = name.to_owned();
            }
            Err(RepoError::Uncommitted { .. }) => {
                assert!(how == Uncommitted::Refuse && self.model.is_dirty());
            }
            Err(RepoError::CarryConflict { count, key, map, .. }) => {
                assert!(how == Uncommitted::Carry);
                assert_eq!((count, Some(&(map, key))), (conflicts.len(), conflicts.first()));
            }
            Err(error) => panic!("{error}"),
        }
    }

    fn merge(&mut self, name: &str, fast_forward: FastForward, conflicts: Conflicts) {
        let Some(ours) = self.model.tip() else { return };
        let theirs = self.model.branches[name];
        let bases = self.model.merge_bases(ours, theirs);
        assert_eq!(self.repo.merge_bases(ours, theirs).unwrap(), bases);
        let options = MergeOptions {
            fast_forward,
            strategy: conflicts.strategy(),
            allow_unrelated: true,
            message: None,
        };
        let outcome = self.repo.merge(name, options);
        if self.model.is_dirty() {
            assert!(matches!(outcome, Err(RepoError::Uncommitted { .. })));
            return;
        }
        let can_forward = bases.contains(&ours);
        match outcome {
            Ok(MergeOutcome::AlreadyUpToDate) => assert!(bases.contains(&theirs)),
            Ok(MergeOutcome::FastForward(id)) => {
                assert!(can_forward && fast_forward != FastForward::Never);
                assert_eq!(id, theirs);
                self.model.branches.insert(self.model.head.clone(), theirs);
                self.model.working = self.model.content(Some(theirs));
                self.model.saved = self.model.working.clone();
            }
            Err(RepoError::NotFastForward) => {
                assert!(!can_forward && fast_forward == FastForward::Only);
            }
            Ok(MergeOutcome::Merged(id)) => {
                let base = self.model.base_content(&bases);
                self.made(
                    Ok(id),
                    &base,
                    &self.model.content(Some(theirs)),
                    conflicts,
                    Some(theirs),
                );
            }
            Ok(MergeOutcome::Conflicts(count)) => {
                let base = self.model.base_content(&bases);
                let their_content = self.model.content(Some(theirs));
                self.made(Err(count), &base, &their_content, conflicts, Some(theirs));
            }
            Err(error) => panic!("{error}"),
        }
    }

    fn pick(&mut self, n: usize, conflicts: Conflicts, revert: bool) {
        let (Some(id), Some(_)) = (self.chosen(n), self.model.tip()) else { return };
        let parents = self.model.commits[&id].parents.clone();
        let mainline = (parents.len() > 1).then_some(1);
        let outcome = if revert {
            self.repo.revert(&id, mainline, conflicts.strategy())
        } else {
            self.repo.cherry_pick(&id, mainline, conflicts.strategy())
        };
        if self.model.is_dirty() {
            assert!(matches!(outcome, Err(RepoError::Uncommitted { .. })));
            return;
        }
        let mut base = self.model.content(parents.first().copied());
        let mut theirs = self.model.content(Some(id));
        if revert {
            std::mem::swap(&mut base, &mut theirs);
        }
        match outcome {
            Ok(PickOutcome::Committed(id)) => self.made(Ok(id), &base, &theirs, conflicts, None),
            Ok(PickOutcome::Conflicts(count)) => {
                self.made(Err(count), &base, &theirs, conflicts, None);
            }
            Err(RepoError::NothingToCommit) => {
                let (merged, open) = merge(&base, &self.model.working, &theirs, conflicts.pick());
                assert_eq!(merged, self.model.working);
                assert!(open.is_empty() || conflicts.is_decided());
            }
            Err(error) => panic!("{error}"),
        }
    }

    /// Checks what a merge, pick or revert made, and resolves its conflicts.
    fn made(
        &mut self,
        outcome: Result<CommitId, u64>,
        base: &Content,
        theirs: &Content,
        how: Conflicts,
        merged: Option<CommitId>,
    ) {
        let parents = self.model.tip().into_iter().chain(merged).collect();
        let (content, open) = merge(base, &self.model.working, theirs, how.pick());
        let id = match outcome {
            Ok(id) => {
                assert!(open.is_empty() || how.is_decided());
                id
            }
            Err(count) => {
                assert_eq!(count, open.len() as u64);
                let listed = self.repo.conflicts().unwrap();
                let keys = listed.iter().map(|(map, conflict)| (map.clone(), conflict.key.clone()));
                assert!(keys.eq(open));
                // The conflicts must survive a restart.
                self.repo = Repository::open(self.backend.clone(), self.options.clone()).unwrap();
                let choice = match how {
                    Conflicts::ResolveBase => Choice::Base,
                    Conflicts::ResolveTheirs => Choice::Theirs,
                    _ => {
                        self.repo.abort_operation().unwrap();
                        return;
                    }
                };
                assert_eq!(self.repo.resolve_all(&choice).unwrap(), count);
                self.repo.continue_operation(None).unwrap()
            }
        };
        self.note(id, content, parents);
    }

    fn reset(&mut self, n: usize, mode: ResetMode) {
        let (Some(id), Some(_)) = (self.chosen(n), self.model.tip()) else { return };
        self.repo.reset(&id, mode).unwrap();
        self.model.branches.insert(self.model.head.clone(), id);
        if mode == ResetMode::Hard {
            self.model.working = self.model.content(Some(id));
        }
        self.model.saved = self.model.working.clone();
    }

    /// Compares what is checked out with the model.
    pub(crate) fn check_working(&mut self) {
        assert_eq!(self.repo.tip(), self.model.tip());
        assert_eq!(self.repo.current_branch(), Some(self.model.head.as_str()));
        assert!(self.repo.operation().is_none());
        let maps = self.repo.working_maps().unwrap();
        self.check_content(&maps, &self.model.working);
        let tip = self.model.content(self.model.tip());
        let uncommitted = self.repo.uncommitted().unwrap();
        let mut working = tip;
        for change in uncommitted.changes() {
            let change = change.unwrap();
            let key = (change.map, change.difference.key);
            assert_eq!(change.difference.before.map(|v| self.read(v)), working.get(&key).cloned());
            match change.difference.after {
                Some(value) => working.insert(key, self.read(value)),
                None => working.remove(&key),
            };
        }
        assert_eq!(working, self.model.working);
    }

    fn read(&self, value: Value) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut reader = prollytree_repo::ValueReader::new(self.repo.backend(), value);
        std::io::Read::read_to_end(&mut reader, &mut bytes).unwrap();
        bytes
    }

    fn check_content(&self, maps: &prollytree_repo::Maps, content: &Content) {
        let mut by_map: BTreeMap<_, Vec<(&[u8], &[u8])>> = BTreeMap::new();
        for ((map, key), value) in content {
            by_map.entry(map).or_default().push((key, value));
        }
        assert!(maps.keys().eq(by_map.keys().copied()));
        for (map, entries) in by_map {
            let bulk = Snapshot::from_sorted(InMemoryNodeStorage::new(), config(), entries.clone());
            assert_eq!(maps[map].root, bulk.unwrap().root());
            let tree = self.repo.open_map(maps, map).unwrap();
            let found: Vec<_> = tree.iter().unwrap().map(Result::unwrap).collect();
            let found: Vec<_> = found.iter().map(|(key, value)| (&key[..], &value[..])).collect();
            assert_eq!(found, entries);
        }
    }

    /// Compares every commit, and the history of some keys, with the model.
    pub(crate) fn check_commits(&self) {
        for (id, commit) in &self.model.commits {
            self.check_content(&self.repo.read_commit(id).unwrap().maps, &commit.content);
        }
        let Some(tip) = self.model.tip() else { return };
        let log = topological(self.repo.log(&tip).unwrap()).unwrap();
        assert_eq!(log.len(), self.model.ancestors(tip).len());
        for (i, (id, _)) in log.iter().enumerate() {
            let later = self.model.ancestors(*id);
            assert!(log[..i].iter().all(|(earlier, _)| !later.contains(earlier)));
        }
        for n in [0, 7, 13] {
            let key = (MapName::default(), format!("key {n}").into_bytes());
            let versions = self.repo.history(&key.0, &key.1, &tip).unwrap().map(Result::unwrap);
            let versions = versions.map(|v| (v.id, v.value.map(|v| self.read(v)))).collect();
            assert_eq!(self.model.history(&key, tip), versions);
            let blamed = self.repo.blame(&key.0, &key.1, &tip).unwrap().map(|version| version.id);
            assert_eq!(blamed, self.model.blame(&key, tip));
        }
    }
}

impl Conflicts {
    fn strategy(self) -> MergeStrategy<'static> {
        match self {
            Self::Ours => MergeStrategy::Ours,
            Self::Theirs => MergeStrategy::Theirs,
            _ => MergeStrategy::Record,
        }
    }

    fn pick(self) -> Pick {
        match self {
            Self::Ours | Self::Abort => Pick::Ours,
            Self::Theirs | Self::ResolveTheirs => Pick::Theirs,
            Self::ResolveBase => Pick::Base,
        }
    }

    fn is_decided(self) -> bool {
        matches!(self, Self::Ours | Self::Theirs)
    }
}

proptest! {
    #[test]
    fn a_repository_is_its_model(
        ops in ops(),
        // Clocks that run, stand, and run backwards.
        step in -1i64..2,
        budget in prop_oneof![Just(0), Just(300), Just(1 << 20)],
    ) {
        let mut run = Run::new(MemoryBackend::new(), step, budget);
        for op in &ops {
            run.step(op);
            run.check_working();
        }
        run.check_commits();
    }
}
