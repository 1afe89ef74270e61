//! Annotated tags: a name for a commit, given by someone for a reason.

use crate::codec::{Decoder, Encoder, RecordError, RecordKind};
use crate::id::CommitId;
use crate::identity::Identity;
use crate::name::RefName;
use crate::time::Timestamp;

/// An annotated tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tag {
    /// The commit that it names.
    pub target: CommitId,
    /// The tag's name, without `refs/tags/`.
    pub name: String,
    /// Who tagged.
    pub tagger: Identity,
    /// When.
    pub time: Timestamp,
    /// What for.
    pub message: String,
}

impl Tag {
    /// The canonical bytes, whose hash is the id in our own storages.
    ///
    /// # Errors
    /// A text is too long or holds what it cannot hold, or the target is of another kind of
    /// repository.
    pub fn encode(&self) -> Result<Vec<u8>, RecordError> {
        let mut out = Encoder::new(RecordKind::Tag);
        RefName::tag(&self.name).map_err(|_| RecordError::Field { field: "tag name" })?;
        out.commit_id(&self.target)?;
        out.text("tag name", &self.name)?;
        out.identity(&self.tagger)?;
        out.time(self.time)?;
        out.message(&self.message)?;
        out.finish()
    }

    /// Reads canonical bytes.
    ///
    /// # Errors
    /// The bytes are not the one encoding of a tag.
    pub fn decode(bytes: &[u8]) -> Result<Self, RecordError> {
        let mut input = Decoder::new(RecordKind::Tag, bytes)?;
        let (target, name) = (input.commit_id()?, input.text("tag name")?);
        RefName::tag(&name).map_err(|_| RecordError::Field { field: "tag name" })?;
        let tag = Self {
            target,
            name,
            tagger: input.identity()?,
            time: input.time()?,
            message: input.message()?,
        };
        input.finish()?;
        Ok(tag)
    }
}
