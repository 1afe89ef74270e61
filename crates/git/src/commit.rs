//! Commits and tags as Git's own objects.

use gix::bstr::{BStr, ByteSlice as _};
use gix::hash::ObjectId;
use gix::objs::{CommitRef, Kind, TagRef, WriteTo as _};
use prollytree_repo::{Commit, CommitId, Identity, MapName, Maps, RefName, Tag, TagId, Timestamp};

use crate::backend::GitBackend;
use crate::error::GitError;
use crate::objects::{TreeEntry, blob_entry, damaged, entry, is_missing, tree_entry};
use crate::place::Found;
use crate::write::MAPS;
use crate::{listing, name};

/// The file that tells Git how to treat the others.
const ATTRIBUTES: &str = ".gitattributes";
/// Leaves and the list are merged by key or not at all, no line ending is changed, and what is not
/// text is shown by the `prolly` diff driver, if there is one.
const ATTRIBUTES_TEXT: &str = "\
PROLLY -text -merge
maps/** -text -merge linguist-generated
maps/**/node diff=prolly
maps/**/b diff=prolly
maps/**/b-* diff=prolly
";

/// The longest name or address of an author that records hold, in bytes.
const MAX_IDENTITY_LEN: usize = 255;

/// What a Git commit says.
pub(crate) struct Version {
    pub(crate) tree: ObjectId,
    pub(crate) parents: Vec<ObjectId>,
    pub(crate) maps: Maps,
    author: Identity,
    time: Timestamp,
    message: String,
}

impl GitBackend {
    pub(crate) fn object_id(&self, id: &[u8]) -> Option<ObjectId> {
        ObjectId::try_from(id).ok().filter(|id| id.kind() == self.shared.hash)
    }

    pub(crate) fn load_commit(&self, id: &CommitId) -> Result<Option<Commit>, GitError> {
        let Some(oid) = self.object_id(id.as_bytes()) else { return Ok(None) };
        let Some(version) = self.version(&oid)? else {
            return if self.is_behind_shallow(&oid)? {
                Err(GitError::Shallow { id: *id })
            } else {
                Ok(None)
            };
        };
        let Version { parents, maps, author, time, message, .. } = version;
        let parents = parents.iter().filter_map(|id| CommitId::from_slice(id.as_slice())).collect();
        Ok(Some(Commit { maps, parents, author, time, message }))
    }

    /// Whether a commit is one that a shallow clone left out.
    pub(crate) fn is_behind_shallow(&self, id: &gix::hash::oid) -> Result<bool, GitError> {
        _ = id;
        self.shared.pool.with(|repository| {
            repository.is_shallow().map_err(|source| GitError::gix("read the boundary", source))
        })
    }

    /// A commit, `None` if it is not in the repository.
    pub(crate) fn version(&self, id: &ObjectId) -> Result<Option<Version>, GitError> {
        let Some(bytes) = self.header(id, Kind::Commit)? else { return Ok(None) };
        let bad = |_| damaged(id, "a commit");
        let commit = CommitRef::from_bytes(&bytes, self.shared.hash).map_err(bad)?;
        let author = commit.author().map_err(bad)?;
        let tree = commit.tree();
        Ok(Some(Version {
            tree,
            parents: commit.parents().collect(),
            maps: self.maps_of(&tree)?,
            author: identity(author.name, author.email),
            time: time(author.time().map_err(bad)?),
            message: message(commit.message),
        }))
    }

    /// The bytes of a commit or a tag, checked against its name; `None` if it is not there.
    fn header(&self, id: &ObjectId, kind: Kind) -> Result<Option<std::sync::Arc<[u8]>>, GitError> {
        match self.need_verified(id, kind) {
            Err(error) if is_missing(&error, id) => Ok(None),
            bytes => bytes.map(Some),
        }
    }

    /// The maps in the tree of a commit; none if it has no data set.
    fn maps_of(&self, tree: &ObjectId) -> Result<Maps, GitError> {
        let Some(entries) = self.data_set_of(tree)? else { return Ok(Maps::new()) };
        let Some(list) = entry(&entries.1, listing::FILE) else { return Ok(Maps::new()) };
        let bytes = self.need_verified(&list.oid, Kind::Blob)?;
        let maps = listing::decode(&bytes);
        let id = || list.oid.to_string();
        let maps = maps.map_err(|source| GitError::Listing { id: id(), source })?;
        // A map that somebody took off the list would be gone without a word.
        let beside = match entry(&entries.1, MAPS) {
            Some(maps) => self.tree_verified(&maps.oid)?,
            None => Vec::new(),
        };
        let has = |name: &MapName| entry(&beside, &name::map_name(name.as_str())).is_some();
        if beside.len() != maps.len() || !maps.keys().all(has) {
            return Err(damaged(&list.oid, "the list of the maps that lie beside it"));
        }
        for (name, map) in &maps {
            let found = Found::Map(entries.0, name.clone());
            if self.known(prollytree_tree::ObjectKind::Node, &map.root).is_none() {
                self.note((prollytree_tree::ObjectKind::Node, map.root), found);
            }
        }
        Ok(maps)
    }

