//! Walks over the graph of commits.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, HashSet};

use crate::backend::Backend;
use crate::commit::Commit;
use crate::error::RepoError;
use crate::id::CommitId;
use crate::repository::read_commit;

/// A commit in line to be visited: the newest first, of equally old ones the one that came first.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Waiting {
    seconds: i64,
    arrival: Reverse<u64>,
    id: CommitId,
}

/// Commits in line to be visited, newest first.
#[derive(Default)]
pub(crate) struct Queue {
    heap: BinaryHeap<Waiting>,
    commits: HashMap<CommitId, Commit>,
    arrivals: u64,
}

impl Queue {
    pub(crate) fn push<B: Backend>(&mut self, backend: &B, id: CommitId) -> Result<(), RepoError> {
        let commit = read_commit(backend, &id)?;
        let arrival = Reverse(self.arrivals);
        self.arrivals += 1;
        self.heap.push(Waiting { seconds: commit.time.seconds, arrival, id });
        self.commits.insert(id, commit);
        Ok(())
    }

    pub(crate) fn pop(&mut self) -> Option<(CommitId, Commit)> {
        let id = self.heap.pop()?.id;
        self.commits.remove(&id).map(|commit| (id, commit))
    }
}

/// Commits and all their ancestors, each once, newest first.
///
/// A commit comes before its parents as far as the clocks of their authors allow; see
/// [`topological`] for an order that does not depend on clocks.
pub struct Ancestors<B> {
    backend: B,
    queue: Queue,
    seen: HashSet<CommitId>,
    first_parent: bool,
    failed: Option<RepoError>,
}

impl<B: Backend> Ancestors<B> {
    pub(crate) fn new(
        backend: B,
        tips: impl IntoIterator<Item = CommitId>,
    ) -> Result<Self, RepoError> {
        let (queue, seen) = (Queue::default(), HashSet::new());
        let mut walk = Self { backend, queue, seen, first_parent: false, failed: None };
        for id in tips {
            walk.enter(id)?;
        }
        Ok(walk)
    }

    /// Goes on only to the first parent of each commit.
    pub fn first_parent(self) -> Self {
        Self { first_parent: true, ..self }
    }

    fn enter(&mut self, id: CommitId) -> Result<(), RepoError> {
        if self.seen.insert(id) { self.queue.push(&self.backend, id) } else { Ok(()) }
    }
}

impl<B: Backend> Iterator for Ancestors<B> {
    type Item = Result<(CommitId, Commit), RepoError>;

    /// The next commit; behind an error the walk ends.
    fn next(&mut self) -> Option<Self::Item> {
        if let Some(error) = self.failed.take() {
            self.queue = Queue::default();
            return Some(Err(error));
        }
        let (id, commit) = self.queue.pop()?;
        let followed = if self.first_parent { 1 } else { commit.parents.len() };
        for parent in commit.parents.iter().take(followed) {
            if let Err(error) = self.enter(*parent) {
                // The commit itself is sound: the error is the next item.
                self.failed = Some(error);
                break;
            }
        }
        Some(Ok((id, commit)))
    }
}

/// Orders a whole walk so that every commit comes before its parents, else as the walk has it.
pub fn topological<B: Backend>(walk: Ancestors<B>) -> Result<Vec<(CommitId, Commit)>, RepoError> {
    let commits = walk.collect::<Result<Vec<_>, _>>()?;
    let place: HashMap<_, _> = commits.iter().enumerate().map(|(i, (id, _))| (*id, i)).collect();
    let mut children = vec![0u32; commits.len()];
    let parents = |i: usize| {
        let parents: &Vec<CommitId> = &commits[i].1.parents;
        parents.iter().filter_map(|id| place.get(id).copied()).collect::<Vec<_>>()
    };
    for i in 0..commits.len() {
        parents(i).into_iter().for_each(|parent| children[parent] += 1);
    }
    let mut ready: BinaryHeap<_> =
        (0..commits.len()).filter(|&i| children[i] == 0).map(Reverse).collect();
    let mut order = Vec::with_capacity(commits.len());
    while let Some(Reverse(i)) = ready.pop() {
        order.push(i);
        for parent in parents(i) {
            children[parent] -= 1;
            if children[parent] == 0 {
                ready.push(Reverse(parent));
            }
        }
    }
    Ok(order.into_iter().map(|i| commits[i].clone()).collect())
}

/// From which side a commit was reached.
const OURS: u8 = 1;
const THEIRS: u8 = 2;
/// The commit is an ancestor of a common ancestor, so it is not a best one.
const STALE: u8 = 4;

/// The best common ancestors of two commits: those that are no ancestors of others, oldest first.
///
/// Walks back from both, newest first, until only ancestors of common ancestors are left in line, as
/// Git does. Wrong clocks cost time, and nothing else: the redundant are sorted out at the end.
pub(crate) fn merge_bases<B: Backend>(
    backend: &B,
    ours: CommitId,
    theirs: CommitId,
) -> Result<Vec<CommitId>, RepoError> {
    let mut bases = Vec::new();
    let found = common(backend, ours, theirs)?;
    for candidate in &found {
        let mut redundant = false;
        for other in found.iter().filter(|other| *other != candidate) {
            redundant |= common(backend, candidate.1, other.1)?.contains(candidate);
        }
        if !redundant {
            bases.push(*candidate);
        }
    }
    bases.sort_unstable();
    Ok(bases.into_iter().map(|(_, id)| id).collect())
}

/// Common ancestors that include all best ones, with their times.
fn common<B: Backend>(
    backend: &B,
    ours: CommitId,
    theirs: CommitId,
) -> Result<Vec<(i64, CommitId)>, RepoError> {
    let mut marks: HashMap<CommitId, u8> = HashMap::new();
    let mut queue = Queue::default();
    let mut found: Vec<(i64, CommitId)> = Vec::new();
    // Those in line that are not stale.
    let mut fresh = HashSet::from([ours, theirs]);
    for (id, mark) in [(ours, OURS), (theirs, THEIRS)] {
        let marked = marks.entry(id).or_default();
        if *marked == 0 {
            queue.push(backend, id)?;
        }
        *marked |= mark;
    }
    while !fresh.is_empty() {
        let Some((id, commit)) = queue.pop() else { break };
        fresh.remove(&id);
        let mut mark = marks[&id];
        if mark & (OURS | THEIRS) == OURS | THEIRS {
            if mark & STALE == 0 {
                found.push((commit.time.seconds, id));
            }
            mark |= STALE;
        }
        let mut reached = Vec::new();
        for parent in commit.parents {
            let marked = marks.entry(parent).or_default();
            if *marked | mark != *marked {
                *marked |= mark;
                if *marked & STALE == 0 {
                    fresh.insert(parent)
                } else {
                    fresh.remove(&parent)
                };
                reached.push(parent);
            }
        }
        // Before the parents are read: a shallow clone may end at the common ancestor.
        if fresh.is_empty() {
            break;
        }
        for parent in reached {
            if !queue.commits.contains_key(&parent) {
                queue.push(backend, parent)?;
            }
        }
    }
    found.retain(|(_, id)| marks[id] & STALE == 0);
    Ok(found)
}
