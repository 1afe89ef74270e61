//! The parameters that shape a tree.

/// A parameter that no tree can have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("node target of {target} bytes: expected a power of two from {MIN_TARGET} to {MAX_TARGET}")]
pub struct ConfigError {
    target: u32,
}

/// The smallest node target, in bytes; only tests want one so small.
const MIN_TARGET: u32 = 64;
/// The largest node target, in bytes: a node's offsets have 15 bits, and nodes reach twice their target.
const MAX_TARGET: u32 = 8192;

/// What decides a tree's shape beside its content.
///
/// Two trees with the same content have the same root only if their configurations are equal; keep
/// the default unless a measurement speaks against it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TreeConfig {
    leaf_target: u32,
    inner_target: u32,
    salt: u64,
}

impl Default for TreeConfig {
    /// Leaves of 4 KiB, inner nodes of 2 KiB, no salt.
    fn default() -> Self {
        Self { leaf_target: 4096, inner_target: 2048, salt: 0 }
    }
}

impl TreeConfig {
    /// Sets the scale of the node sizes in bytes, each a power of two from 64 to 8192.
    ///
    /// The mean node is nine tenths of its target, the largest twice the target unless a single
    /// entry is larger.
    ///
    /// # Errors
    /// A target that is no power of two, or out of range.
    pub fn with_targets(self, leaf: u32, inner: u32) -> Result<Self, ConfigError> {
        for target in [leaf, inner] {
            if !target.is_power_of_two() || !(MIN_TARGET..=MAX_TARGET).contains(&target) {
                return Err(ConfigError { target });
            }
        }
        Ok(Self { leaf_target: leaf, inner_target: inner, ..self })
    }

    /// Sets a salt that moves every boundary.
    ///
    /// A secret salt keeps whoever chooses the keys from choosing the boundaries too, and gives up
    /// the sharing of nodes with trees of another salt.
    pub fn with_salt(self, salt: u64) -> Self {
        Self { salt, ..self }
    }

    /// The scale of the leaf size, in bytes.
    pub fn leaf_target(&self) -> u32 {
        self.leaf_target
    }

    /// The scale of the inner node size, in bytes.
    pub fn inner_target(&self) -> u32 {
        self.inner_target
    }

    /// The salt, 0 by default.
    pub fn salt(&self) -> u64 {
        self.salt
    }
}
