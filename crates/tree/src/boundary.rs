//! The boundary rule: after which entry a node ends.
//!
//! Each level runs an exponential race, decided by the hash of the key alone: an entry with hash
//! `h` draws the waiting time `E(h) = −ln((h̄ + 1)/2⁶⁴)` (`h̄` the complement of `h`) and ends the node if
//! that is at most the growth `Λ(s) − Λ(s − e)` of the hazard `Λ(s) = (s/L)⁴` over the entry's own
//! size `e`. Node sizes are then Weibull with shape 4 and scale `L`. The source of the shape and the
//! comparison with the alternatives are in `docs/design/boundary.md`; all arithmetic is on integers,
//! in Q32 fixed point, so that every platform cuts alike.

use xxhash_rust::xxh3::xxh3_64_with_seed;

use crate::config::TreeConfig;

/// `ln 2` in Q32.
const LN2: u64 = LN[256] as u64;

/// The boundary rule of one level of one tree.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rule {
    seed: u64,
    /// log₂ of `L`, the scale of the node size in bytes.
    target_log2: u32,
    /// A node may not end before it holds so many entries.
    min_entries: usize,
}

impl Rule {
    pub(crate) fn new(config: &TreeConfig, level: u8) -> Self {
        let target = if level == 0 { config.leaf_target() } else { config.inner_target() };
        Self {
            // The levels must race independently, or one ground key would end nodes on all of them.
            seed: config.salt() ^ (u64::from(level) + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15),
            target_log2: target.ilog2(),
            min_entries: if level == 0 { 1 } else { 2 },
        }
    }

    /// The size below which a node does not end by the rule.
    pub(crate) fn min_size(&self) -> u64 {
        1 << (self.target_log2 - 2)
    }

    /// The size that a node does not pass unless its first entries alone do.
    pub(crate) fn max_size(&self) -> u64 {
        2 << self.target_log2
    }

    /// Whether the next entry, of this size, may not join a node of `entries` entries and `size` bytes.
    pub(crate) fn overflows(&self, entries: usize, size: u64, next: u64) -> bool {
        entries >= self.min_entries && size + next > self.max_size()
    }

    /// Whether a node may end after an entry that brings it to `entries` entries and `size` bytes.
    pub(crate) fn may_end(&self, entries: usize, size: u64) -> bool {
        entries >= self.min_entries && size >= self.min_size()
    }

    /// The hash of a key at this level; the smaller, the sooner a node ends after it.
    pub(crate) fn hash(&self, key: &[u8]) -> u64 {
        xxh3_64_with_seed(key, self.seed)
    }

    /// Whether the node ends after an entry with this key hash, whose own size brought it to `size`.
    pub(crate) fn ends(&self, hash: u64, size: u64, entry_size: u64) -> bool {
        waiting_time(hash) <= self.hazard(size) - self.hazard(size - entry_size)
    }

    /// `Λ(s) = (s/L)⁴` in Q32.
    fn hazard(&self, size: u64) -> u64 {
        // Sizes stay below 2¹⁵, see `TreeConfig` and the key limit: the fourth power fits 60 bits.
        let fourth = size.pow(4);
        match (4 * self.target_log2).checked_sub(32) {
            Some(shift) => fourth >> shift,
            None => fourth << (32 - 4 * self.target_log2),
        }
    }
}

/// `E(h)` in Q32, at most `64 · ln 2`.
fn waiting_time(hash: u64) -> u64 {
    let draw = !hash;
    if draw == 0 {
        return 64 * LN2;
    }
    let leading_zeros = draw.leading_zeros();
    let mantissa = draw << leading_zeros; // 1.x in Q63
    let index = (mantissa >> 55) as usize & 0xff;
    let fraction = mantissa >> 39 & 0xffff;
    let (low, high) = (u64::from(LN[index]), u64::from(LN[index + 1]));
    let ln_mantissa = low + (((high - low) * fraction) >> 16);
    (u64::from(leading_zeros) + 1) * LN2 - ln_mantissa
}

