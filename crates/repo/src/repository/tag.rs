//! Tags.

use super::Repository;
use crate::backend::{Backend, RefValue};
use crate::error::RepoError;
use crate::id::{CommitId, TagId};
use crate::log::peel;
use crate::name::RefName;
use crate::tag::Tag;

/// A tag and what it names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TagRef {
    /// Its ref.
    pub name: RefName,
    /// The commit that it names.
    pub target: CommitId,
    /// The tag itself, if it is annotated.
    pub tag: Option<Tag>,
}

impl<B: Backend> Repository<B> {
    /// All tags, in the order of their names.
    ///
    /// # Errors
    /// The backend fails or is damaged.
    pub fn tags(&self) -> Result<Vec<TagRef>, RepoError> {
        let mut tags = Vec::new();
        for (name, value) in self.backend.list_refs(RefName::TAGS)? {
            let tag = match &value {
                RefValue::Tag(id) => self.backend.read_tag(id)?,
                _ => None,
            };
            if let Some(target) = peel(&self.backend, Some(value))? {
                tags.push(TagRef { name, target, tag });
            }
        }
        Ok(tags)
    }

    /// Names a commit; annotated with who, when and why if there is a message.
    ///
    /// # Errors
    /// The name is bad or taken, the commit is not stored, or the backend fails.
    pub fn create_tag(
        &mut self,
        name: &str,
        target: &CommitId,
        message: Option<&str>,
    ) -> Result<Option<TagId>, RepoError> {
        let full = RefName::tag(name)?;
        self.read_commit(target)?;
        self.require_free(&full, RefName::TAGS)?;
        let session = self.backend.session();
        let id = match message {
            None => None,
            Some(message) => Some(session.write_tag(&Tag {
                target: *target,
                name: name.to_owned(),
                tagger: self.identity()?,
                time: self.now(),
                message: message.to_owned(),
            })?),
        };
        let value = id.map_or(RefValue::Commit(*target), RefValue::Tag);
        self.change_ref(&session, &full, None, Some(value), "tag: created")?;
        Ok(id)
    }

    /// Deletes a tag.
    ///
    /// # Errors
    /// The tag does not exist, or the backend fails.
    pub fn delete_tag(&mut self, name: &str) -> Result<CommitId, RepoError> {
        let name = RefName::tag(name)?;
        let value = self.backend.read_ref(&name)?;
        let target = peel(&self.backend, value.clone())?;
        let target = target.ok_or_else(|| RepoError::NoRef { name: name.clone() })?;
        self.change_ref(&self.backend.session(), &name, value, None, "tag: deleted")?;
        Ok(target)
    }
}
