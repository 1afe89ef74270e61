//! Sets of keys, of which most are all keys but a few.

use std::collections::HashSet;

/// Some keys.
#[derive(Clone, Debug)]
pub(super) enum KeySet {
    /// All but these.
    AllBut(HashSet<Vec<u8>>),
    /// These.
    Only(HashSet<Vec<u8>>),
}

impl KeySet {
    pub(super) fn all() -> Self {
        Self::AllBut(HashSet::new())
    }

    pub(super) fn none() -> Self {
        Self::Only(HashSet::new())
    }

    /// Whether there surely is no key in it.
    pub(super) fn is_empty(&self) -> bool {
        matches!(self, Self::Only(keys) if keys.is_empty())
    }

    pub(super) fn contains(&self, key: &[u8]) -> bool {
        match self {
            Self::AllBut(keys) => !keys.contains(key),
            Self::Only(keys) => keys.contains(key),
        }
    }

    pub(super) fn insert(&mut self, key: &[u8]) {
        match self {
            Self::AllBut(keys) => drop(keys.remove(key)),
            Self::Only(keys) => drop(keys.insert(key.to_vec())),
        }
    }

    pub(super) fn remove(&mut self, key: &[u8]) {
        match self {
            Self::AllBut(keys) => drop(keys.insert(key.to_vec())),
            Self::Only(keys) => drop(keys.remove(key)),
        }
    }

    /// Adds the keys of another set.
    pub(super) fn add(&mut self, other: &Self) {
        match (&mut *self, other) {
            (_, Self::Only(keys)) => keys.iter().for_each(|key| self.insert(key)),
            (Self::AllBut(own), Self::AllBut(keys)) => own.retain(|key| keys.contains(key)),
            (Self::Only(own), Self::AllBut(keys)) => {
                let rest = keys.iter().filter(|key| !own.contains(*key)).cloned().collect();
                *self = Self::AllBut(rest);
            }
        }
    }

    /// Takes the keys of another set away.
    pub(super) fn subtract(&mut self, other: &Self) {
        match (&mut *self, other) {
            (_, Self::Only(keys)) => keys.iter().for_each(|key| self.remove(key)),
            (Self::Only(own), Self::AllBut(keys)) => own.retain(|key| keys.contains(key)),
            (Self::AllBut(own), Self::AllBut(keys)) => {
                let rest = keys.iter().filter(|key| !own.contains(*key)).cloned().collect();
                *self = Self::Only(rest);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each set of three keys, told by what it has or by what it lacks.
    fn sets() -> Vec<(KeySet, [bool; 3])> {
        let mut sets = Vec::new();
        for bits in 0..8_u8 {
            let chosen: HashSet<_> =
                (0..3).filter(|i| bits & 1 << i != 0).map(|i| vec![i]).collect();
            let has = |i: u8| bits & 1 << i != 0;
            sets.push((KeySet::Only(chosen.clone()), [has(0), has(1), has(2)]));
            sets.push((KeySet::AllBut(chosen), [!has(0), !has(1), !has(2)]));
        }
        sets
    }

    #[test]
    fn sets_are_added_and_subtracted() {
        for (a, has_a) in sets() {
            for (b, has_b) in sets() {
                let (mut sum, mut rest) = (a.clone(), a.clone());
                sum.add(&b);
                rest.subtract(&b);
                for i in 0..3 {
                    let key = [i as u8];
                    assert_eq!(sum.contains(&key), has_a[i] || has_b[i], "{a:?} + {b:?}");
                    assert_eq!(rest.contains(&key), has_a[i] && !has_b[i], "{a:?} - {b:?}");
                }
            }
        }
    }
}
