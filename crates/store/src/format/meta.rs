//! The meta of a batch: ref changes, and in a checkpoint an index.

use std::sync::Arc;

use super::fields::Fields;
use super::pad;
use crate::error::Damage;
use crate::refs;

/// The first eight bytes of a record's name, and its offset divided by 8.
pub(crate) type IndexEntry = (u64, u32);

const INDEX_ENTRY_LEN: usize = 12;

/// The meta of a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Meta {
    /// Ascending by name; `None` deletes the ref.
    pub(crate) refs: Vec<(String, Option<Arc<[u8]>>)>,
    /// Ascending; `None` unless the batch is a checkpoint.
    pub(crate) index: Option<Vec<IndexEntry>>,
}

impl Meta {
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut bytes = (self.refs.len() as u32).to_le_bytes().to_vec();
        for (name, value) in &self.refs {
            bytes.extend((name.len() as u16).to_le_bytes());
            bytes.extend(name.as_bytes());
            match value {
                None => bytes.extend(0u32.to_le_bytes()),
                Some(value) => {
                    bytes.extend((value.len() as u32 + 1).to_le_bytes());
                    bytes.extend(&**value);
                }
            }
        }
        if let Some(index) = &self.index {
            bytes.extend((index.len() as u32).to_le_bytes());
            for (prefix, at) in index {
                bytes.extend(prefix.to_le_bytes());
                bytes.extend(at.to_le_bytes());
            }
        }
        pad(&mut bytes);
        bytes
    }

    /// Reads the meta of a batch; `checkpoint` as its header says.
    pub(crate) fn decode(bytes: &[u8], checkpoint: bool) -> Result<Self, Damage> {
        let mut fields = Fields(bytes);
        let mut refs: Vec<(String, Option<Arc<[u8]>>)> = Vec::new();
        for _ in 0..fields.u32()? {
            let len = fields.u16()?;
            let name = std::str::from_utf8(fields.take(usize::from(len))?).ok();
            let name = name.filter(|name| refs::check_name(name).is_ok());
            let name = name.ok_or(Damage::Field("name of a ref"))?;
            let value = match fields.u32()?.checked_sub(1) {
                None if checkpoint => return Err(Damage::Field("value of a ref")),
                None => None,
                Some(len) => Some(fields.take(len as usize)?.into()),
            };
            if refs.last().is_some_and(|(last, _)| last.as_str() >= name) {
                return Err(Damage::Field("order of the refs"));
            }
            refs.push((name.to_owned(), value));
        }
        let index = if checkpoint { Some(Self::decode_index(&mut fields)?) } else { None };
        fields.padding()?;
        Ok(Self { refs, index })
    }

    fn decode_index(fields: &mut Fields<'_>) -> Result<Vec<IndexEntry>, Damage> {
        let len = fields.u32()? as usize * INDEX_ENTRY_LEN;
        let mut entries = Fields(fields.take(len)?);
        let mut index = Vec::with_capacity(len / INDEX_ENTRY_LEN);
        while !entries.0.is_empty() {
            index.push((entries.u64()?, entries.u32()?));
        }
        if index.is_sorted() { Ok(index) } else { Err(Damage::Field("order of the index")) }
    }
}
