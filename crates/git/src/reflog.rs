//! Git's reflogs, written and read by us: its library logs no move of a symbolic ref.
//!
//! A line is `old new name <address> seconds zone`, a tabulator, and why.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::PathBuf;

use gix::bstr::ByteSlice as _;
use gix::hash::ObjectId;
use gix::refs::Target;
use prollytree_repo::{CommitId, LogEntry, Reason, RefName, RefUpdate, RefValue};

use crate::backend::GitBackend;
use crate::commit::{identity, signature, time};
use crate::error::{GitError, io_error};
use crate::lock::{Intent, Lock};
use crate::update::Edit;

/// The moves of an update, by the names of the refs: from where to where.
pub(crate) type Moves = BTreeMap<String, (Option<ObjectId>, ObjectId)>;

const HEAD: &str = "HEAD";

impl GitBackend {
    /// The moves that are logged: those of branches, and that of `HEAD` with its branch. Tags have no
    /// logs in Git, and what is deleted keeps none.
    pub(crate) fn moves(&self, updates: &[RefUpdate]) -> Result<Moves, GitError> {
        let mut moves = Moves::new();
        let leads_to = |value: &Option<RefValue>| -> Result<Option<ObjectId>, GitError> {
            match value {
                Some(RefValue::Commit(id)) => Ok(self.object_id(id.as_bytes())),
                Some(RefValue::Symbolic(name)) => {
                    match updates.iter().find(|update| update.name == *name) {
                        Some(RefUpdate { new: Some(RefValue::Commit(id)), .. }) => {
                            Ok(self.object_id(id.as_bytes()))
                        }
                        _ => self.tip_of(name),
                    }
                }
                Some(RefValue::Tag(_) | RefValue::Record(_)) | None => Ok(None),
            }
        };
        let head_changes = |update: &RefUpdate| update.name == RefName::head();
        let head_moves =
            updates.iter().any(|update| head_changes(update) && update.expected != update.new);
        let on = match self.target(HEAD)? {
            Some(Target::Symbolic(name)) => Some(name.as_bstr().to_string()),
            _ => None,
        };
        for update in updates.iter().filter(|update| update.expected != update.new) {
            let is_branch = update.name.as_branch().is_some();
            if !is_branch && !head_changes(update) {
                continue;
            }
            let Some(new) = leads_to(&update.new)? else { continue };
            let old = match &update.expected {
                // Before the update, not after.
                Some(RefValue::Symbolic(name)) => self.tip_of(name)?,
                other => leads_to(other)?,
            };
            if is_branch && !head_moves && on.as_deref() == Some(update.name.as_str()) {
                moves.insert(HEAD.to_owned(), (old, new));
            }
            moves.insert(update.name.as_str().to_owned(), (old, new));
        }
        Ok(moves)
    }

    /// Appends a line to the log of each ref that moves.
    pub(crate) fn log_moves(&self, moves: &Moves, reason: &Reason) -> Result<(), GitError> {
        let mut who = Vec::new();
        let signature = signature(&reason.who, reason.when);
        let written = signature.write_to(&mut who);
        written.map_err(|source| GitError::internal("write a log", source))?;
        let why = reason.why.replace(['\n', '\r'], " ");
        for (name, (old, new)) in moves {
            let path = self.log_path(name);
            let old = old.unwrap_or_else(|| ObjectId::null(self.shared.hash));
            let line = format!("{old} {new} {}\t{why}\n", who.as_bstr());
            let append = || -> io::Result<()> {
                if let Some(dir) = path.parent() {
                    fs::create_dir_all(dir)?;
                }
                File::options().create(true).append(true).open(&path)?.write_all(line.as_bytes())
            };
            append().map_err(io_error("write", &path))?;
        }
        Ok(())
    }

    /// The newest entries of a ref's log, newest first.
    pub(crate) fn log(&self, name: &RefName, limit: usize) -> Result<Vec<LogEntry>, GitError> {
        let lines = self.log_lines(name.as_str())?;
        // A line that was cut off by a crash tells nothing.
        let entries = lines.iter().rev().filter_map(|line| parse(name, line));
        Ok(entries.take(limit).collect())
    }

    fn log_lines(&self, name: &str) -> Result<Vec<Vec<u8>>, GitError> {
        let path = self.log_path(name);
        match fs::read(&path) {
            Ok(bytes) => Ok(bytes.lines_with_terminator().map(<[u8]>::to_vec).collect()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
            Err(error) => Err(io_error("read", &path)(error)),
        }
    }

    /// Drops the entries of all logs that were made before a second, and tells how many.
    pub(crate) fn prune(&self, before: i64) -> Result<u64, GitError> {
        let mut dropped = 0;
        let writer = Lock::acquire(self)?;
        for (name, _) in self.list("")? {
            let now = self.target(name.as_str())?;
            let same =
                Edit { name: name.as_str().to_owned(), old: now.clone(), new: now, state: false };
            let intent = Intent::new(&writer, &[same], None)?;
            // As `git reflog expire` does: the ref is locked while its log is written anew.
            let path = self.ref_path(name.as_str());
            let boundary = Some(self.shared.common_dir.clone());
            let patience = gix::lock::acquire::Fail::AfterDurationWithBackoff(
                std::time::Duration::from_secs(2),
            );
            let lock = gix::lock::Marker::acquire_to_hold_resource(path, patience, boundary, 0);
            let lock = lock.map_err(|source| GitError::gix("lock a ref", source))?;
            let lines = self.log_lines(name.as_str())?;
            let old = |line: &Vec<u8>| {
                parse(&name, line).is_some_and(|entry| entry.reason.when.seconds < before)
            };
            let (gone, kept): (Vec<_>, Vec<_>) = lines.into_iter().partition(old);
            if !gone.is_empty() {
                let path = self.log_path(name.as_str());
                let new = PathBuf::from(format!("{}.prolly", path.display()));
                fs::write(&new, kept.concat()).map_err(io_error("write", &new))?;
                fs::rename(&new, &path).map_err(io_error("rename to", &path))?;
                dropped += gone.len() as u64;
            }
            drop(lock);
            intent.finish()?;
        }
        Ok(dropped)
    }
}

fn parse(name: &RefName, line: &[u8]) -> Option<LogEntry> {
    let line = gix::refs::file::log::LineRef::from_bytes(line.strip_suffix(b"\n")?).ok()?;
    let id = |id: ObjectId| (!id.is_null()).then(|| CommitId::from_slice(id.as_slice())).flatten();
    let reason = Reason {
        who: identity(line.signature.name, line.signature.email),
        when: time(line.signature.time().ok()?),
        why: line.message.to_str_lossy().into_owned(),
    };
    Some(LogEntry::new(name.clone(), id(line.previous_oid()), id(line.new_oid()), reason))
}
