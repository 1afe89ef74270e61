//! The log of each ref: every move, who made it, when and why.
//!
//! An entry is a record that names the entry before it, and a ref holds the newest one, so that a move
//! writes one small record whatever the length of the log.

use prollytree_tree::Hash;

use crate::backend::{Backend, BackendError, RefUpdate, RefValue, need_record, write_record};
use crate::codec::{Decoder, Encoder, RecordError, RecordKind};
use crate::id::CommitId;
use crate::identity::Identity;
use crate::name::RefName;
use crate::time::Timestamp;

/// Who moves a ref, when and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    /// Who.
    pub who: Identity,
    /// When.
    pub when: Timestamp,
    /// Why: `commit: title`, `checkout: moving from main to dev`.
    pub why: String,
}

/// One move of a ref.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogEntry {
    /// The ref.
    pub name: RefName,
    /// Where it stood; `None` if it did not exist.
    pub old: Option<CommitId>,
    /// Where it went; `None` if it was deleted.
    pub new: Option<CommitId>,
    /// Who moved it, when and why.
    pub reason: Reason,
    /// The entry before this one, in a backend that keeps entries as records.
    pub(crate) previous: Option<Hash>,
}

impl LogEntry {
    /// An entry of a backend that keeps logs in its own way.
    pub fn new(
        name: RefName,
        old: Option<CommitId>,
        new: Option<CommitId>,
        reason: Reason,
    ) -> Self {
        Self { name, old, new, reason, previous: None }
    }

    pub(crate) fn encode(&self) -> Result<Vec<u8>, RecordError> {
        let mut out = Encoder::new(RecordKind::LogEntry);
        out.text("ref name", self.name.as_str())?;
        out.optional(self.old.as_ref(), Encoder::commit_id)?;
        out.optional(self.new.as_ref(), Encoder::commit_id)?;
        out.identity(&self.reason.who)?;
        out.time(self.reason.when)?;
        out.message(&self.reason.why)?;
        out.optional(self.previous, |out, hash| {
            out.hash(&hash);
            Ok(())
        })?;
        out.finish()
    }

    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, RecordError> {
        let mut input = Decoder::new(RecordKind::LogEntry, bytes)?;
        let bad = |_| RecordError::Field { field: "ref name" };
        let entry = Self {
            name: RefName::parse(&input.text("ref name")?).map_err(bad)?,
            old: input.optional("old commit", Decoder::commit_id)?,
            new: input.optional("new commit", Decoder::commit_id)?,
            reason: Reason { who: input.identity()?, when: input.time()?, why: input.message()? },
            previous: input.optional("previous entry", Decoder::hash)?,
        };
        input.finish()?;
        Ok(entry)
    }
}

/// The commit that a ref's value leads to.
pub(crate) fn peel<B: Backend>(
    backend: &B,
    value: Option<RefValue>,
) -> Result<Option<CommitId>, BackendError> {
    match value {
        None | Some(RefValue::Record(_)) => Ok(None),
        Some(RefValue::Commit(id)) => Ok(Some(id)),
        Some(RefValue::Tag(id)) => match (backend.read_tag(&id)?, id.hash()) {
            (Some(tag), _) => Ok(Some(tag.target)),
            (None, Some(id)) => Err(BackendError::MissingRecord { id }),
            (None, None) => Err(BackendError::BadRef { name: id.to_string() }),
        },
        // A symbolic ref leads to a branch, never to another symbolic ref.
        Some(RefValue::Symbolic(name)) => match backend.read_ref(&name)? {
            Some(RefValue::Symbolic(_)) => {
                Err(BackendError::BadRef { name: name.as_str().to_owned() })
            }
            value => peel(backend, value),
        },
    }
}

/// Changes refs and appends to their logs, in one step.
pub(crate) fn move_refs<B: Backend>(
    backend: &B,
    updates: &[RefUpdate],
    reason: &Reason,
) -> Result<(), BackendError> {
    loop {
        let mut all = updates.to_vec();
        for (name, old, new) in moves(backend, updates)? {
            all.push(append(backend, name, old, new, reason)?);
        }
        match backend.update_refs(&all) {
            // Someone else moved the ref and perhaps moved it back, or it is `HEAD` that both move.
            // The entry is made anew; a ref that is not as expected conflicts itself then.
            Err(BackendError::Conflict { name, .. }) if name.logged().is_some() => {}
            result => return result,
        }
    }
}

