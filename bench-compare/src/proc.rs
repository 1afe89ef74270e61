//! The kernel's view of this process, from `/proc/self`.

use std::fs;

use crate::engine::Outcome;

/// Bytes this process has written so far.
#[derive(Clone, Copy, Default)]
pub struct Written {
    /// `wchar`: bytes handed to `write` and its kin.
    pub wchar: u64,
    /// `write_bytes`: bytes of dirtied pages bound for the disk, in whole pages.
    pub write_bytes: u64,
}

impl Written {
    /// Reads the counters.
    pub fn now() -> Outcome<Self> {
        let text = fs::read_to_string("/proc/self/io")?;
        Ok(Self { wchar: field(&text, "wchar")?, write_bytes: field(&text, "write_bytes")? })
    }

    /// Returns what was written since `earlier`.
    pub fn since(self, earlier: Self) -> Self {
        Self {
            wchar: self.wchar - earlier.wchar,
            write_bytes: self.write_bytes - earlier.write_bytes,
        }
    }
}

fn field(text: &str, name: &str) -> Outcome<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
    Ok(line.ok_or_else(|| format!("/proc/self/io has no {name}"))?.parse()?)
}

/// Resident memory of this process in bytes; 0 where `/proc` does not tell.
pub fn resident_bytes() -> u64 {
    let statm = fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages = statm.split(' ').nth(1).and_then(|pages| pages.parse().ok());
    pages.unwrap_or(0) * 4096
}

/// One line about the machine: processor, cores and kernel.
pub fn machine() -> String {
    let cpuinfo = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpuinfo
        .lines()
        .find(|line| line.starts_with("model name"))
        .and_then(|line| line.split(": ").nth(1))
        .unwrap_or("unknown processor");
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    format!("{model}, {cores} cores, Linux {}", kernel.trim())
}
