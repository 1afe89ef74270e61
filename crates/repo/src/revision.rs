//! Revisions: how people name commits.

use crate::backend::Backend;
use crate::commit::{Commit, Maps};
use crate::error::RepoError;
use crate::graph::Ancestors;
use crate::id::CommitId;
use crate::log::peel;
use crate::name::RefName;
use crate::repository::{Head, Repository};
use crate::time::Timestamp;

/// The fewest digits of an id that name a commit.
const MIN_PREFIX_LEN: usize = 4;
/// What the log of `HEAD` says of a checkout.
const MOVING_FROM: &str = "checkout: moving from ";

/// One step from a commit to another.
enum Step<'a> {
    /// `~n`: the nth ancestor along first parents.
    Ancestor(u64),
    /// `^n`: the nth parent; `^0` is the commit itself.
    Parent(usize),
    /// `@{n}`: where the ref stood n moves ago. `@{time}`: the newest commit of that time.
    At(&'a str),
}

impl<B: Backend> Repository<B> {
    /// The commit that a revision names.
    ///
    /// A revision is the name of a branch or a tag (`main`, `v1.0`, `refs/heads/main`), `HEAD` or
    /// `@`, at least four digits of a commit's id, or `@{-n}`, what was checked out n switches ago;
    /// then any of `~n` (the nth ancestor along first parents), `^n` (the nth parent), `@{n}` (where
    /// the ref stood n moves ago) and `@{2026-01-31T12:00:00Z}` (the newest commit along first
    /// parents that was made by that time). `^` and `~` alone mean `^1` and `~1`.
    ///
    /// # Errors
    /// The revision names nothing, or could mean several commits; or the backend fails.
    pub fn resolve(&self, revision: &str) -> Result<CommitId, RepoError> {
        if let Some(id) = self.backend().resolve(revision)? {
            return Ok(id);
        }
        let unknown = |reason| RepoError::UnknownRevision { revision: revision.to_owned(), reason };
        let (base, steps) = split(revision);
        let (mut name, mut id) = self.resolve_base(revision, base)?;
        let mut rest = steps;
        while !rest.is_empty() {
            let (step, behind) = step(rest).ok_or_else(|| unknown("it is malformed"))?;
            rest = behind;
            id = match step {
                Step::Ancestor(n) => self.ancestor(id, n)?,
                Step::Parent(0) => Some(id),
                Step::Parent(n) => self.read_commit(&id)?.parents.get(n - 1).copied(),
                Step::At(text) => self.at(name.as_ref(), id, text)?,
            }
            .ok_or_else(|| unknown("there is no such commit"))?;
            name = None;
        }
        Ok(id)
    }

    /// The commit that a revision names, and its id.
    ///
    /// # Errors
    /// As [`resolve`](Self::resolve).
    pub fn commit_at(&self, revision: &str) -> Result<(CommitId, Commit), RepoError> {
        let id = self.resolve(revision)?;
        Ok((id, self.read_commit(&id)?))
    }

    /// The content of a revision, for [`open_map`](Self::open_map) and [`diff`](Self::diff).
    ///
    /// # Errors
    /// As [`resolve`](Self::resolve).
    pub fn maps_at(&self, revision: &str) -> Result<Maps, RepoError> {
        Ok(self.commit_at(revision)?.1.maps)
    }

    fn resolve_base(
        &self,
        revision: &str,
        base: &str,
    ) -> Result<(Option<RefName>, CommitId), RepoError> {
        if base.is_empty() || base == "@" || base == "HEAD" {
            let name = match self.head() {
                Head::Branch(name) if base.is_empty() => name.clone(),
                _ => RefName::head(),
            };
            let tip = self.tip().ok_or_else(|| match self.head() {
                Head::Branch(name) => RepoError::Unborn { name: name.clone() },
                Head::Detached(id) => RepoError::MissingCommit { id: *id },
            })?;
            return Ok((Some(name), tip));
        }
        match self.previous(base)? {
            Some(Head::Branch(name)) => {
                let id = peel(self.backend(), self.backend().read_ref(&name)?)?;
                return Ok((Some(name.clone()), id.ok_or(RepoError::NoRef { name })?));
            }
            Some(Head::Detached(id)) => return Ok((None, id)),
            None => {}
        }
        if let Some((name, id)) = self.named(revision, base)? {
            return Ok((Some(name), id));
        }
        Ok((None, self.abbreviated(revision, base)?))
    }

    /// The ref of this name, short or full.
    fn named(&self, revision: &str, base: &str) -> Result<Option<(RefName, CommitId)>, RepoError> {
        let names = [RefName::branch(base), RefName::tag(base), RefName::parse(base)];
        let mut found = Vec::new();
        for name in names.into_iter().flatten().filter(RefName::is_logged) {
            if let Some(id) = peel(self.backend(), self.backend().read_ref(&name)?)? {
                found.push((name, id));
            }
        }
        if found.len() > 1 {
            let candidates = found.iter().map(|(name, _)| name.to_string()).collect();
            let revision = revision.to_owned();
            return Err(RepoError::AmbiguousRevision { revision, candidates });
        }
        Ok(found.pop())
    }

