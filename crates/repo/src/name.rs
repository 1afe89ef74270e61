//! The names of refs, branches, tags and maps, and the rules for them.

use std::fmt;

/// The longest name of a branch, a tag or a map, in bytes.
///
/// Prefixes as `log/refs/heads/` come before it, and a ref has at most 200 bytes altogether.
pub const MAX_NAME_LEN: usize = 180;

const BRANCHES: &str = "refs/heads/";
const TAGS: &str = "refs/tags/";
const LOGS: &str = "log/";
const STATES: &str = "state/";

/// A name that breaks a rule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{name:?} cannot name a {what}: {reason}")]
pub struct NameError {
    /// The name as it was given.
    pub name: String,
    /// What it was to name: "branch", "tag", "map" or "ref".
    pub what: &'static str,
    /// The rule that it breaks.
    pub reason: &'static str,
}

/// The rules of `git check-ref-format`, and a few that keep names safe on a command line.
fn check(name: &str, what: &'static str) -> Result<(), NameError> {
    let reason = if name.is_empty() {
        "it is empty"
    } else if name.len() > MAX_NAME_LEN {
        "it is longer than 180 bytes"
    } else if name == "HEAD" || name == "@" {
        "the name is reserved"
    } else if name.starts_with('-') {
        "it starts with '-'"
    } else if name.contains("..") {
        "it contains '..'"
    } else if name.contains("@{") {
        "it contains '@{'"
    } else if name.ends_with('.') {
        "it ends with '.'"
    } else if name.chars().any(|c| c.is_control() || " ~^:?*[\\".contains(c)) {
        "it contains a space, a control character or one of ~ ^ : ? * [ \\"
    } else if name.split('/').any(str::is_empty) {
        "a part between '/' is empty"
    } else if name.split('/').any(|part| part.starts_with('.') || part.ends_with(".lock")) {
        "a part starts with '.' or ends with '.lock'"
    } else {
        return Ok(());
    };
    Err(NameError { name: name.to_owned(), what, reason })
}

/// The full name of a ref: `HEAD`, `refs/heads/main`, `refs/tags/v1.0`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RefName(String);

impl RefName {
    /// The ref that tells what is checked out.
    pub fn head() -> Self {
        Self("HEAD".to_owned())
    }

    /// The ref of a branch.
    ///
    /// # Errors
    /// The name breaks a rule.
    pub fn branch(name: &str) -> Result<Self, NameError> {
        check(name, "branch")?;
        Ok(Self([BRANCHES, name].concat()))
    }

    /// The ref of a tag.
    ///
    /// # Errors
    /// The name breaks a rule.
    pub fn tag(name: &str) -> Result<Self, NameError> {
        check(name, "tag")?;
        Ok(Self([TAGS, name].concat()))
    }

    /// Reads a full name, as a backend keeps it.
    ///
    /// # Errors
    /// The name breaks a rule, or is of no kind that a repository has.
    pub fn parse(full: &str) -> Result<Self, NameError> {
        let plain = full.strip_prefix(LOGS).unwrap_or(full);
        let known = plain == "HEAD"
            || [BRANCHES, TAGS, STATES].iter().any(|kind| {
                plain.strip_prefix(kind).is_some_and(|name| check(name, "ref").is_ok())
            });
        if !known {
            return Err(NameError {
                name: full.to_owned(),
                what: "ref",
                reason: "it is no valid name under refs/heads/ or refs/tags/",
            });
        }
        Ok(Self(full.to_owned()))
    }

    pub(crate) fn state(name: &'static str) -> Self {
        Self([STATES, name].concat())
    }

    /// The ref that holds the newest entry of this ref's log.
    pub(crate) fn log(&self) -> Self {
        Self([LOGS, &self.0].concat())
    }

    /// The ref whose log this is.
    pub(crate) fn logged(&self) -> Option<Self> {
        self.0.strip_prefix(LOGS).map(|name| Self(name.to_owned()))
    }

    /// Whether moves of this ref are logged.
    pub(crate) fn is_logged(&self) -> bool {
        !self.0.starts_with(LOGS) && !self.0.starts_with(STATES)
    }

    /// The full name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name of the branch, if the ref is one.
    pub fn as_branch(&self) -> Option<&str> {
        self.0.strip_prefix(BRANCHES)
    }

    /// The name of the tag, if the ref is one.
    pub fn as_tag(&self) -> Option<&str> {
        self.0.strip_prefix(TAGS)
    }

    /// The name as people write it: without `refs/heads/` or `refs/tags/`.
    pub fn short(&self) -> &str {
        self.as_branch().or(self.as_tag()).unwrap_or(&self.0)
    }

    /// What the names of all branches, or of all tags, begin with.
    pub(crate) const BRANCHES: &'static str = BRANCHES;
    pub(crate) const TAGS: &'static str = TAGS;
    pub(crate) const LOGS: &'static str = LOGS;
}

impl fmt::Display for RefName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The name of a map: what a namespace, a table or a collection is in other systems.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MapName(String);

impl MapName {
    /// Checks and takes a name.
    ///
    /// # Errors
    /// The name breaks a rule; the rules are those of branches.
    pub fn new(name: impl Into<String>) -> Result<Self, NameError> {
        let name = name.into();
        check(&name, "map")?;
        Ok(Self(name))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for MapName {
    /// The map that is meant where none is named: `default`.
    fn default() -> Self {
        Self("default".to_owned())
    }
}

impl fmt::Display for MapName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_git_refuses_are_refused() {
        let bad = [
            "", "HEAD", "@", "-x", "/x", "x/", "a//b", "a..b", "a.lock", "a.lock/b", ".a", "a/.b",
            "a.", "a b", "a~b", "a^b", "a:b", "a?b", "a*b", "a[b", "a\\b", "a\nb", "a\u{7f}b",
            "a@{b",
        ];
        for name in bad {
            assert!(RefName::branch(name).is_err(), "{name:?}");
            assert!(MapName::new(name).is_err(), "{name:?}");
            assert!(RefName::parse(&format!("refs/heads/{name}")).is_err(), "{name:?}");
        }
        for name in ["main", "a/b", "v1.0", "ünïcode", "a@b", "x-", &"x".repeat(MAX_NAME_LEN)] {
            assert_eq!(RefName::branch(name).unwrap().as_branch(), Some(name));
        }
        assert!(RefName::branch(&"x".repeat(MAX_NAME_LEN + 1)).is_err());
        assert!(RefName::parse("refs/remotes/x").is_err());
    }

    #[test]
    fn a_log_belongs_to_its_ref() {
        let branch = RefName::branch("a/b").unwrap();
        assert_eq!(branch.log().logged(), Some(branch.clone()));
        assert_eq!(RefName::parse(branch.log().as_str()).unwrap(), branch.log());
        assert!(branch.is_logged() && !branch.log().is_logged());
    }
}
