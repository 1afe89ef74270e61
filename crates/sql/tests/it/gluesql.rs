//! The storage of GlueSQL, beyond its suite.

mod program;
