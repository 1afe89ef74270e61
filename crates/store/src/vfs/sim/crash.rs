//! What a crash leaves.

use super::Disk;
use super::file::{Change, Inode, write};

/// The unit in which a disk writes, in bytes: it is written as a whole or not at all.
const SECTOR_LEN: usize = 512;

/// A source of decisions: the same seed, the same decisions.
#[derive(Clone, Debug)]
pub struct Dice(u64);

impl Dice {
    /// Dice that roll as the seed says.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A number below `sides`.
    pub fn roll(&mut self, sides: u64) -> u64 {
        // SplitMix64.
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % sides
    }
}

/// How much of what was not synced survives.
#[derive(Clone, Copy)]
enum Luck {
    Nothing,
    Everything,
    Something,
}

impl Luck {
    fn survives(self, dice: &mut Dice) -> bool {
        match self {
            Self::Nothing => false,
            Self::Everything => true,
            Self::Something => dice.roll(2) == 0,
        }
    }
}

impl Disk {
    /// The disk after a crash: each file, and the names, as they may have survived.
    pub(super) fn crash(&self, dice: &mut Dice) -> Self {
        let luck = |dice: &mut Dice| match dice.roll(4) {
            0 => Luck::Nothing,
            1 => Luck::Everything,
            _ => Luck::Something,
        };
        let mut names = self.durable_names.clone();
        let of_names = luck(dice);
        for change in &self.unsynced {
            if of_names.survives(dice) {
                change.apply(&mut names);
            }
        }
        let files = names.into_iter().map(|(name, inode)| {
            let luck = luck(dice);
            (name, self.inodes[inode].crash(luck, dice))
        });
        Self::of(files)
    }
}

impl Inode {
    fn crash(&self, luck: Luck, dice: &mut Dice) -> Vec<u8> {
        let mut content = self.durable.clone();
        for change in &self.unsynced {
            match change {
                Change::Truncate(_) if luck.survives(dice) => change.apply(&mut content),
                Change::Truncate(_) => {}
                Change::Write { at, bytes } => survive(&mut content, *at, bytes, luck, dice),
            }
        }
        content
    }
}

/// Writes the sectors that survive; a later sector that does leaves zeros in a gap before it.
fn survive(content: &mut Vec<u8>, at: u64, bytes: &[u8], luck: Luck, dice: &mut Dice) {
    let mut at = at as usize;
    let mut rest = bytes;
    while !rest.is_empty() {
        let len = (SECTOR_LEN - at % SECTOR_LEN).min(rest.len());
        let (sector, after) = rest.split_at(len);
        if luck.survives(dice) {
            write(content, at, sector);
        } else if matches!(luck, Luck::Something) && at >= content.len() && dice.roll(2) == 0 {
            // The length of the file survived, and the bytes did not.
            write(content, at, &vec![0; len]);
        }
        (at, rest) = (at + len, after);
    }
}
