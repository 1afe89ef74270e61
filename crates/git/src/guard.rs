//! What an update of refs refuses, beside what the refs must be.

use std::fs;

use gix::objs::Exists as _;
use gix::refs::Target;
use prollytree_repo::RefName;

use crate::backend::GitBackend;
use crate::error::GitError;
use crate::find;
use crate::update::Edit;

impl GitBackend {
    /// Refuses, as Git does, to check out a branch that another working tree has checked out, or to
    /// take it away from that: what is committed in one tree would look undone in the other.
    pub(crate) fn require_not_elsewhere(&self, edit: &Edit) -> Result<(), GitError> {
        let branch = match (&edit.name[..], &edit.new) {
            ("HEAD", Some(Target::Symbolic(name))) => name.as_bstr().to_string(),
            (name, None) if !edit.state => name.to_owned(),
            _ => return Ok(()),
        };
        for git_dir in self.git_dirs()? {
            let worktree = find::worktree_name(&git_dir);
            if worktree == self.shared.worktree || worktree == find::MAIN && self.is_bare() {
                continue;
            }
            // A working tree whose `HEAD` is gone has nothing checked out.
            let head = fs::read_to_string(git_dir.join("HEAD")).unwrap_or_default();
            if head.trim_end().strip_prefix("ref: ") == Some(&branch[..]) {
                let name = RefName::parse(&branch)?;
                return Err(GitError::CheckedOut { name, git_dir });
            }
        }
        Ok(())
    }

    /// Demands that what a ref is to lead to is still there, unless it is written now: packs that
    /// `git gc` removed can still be read where they are open.
    pub(crate) fn require_stored(&self, edit: &Edit) -> Result<(), GitError> {
        let Some(Target::Object(id)) = &edit.new else { return Ok(()) };
        if self.pending().find(|pending| pending.git.contains_key(id).then_some(())).is_some() {
            return Ok(());
        }
        let anew = find::open(&self.shared.git_dir)?.to_thread_local();
        if anew.objects.exists(id) {
            return Ok(());
        }
        Err(GitError::MissingObject { id: id.to_string() })
    }
}
