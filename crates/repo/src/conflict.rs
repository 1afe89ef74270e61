//! Recorded conflicts: one tree a map, from the key to its three values.
//!
//! A large value is recorded by its hash if a commit that the operation names keeps it. One that a merge
//! made up, as an [adjuster](crate::Adjust) may, is in the record itself: nothing else would keep it.

use prollytree_tree::{Blob, Conflict, Value};

use crate::codec::{Decoder, Encoder, RecordError, RecordKind};

const ABSENT: u8 = 0;
const INLINE: u8 = 1;
const BLOB: u8 = 2;

/// The bytes under the conflict's key.
pub(crate) fn encode(conflict: &Conflict) -> Result<Vec<u8>, RecordError> {
    let mut out = Encoder::new(RecordKind::Conflict);
    for value in [&conflict.base, &conflict.ours, &conflict.theirs] {
        match value {
            None => out.u8(ABSENT),
            Some(Value::Inline(bytes)) => {
                out.u8(INLINE);
                out.bytes("value", bytes)?;
            }
            Some(Value::Blob(blob)) => {
                out.u8(BLOB);
                out.u8(blob.height);
                out.u64(blob.len);
                out.hash(&blob.hash);
            }
        }
    }
    out.finish()
}

pub(crate) fn decode(key: Vec<u8>, bytes: &[u8]) -> Result<Conflict, RecordError> {
    let mut input = Decoder::new(RecordKind::Conflict, bytes)?;
    let conflict = Conflict {
        key,
        base: decode_value(&mut input)?,
        ours: decode_value(&mut input)?,
        theirs: decode_value(&mut input)?,
    };
    input.finish()?;
    Ok(conflict)
}

fn decode_value(input: &mut Decoder<'_>) -> Result<Option<Value>, RecordError> {
    match input.u8()? {
        ABSENT => Ok(None),
        INLINE => Ok(Some(Value::Inline(input.bytes()?.to_vec()))),
        BLOB => {
            let (height, len) = (input.u8()?, input.u64()?);
            Ok(Some(Value::Blob(Blob { height, len, hash: input.hash()? })))
        }
        _ => Err(RecordError::Field { field: "value" }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use prollytree_tree::Hash;

    #[test]
    fn conflicts_survive_the_way_through_bytes() {
        let blob = Blob { height: 1, len: 5000, hash: Hash::from_bytes([9; 32]) };
        let conflict = Conflict {
            key: b"k".to_vec(),
            base: None,
            ours: Some(Value::Inline(vec![7; 3000])),
            theirs: Some(Value::Blob(blob)),
        };
        let bytes = encode(&conflict).unwrap();
        assert_eq!(decode(b"k".to_vec(), &bytes).unwrap(), conflict);
        for len in 0..bytes.len() {
            assert!(decode(Vec::new(), &bytes[..len]).is_err());
        }
    }
}
