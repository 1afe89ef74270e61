//! Refs as Git keeps them, and how ours are called there.

use std::path::{Path, PathBuf};

use gix::hash::ObjectId;
use gix::objs::{Kind, TagRefIter};
use gix::refs::Target;
use prollytree_repo::{CommitId, RefName, RefValue, TagId};

use crate::backend::GitBackend;
use crate::error::GitError;
use crate::objects::damaged;

/// What the names of our own records begin with; they are of one working tree each.
const STATE: &str = "state/";
const HEAD: &str = "HEAD";
const BRANCHES: &str = "refs/heads/";
const TAGS: &str = "refs/tags/";
/// How many refs may lead to one another, as in Git.
const MAX_SYMBOLIC: usize = 5;
/// How often a ref is looked for before it is held to be absent.
const LOOKS: usize = 3;

/// How a ref of ours is kept.
pub(crate) enum Kept {
    /// As the ref of Git of this name.
    Git(String),
    /// As the ref of Git of this name, which leads to a record.
    State(String),
    /// Not at all: Git's reflog takes its place.
    Log,
}

impl GitBackend {
    /// How a ref is kept.
    pub(crate) fn kept(&self, name: &RefName) -> Kept {
        let name = name.as_str();
        match name.strip_prefix(STATE) {
            Some(state) => Kept::State(self.state_ref(state)),
            None if name == HEAD || name.starts_with("refs/") => Kept::Git(name.to_owned()),
            None => Kept::Log,
        }
    }

    /// The refs that Git has for one working tree alone do not do: `git gc` in another one takes what
    /// they lead to for garbage.
    pub(crate) fn state_ref(&self, state: &str) -> String {
        format!("refs/prolly/{}/{}/{state}", self.shared.worktree, self.shared.id)
    }

    /// The value of a ref.
    pub(crate) fn value(&self, name: &RefName) -> Result<Option<RefValue>, GitError> {
        match self.kept(name) {
            Kept::Log => Ok(None),
            // Git's `HEAD` is always there; ours only in a data set.
            Kept::Git(git) if git == HEAD && !self.is_marked() => Ok(None),
            Kept::Git(git) => match self.target(&git)? {
                Some(target) => self.value_of(target),
                None => Ok(None),
            },
            Kept::State(git) => Ok(self.state(&git)?.map(|(record, _)| RefValue::Record(record))),
        }
    }

    /// What a ref of Git holds.
    pub(crate) fn target(&self, name: &str) -> Result<Option<Target>, GitError> {
        for _ in 1..LOOKS {
            let target = self.target_now(name)?;
            // While `git pack-refs` moves it from its file to the file of all, a ref can be in neither
            // place that is looked at.
            if target.is_some() || !self.shared.common_dir.join("packed-refs").exists() {
                return Ok(target);
            }
        }
        self.target_now(name)
    }

    fn target_now(&self, name: &str) -> Result<Option<Target>, GitError> {
        self.shared.pool.with(|repository| {
            let found = repository.refs.try_find(name);
            let found = found.map_err(|source| GitError::gix("read a ref", source))?;
            // A short name must not stand for a longer one.
            Ok(found.filter(|found| found.name.as_bstr() == name).map(|found| found.target))
        })
    }

    fn value_of(&self, target: Target) -> Result<Option<RefValue>, GitError> {
        let id = match target {
            Target::Symbolic(name) => {
                let name = name.as_bstr().to_string();
                return Ok(RefName::parse(&name).ok().map(RefValue::Symbolic));
            }
            Target::Object(id) => id,
        };
        Ok(match self.kind_of(&id)? {
            Kind::Commit => CommitId::from_slice(id.as_slice()).map(RefValue::Commit),
            Kind::Tag if self.peel(id)?.is_some() => {
                TagId::from_slice(id.as_slice()).map(RefValue::Tag)
            }
            // A tag of something else is none of ours.
            Kind::Tag | Kind::Tree | Kind::Blob => None,
        })
    }

    fn kind_of(&self, id: &ObjectId) -> Result<Kind, GitError> {
        let object = self.object(id)?;
        object.map(|(kind, _)| kind).ok_or_else(|| GitError::MissingObject { id: id.to_string() })
    }

    /// The commit that an object is or names.
    pub(crate) fn peel(&self, mut id: ObjectId) -> Result<Option<ObjectId>, GitError> {
        loop {
            match self.object(&id)? {
                Some((Kind::Commit, _)) => return Ok(Some(id)),
                Some((Kind::Tag, bytes)) => {
                    let target = TagRefIter::from_bytes(&bytes, self.shared.hash).target_id();
                    id = target.map_err(|_| damaged(&id, "a tag"))?;
                }
                Some(_) => return Ok(None),
                None => return Err(GitError::MissingObject { id: id.to_string() }),
            }
        }
    }

