//! What needs every feature: the engines of SQL on each backend.

mod conformance;
mod corpus;
mod engines;
mod support;
