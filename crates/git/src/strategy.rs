//! The merge strategy that `git merge -s prolly` runs: data sets are merged by key, and the files
//! beside them by Git.

use std::path::Path;

use gix::hash::ObjectId;
use gix::objs::Kind;
use prollytree_repo::{CommitId, Identity, MapName, Maps, Repository, Timestamp};
use prollytree_tree::{Conflict, Resolution};

use crate::backend::GitBackend;
use crate::error::GitError;
use crate::listing;
use crate::objects::entry;
use crate::pack::Written;

/// What a merge strategy did.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum StrategyOutcome {
    /// The index and the working tree hold the result.
    Merged,
    /// They do, but files beside the data sets have conflicts, marked as Git marks them.
    FileConflicts,
    /// Nothing was done: these keys were changed on both sides, each to something else.
    Conflicts(Vec<(MapName, Vec<u8>)>),
    /// Nothing was done: the strategy merges two versions, not more.
    TooMany,
}

/// Merges `theirs` into `ours`, from these common ancestors, in the working tree around a folder:
/// what Git asks of a program called `git-merge-prolly`. `ours` is what is checked out.
///
/// # Errors
/// A revision names nothing, there is no data set in `ours`, an object is missing or damaged, or Git
/// refuses to change the working tree.
pub fn merge_strategy(
    folder: impl AsRef<Path>,
    bases: &[String],
    ours: &str,
    theirs: &[String],
) -> Result<StrategyOutcome, GitError> {
    let [theirs] = theirs else { return Ok(StrategyOutcome::TooMany) };
    let whole = GitBackend::around(folder.as_ref())?;
    let commit = |revision: &str| {
        let id = whole.rev_parse(revision);
        id.ok_or_else(|| GitError::MissingObject { id: revision.to_owned() })
    };
    let bases = bases.iter().map(|base| commit(base)).collect::<Result<Vec<_>, _>>()?;
    let merge = Merge { ours: commit(ours)?, theirs: commit(theirs)?, bases };
    let mut sides = merge.trees(&whole)?;
    let old = sides.ours;
    let data_sets = whole.data_sets(&old)?;
    if data_sets.is_empty() {
        return Err(GitError::NotADataSet { path: folder.as_ref().to_owned() });
    }
    for prefix in data_sets {
        let backend = whole.of(prefix)?;
        let merged = match merge.data_set(&backend)? {
            Ok(maps) => maps,
            Err(conflicts) => return Ok(StrategyOutcome::Conflicts(conflicts)),
        };
        // With the data set the same on all sides, what is left to merge are the files beside it.
        sides = sides.try_map(|tree| backend.put_data_set(Some(&tree), &merged))?;
        backend.flush()?;
    }
    whole.merge_files(old, &sides)
}

/// The keys that a merge leaves open, with their maps.
type Keys = Vec<(MapName, Vec<u8>)>;

/// Two commits and their common ancestors.
struct Merge {
    bases: Vec<CommitId>,
    ours: CommitId,
    theirs: CommitId,
}

/// A tree of each side.
struct Sides {
    bases: Vec<ObjectId>,
    ours: ObjectId,
    theirs: ObjectId,
}

impl Sides {
    fn try_map(
        self,
        change: impl Fn(ObjectId) -> Result<ObjectId, GitError>,
    ) -> Result<Self, GitError> {
        let bases = self.bases.into_iter().map(&change).collect::<Result<_, _>>()?;
        Ok(Self { bases, ours: change(self.ours)?, theirs: change(self.theirs)? })
    }
}

impl Merge {
    fn trees(&self, backend: &GitBackend) -> Result<Sides, GitError> {
        let tree = |id: &CommitId| -> Result<ObjectId, GitError> {
            let missing = || GitError::MissingObject { id: id.to_string() };
            let oid = backend.object_id(id.as_bytes()).ok_or_else(missing)?;
            Ok(backend.version(&oid)?.ok_or_else(missing)?.tree)
        };
        Ok(Sides {
            bases: match self.bases.is_empty() {
                true => vec![backend.put_tree(Vec::new())?],
                false => self.bases.iter().map(tree).collect::<Result<_, _>>()?,
            },
            ours: tree(&self.ours)?,
            theirs: tree(&self.theirs)?,
        })
    }