/// `ln(1 + i/256)` in Q32, rounded to nearest.
#[rustfmt::skip]
const LN: [u32; 257] = [
    0x00000000, 0x00ff8055, 0x01fe02a7, 0x02fb88ec, 0x03f81516, 0x04f3a911, 0x05ee46c2, 0x06e7f00a,
    0x07e0a6c4, 0x08d86cc5, 0x09cf43dd, 0x0ac52dd8, 0x0bba2c7b, 0x0cae4187, 0x0da16eb9, 0x0e93b5c5,
    0x0f851860, 0x10759836, 0x116536ef, 0x1253f62f, 0x1341d796, 0x142edcbf, 0x151b073f, 0x160658a9,
    0x16f0d28b, 0x17da766d, 0x18c345d6, 0x19ab4246, 0x1a926d3a, 0x1b78c82c, 0x1c5e548f, 0x1d4313d6,
    0x1e27076e, 0x1f0a30c0, 0x1fec9132, 0x20ce2a26, 0x21aefcfa, 0x228f0b09, 0x236e55aa, 0x244cde32,
    0x252aa5f0, 0x2607ae32, 0x26e3f840, 0x27bf8562, 0x289a56da, 0x29746de7, 0x2a4dcbc7, 0x2b2671b3,
    0x2bfe60e1, 0x2cd59a85, 0x2dac1fce, 0x2e81f1eb, 0x2f571204, 0x302b8143, 0x30ff40ca, 0x31d251bd,
    0x32a4b53a, 0x33766c5d, 0x34477840, 0x3517d9f9, 0x35e7929d, 0x36b6a33d, 0x37850ce8, 0x3852d0ab,
    0x391fef8f, 0x39ec6a9c, 0x3ab842d7, 0x3b837941, 0x3c4e0edc, 0x3d1804a5, 0x3de15b98, 0x3eaa14ad,
    0x3f7230db, 0x4039b117, 0x41009653, 0x41c6e17f, 0x428c938a, 0x4351ad5e, 0x44162fe7, 0x44da1c0a,
    0x459d72af, 0x466034b7, 0x47226306, 0x47e3fe79, 0x48a507ef, 0x49658043, 0x4a25684f, 0x4ae4c0eb,
    0x4ba38aec, 0x4c61c725, 0x4d1f766a, 0x4ddc998b, 0x4e993156, 0x4f553e97, 0x5010c21a, 0x50cbbca8,
    0x51862f08, 0x52401a01, 0x52f97e56, 0x53b25cca, 0x546ab61d, 0x55228b0f, 0x55d9dc5d, 0x5690aac4,
    0x5746f6fd, 0x57fcc1c3, 0x58b20bcb, 0x5966d5cc, 0x5a1b207a, 0x5aceec89, 0x5b823aa9, 0x5c350b8a,
    0x5ce75fdb, 0x5d993849, 0x5e4a957f, 0x5efb7829, 0x5fabe0ee, 0x605bd077, 0x610b4768, 0x61ba4669,
    0x6268ce1b, 0x6316df21, 0x63c47a1d, 0x64719fad, 0x651e5071, 0x65ca8d04, 0x66765604, 0x6721ac0b,
    0x67cc8fb3, 0x68770193, 0x69210244, 0x69ca925a, 0x6a73b26a, 0x6b1c6309, 0x6bc4a4c9, 0x6c6c783b,
    0x6d13ddef, 0x6dbad675, 0x6e61625a, 0x6f07822c, 0x6fad3677, 0x70527fc4, 0x70f75e9f, 0x719bd390,
    0x723fdf1e, 0x72e381d1, 0x7386bc2e, 0x74298eba, 0x74cbf9f8, 0x756dfe6c, 0x760f9c96, 0x76b0d4f9,
    0x7751a813, 0x77f21664, 0x7892206a, 0x7931c6a2, 0x79d10987, 0x7a6fe996, 0x7b0e6749, 0x7bac8319,
    0x7c4a3d7f, 0x7ce796f2, 0x7d848fea, 0x7e2128dc, 0x7ebd623e, 0x7f593c84, 0x7ff4b821, 0x808fd589,
    0x812a952d, 0x81c4f77e, 0x825efced, 0x82f8a5e9, 0x8391f2e1, 0x842ae442, 0x84c37a7b, 0x855bb5f6,
    0x85f39721, 0x868b1e66, 0x87224c2f, 0x87b920e5, 0x884f9cf1, 0x88e5c0bc, 0x897b8cad, 0x8a110129,
    0x8aa61e98, 0x8b3ae55d, 0x8bcf55df, 0x8c637080, 0x8cf735a3, 0x8d8aa5ac, 0x8e1dc0fc, 0x8eb087f3,
    0x8f42faf4, 0x8fd51a5c, 0x9066e68d, 0x90f85fe3, 0x918986be, 0x921a5b7a, 0x92aade75, 0x933b100a,
    0x93caf094, 0x945a8070, 0x94e9bff6, 0x9578af81, 0x96074f6a, 0x9695a009, 0x9723a1b7, 0x97b154cb,
    0x983eb99a, 0x98cbd07d, 0x995899c9, 0x99e515d2, 0x9a7144ed, 0x9afd276f, 0x9b88bdaa, 0x9c1407f3,
    0x9c9f069b, 0x9d29b9f4, 0x9db42250, 0x9e3e4000, 0x9ec81354, 0x9f519c9b, 0x9fdadc27, 0xa063d244,
    0xa0ec7f42, 0xa174e36f, 0xa1fcff18, 0xa284d28a, 0xa30c5e11, 0xa393a1fa, 0xa41a9e8f, 0xa4a1541d,
    0xa527c2ee, 0xa5adeb4b, 0xa633cd7e, 0xa6b969d2, 0xa73ec08e, 0xa7c3d1fb, 0xa8489e60, 0xa8cd2606,
    0xa9516933, 0xa9d5682e, 0xaa59233d, 0xaadc9aa6, 0xab5fceae, 0xabe2bf9a, 0xac656dae, 0xace7d930,
    0xad6a0262, 0xadebe987, 0xae6d8ee3, 0xaeeef2b9, 0xaf701549, 0xaff0f6d7, 0xb07197a2, 0xb0f1f7ed,
    0xb17217f8,
];

