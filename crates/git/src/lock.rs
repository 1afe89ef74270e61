//! One writer of ours at a time, and what the next one tidies up if it dies.

use std::fs::{self, File};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::path::PathBuf;

use gix::hash::ObjectId;
use gix::refs::{FullName, Target};
use prollytree_repo::RefName;

use crate::backend::GitBackend;
use crate::error::{GitError, io_error};
use crate::update::Edit;
use crate::working_tree::Checkout;

/// What our keep files say, so that no other program's is taken for ours.
pub(crate) const OWNER: &str = "prolly\n";

/// The exclusive lock of a repository's writers, until it is dropped. Git's own programs do not know
/// it: against them the locks of the single refs hold.
pub(crate) struct Lock {
    file: File,
    path: PathBuf,
    /// The working tree of the writer.
    worktree: String,
}

impl Lock {
    /// Waits for the lock, and finishes or undoes what a writer left that died.
    pub(crate) fn acquire(backend: &GitBackend) -> Result<Self, GitError> {
        let dir = backend.shared.common_dir.join("prolly");
        fs::create_dir_all(&dir).map_err(io_error("make", &dir))?;
        let path = dir.join("lock");
        let open =
            || File::options().read(true).write(true).create(true).truncate(false).open(&path);
        let file = open().map_err(io_error("open", &path))?;
        file.lock().map_err(io_error("lock", &path))?;
        let worktree = backend.shared.worktree.clone();
        let lock = Self { file, path, worktree };
        let left = lock.read()?;
        if !left.is_empty() {
            backend.recover(&left)?;
            lock.write("")?;
        }
        Ok(lock)
    }

    fn read(&self) -> Result<String, GitError> {
        let mut text = String::new();
        let mut file = &self.file;
        let read = || -> io::Result<()> {
            file.rewind()?;
            file.read_to_string(&mut text).map(drop)
        };
        let mut read = read;
        read().map_err(io_error("read", &self.path))?;
        Ok(text)
    }

    fn write(&self, text: &str) -> Result<(), GitError> {
        let mut file = &self.file;
        let mut write = || -> io::Result<()> {
            file.set_len(0)?;
            file.rewind()?;
            file.write_all(text.as_bytes())
        };
        write().map_err(io_error("write", &self.path))
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Closing is not enough: a child process that was started meanwhile holds the lock too until
        // it ends.
        let _closed_anyway = self.file.unlock();
    }
}

/// What a writer is about to do, in the lock's file until it is done.
pub(crate) struct Intent<'l> {
    lock: &'l Lock,
}

impl<'l> Intent<'l> {
    pub(crate) fn new(
        lock: &'l Lock,
        edits: &[Edit],
        checkout: Option<&Checkout>,
    ) -> Result<Self, GitError> {
        let mut text = format!("prolly 1\nin {}\n", lock.worktree);
        if let Some(Checkout { old, new }) = checkout {
            let old = encode(old.map(Target::Object).as_ref());
            text += &format!("checkout HEAD {old} {new}\n");
        }
        for edit in edits {
            let kind = if edit.state { "state" } else { "ref" };
            let (old, new) = (encode(edit.old.as_ref()), encode(edit.new.as_ref()));
            text += &format!("{kind} {} {old} {new}\n", edit.name);
        }
        text += "end\n";
        lock.write(&text)?;
        Ok(Self { lock })
    }

    pub(crate) fn finish(self) -> Result<(), GitError> {
        self.lock.write("")
    }
}

fn encode(target: Option<&Target>) -> String {
    match target {
        None => "-".to_owned(),
        Some(Target::Object(id)) => id.to_string(),
        Some(Target::Symbolic(name)) => format!("ref:{}", name.as_bstr()),
    }
}

fn decode(text: &str) -> Option<Option<Target>> {
    if text == "-" {
        return Some(None);
    }
    Some(Some(match text.strip_prefix("ref:") {
        Some(name) => Target::Symbolic(FullName::try_from(name).ok()?),
        None => Target::Object(ObjectId::from_hex(text.as_bytes()).ok()?),
    }))
}

