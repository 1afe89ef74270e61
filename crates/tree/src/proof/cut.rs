//! Cuts: positions between keys, the bounds of everything that a proof shows.

/// A position between two neighbouring keys, of all keys that could be.
///
/// The derived order is the order of the positions, because each position has one form: the cut
/// before `k ‖ 0` is the cut after `k`, and the cut before the empty key is the start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Cut<K> {
    Start,
    /// Before the key, or after it.
    At(K, bool),
    End,
}

impl<'k> Cut<&'k [u8]> {
    pub(super) fn before(key: &'k [u8]) -> Self {
        match key {
            [] => Self::Start,
            [head @ .., 0] => Self::At(head, true),
            _ => Self::At(key, false),
        }
    }

    pub(super) fn after(key: &'k [u8]) -> Self {
        Self::At(key, true)
    }

    pub(super) fn to_owned(self) -> Cut<Vec<u8>> {
        match self {
            Self::Start => Cut::Start,
            Self::At(key, after) => Cut::At(key.to_vec(), after),
            Self::End => Cut::End,
        }
    }
}

impl Cut<Vec<u8>> {
    pub(super) fn borrow(&self) -> Cut<&[u8]> {
        match self {
            Self::Start => Cut::Start,
            Self::At(key, after) => Cut::At(key, *after),
            Self::End => Cut::End,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The smallest key behind the cut, which is what a cut means.
    fn first_key(cut: Cut<&[u8]>) -> Vec<u8> {
        match cut {
            Cut::Start => Vec::new(),
            Cut::At(key, after) => [key, &[0][..usize::from(after)]].concat(),
            Cut::End => unreachable!("no key lies behind the end"),
        }
    }

    proptest! {
        #[test]
        fn cuts_are_ordered_as_the_keys_behind_them(
            a in prop::collection::vec(0u8..3, 0..5), a_after in any::<bool>(),
            b in prop::collection::vec(0u8..3, 0..5), b_after in any::<bool>(),
        ) {
            let cut = |key, after| if after { Cut::after(key) } else { Cut::before(key) };
            let (a, b) = (cut(&a[..], a_after), cut(&b[..], b_after));
            prop_assert_eq!(a.cmp(&b), first_key(a).cmp(&first_key(b)));
            prop_assert!(a < Cut::End && a >= Cut::Start);
        }
    }
}
