//! Texts and bytes in keys: zero bytes are escaped, a zero byte ends.

use std::borrow::Cow;

use super::Input;
use crate::schema::Collation;

const END: u8 = 0x00;
/// Behind a zero byte of the content. No tag has this value.
const ESCAPED: u8 = 0xff;

pub(super) fn push(key: &mut Vec<u8>, content: &[u8]) {
    key.reserve(content.len() + 1);
    for &byte in content {
        key.push(byte);
        if byte == END {
            key.push(ESCAPED);
        }
    }
    key.push(END);
}

pub(super) fn pop(input: &mut Input<'_>) -> Option<Vec<u8>> {
    let mut content = Vec::new();
    loop {
        match input.byte()? {
            END if input.peek() == Some(ESCAPED) => {
                input.byte();
                content.push(END);
            }
            END => return Some(content),
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