/// The working tree, the changes of refs, and the move of `HEAD` that the working tree follows.
fn decode_intent(text: &str) -> Option<(&str, Vec<Edit>, Option<Checkout>)> {
    let mut lines = text.strip_prefix("prolly 1\n")?.strip_suffix("end\n")?.lines();
    let worktree = lines.next()?.strip_prefix("in ")?;
    let (mut edits, mut checkout) = (Vec::new(), None);
    for line in lines {
        let fields: Vec<_> = line.split(' ').collect();
        let &[kind, name, old, new] = fields.as_slice() else { return None };
        let (name, old, new) = (name.to_owned(), decode(old)?, decode(new)?);
        match (kind, &old, &new) {
            ("checkout", None, Some(Target::Object(new))) => {
                checkout = Some(Checkout { old: None, new: *new });
            }
            ("checkout", Some(Target::Object(old)), Some(Target::Object(new))) => {
                checkout = Some(Checkout { old: Some(*old), new: *new });
            }
            ("ref" | "state", ..) => {
                edits.push(Edit { name, old, new, state: kind == "state" });
            }
            _ => return None,
        }
    }
    Some((worktree, edits, checkout))
}

impl GitBackend {
    /// Goes on where a writer died: if some of its refs have changed, the others follow; if none has,
    /// none does. The objects of what did not happen are garbage, and Git's to collect.
    fn recover(&self, left: &str) -> Result<(), GitError> {
        self.drop_keeps()?;
        // A text that is cut off was left before the first ref was touched.
        let Some((worktree, edits, checkout)) = decode_intent(left) else { return Ok(()) };
        if worktree == self.shared.worktree {
            return self.finish_for(edits, checkout);
        }
        // `HEAD` and the index are others there. Where the working tree is gone, so is its work.
        match self.in_worktree(worktree)? {
            Some(other) => other.finish_for(edits, checkout),
            None => edits.iter().try_for_each(|edit| self.drop_stale_lock(edit)),
        }
    }

    fn finish_for(&self, edits: Vec<Edit>, checkout: Option<Checkout>) -> Result<(), GitError> {
        self.drop_stale_index_lock()?;
        for edit in &edits {
            self.drop_stale_lock(edit)?;
        }
        let mut begun = edits.iter().all(|edit| edit.state);
        for edit in edits.iter().filter(|edit| !edit.state) {
            begun |= self.target(&edit.name)? == edit.new;
        }
        if !begun {
            return Ok(());
        }
        let mut rest = Vec::new();
        for edit in edits {
            let present = edit.new.iter().all(|new| match new {
                Target::Object(id) => self.object(id).is_ok_and(|object| object.is_some()),
                Target::Symbolic(_) => true,
            });
            // What somebody else changed meanwhile is theirs.
            if present && self.target(&edit.name)? == edit.old {
                rest.push(edit);
            }
        }
        self.change_refs(&rest, || Ok(()))?;
        match checkout {
            Some(checkout) if self.tip_of(&RefName::head())? == Some(checkout.new) => {
                // Where the working tree cannot follow, `git status` tells so, and nothing is lost.
                let _seen_in_status = self.plan(checkout).and_then(|plan| self.follow(plan));
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Removes the lock of a ref if the writer that died made it: it holds what that one meant to
    /// write, or the beginning of it.
    fn drop_stale_lock(&self, edit: &Edit) -> Result<(), GitError> {
        let path = self.lock_path(&edit.name);
        let content = match fs::read(&path) {
            Ok(content) => content,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(io_error("read", &path)(error)),
        };
        let meant = match &edit.new {
            Some(Target::Object(id)) => format!("{id}\n"),
            Some(Target::Symbolic(name)) => format!("ref: {}\n", name.as_bstr()),
            None => String::new(),
        };
        // Git's library writes the name and the end of the line one after the other.
        if meant.as_bytes().starts_with(&content) {
            fs::remove_file(&path).map_err(io_error("remove", &path))?;
        }
        Ok(())
    }

    /// Removes the keep files of writers that died: who has the lock has no rival.
    fn drop_keeps(&self) -> Result<(), GitError> {
        let dir = self.shared.objects_dir.join("pack");
        let Ok(files) = fs::read_dir(&dir) else { return Ok(()) };
        for file in files {
            let path = file.map_err(io_error("list", &dir))?.path();
            let is_keep = path.extension().is_some_and(|extension| extension == "keep");
            if is_keep && fs::read(&path).is_ok_and(|content| content == OWNER.as_bytes()) {
                fs::remove_file(&path).map_err(io_error("remove", &path))?;
            }
        }
        Ok(())
    }
}