    /// The maps of a data set, or the keys that are in conflict.
    fn data_set(&self, backend: &GitBackend) -> Result<Result<Maps, Keys>, GitError> {
        let repo = Repository::open(backend.clone(), backend.options())?;
        let mut leave = |_: &MapName, _: &Conflict| Resolution::Conflict;
        let merged = repo.preview_merge(&self.bases, &self.ours, &self.theirs, &mut leave)?;
        if merged.conflicts.is_empty() {
            // What the merge made lies in the repository's own session.
            let maps = merged.maps;
            repo.backend().put_maps(&maps)?;
            repo.backend().flush()?;
            repo.backend().renew();
            return Ok(Ok(maps));
        }
        let keys = merged.conflicts.into_iter().map(|(map, conflict)| (map, conflict.key));
        Ok(Err(keys.collect()))
    }
}

impl GitBackend {
    /// Writes what is pending without a ref that leads to it: the caller makes one.
    fn flush(&self) -> Result<(), GitError> {
        self.write_pack()?.map_or(Ok(()), Written::release)
    }

    /// The folders of all data sets in a tree.
    fn data_sets(&self, tree: &ObjectId) -> Result<Vec<Vec<String>>, GitError> {
        let mut found = Vec::new();
        let mut line = vec![(Vec::new(), *tree)];
        while let Some((path, id)) = line.pop() {
            let entries = self.tree(&id)?;
            if let Some(list) = entry(&entries, listing::FILE)
                && list.mode.is_blob()
                && listing::decode(&self.need(&list.oid, Kind::Blob)?).is_ok()
            {
                found.push(path);
                continue;
            }
            for entry in entries.iter().filter(|entry| entry.mode.is_tree()) {
                let path = [&path[..], &[entry.filename.to_string()]].concat();
                line.push((path, entry.oid));
            }
        }
        Ok(found)
    }

    /// Leaves the merged trees in the index and the working tree; files by Git's own merge.
    fn merge_files(&self, old: ObjectId, sides: &Sides) -> Result<StrategyOutcome, GitError> {
        let Sides { bases, ours, theirs } = sides;
        let all_are = |tree: &ObjectId| bases.iter().all(|base| base == tree);
        let result = if all_are(theirs) || ours == theirs { ours } else { theirs };
        let by_git = !all_are(theirs) && ours != theirs && !all_are(ours);
        let first = if by_git { ours } else { result };
        self.flush()?;
        self.ask_git(&["read-tree", "-m", "-u", &old.to_string(), &first.to_string()])?;
        if !by_git {
            return Ok(StrategyOutcome::Merged);
        }
        let commit = |tree: &ObjectId| self.stand_in(*tree).map(|id| id.to_string());
        let mut arguments = vec!["merge-recursive".to_owned()];
        arguments.extend(bases.iter().map(commit).collect::<Result<Vec<_>, _>>()?);
        arguments.extend(["--".to_owned(), commit(ours)?, commit(theirs)?]);
        self.flush()?;
        let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
        match self.run_git_for_code(&arguments)? {
            Some(0) => Ok(StrategyOutcome::Merged),
            Some(1) => Ok(StrategyOutcome::FileConflicts),
            // Git refused and changed nothing: as a merge with conflicts, it would be committed
            // without their files.
            _ => {
                self.ask_git(&["read-tree", "-m", "-u", &first.to_string(), &old.to_string()])?;
                let command = "merge-recursive".to_owned();
                Err(GitError::ProgramFailed { command, message: None })
            }
        }
    }

    /// A commit of a tree, for a program that takes commits only.
    fn stand_in(&self, tree: ObjectId) -> Result<CommitId, GitError> {
        let commit = prollytree_repo::Commit {
            maps: Maps::new(),
            parents: Vec::new(),
            author: Identity::default(),
            time: Timestamp::utc(0),
            message: "prolly: a side of a merge".to_owned(),
        };
        self.put_commit(tree, &[], &commit)
    }
}
