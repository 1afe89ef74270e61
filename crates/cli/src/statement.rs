//! Which keys a proof is about, as `prolly prove` and `prolly verify` take it.

use clap::Args;
use prollytree_tree::Statement;

use crate::context::HexArg;
use crate::error::CliError;

/// The statement of a proof.
#[derive(Args, Debug)]
pub(crate) struct StatementArgs {
    /// A key; several may be proved at once, present or absent.
    #[arg(short, long = "key", value_name = "KEY", group = "statement")]
    pub(crate) keys: Vec<String>,
    /// All keys that begin with this prefix: none is left out.
    #[arg(long, value_name = "PREFIX", group = "statement")]
    prefix: Option<String>,
    /// All keys from the first up to the second, which does not belong to them: none is left out.
    #[arg(long, num_args = 2, value_names = ["FROM", "TO"], group = "statement")]
    range: Option<Vec<String>>,
    /// All keys that there are.
    #[arg(long, group = "statement")]
    all: bool,
    #[command(flatten)]
    pub(crate) hex: HexArg,
}

impl StatementArgs {
    /// The statement, if one was made; `more` are keys beside those of `--key`.
    pub(crate) fn statement(&self, more: &[String]) -> Result<Option<Statement>, CliError> {
        if let Some(prefix) = &self.prefix {
            return Ok(Some(Statement::prefix(&self.hex.bytes("--prefix", prefix)?)));
        }
        if let Some([from, to]) = self.range.as_deref() {
            let (from, to) = (self.hex.bytes("--range", from)?, self.hex.bytes("--range", to)?);
            return Ok(Some(Statement::range(&from[..]..&to[..])));
        }
        if self.all {
            return Ok(Some(Statement::range(..)));
        }
        let keys = self.all_keys(more)?;
        Ok((!keys.is_empty()).then(|| Statement::keys(keys)))
    }

    /// The keys, if the statement is about keys.
    pub(crate) fn all_keys(&self, more: &[String]) -> Result<Vec<Vec<u8>>, CliError> {
        let keys = self.keys.iter().chain(more);
        keys.map(|key| self.hex.bytes("KEY", key)).collect()
    }

    /// The arguments that make the same statement again, for a shell.
    pub(crate) fn to_shell(&self, more: &[String]) -> String {
        let mut arguments = Vec::new();
        let keys = self.keys.iter().chain(more);
        arguments.extend(keys.map(|key| format!("--key {}", quoted(key))));
        arguments.extend(self.prefix.as_ref().map(|prefix| format!("--prefix {}", quoted(prefix))));
        if let Some([from, to]) = self.range.as_deref() {
            arguments.push(format!("--range {} {}", quoted(from), quoted(to)));
        }
        if self.all || arguments.is_empty() {
            arguments.push("--all".to_owned());
        }
        if self.hex.is_set() {
            arguments.push("--hex".to_owned());
        }
        arguments.join(" ")
    }
}

/// A word as a shell takes it.
pub(crate) fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "._-/:@%+=,".contains(c);
    if !word.is_empty() && !word.starts_with('-') && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_survive_a_shell() {
        assert_eq!(quoted("user:1"), "user:1");
        assert_eq!(quoted("it's"), r"'it'\''s'");
        assert_eq!(quoted(""), "''");
        assert_eq!(quoted("$x y"), "'$x y'");
    }
}
