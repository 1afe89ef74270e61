//! Numbers, keys and values in proofs and patches: each has one valid encoding.

use crate::value::{BLOB_LEN, Blob, MAX_INLINE_LEN, MAX_KEY_LEN, ValueRef};

/// Bytes that are no valid encoding: what was expected, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct CodecError {
    pub(crate) what: &'static str,
    pub(crate) at: usize,
}

pub(crate) fn put_varint(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

pub(crate) fn put_key(out: &mut Vec<u8>, key: &[u8]) {
    put_varint(out, key.len() as u64);
    out.extend_from_slice(key);
}

/// A blob takes the number that no length is written as.
pub(crate) fn put_value(out: &mut Vec<u8>, value: &ValueRef<'_>) {
    match value {
        ValueRef::Inline(bytes) => {
            put_varint(out, bytes.len() as u64 + 1);
            out.extend_from_slice(bytes);
        }
        ValueRef::Blob(blob) => {
            put_varint(out, 0);
            out.extend_from_slice(&blob.encode());
        }
    }
}

/// Reads bytes from front to back, each once.
pub(crate) struct Reader<'b> {
    bytes: &'b [u8],
    at: usize,
    /// How many bytes lie before the first, for error messages.
    offset: usize,
}

impl<'b> Reader<'b> {
    pub(crate) fn new(bytes: &'b [u8], offset: usize) -> Self {
        Self { bytes, at: 0, offset }
    }

    /// The offset of the next byte.
    pub(crate) fn at(&self) -> usize {
        self.offset + self.at
    }

    pub(crate) fn malformed(&self, what: &'static str) -> CodecError {
        CodecError { what, at: self.at() }
    }

    pub(crate) fn finish(self) -> Result<(), CodecError> {
        if self.at < self.bytes.len() { Err(self.malformed("trailing bytes")) } else { Ok(()) }
    }

    pub(crate) fn take(&mut self, len: usize) -> Result<&'b [u8], CodecError> {
        let rest = &self.bytes[self.at..];
        let (taken, _) = rest.split_at_checked(len).ok_or(self.malformed("end of bytes"))?;
        self.at += len;
        Ok(taken)
    }

    pub(crate) fn varint(&mut self, what: &'static str) -> Result<u64, CodecError> {
        let mut number = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = self.take(1)?[0];
            let bits = u64::from(byte & 0x7f);
            // Neither bits beyond 64 nor a last byte that adds nothing.
            if bits << shift >> shift != bits || (byte == 0 && shift > 0) {
                break;
            }
            number |= bits << shift;
            if byte < 0x80 {
                return Ok(number);
            }
        }
        Err(self.malformed(what))
    }

    pub(crate) fn key(&mut self) -> Result<&'b [u8], CodecError> {
        let len = self.varint("key")?;
        if len > MAX_KEY_LEN as u64 {
            return Err(self.malformed("key"));
        }
        self.take(len as usize)
    }

    pub(crate) fn value(&mut self) -> Result<ValueRef<'b>, CodecError> {
        match self.varint("value")?.checked_sub(1) {
            Some(len) if len <= MAX_INLINE_LEN as u64 => {
                self.take(len as usize).map(ValueRef::Inline)
            }
            Some(_) => Err(self.malformed("value")),
            None => {
                let blob = Blob::decode(self.take(BLOB_LEN)?);
                blob.map(ValueRef::Blob).ok_or(self.malformed("value"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_has_one_encoding() {
        for number in [0, 1, 127, 128, 300, 1 << 35, u64::MAX - 1, u64::MAX] {
            let mut bytes = Vec::new();
            put_varint(&mut bytes, number);
            let mut reader = Reader::new(&bytes, 0);
            assert_eq!(reader.varint("number"), Ok(number));
            assert_eq!(reader.finish(), Ok(()));
        }
        let too_large = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2];
        for bad in [&[0x80, 0][..], &[0xff, 0x80, 0], &[0xff; 11], &[0x80; 9], &too_large] {
            assert!(Reader::new(bad, 0).varint("number").is_err(), "{bad:?}");
        }
    }
}
