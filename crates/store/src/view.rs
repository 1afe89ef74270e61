//! What readers see: the segments, and the refs after the last commit.

use std::collections::BTreeMap;
use std::sync::Arc;

use prollytree_tree::{Hash, Locator, ObjectKind};

use crate::error::StoreError;
use crate::format::{locator, prefix, unlocate};
use crate::segment::{Object, Segment};

/// The refs of a store, by name.
pub type Refs = BTreeMap<String, Arc<[u8]>>;

/// The state of the store after some commit. Cheap to clone; the index of a segment may know more
/// than the state it belongs to, which does no harm, as objects never change.
#[derive(Clone)]
pub(crate) struct View {
    /// Ascending by number.
    pub(crate) segments: Arc<[Arc<Segment>]>,
    pub(crate) refs: Arc<Refs>,
    pub(crate) sequence: u64,
    pub(crate) generation: u64,
    pub(crate) collection: u64,
}

impl View {
    pub(crate) fn segment(&self, number: u32) -> Option<&Arc<Segment>> {
        let found = self.segments.binary_search_by_key(&number, |segment| segment.number);
        found.ok().map(|i| &self.segments[i])
    }

    /// Reads an object, trying the hinted place first, and tells where it lies.
    pub(crate) fn read(
        &self,
        kind: ObjectKind,
        hash: &Hash,
        hint: Locator,
    ) -> Result<Option<(Object, Locator)>, StoreError> {
        if let Some((number, at)) = unlocate(hint)
            && let Some(segment) = self.segment(number)
        {
            match segment.read_object(kind, hash, at) {
                Ok(Some(object)) => return Ok(Some((object, hint))),
                Ok(None) => {}
                // The hint may be nonsense; the index, which is check-summed, has the last word.
                Err(error) if error.is_damage() => {}
                Err(error) => return Err(error),
            }
        }
        self.look_up(kind, hash)
    }

    /// Reads an object by its name alone. A damaged copy is an error only if there is no other.
    fn look_up(
        &self,
        kind: ObjectKind,
        hash: &Hash,
    ) -> Result<Option<(Object, Locator)>, StoreError> {
        let mut damaged = None;
        for segment in self.segments.iter().rev() {
            let found =
                segment.find(prefix(hash), |at| match segment.read_object(kind, hash, at) {
                    Ok(object) => Ok(object.map(|object| (object, locator(segment.number, at)))),
                    Err(error) if error.is_damage() => {
                        damaged = Some(error);
                        Ok(None)
                    }
                    Err(error) => Err(error),
                });
            match found {
                Ok(None) => {}
                Err(error) if error.is_damage() => damaged = Some(error),
                found => return found,
            }
        }
        damaged.map_or(Ok(None), Err)
    }

    /// Where an object lies by the index, newest first; whether it is intact is not checked, nor
    /// more of its name than the index knows. O(segments), and in memory after the first time.
    pub(crate) fn locate(&self, hash: &Hash) -> Result<Option<Locator>, StoreError> {
        for segment in self.segments.iter().rev() {
            let found = segment.find(prefix(hash), |at| Ok(Some(locator(segment.number, at))))?;
            if found.is_some() {
                return Ok(found);
            }
        }
        Ok(None)
    }

    /// Whether the index knows an object.
    pub(crate) fn holds(&self, hash: &Hash) -> Result<bool, StoreError> {
        Ok(self.locate(hash)?.is_some())
    }
}