    /// The tree of the data set in the tree of a commit, and its entries.
    pub(crate) fn data_set_of(
        &self,
        tree: &ObjectId,
    ) -> Result<Option<(ObjectId, Vec<TreeEntry>)>, GitError> {
        let mut id = *tree;
        for part in &self.shared.prefix {
            match entry(&self.tree_verified(&id)?, part) {
                Some(found) if found.mode.is_tree() => id = found.oid,
                _ => return Ok(None),
            }
        }
        Ok(Some((id, self.tree_verified(&id)?)))
    }

    /// The tree of a map in the tree of a data set.
    pub(crate) fn map_tree(
        &self,
        data_set: &ObjectId,
        map: &prollytree_repo::MapName,
    ) -> Result<ObjectId, GitError> {
        let entries = self.tree_verified(data_set)?;
        let maps = entry(&entries, MAPS).ok_or_else(|| damaged(data_set, "a data set"))?;
        let entries = self.tree_verified(&maps.oid)?;
        let tree = entry(&entries, &name::map_name(map.as_str()));
        Ok(tree.ok_or_else(|| damaged(&maps.oid, "the folder of all maps that PROLLY lists"))?.oid)
    }

    pub(crate) fn make_commit(&self, commit: &Commit) -> Result<CommitId, GitError> {
        let parents = commit.parents.iter().map(|id| {
            self.object_id(id.as_bytes())
                .ok_or_else(|| GitError::MissingObject { id: id.to_string() })
        });
        let parents = parents.collect::<Result<Vec<_>, _>>()?;
        let around = self.merged_files(&parents)?;
        let tree = self.put_data_set(around.as_ref(), &commit.maps)?;
        self.put_commit(tree, &parents, commit)
    }

    /// Makes the Git commit of a tree.
    pub(crate) fn put_commit(
        &self,
        tree: ObjectId,
        parents: &[ObjectId],
        commit: &Commit,
    ) -> Result<CommitId, GitError> {
        let who = signature(&commit.author, commit.time);
        let git = gix::objs::Commit {
            tree,
            parents: parents.iter().copied().collect(),
            author: who.clone(),
            committer: who,
            encoding: None,
            message: format!("{}\n", commit.message).into(),
            extra_headers: Vec::new(),
        };
        let mut bytes = Vec::new();
        git.write_to(&mut bytes).map_err(|source| GitError::internal("make a commit", source))?;
        let id = self.put(Kind::Commit, bytes)?;
        CommitId::from_slice(id.as_slice()).ok_or_else(|| damaged(&id, "a commit"))
    }

    /// A tree with the data set, and around it the files that another tree has.
    pub(crate) fn put_data_set(
        &self,
        around: Option<&ObjectId>,
        maps: &Maps,
    ) -> Result<ObjectId, GitError> {
        let mut levels =
            vec![around.map(|id| self.tree_verified(id)).transpose()?.unwrap_or_default()];
        for part in &self.shared.prefix {
            let inner = levels.last().and_then(|entries| entry(entries, part));
            let inner = inner.filter(|entry| entry.mode.is_tree()).map(|entry| entry.oid);
            levels.push(inner.map(|id| self.tree_verified(&id)).transpose()?.unwrap_or_default());
        }
        let mut entries = levels.pop().unwrap_or_default();
        if entry(&entries, listing::FILE).is_none() && entry(&entries, MAPS).is_some() {
            return Err(GitError::Occupied { path: self.shared.folder.join(MAPS) });
        }
        replace(&mut entries, blob_entry(listing::FILE, self.put_listing(maps)?));
        entries.retain(|entry| entry.filename != MAPS);
        if !maps.is_empty() {
            entries.push(tree_entry(MAPS, self.put_tree(self.put_maps(maps)?)?));
        }
        if entry(&entries, ATTRIBUTES).is_none() {
            let text = self.put(Kind::Blob, ATTRIBUTES_TEXT.into())?;
            entries.push(blob_entry(ATTRIBUTES, text));
        }
        let mut id = self.put_tree(entries)?;
        for part in self.shared.prefix.iter().rev() {
            let mut entries = levels.pop().unwrap_or_default();
            replace(&mut entries, tree_entry(part.as_str(), id));
            id = self.put_tree(entries)?;
        }
        Ok(id)
    }

