//! Where a part of a tree is in Git, and the locators that lead there.

use gix::hash::ObjectId;
use prollytree_repo::MapName;
use prollytree_tree::Locator;

use crate::name::Form;

/// Where a part of a tree is known to be.
#[derive(Clone, Debug)]
pub(crate) enum Found {
    /// A child of a node.
    Child(Form, ObjectId),
    /// A root, in a tree of its own even if it is a bare leaf.
    Root(ObjectId),
    /// The root of a map in the tree of a data set.
    Map(ObjectId, MapName),
    /// A large value, or a part of one.
    Value(ObjectId),
}

/// The bit that locators of ours have, and [`Locator::NONE`] does not have alone.
const MARK: u64 = 1 << 63;
/// Where the form of the child stands.
const FORM_SHIFT: u32 = 60;
/// How many bits of an object id a locator holds: fifteen hexadecimal digits.
pub(crate) const PREFIX_DIGITS: usize = 15;
const PREFIX_MASK: u64 = (1 << FORM_SHIFT) - 1;

/// The locator of a child: its form, and the first digits of its object id.
pub(crate) fn locator(form: Form, id: &ObjectId) -> Locator {
    let form = match form {
        Form::Tree => 0,
        Form::Text => 1,
        Form::Binary => 2,
    };
    Locator(MARK | form << FORM_SHIFT | prefix_of(id))
}

/// The form and the first digits that a locator holds; `None` if it is not one of ours.
pub(crate) fn parse_locator(locator: Locator) -> Option<(Form, u64)> {
    let form = match locator.0 >> FORM_SHIFT {
        0b1000 => Form::Tree,
        0b1001 => Form::Text,
        0b1010 => Form::Binary,
        _ => return None,
    };
    Some((form, locator.0 & PREFIX_MASK))
}

fn prefix_of(id: &ObjectId) -> u64 {
    let (first, _) = id.as_slice().split_first_chunk().unwrap_or((&[0; 8], &[]));
    u64::from_be_bytes(*first) >> (64 - FORM_SHIFT)
}

/// The first of all object ids that begin with these digits.
pub(crate) fn first_with_prefix(hash: gix::hash::Kind, prefix: u64) -> ObjectId {
    let mut id = ObjectId::null(hash);
    id.as_mut_slice()[..8].copy_from_slice(&(prefix << (64 - FORM_SHIFT)).to_be_bytes());
    id
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn locators_hold_the_form_and_fifteen_digits() {
        let id = ObjectId::from_hex(b"fedcba9876543210fedcba9876543210fedcba98").unwrap();
        for form in Form::ALL {
            let locator = locator(form, &id);
            assert_ne!(locator, Locator::NONE);
            let (found, prefix) = parse_locator(locator).unwrap();
            assert_eq!((found, prefix), (form, 0x0fed_cba9_8765_4321));
            let first = first_with_prefix(id.kind(), prefix);
            assert_eq!(first.to_string(), format!("fedcba987654321{}", "0".repeat(25)));
        }
        assert_eq!(parse_locator(Locator::NONE), None);
        assert_eq!(parse_locator(Locator(1 << 40)), None);
    }
}