type Move = (RefName, Option<CommitId>, Option<CommitId>);

/// The moves that updates make, that of `HEAD` with its branch included.
fn moves<B: Backend>(backend: &B, updates: &[RefUpdate]) -> Result<Vec<Move>, BackendError> {
    let mut moves = Vec::new();
    let head_moves = updates.iter().any(|update| update.name == RefName::head() && moved(update));
    let head = backend.read_ref(&RefName::head())?;
    for update in updates.iter().filter(|update| update.name.is_logged() && moved(update)) {
        let old = peel(backend, update.expected.clone())?;
        let new = match &update.new {
            Some(RefValue::Symbolic(name)) => {
                let changed = updates.iter().find(|update| update.name == *name);
                let value = changed.map(|update| update.new.clone());
                peel(backend, value.map_or_else(|| backend.read_ref(name), Ok)?)?
            }
            value => peel(backend, value.clone())?,
        };
        if !head_moves && head.as_ref() == Some(&RefValue::Symbolic(update.name.clone())) {
            moves.push((RefName::head(), old, new));
        }
        moves.push((update.name.clone(), old, new));
    }
    Ok(moves)
}

fn moved(update: &RefUpdate) -> bool {
    update.expected != update.new
}

/// Writes an entry, and makes the update that puts it at the top of the log.
fn append<B: Backend>(
    backend: &B,
    name: RefName,
    old: Option<CommitId>,
    new: Option<CommitId>,
    reason: &Reason,
) -> Result<RefUpdate, BackendError> {
    let log = name.log();
    let expected = backend.read_ref(&log)?;
    let previous = newest(&log, expected.clone())?;
    let entry = LogEntry { name, old, new, reason: reason.clone(), previous };
    let new = Some(RefValue::Record(write_record(backend, entry.encode())?));
    Ok(RefUpdate { name: log, expected, new })
}

fn newest(log: &RefName, value: Option<RefValue>) -> Result<Option<Hash>, BackendError> {
    match value {
        None => Ok(None),
        Some(RefValue::Record(id)) => Ok(Some(id)),
        Some(_) => Err(BackendError::BadRef { name: log.as_str().to_owned() }),
    }
}

pub(crate) fn read<B: Backend>(
    backend: &B,
    name: &RefName,
    limit: usize,
) -> Result<Vec<LogEntry>, BackendError> {
    let log = name.log();
    let mut next = newest(&log, backend.read_ref(&log)?)?;
    let mut entries = Vec::new();
    while let Some(id) = next
        && entries.len() < limit
    {
        let entry = need_record(backend, &id, LogEntry::decode)?;
        next = entry.previous;
        entries.push(entry);
    }
    Ok(entries)
}

/// Writes every log anew without its old entries.
pub(crate) fn prune<B: Backend>(backend: &B, before: i64) -> Result<u64, BackendError> {
    let mut dropped = 0;
    for (log, value) in backend.list_refs(RefName::LOGS)? {
        let Some(name) = log.logged() else { continue };
        let entries = read(backend, &name, usize::MAX)?;
        let kept = entries.iter().filter(|entry| entry.reason.when.seconds >= before);
        let kept = kept.cloned().collect::<Vec<_>>();
        if kept.len() == entries.len() {
            continue;
        }
        let mut previous = None;
        for entry in kept.iter().rev() {
            let entry = LogEntry { previous, ..entry.clone() };
            previous = Some(write_record(backend, entry.encode())?);
        }
        let new = previous.map(RefValue::Record);
        match backend.update_refs(&[RefUpdate { name: log, expected: Some(value), new }]) {
            // The ref moves just now; its log can wait for the next time.
            Err(BackendError::Conflict { .. }) => {}
            result => {
                result?;
                dropped += (entries.len() - kept.len()) as u64;
            }
        }
    }
    Ok(dropped)
}
