//! Leaves as blobs: text that reads well in a diff where the entries allow, else the node's bytes.
//!
//! `spec/FORMAT.md`, section "Git repository", is the authority. The content alone decides between
//! the two forms.

use std::borrow::Cow;
use std::fmt::Write as _;

use prollytree_tree::{Blob, Hash, MAX_NODE_LEN, Node, NodeError, ValueRef};

use crate::name::Form;

/// Bytes that are no leaf.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LeafError {
    /// A line is not a key, a tabulator and a value.
    #[error("line {0} is not a key, a tabulator and a value")]
    Line(usize),
    /// A line does not end, or there is no line.
    #[error("the last line does not end")]
    Unfinished,
    /// The entries make no node.
    #[error(transparent)]
    Node(#[from] NodeError),
    /// The node is no leaf.
    #[error("an inner node stands where a leaf must")]
    Inner,
    /// The leaf could be text, and so must be.
    #[error("the leaf stands in bytes though it is text")]
    NotText,
}

/// The blob of a leaf.
pub(crate) fn encode(leaf: &Node) -> (Form, Vec<u8>) {
    match encode_text(leaf) {
        Some(text) => (Form::Text, text.into_bytes()),
        None => (Form::Binary, leaf.bytes().to_vec()),
    }
}

/// Reads the blob of a leaf. No text begins with the byte that every node begins with.
pub(crate) fn decode(bytes: &[u8]) -> Result<(Form, Node), LeafError> {
    if bytes.first() != Some(&1) {
        return Ok((Form::Text, decode_text(bytes)?));
    }
    let node = Node::decode(bytes)?;
    if !node.is_leaf() {
        return Err(LeafError::Inner);
    }
    if encode_text(&node).is_some() {
        return Err(LeafError::NotText);
    }
    Ok((Form::Binary, node))
}

/// A line for each entry; `None` if a key or a value is not UTF-8 or has control characters that are
/// not of every text.
pub(crate) fn encode_text(leaf: &Node) -> Option<String> {
    let mut text = String::with_capacity(leaf.bytes().len());
    for i in 0..leaf.len() {
        escape(&mut text, &leaf.key(i))?;
        text.push('\t');
        match leaf.value(i) {
            ValueRef::Inline(bytes) => escape(&mut text, bytes)?,
            ValueRef::Blob(Blob { height, len, hash }) => {
                write!(text, "\\@{height} {len} {hash}").ok()?;
            }
        }
        text.push('\n');
    }
    Some(text)
}

fn escape(text: &mut String, bytes: &[u8]) -> Option<()> {
    let part = std::str::from_utf8(bytes).ok()?;
    if !is_escaped(part) {
        text.push_str(part);
        return Some(());
    }
    for char in part.chars() {
        match char {
            '\\' => text.push_str("\\\\"),
            '\t' => text.push_str("\\t"),
            '\n' => text.push_str("\\n"),
            '\r' => text.push_str("\\r"),
            '\0'..' ' | '\x7f' => return None,
            _ => text.push(char),
        }
    }
    Some(())
}

fn decode_text(bytes: &[u8]) -> Result<Node, LeafError> {
    let bytes = bytes.strip_suffix(b"\n").ok_or(LeafError::Unfinished)?;
    // Checked as a whole, which is faster than line by line.
    let text = std::str::from_utf8(bytes).map_err(|error| {
        LeafError::Line(bytes[..error.valid_up_to()].split(|&byte| byte == b'\n').count())
    })?;
    let mut entries = Vec::with_capacity(64);
    for (i, line) in text.split('\n').enumerate() {
        // No node holds so many entries, and a few bytes in a pack can be a gigabyte of lines.
        if i == MAX_NODE_LEN {
            return Err(LeafError::Line(i + 1));
        }
        entries.push(decode_line(line).ok_or(LeafError::Line(i + 1))?);
    }
    let entries = entries.iter().map(|(key, value)| {
        let value = match value {
            Part::Inline(bytes) => ValueRef::Inline(bytes),
            Part::Blob(blob) => ValueRef::Blob(*blob),
        };
        (&**key, value)
    });
    Ok(Node::leaf(entries)?)
}

/// A value on its way out of a line, borrowed where nothing in it is escaped.
enum Part<'a> {
    Inline(Cow<'a, [u8]>),
    Blob(Blob),
}

fn decode_line(line: &str) -> Option<(Cow<'_, [u8]>, Part<'_>)> {
    let (key, value) = line.split_once('\t')?;
    let value = match value.strip_prefix("\\@") {
        Some(blob) => Part::Blob(decode_blob(blob)?),
        None => Part::Inline(unescape(value)?),
    };
    Some((unescape(key)?, value))
}

