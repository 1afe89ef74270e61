//! The file `PROLLY`: which maps a version has, and their roots.
//!
//! `spec/FORMAT.md`, section "Git repository", is the authority.

use std::fmt::Write as _;

use prollytree_repo::{MapName, MapRoot, Maps};
use prollytree_tree::{Hash, TreeConfig};

/// The file's name, in the folder of a data set.
pub(crate) const FILE: &str = "PROLLY";
/// The first line: what the file is, and the version of the layout.
const HEADER: &str = "prolly 1";

/// A file that is no list of maps.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ListingError {
    /// A version of the layout that this version does not know, or no list at all.
    #[error("the first line is {found:?}, this version reads {HEADER:?}")]
    Version {
        /// The first line.
        found: String,
    },
    /// A line that is not as the format demands.
    #[error("line {line} is not as the format demands; the file is written by programs only")]
    Line {
        /// The line's number, from 1.
        line: usize,
    },
}

/// Writes the list.
pub(crate) fn encode(maps: &Maps) -> String {
    let mut text = format!("{HEADER}\n");
    for (name, map) in maps {
        let (leaf, inner) = (map.config.leaf_target(), map.config.inner_target());
        _ = write!(text, "map {name} {} {} {leaf} {inner}", map.root, map.count);
        _ = writeln!(text, " {}", map.config.salt());
    }
    text
}

/// Reads the list.
pub(crate) fn decode(bytes: &[u8]) -> Result<Maps, ListingError> {
    let text = String::from_utf8_lossy(bytes);
    let mut lines = text.split('\n');
    let header = lines.next().unwrap_or_default();
    if header != HEADER {
        return Err(ListingError::Version { found: header.chars().take(40).collect() });
    }
    let mut maps = Maps::new();
    for (number, line) in (2..).zip(lines) {
        if line.is_empty() {
            continue;
        }
        let (name, map) = decode_line(line).ok_or(ListingError::Line { line: number })?;
        maps.insert(name, map);
    }
    // One way to write a list: anything out of order, doubled or oddly spelled shows here.
    let canonical = encode(&maps);
    if canonical.as_bytes() != bytes {
        let same = canonical.lines().zip(text.lines()).take_while(|(a, b)| a == b).count();
        return Err(ListingError::Line { line: same + 1 });
    }
    Ok(maps)
}

fn decode_line(line: &str) -> Option<(MapName, MapRoot)> {
    let fields: Vec<_> = line.split(' ').collect();
    let &["map", name, root, count, leaf, inner, salt] = fields.as_slice() else { return None };
    let config =
        TreeConfig::default().with_targets(leaf.parse().ok()?, inner.parse().ok()?).ok()?;
    let map = MapRoot {
        root: root.parse::<Hash>().ok()?,
        count: count.parse().ok().filter(|&count| count > 0)?,
        config: config.with_salt(salt.parse().ok()?),
    };
    Some((MapName::new(name).ok()?, map))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn maps() -> Maps {
        let config = TreeConfig::default().with_targets(1024, 512).unwrap().with_salt(7);
        let map = |byte, count| MapRoot { root: Hash::from_bytes([byte; 32]), count, config };
        let name = |name: &str| MapName::new(name).unwrap();
        Maps::from([(name("default"), map(1, 10)), (name("ü/b"), map(2, 1))])
    }

    #[test]
    fn lists_survive_the_way_through_text() {
        let text = encode(&maps());
        assert!(text.starts_with("prolly 1\nmap default 0101"), "{text}");
        assert_eq!(decode(text.as_bytes()).unwrap(), maps());
        assert_eq!(decode(encode(&Maps::new()).as_bytes()).unwrap(), Maps::new());
    }

    #[test]
    fn every_other_text_is_refused_with_its_line() {
        let text = encode(&maps());
        let lines: Vec<_> = text.lines().collect();
        let swapped = [lines[0], lines[2], lines[1], ""].join("\n");
        let doubled = [lines[0], lines[1], lines[1], ""].join("\n");
        let spaced = text.replace(" 10 ", " 010 ");
        for (bad, line) in [
            (swapped, 2),
            (doubled, 3),
            (spaced, 2),
            (text.replace(" 10 ", " 0 "), 2),
            (text.replace("map ü", "mop ü"), 3),
            (format!("{text}\n"), 4),
            (text.replace('\n', "\r\n"), 1),
            (text.trim_end().to_owned(), 4),
        ] {
            let error = decode(bad.as_bytes()).unwrap_err();
            match error {
                ListingError::Line { line: found } => assert_eq!(found, line, "{bad}"),
                ListingError::Version { .. } => assert_eq!(line, 1, "{bad}"),
            }
        }
        let conflict = format!("<<<<<<< HEAD\n{text}");
        assert!(matches!(decode(conflict.as_bytes()), Err(ListingError::Version { .. })));
        assert!(matches!(decode(b"prolly 2\n"), Err(ListingError::Version { .. })));
    }
}
