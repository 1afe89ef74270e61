//! The input of the Git rows: text, as people keep it in Git.

use crate::data::SplitMix64;

/// One key with its value.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Record {
    /// The key, such as `user:00012345`.
    pub key: String,
    /// The value: 80 to 100 bytes of JSON.
    pub value: String,
    number: usize,
    word: u64,
}

impl Record {
    fn new(number: usize, word: u64, score: usize) -> Self {
        let (name, mail) = ((word >> 32) as u32, word as u32);
        let key = format!("user:{number:08}");
        let value = format!(
            r#"{{"id":{number},"name":"user {name:08x}","email":"{mail:08x}@example.com","score":{score},"active":true}}"#
        );
        Self { key, value, number, word }
    }

    /// Returns the record after its `nth` change: another score, all else the same.
    pub fn changed(&self, nth: usize) -> Self {
        Self::new(self.number, self.word, 1_001 + nth)
    }

    /// Bytes of the key and the value.
    pub fn len_bytes(&self) -> usize {
        self.key.len() + self.value.len()
    }
}

/// The records of a store of one size, and more that are not in it.
pub struct Records {
    /// The records in random order.
    pub shuffled: Vec<Record>,
    /// Records whose keys are absent, anywhere between the others.
    pub fresh: Vec<Record>,
}

/// One in so many numbers is a key.
const GAP: usize = 8;

impl Records {
    /// Draws `len` records and `fresh` more.
    pub fn new(seed: u64, len: usize, fresh: usize) -> Self {
        let mut rng = SplitMix64::new(seed);
        let mut record = |index: usize| {
            let number = index * GAP + rng.below(GAP);
            Record::new(number, rng.next(), 100 + rng.below(900))
        };
        let mut shuffled: Vec<_> = (0..len + fresh).map(&mut record).collect();
        for last in (1..shuffled.len()).rev() {
            shuffled.swap(last, rng.below(last + 1));
        }
        let fresh = shuffled.split_off(len);
        Self { shuffled, fresh }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn keys_differ_and_values_have_their_size() {
        let records = Records::new(3, 9_000, 1_000);
        let all = || records.shuffled.iter().chain(&records.fresh);
        assert_eq!(all().map(|record| &record.key).collect::<BTreeSet<_>>().len(), 10_000);
        for record in all() {
            let changed = record.changed(7);
            assert_eq!(changed.key, record.key);
            assert_ne!(changed.value, record.value);
            for value in [&record.value, &changed.value] {
                assert!((80..=100).contains(&value.len()), "{value}");
            }
        }
    }
}
