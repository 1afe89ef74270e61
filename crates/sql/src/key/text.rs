//! Texts and bytes in keys: a zero byte is escaped, and two of them end.
//!
//! One zero byte as the end would do in ascending order alone: inverted, what ends must be greater than
//! what goes on.

use std::borrow::Cow;

use super::Input;
use crate::schema::Collation;

const ZERO: u8 = 0x00;
/// Behind a zero byte of the content, and behind that of the end.
const ESCAPED: u8 = 0xff;
const END: u8 = 0x00;

pub(super) fn push(key: &mut Vec<u8>, content: &[u8]) {
    key.reserve(content.len() + 2);
    for &byte in content {
        key.push(byte);
        if byte == ZERO {
            key.push(ESCAPED);
        }
    }
    key.extend([ZERO, END]);
}

pub(super) fn pop(input: &mut Input<'_>) -> Option<Vec<u8>> {
    let mut content = Vec::new();
    loop {
        match input.byte()? {
            ZERO => match input.byte()? {
                ESCAPED => content.push(ZERO),
                END => return Some(content),
                _ => return None,
            },
            byte => content.push(byte),
        }
    }
}

/// The bytes that a collation compares.
pub(super) fn collate(text: &str, collation: Collation) -> Cow<'_, [u8]> {
    match collation {
        Collation::Binary => text.as_bytes().into(),
        Collation::NoCase => text.to_ascii_lowercase().into_bytes().into(),
        Collation::Rtrim => text.trim_end_matches(' ').as_bytes().into(),
    }
}
