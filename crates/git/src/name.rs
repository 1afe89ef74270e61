//! How the parts of a tree are called in Git: by key, in letters that every file system takes.
//!
//! `spec/FORMAT.md`, section "Git repository", is the authority.

use std::fmt::Write as _;

use prollytree_tree::{Hash, ObjectKind};

/// What a child of a node is in Git.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// A Git tree: an inner node, or a leaf with its large values beside it.
    Tree,
    /// A blob of text: a leaf.
    Text,
    /// A blob of bytes: a leaf.
    Binary,
}

impl Form {
    pub(crate) const ALL: [Self; 3] = [Self::Tree, Self::Text, Self::Binary];

    /// The letter that names begin with.
    pub(crate) fn letter(self) -> &'static str {
        match self {
            Self::Tree => "d",
            Self::Text => "l",
            Self::Binary => "b",
        }
    }
}

/// The canonical bytes of an inner node, in its tree.
pub(crate) const NODE: &str = "node";
/// The list of its parts, in the tree of a large value of several chunks.
pub(crate) const LIST: &str = "list";

/// The longest escaped key that stands in a name whole, in bytes.
const MAX_ESCAPED_LEN: usize = 100;
/// How much of a longer one stands before its hash.
const CUT_LEN: usize = 80;
/// How many hexadecimal digits of the hash: so many that nobody finds two keys with one name.
const DIGITS: usize = 32;

/// The name of a child whose keys are greater than `bound`: the first child of a node has none.
///
/// A child is named by the key before it, which its parent knows: the name of the last leaf stays
/// while keys are appended to it.
pub(crate) fn child_name(form: Form, bound: Option<&[u8]>) -> String {
    match bound {
        Some(bound) => format!("{}-{}", form.letter(), escape(bound)),
        None => form.letter().to_owned(),
    }
}

/// The name of a large value, beside the leaf that refers to it.
pub(crate) fn value_name(key: &[u8]) -> String {
    format!("v-{}", escape(key))
}

/// The name of a part of a large value, or of a root that a record refers to.
pub(crate) fn part_name(index: usize) -> String {
    format!("{index:04}")
}

/// The name of a map's tree.
pub(crate) fn map_name(name: &str) -> String {
    escape(name.as_bytes())
}

/// Writes a key in lower-case letters, digits, `_`, `=`, `-` and `%xx`, so that names differ on file
/// systems that take `A` for `a`; a long one is cut and told apart by its hash.
fn escape(key: &[u8]) -> String {
    let mut name = String::with_capacity(key.len());
    for &byte in key {
        match byte {
            b'a'..=b'z' | b'0'..=b'9' | b'_' | b'=' | b'-' => name.push(char::from(byte)),
            _ => _ = write!(name, "%{byte:02x}"),
        }
        if name.len() > MAX_ESCAPED_LEN {
            return cut(&name, key);
        }
    }
    name
}

fn cut(escaped: &str, key: &[u8]) -> String {
    let mut len = CUT_LEN;
    // Not in the middle of an escape.
    while escaped[len - 2..len].contains('%') {
        len -= 1;
    }
    let hash = ObjectKind::Chunk.hash(key).as_ref().map(Hash::to_string).unwrap_or_default();
    format!("{}~{}", &escaped[..len], &hash[..DIGITS])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_plain_and_tell_keys_apart() {
        assert_eq!(child_name(Form::Text, None), "l");
        assert_eq!(child_name(Form::Tree, Some(b"")), "d-");
        assert_eq!(child_name(Form::Binary, Some(b"user:A/.git\xff")), "b-user%3a%41%2f%2egit%ff");
        assert_eq!(value_name(b"a=b_c-9"), "v-a=b_c-9");
        assert_eq!(map_name("a/b"), "a%2fb");
        assert_eq!(part_name(7), "0007");
    }

    #[test]
    fn long_keys_are_cut_between_escapes() {
        let whole = escape(&[b'x'; 100]);
        assert_eq!(whole.len(), 100);
        for shift in 0..3 {
            let key = [vec![b'x'; shift], vec![0xff; 200]].concat();
            let other = [&key[..], b"!"].concat();
            let (name, other) = (escape(&key), escape(&other));
            assert_ne!(name, other);
            assert!(name.len() <= CUT_LEN + 1 + DIGITS, "{name}");
            let (head, tail) = name.split_once('~').unwrap();
            assert_eq!(tail.len(), DIGITS);
            assert!((head.len() - shift) % 3 == 0, "{head}");
        }
    }
}
