//! How a repository is opened.

use std::fmt;
use std::sync::Arc;

use prollytree_tree::TreeConfig;

use crate::time::{Clock, SystemClock};

/// How a repository is opened.
#[derive(Clone)]
pub struct Options {
    pub(crate) author_name: Option<String>,
    pub(crate) author_email: Option<String>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) default_branch: String,
    pub(crate) tree_config: TreeConfig,
    pub(crate) pending_budget_bytes: usize,
}

impl Default for Options {
    /// The system's clock, the identity of the repository's configuration, the branch `main`, the
    /// default tree, 64 MiB of pending edits.
    fn default() -> Self {
        Self {
            author_name: None,
            author_email: None,
            clock: Arc::new(SystemClock),
            default_branch: "main".to_owned(),
            tree_config: TreeConfig::default(),
            pending_budget_bytes: 64 << 20,
        }
    }
}

impl Options {
    /// The defaults, with the author that the environment names.
    ///
    /// Reads `PROLLY_AUTHOR_NAME` and `PROLLY_AUTHOR_EMAIL`, then `GIT_AUTHOR_NAME` and
    /// `GIT_AUTHOR_EMAIL`; what is empty or not UTF-8 counts as unset. Nothing else reads the
    /// environment.
    pub fn from_env() -> Self {
        let variable = |field: &str| {
            ["PROLLY", "GIT"].into_iter().find_map(|program| {
                let value = std::env::var(format!("{program}_AUTHOR_{field}")).ok();
                value.filter(|value| !value.is_empty())
            })
        };
        let (author_name, author_email) = (variable("NAME"), variable("EMAIL"));
        Self { author_name, author_email, ..Self::default() }
    }

    /// Sets the author's name, before the repository's configuration.
    pub fn with_author_name(self, name: impl Into<String>) -> Self {
        Self { author_name: Some(name.into()), ..self }
    }

    /// Sets the author's address, before the repository's configuration.
    pub fn with_author_email(self, email: impl Into<String>) -> Self {
        Self { author_email: Some(email.into()), ..self }
    }

    /// Names the author where nobody is named yet, before the repository's configuration.
    pub fn or_author(self, name: Option<String>, email: Option<String>) -> Self {
        Self {
            author_name: self.author_name.or(name),
            author_email: self.author_email.or(email),
            ..self
        }
    }

    /// Sets where the time comes from.
    pub fn with_clock(self, clock: impl Clock + 'static) -> Self {
        Self { clock: Arc::new(clock), ..self }
    }

    /// Sets the branch that a new repository begins with.
    pub fn with_default_branch(self, name: impl Into<String>) -> Self {
        Self { default_branch: name.into(), ..self }
    }

    /// Sets the parameters of the trees of new maps.
    pub fn with_tree_config(self, tree_config: TreeConfig) -> Self {
        Self { tree_config, ..self }
    }

    /// Sets how many bytes of edits are held in memory before they are built into the trees.
    pub fn with_pending_budget_bytes(self, pending_budget_bytes: usize) -> Self {
        Self { pending_budget_bytes, ..self }
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("author_name", &self.author_name)
            .field("author_email", &self.author_email)
            .field("default_branch", &self.default_branch)
            .finish_non_exhaustive()
    }
}
