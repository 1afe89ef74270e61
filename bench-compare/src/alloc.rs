//! A counting allocator, for the memory row.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicBool, AtomicIsize, Ordering::Relaxed};

static COUNTING: AtomicBool = AtomicBool::new(false);
static LIVE_BYTES: AtomicIsize = AtomicIsize::new(0);
static PEAK_BYTES: AtomicIsize = AtomicIsize::new(0);
static LIVE_BLOCKS: AtomicIsize = AtomicIsize::new(0);

/// The system allocator, counted while a [`Census`] is open.
///
/// Outside of one, the price is one relaxed load per call, so that the timed rows
/// are not bent.
pub struct CountingAllocator;

// SAFETY: every call is passed on to `System` unchanged and its result returned
// unchanged, so the contract holds because `System` keeps it. The counters are
// atomics and never allocate.
unsafe impl GlobalAlloc for CountingAllocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size() as isize, 1);
        // SAFETY: the caller upholds the contract of `alloc`, which is `System`'s.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        count(-(layout.size() as isize), -1);
        // SAFETY: `block` came from `System` through this allocator, with `layout`.
        unsafe { System.dealloc(block, layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count(layout.size() as isize, 1);
        // SAFETY: the caller upholds the contract of `alloc_zeroed`.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        count(new_size as isize - layout.size() as isize, 0);
        // SAFETY: `block` came from `System` through this allocator, with `layout`.
        unsafe { System.realloc(block, layout, new_size) }
    }
}

fn count(bytes: isize, blocks: isize) {
    if !COUNTING.load(Relaxed) {
        return;
    }
    let live = LIVE_BYTES.fetch_add(bytes, Relaxed) + bytes;
    LIVE_BLOCKS.fetch_add(blocks, Relaxed);
    PEAK_BYTES.fetch_max(live, Relaxed);
}

/// A period in which allocations are counted. Only one is open at a time.
pub struct Census;

impl Census {
    /// Starts counting from zero.
    pub fn open() -> Self {
        LIVE_BYTES.store(0, Relaxed);
        PEAK_BYTES.store(0, Relaxed);
        LIVE_BLOCKS.store(0, Relaxed);
        COUNTING.store(true, Relaxed);
        Self
    }

    /// Bytes requested and not yet freed.
    pub fn live_bytes(&self) -> isize {
        LIVE_BYTES.load(Relaxed)
    }

    /// The most bytes that were live at once.
    pub fn peak_bytes(&self) -> isize {
        PEAK_BYTES.load(Relaxed)
    }

    /// Blocks allocated and not yet freed.
    pub fn live_blocks(&self) -> isize {
        LIVE_BLOCKS.load(Relaxed)
    }
}

impl Drop for Census {
    fn drop(&mut self) {
        COUNTING.store(false, Relaxed);
    }
}
