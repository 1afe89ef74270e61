//! The input of every row: seeded, in random order, the same for all engines.

/// Bytes of a key.
pub const KEY_BYTES: usize = 16;
/// Bytes of a value.
pub const VALUE_BYTES: usize = 66;
/// Bytes of one pair as the user sees it, without any structure around it.
pub const PAIR_BYTES: usize = KEY_BYTES + VALUE_BYTES;

/// A key.
pub type Key = [u8; KEY_BYTES];

/// One key with its value.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry {
    /// The key.
    pub key: Key,
    /// The value.
    pub value: [u8; VALUE_BYTES],
}

impl Entry {
    fn random(rng: &mut SplitMix64) -> Self {
        let mut entry = Self { key: [0; KEY_BYTES], value: [0; VALUE_BYTES] };
        rng.fill(&mut entry.key);
        rng.fill(&mut entry.value);
        entry
    }

    /// Returns the entry with another value of the same length.
    pub fn changed(mut self) -> Self {
        for byte in &mut self.value {
            *byte = !*byte;
        }
        self
    }
}

/// The splitmix64 generator (Steele, Lea and Flood, "Fast splittable
/// pseudorandom number generators", OOPSLA 2014).
pub struct SplitMix64(u64);

impl SplitMix64 {
    /// Starts a sequence.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Returns the next 64 bits.
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Returns a number below `bound`. The bias is below 2⁻⁴⁰ for the bounds used here.
    pub fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }

    fn fill(&mut self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            chunk.copy_from_slice(&self.next().to_be_bytes()[..chunk.len()]);
        }
    }
}

/// The entries of a map of one size, and more that are not in it.
pub struct Dataset {
    /// The entries in random order. Key order and this order are independent, so
    /// any prefix is a random sample of the keys present.
    pub shuffled: Vec<Entry>,
    /// The same entries by ascending key.
    pub sorted: Vec<Entry>,
    /// Entries whose keys are absent from the map.
    pub fresh: Vec<Entry>,
}

impl Dataset {
    /// Draws `len` entries and `fresh` more.
    ///
    /// 128-bit random keys do not repeat at these sizes; the debug assertion
    /// would say so if they did.
    pub fn new(seed: u64, len: usize, fresh: usize) -> Self {
        let mut rng = SplitMix64::new(seed);
        let shuffled: Vec<_> = (0..len).map(|_| Entry::random(&mut rng)).collect();
        let fresh = (0..fresh).map(|_| Entry::random(&mut rng)).collect();
        let mut sorted = shuffled.clone();
        sorted.sort_unstable();
        debug_assert!(sorted.windows(2).all(|pair| pair[0].key < pair[1].key));
        Self { shuffled, sorted, fresh }
    }

    /// Number of entries in the map.
    pub fn len(&self) -> usize {
        self.shuffled.len()
    }
}

/// Reads every byte of `bytes` and returns a sum that depends on them, so that
/// neither the optimiser nor a lazy engine can skip the work.
pub fn touch(bytes: &[u8]) -> u64 {
    let mut words = bytes.chunks_exact(8);
    let sum = words.by_ref().fold(0u64, |sum, word| {
        let mut buffer = [0; 8];
        buffer.copy_from_slice(word);
        sum.wrapping_add(u64::from_le_bytes(buffer))
    });
    words.remainder().iter().fold(sum, |sum, &byte| sum.wrapping_add(u64::from(byte)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splitmix64_matches_the_published_sequence() {
        let mut rng = SplitMix64::new(0);
        assert_eq!(rng.next(), 0xe220_a839_7b1d_cdaf);
        assert_eq!(rng.next(), 0x6e78_9e6a_a1b9_65f4);
    }

    #[test]
    fn touch_sees_every_byte() {
        let bytes = [7; VALUE_BYTES];
        for index in 0..VALUE_BYTES {
            let mut other = bytes;
            other[index] = 8;
            assert_ne!(touch(&bytes), touch(&other), "byte {index}");
        }
    }
}
