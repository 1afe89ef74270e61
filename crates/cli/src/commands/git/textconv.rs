//! `prolly git textconv`

use std::fmt::{self, Write as _};
use std::io::Read;
use std::path::PathBuf;

use clap::Args;
use prollytree_tree::{Node, Value};

use crate::context::{Context, open_input};
use crate::error::CliError;
use crate::exit::Exit;
use crate::text::ShownValue;

/// How many digits of a child's name are shown.
const NAME_DIGITS: usize = 16;

/// Prints a node as lines of text, for `git diff` and `git show`.
///
/// A leaf has a line `KEY<TAB>VALUE` for each entry, an inner node a line
/// `COUNT<TAB>HASH<TAB>LAST KEY` for each child. A file that is no node is printed as it is.
#[derive(Args, Debug)]
pub(crate) struct Textconv {
    /// The file, as Git hands it over; `-` is standard input.
    file: PathBuf,
}

impl Textconv {
    pub(crate) fn run(self, context: &mut Context) -> Result<Exit, CliError> {
        let mut bytes = Vec::new();
        let mut file = open_input(&self.file)?;
        file.read_to_end(&mut bytes).map_err(CliError::file("read", &self.file))?;
        match Node::decode(&bytes[..]) {
            Ok(node) if node.is_leaf() => write_leaf(context, &node)?,
            Ok(node) => write_inner(context, &node)?,
            Err(_) => context.out.bytes(&bytes)?,
        }
        Ok(Exit::Ok)
    }
}

fn write_leaf(context: &mut Context, node: &Node) -> Result<(), CliError> {
    for i in 0..node.len() {
        let key = node.key(i);
        match node.value(i).to_value() {
            Value::Inline(value) => {
                context.out.line(format_args!("{}\t{}", Escaped(&key), Escaped(&value)))?;
            }
            large => context.out.line(format_args!("{}\t{}", Escaped(&key), ShownValue(&large)))?,
        }
    }
    Ok(())
}

fn write_inner(context: &mut Context, node: &Node) -> Result<(), CliError> {
    for (i, child) in node.children().enumerate() {
        let name = child.hash.to_hex();
        let (name, key) = (&name[..NAME_DIGITS], node.key(i));
        context.out.line(format_args!("{}\t{name}\t{}", child.count, Escaped(&key)))?;
    }
    Ok(())
}

/// Bytes on one line of text, as the text leaves of a data set have them: a backslash always stands
/// for more than itself, so that lines differ where bytes do.
struct Escaped<'a>(&'a [u8]);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for chunk in self.0.utf8_chunks() {
            for c in chunk.valid().chars() {
                match c {
                    '\\' => f.write_str("\\\\")?,
                    '\t' => f.write_str("\\t")?,
                    '\n' => f.write_str("\\n")?,
                    '\r' => f.write_str("\\r")?,
                    c if c.is_control() => write_hex(f, c.encode_utf8(&mut [0; 4]).as_bytes())?,
                    c => f.write_char(c)?,
                }
            }
            write_hex(f, chunk.invalid())?;
        }
        Ok(())
    }
}

fn write_hex(f: &mut fmt::Formatter<'_>, bytes: &[u8]) -> fmt::Result {
    bytes.iter().try_for_each(|byte| write!(f, "\\x{byte:02x}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_that_is_not_printable_is_escaped() {
        let shown = |bytes: &[u8]| Escaped(bytes).to_string();
        assert_eq!(shown("käse {\"a\": 1}".as_bytes()), "käse {\"a\": 1}");
        assert_eq!(shown(b"\t\n\r\\x"), r"\t\n\r\\x");
        assert_eq!(shown(b"a\x00\x1b\xff\xe2\x82"), r"a\x00\x1b\xff\xe2\x82");
        assert_eq!(shown("\u{85}".as_bytes()), r"\xc2\x85");
    }
}