    pub(crate) fn load_tag(&self, id: &TagId) -> Result<Option<Tag>, GitError> {
        let Some(oid) = self.object_id(id.as_bytes()) else { return Ok(None) };
        let Some(bytes) = self.header(&oid, Kind::Tag)? else { return Ok(None) };
        let bad = |_| damaged(&oid, "a tag");
        let tag = TagRef::from_bytes(&bytes, self.shared.hash).map_err(bad)?;
        // A tag of a tag names what that one names, through any number of them.
        let target = match self.peel(tag.target()) {
            Err(error) if is_missing(&error, &tag.target()) => None,
            commit => commit?.and_then(|commit| CommitId::from_slice(commit.as_slice())),
        };
        let target = target.ok_or_else(|| damaged(&oid, "a tag of a commit"))?;
        let (tagger, when) = match tag.tagger().map_err(bad)? {
            Some(who) => (identity(who.name, who.email), time(who.time().map_err(bad)?)),
            None => (Identity::default(), Timestamp::utc(0)),
        };
        let name = tag.name.to_str_lossy().into_owned();
        Ok(Some(Tag { target, name, tagger, time: when, message: message(tag.message) }))
    }

    pub(crate) fn make_tag(&self, tag: &Tag) -> Result<TagId, GitError> {
        let target = self.object_id(tag.target.as_bytes());
        let git = gix::objs::Tag {
            target: target.ok_or_else(|| GitError::MissingObject { id: tag.target.to_string() })?,
            target_kind: Kind::Commit,
            name: tag.name.as_str().into(),
            tagger: Some(signature(&tag.tagger, tag.time)),
            message: format!("{}\n", tag.message).into(),
            signature: None,
        };
        let mut bytes = Vec::new();
        git.write_to(&mut bytes).map_err(|source| GitError::internal("make a tag", source))?;
        let id = self.put(Kind::Tag, bytes)?;
        TagId::from_slice(id.as_slice()).ok_or_else(|| damaged(&id, "a tag"))
    }

    /// Whether the data set is in the tree that a branch or `HEAD` leads to.
    pub(crate) fn has_data_set(&self, name: &RefName) -> Result<bool, GitError> {
        let Some(tip) = self.tip_of(name)? else { return Ok(false) };
        let Some(bytes) = self.header(&tip, Kind::Commit)? else { return Ok(false) };
        let commit = CommitRef::from_bytes(&bytes, self.shared.hash);
        let tree = commit.map_err(|_| damaged(&tip, "a commit"))?.tree();
        let entries = self.data_set_of(&tree)?;
        Ok(entries.is_some_and(|(_, entries)| entry(&entries, listing::FILE).is_some()))
    }
}

pub(crate) fn replace(entries: &mut Vec<TreeEntry>, new: TreeEntry) {
    entries.retain(|entry| entry.filename != new.filename);
    entries.push(new);
}

/// Git ends a message with a line's end; ours does not.
fn message(text: &BStr) -> String {
    let text = text.to_str_lossy();
    text.strip_suffix('\n').unwrap_or(&text).to_owned()
}

/// Who made a commit; what Git allows and we do not is left out.
pub(crate) fn identity(name: &BStr, email: &BStr) -> Identity {
    let text = |text: &BStr| {
        let text = text.to_str_lossy();
        let mut clean: String =
            text.chars().filter(|&c| !c.is_control() && c != '<' && c != '>').collect();
        while clean.len() > MAX_IDENTITY_LEN {
            clean.pop();
        }
        clean.trim().to_owned()
    };
    let name = Some(text(name)).filter(|name| !name.is_empty());
    Identity { name: name.unwrap_or_else(|| "unknown".to_owned()), email: text(email) }
}

pub(crate) fn time(time: gix::date::Time) -> Timestamp {
    Timestamp { seconds: time.seconds, offset_minutes: (time.offset / 60) as i16 }
}

pub(crate) fn signature(who: &Identity, when: Timestamp) -> gix::actor::Signature {
    gix::actor::Signature {
        name: who.name.as_str().into(),
        email: who.email.as_str().into(),
        time: gix::date::Time {
            seconds: when.seconds,
            offset: i32::from(when.offset_minutes) * 60,
        },
    }
}