    /// The names of all refs, and `HEAD`. Looks until nobody made, moved or packed a ref meanwhile.
    fn ref_names(&self) -> Result<Vec<String>, GitError> {
        let mut last = self.ref_names_now();
        for _ in 1..LOOKS * LOOKS {
            let now = self.ref_names_now();
            match (last, now) {
                (Ok(last), Ok(now)) if last == now => return Ok(now),
                (_, now) => last = now,
            }
        }
        last
    }

    fn ref_names_now(&self) -> Result<Vec<String>, GitError> {
        let mut names = vec![HEAD.to_owned()];
        self.shared.pool.with(|repository| {
            let failed = |source: gix::Error| GitError::gix("list the refs", source);
            let refs = repository.references().map_err(failed)?;
            for name in refs.all().map_err(|source| GitError::internal("list the refs", source))? {
                let name = name.map_err(|source| GitError::gix("list the refs", source))?;
                names.push(name.name().as_bstr().to_string());
            }
            Ok(names)
        })
    }

    /// All refs of ours that begin with a prefix, in the order of their names.
    pub(crate) fn list(&self, prefix: &str) -> Result<Vec<(RefName, RefValue)>, GitError> {
        let names = self.ref_names()?;
        let wanted = |name: &String| {
            name.starts_with(prefix)
                && (name == HEAD || [BRANCHES, TAGS].iter().any(|kind| name.starts_with(kind)))
        };
        let mut refs = Vec::new();
        // Names that only Git allows are none of ours.
        for name in names.iter().filter(|name| wanted(name)).filter_map(|n| RefName::parse(n).ok())
        {
            match self.value(&name)? {
                // An alias of a branch moves with it, and is Git's.
                Some(RefValue::Symbolic(_)) if name != RefName::head() => {}
                value => refs.extend(value.map(|value| (name, value))),
            }
        }
        refs.sort_by(|a, b| a.0.cmp(&b.0));
        Ok(refs)
    }

    /// The commit that a ref leads to.
    pub(crate) fn tip_of(&self, name: &RefName) -> Result<Option<ObjectId>, GitError> {
        let mut target = self.target(name.as_str())?;
        for _ in 0..MAX_SYMBOLIC {
            let Some(Target::Symbolic(next)) = target else { break };
            target = self.target(&next.as_bstr().to_string())?;
        }
        match target {
            Some(Target::Object(id)) => self.peel(id),
            None => Ok(None),
            Some(Target::Symbolic(_)) => Err(GitError::RefCycle { name: name.to_string() }),
        }
    }

    /// The commits that all refs lead to.
    pub(crate) fn all_tips(&self) -> Result<Vec<ObjectId>, GitError> {
        let mut tips = Vec::new();
        for (name, _) in self.list("")? {
            tips.extend(self.tip_of(&name)?);
        }
        Ok(tips)
    }

    /// The file of a ref.
    pub(crate) fn ref_path(&self, name: &str) -> PathBuf {
        self.dir_of(name).join(name)
    }

    /// The file that locks a ref, and holds what the ref becomes.
    pub(crate) fn lock_path(&self, name: &str) -> PathBuf {
        let mut path = self.ref_path(name).into_os_string();
        path.push(".lock");
        path.into()
    }

    /// The file of a ref's log.
    pub(crate) fn log_path(&self, name: &str) -> PathBuf {
        self.dir_of(name).join("logs").join(name)
    }

    /// `HEAD` belongs to one working tree, all others to the repository.
    fn dir_of(&self, name: &str) -> &Path {
        if name.starts_with("refs/") { &self.shared.common_dir } else { &self.shared.git_dir }
    }

    /// Whether a revision begins with the name of a branch and of a tag: Git would take the tag.
    pub(crate) fn is_ambiguous(&self, revision: &str) -> Result<bool, GitError> {
        let name = revision.split(['~', '^', '@', ':']).next().unwrap_or_default();
        let (branch, tag) = (RefName::branch(name), RefName::tag(name));
        let (Ok(branch), Ok(tag)) = (branch, tag) else { return Ok(false) };
        Ok(self.target(branch.as_str())?.is_some() && self.target(tag.as_str())?.is_some())
    }

    /// The commit that a revision names in Git's language. `None` also where that cannot be read: the
    /// revision is then resolved by our own rules, which say what is wrong.
    pub(crate) fn rev_parse(&self, revision: &str) -> Option<CommitId> {
        self.shared.pool.with(|repository| {
            let id = repository.rev_parse_single(revision).ok()?;
            let commit = id.object().ok()?.peel_to_commit().ok()?;
            CommitId::from_slice(commit.id.as_slice())
        })
    }
}