fn decode_blob(text: &str) -> Option<Blob> {
    let mut fields = text.split(' ');
    let (height, len, hash) = (fields.next()?, fields.next()?, fields.next()?);
    let blob = Blob {
        height: height.parse().ok()?,
        len: len.parse().ok()?,
        hash: hash.parse::<Hash>().ok()?,
    };
    // One way to write a number, and nothing behind.
    (format!("{} {} {}", blob.height, blob.len, blob.hash) == text).then_some(blob)
}

fn unescape(text: &str) -> Option<Cow<'_, [u8]>> {
    if !is_escaped(text) {
        return Some(text.as_bytes().into());
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'\\' => match rest.next()? {
                b'\\' => b'\\',
                b't' => b'\t',
                b'n' => b'\n',
                b'r' => b'\r',
                _ => return None,
            },
            ..b' ' | 0x7f => return None,
            _ => byte,
        });
    }
    Some(bytes.into())
}

/// Whether a text has characters that do not stand for themselves. No early exit: the loop is then
/// many bytes at a time.
fn is_escaped(text: &str) -> bool {
    let special = |byte: u8| byte < b' ' || byte == b'\\' || byte == 0x7f;
    text.bytes().fold(false, |found, byte| found | special(byte))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn leaf(entries: &[(&[u8], ValueRef<'_>)]) -> Node {
        Node::leaf(entries.iter().copied()).unwrap()
    }

    #[test]
    fn clean_entries_are_lines() {
        let blob = Blob { height: 1, len: 70_000, hash: Hash::from_bytes([0xab; 32]) };
        let node = leaf(&[
            (b"", ValueRef::Inline(b"")),
            (b"a\tb", ValueRef::Inline("\\ü\r\n".as_bytes())),
            (b"large", ValueRef::Blob(blob)),
        ]);
        let (form, bytes) = encode(&node);
        let expected = format!("\t\na\\tb\t\\\\ü\\r\\n\nlarge\t\\@1 70000 {}\n", "ab".repeat(32));
        assert_eq!((form, String::from_utf8(bytes.clone()).unwrap()), (Form::Text, expected));
        assert_eq!(decode(&bytes).unwrap().1.hash(), node.hash());
    }

    #[test]
    fn what_is_no_text_stays_bytes() {
        for value in [&b"\xff"[..], b"\0", b"\x1b[0m", b"\x7f"] {
            let node = leaf(&[(b"k", ValueRef::Inline(value))]);
            let (form, bytes) = encode(&node);
            assert_eq!((form, &bytes[..]), (Form::Binary, node.bytes()));
            assert_eq!(decode(&bytes).unwrap().1.hash(), node.hash());
        }
    }

    #[test]
    fn there_is_one_form_for_one_leaf() {
        let node = leaf(&[(b"k", ValueRef::Inline(b"v"))]);
        assert_eq!(decode(node.bytes()).unwrap_err(), LeafError::NotText);
        let hash = "ab".repeat(32);
        for bad in [
            "",
            "k\tv",
            "k\n",
            "k\tv\nk\tv\n",
            "b\t\na\t\n",
            "k\t\\x\n",
            "k\t\\\n",
            "k\t\\@\n",
            "\u{1}\n",
            "k\tv\tw\n",
            "k\tv\n\n",
            &format!("k\t\\@0 05000 {hash}\n"),
            &format!("k\t\\@0 5000 {hash} \n"),
            &format!("k\t\\@0 10 {hash}\n"),
            &format!("k\t\\@0 5000 {}\n", hash.to_uppercase()),
            &"k\t\n".repeat(MAX_NODE_LEN + 1),
        ] {
            assert!(decode(bad.as_bytes()).is_err(), "{bad:?}");
        }
    }

    proptest! {
        #[test]
        fn leaves_survive_the_way_through_blobs(
            entries in prop::collection::btree_map(
                prop::collection::vec(prop_oneof![Just(b'\t'), Just(b'\\'), Just(b'n'), any::<u8>()], 0..6),
                prop_oneof!["\\PC{0,9}".prop_map(String::into_bytes), prop::collection::vec(any::<u8>(), 0..9)],
                1..20,
            )
        ) {
            let node = Node::leaf(entries.iter().map(|(key, value)| (&key[..], ValueRef::Inline(value)))).unwrap();
            let (form, bytes) = encode(&node);
            let (found, decoded) = decode(&bytes).unwrap();
            prop_assert_eq!((found, decoded.bytes()), (form, node.bytes()));
        }

        #[test]
        fn no_bytes_break_the_reader(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
            if let Ok((_, node)) = decode(&bytes) {
                prop_assert_eq!(encode(&node).1, bytes);
            }
        }
    }
}