    /// The commit whose id begins with these digits, among those that something leads to.
    fn abbreviated(&self, revision: &str, digits: &str) -> Result<CommitId, RepoError> {
        let unknown = |reason| RepoError::UnknownRevision { revision: revision.to_owned(), reason };
        if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(unknown("there is no such branch or tag"));
        }
        if digits.len() < MIN_PREFIX_LEN {
            return Err(unknown("an id needs at least four digits"));
        }
        let digits = digits.to_ascii_lowercase();
        // All digits of one id may be the first of another kind's: 40 of Git's, 64 of ours.
        if let Ok(id) = digits.parse()
            && self.backend().read_commit(&id)?.is_some()
        {
            return Ok(id);
        }
        let mut candidates = Vec::new();
        for commit in self.all_commits()? {
            let (id, _) = commit?;
            if id.to_string().starts_with(&digits) {
                candidates.push(id);
            }
        }
        match candidates[..] {
            [] => Err(unknown("there is no such branch, tag or commit")),
            [id] => Ok(id),
            _ => Err(RepoError::AmbiguousRevision {
                revision: revision.to_owned(),
                candidates: candidates.iter().map(CommitId::to_string).collect(),
            }),
        }
    }

    /// Every commit that a branch, a tag, `HEAD` or a log leads to.
    pub(crate) fn all_commits(&self) -> Result<Ancestors<B>, RepoError> {
        let mut tips: Vec<_> = self.tip().into_iter().collect();
        for (name, value) in self.backend().list_refs("")? {
            tips.extend(peel(self.backend(), Some(value))?);
            if let Some(name) = name.logged() {
                let entries = self.backend().read_log(&name, usize::MAX)?;
                tips.extend(entries.iter().flat_map(|entry| [entry.old, entry.new]).flatten());
            }
        }
        Ancestors::new(self.backend().clone(), tips)
    }

    fn ancestor(&self, mut id: CommitId, generations: u64) -> Result<Option<CommitId>, RepoError> {
        for _ in 0..generations {
            match self.read_commit(&id)?.parents.first() {
                Some(parent) => id = *parent,
                None => return Ok(None),
            }
        }
        Ok(Some(id))
    }

    fn at(
        &self,
        name: Option<&RefName>,
        id: CommitId,
        text: &str,
    ) -> Result<Option<CommitId>, RepoError> {
        if let Ok(moves) = text.parse::<usize>() {
            let Some(name) = name else { return Ok(None) };
            if moves == 0 {
                return Ok(Some(id));
            }
            let log = self.backend().read_log(name, moves)?;
            return Ok(log.get(moves - 1).and_then(|entry| entry.old));
        }
        let Ok(time) = text.parse::<Timestamp>() else { return Ok(None) };
        for commit in Ancestors::new(self.backend().clone(), [id])?.first_parent() {
            let (id, commit) = commit?;
            if commit.time.seconds <= time.seconds {
                return Ok(Some(id));
            }
        }
        Ok(None)
    }

    /// What `@{-n}` means, if the text is of that form and what was checked out still exists.
    pub(crate) fn previous(&self, text: &str) -> Result<Option<Head>, RepoError> {
        let n = text.strip_prefix("@{-").and_then(|text| text.strip_suffix('}'));
        let n = if text == "-" { Some("1") } else { n };
        let Some(n) = n.and_then(|n| n.parse::<usize>().ok()).filter(|&n| n > 0) else {
            return Ok(None);
        };
        let log = self.backend().read_log(&RefName::head(), usize::MAX)?;
        let moves = log.iter().filter_map(|entry| entry.reason.why.strip_prefix(MOVING_FROM));
        let Some(from) = moves.filter_map(|moved| moved.split(" to ").next()).nth(n - 1) else {
            return Ok(None);
        };
        if let Ok(name) = RefName::branch(from)
            && self.backend().read_ref(&name)?.is_some()
        {
            return Ok(Some(Head::Branch(name)));
        }
        let Ok(id) = from.parse() else { return Ok(None) };
        Ok(self.backend().read_commit(&id)?.map(|_| Head::Detached(id)))
    }
}

/// Splits a revision into what it starts from and the steps from there.
fn split(revision: &str) -> (&str, &str) {
    // `@{-1}` is a start, `main@{1}` is a start and a step.
    let from =
        if revision.starts_with("@{-") { revision.find('}').map_or(0, |at| at + 1) } else { 0 };
    let rest = &revision[from..];
    let steps = [rest.find(['~', '^']), rest.find("@{")].into_iter().flatten().min();
    revision.split_at(steps.map_or(revision.len(), |at| from + at))
}

/// Takes the first step off a text, which is not empty.
fn step(text: &str) -> Option<(Step<'_>, &str)> {
    if let Some(rest) = text.strip_prefix("@{") {
        let (inside, rest) = rest.split_once('}')?;
        return Some((Step::At(inside), rest));
    }
    let (kind, rest) = (text.chars().next()?, text.get(1..)?);
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    let (number, rest) = rest.split_at(digits);
    let number: u32 = if number.is_empty() { 1 } else { number.parse().ok()? };
    match kind {
        '~' => Some((Step::Ancestor(number.into()), rest)),
        '^' => Some((Step::Parent(number as usize), rest)),
        _ => None,
    }
}