#[cfg(test)]
mod ground_keys;
#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_the_logarithm() {
        for (i, &entry) in LN.iter().enumerate() {
            let exact = (1.0 + i as f64 / 256.0).ln() * 4_294_967_296.0;
            assert!((f64::from(entry) - exact).abs() < 1.0, "LN[{i}]");
        }
    }

    #[test]
    fn the_waiting_time_is_minus_the_logarithm() {
        let mut hash = 1u64;
        for _ in 0..10_000 {
            hash = hash.wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(17) ^ 0x55;
            let exact = -((!hash as f64 + 1.0) / 2f64.powi(64)).ln();
            let ours = waiting_time(hash) as f64 / 4_294_967_296.0;
            assert!((ours - exact).abs() < 4e-6, "{hash:x}: {ours} is not {exact}");
        }
        assert!(waiting_time(0) < 1 << 17);
        assert!(waiting_time(u64::MAX) >= waiting_time(u64::MAX - 1));
    }

    #[test]
    fn node_sizes_are_weibull() {
        let rule = Rule::new(&TreeConfig::default(), 0);
        let (mut sizes, mut size, mut entries) = (Vec::new(), 0, 0);
        for i in 0u64..400_000 {
            size += 100;
            entries += 1;
            let hash = rule.hash(&i.to_be_bytes());
            if rule.may_end(entries, size) && rule.ends(hash, size, 100) {
                sizes.push(size as f64);
                (size, entries) = (0, 0);
            }
        }
        let mean = sizes.iter().sum::<f64>() / sizes.len() as f64;
        let variance = sizes.iter().map(|s| (s - mean).powi(2)).sum::<f64>() / sizes.len() as f64;
        let variation = variance.sqrt() / mean;
        assert!((3_500.0..4_000.0).contains(&mean), "mean {mean}");
        assert!(variation < 0.3, "coefficient of variation {variation}");
    }
}
