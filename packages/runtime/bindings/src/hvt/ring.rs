//! The network ring: frames through memory that guest and tender share, without leaving the processor
//! (ABI section 4.6).
//!
//! A thread of the tender serves it, and sleeps when there is nothing to do. To wake it takes longer than
//! a hypercall, so the ring is for bursts: while the thread sleeps the first frame between two waits, if
//! none is on its way, and every frame read go by hypercall. So does a frame that is larger than a buffer.
//!
//! Frames to be sent are copied, since the caller has its buffer back at once. Room for that is at the end
//! of memory, and only there if the tender offers a ring: nothing else of the guest moves for it.

use core::cell::Cell;
use core::hint::spin_loop;
use core::mem::offset_of;
use core::ptr;
use core::sync::atomic::{AtomicU32, Ordering, fence};

use solo5_abi::hvt::{BootInfo, FEATURE_NET_RING};
use solo5_abi::memory::PAGE_SIZE;
use solo5_abi::ring::{
    Commit, Entry, MAX_OUTSTANDING, OPERATION_READ, OPERATION_WRITE, Ring as Layout, SLOT_BUFFER_SIZE, SLOTS,
};

use super::hypercall;
use crate::devices;

/// Frames that can be on their way out at once.
const BUFFERS: u32 = 256;
/// Memory that the ring takes: the buffers, and a page behind them, since some tenders refuse a buffer that
/// ends where memory does.
const TAKEN: u64 = BUFFERS as u64 * SLOT_BUFFER_SIZE as u64 + PAGE_SIZE;
/// A guest with less memory than this goes without.
const MIN_MEMORY: u64 = 16 * TAKEN;

/// How often to look before the tender's thread is given the processor.
const SPINS: u32 = 4096;
/// How often it is given the processor until the last frames are out.
const PATIENCE: u32 = 1000;
/// And for how long, in nanoseconds.
const MOMENT: u64 = 50_000;

const _: () = assert!(SLOTS.is_multiple_of(BUFFERS) && BUFFERS <= MAX_OUTSTANDING);

/// The guest's side.
struct Ring {
    /// Where it is; null if there is none.
    at: Cell<*mut Layout>,
    /// The first of the buffers.
    buffers: Cell<*mut u8>,
    /// Submissions produced.
    submitted: Cell<u32>,
    /// Completions consumed.
    completed: Cell<u32>,
    /// Frames sent since the last wait.
    burst: Cell<u32>,
}

// SAFETY: a guest has one processor and no interrupts; the other side is only met in atomic words.
unsafe impl Sync for Ring {}

static RING: Ring = Ring {
    at: Cell::new(ptr::null_mut()),
    buffers: Cell::new(ptr::null_mut()),
    submitted: Cell::new(0),
    completed: Cell::new(0),
    burst: Cell::new(0),
};

/// Takes the ring that the tender offers, if it does (both signs are needed, ABI section 10.4) and there is
/// memory for it; the new end of memory, on a page.
pub fn find(info: &BootInfo) -> Option<u64> {
    let offered = info.host_features & FEATURE_NET_RING != 0 && info.net_ring != 0;
    if !offered || info.mem_size < MIN_MEMORY || !devices::any_net() {
        return None;
    }
    let end = (info.mem_size - TAKEN) & !(PAGE_SIZE - 1);
    RING.at.set(super::pointer::<Layout>(info.net_ring).cast_mut());
    RING.buffers.set(super::pointer::<u8>(end).cast_mut());
    Some(end)
}

/// The next write begins a burst.
pub fn waits() {
    RING.burst.set(0);
}

/// Sends a frame; `false` if a hypercall has to. What was sent before is on its way before it.
///
/// # Safety
/// `frame` is readable for `len` bytes.
pub unsafe fn write(handle: u64, frame: *const u8, len: usize) -> bool {
    if RING.at.get().is_null() {
        return false;
    }
    let first = RING.burst.replace(1) == 0;
    if (first && RING.outstanding() == 0 && RING.host_sleeps()) || len > SLOT_BUFFER_SIZE {
        RING.drain();
        return false;
    }
    while RING.outstanding() >= BUFFERS {
        RING.pause_until(|ring| ring.outstanding() < BUFFERS);
    }
    let index = RING.submitted.get() % BUFFERS;
    // SAFETY: `find` set so many buffers aside. This one's last frame is gone: fewer than `BUFFERS` are
    // outstanding. The frame is readable by the caller's word, and elsewhere: the application knows
    // nothing of this memory.
    let data = unsafe {
        let buffer = RING.buffers.get().add(index as usize * SLOT_BUFFER_SIZE);
        buffer.copy_from_nonoverlapping(frame, len);
        buffer
    };
    RING.submit(OPERATION_WRITE, handle, data, len);
    true
}

/// Receives a frame: a result code, and its length; `None` if a hypercall has to.
///
/// # Safety
/// `buffer` is writable for `len` bytes.
pub unsafe fn read(handle: u64, buffer: *mut u8, len: usize) -> Option<(i32, u64)> {
    if RING.at.get().is_null() || RING.host_sleeps() {
        return None;
    }
    // The tender writes there until the completion is seen below.
    RING.submit(OPERATION_READ, handle, buffer, len);
    while !RING.has_completion() {
        RING.pause_until(Ring::has_completion);
    }
    let Commit { ret, len, .. } = RING.take_completion();
    Some((ret, len.into()))
}

/// Waits until what was sent has left, but not for ever.
pub fn drain() {
    if !RING.at.get().is_null() {
        RING.drain();
    }
}

impl Ring {
    /// A word of the ring. The tender may write to it at any moment.
    fn word(&self, field: usize) -> &AtomicU32 {
        // SAFETY: only asked for where there is a ring; the tender mapped all of it for us (ABI section 4.6),
        // for as long as the guest lives, and both sides use its words as atomic ones.
        unsafe { AtomicU32::from_ptr(self.at.get().byte_add(field).cast()) }
    }

    /// Submissions that the tender has not consumed.
    fn outstanding(&self) -> u32 {
        self.submitted.get().wrapping_sub(self.word(offset_of!(Layout, ent_head)).load(Ordering::Acquire))
    }

    fn host_sleeps(&self) -> bool {
        self.word(offset_of!(Layout, needs_kick)).load(Ordering::Relaxed) != 0
    }

    fn has_completion(&self) -> bool {
        self.word(offset_of!(Layout, com_tail)).load(Ordering::Acquire) != self.completed.get()
    }

    fn submit(&self, operation: u32, handle: u64, data: *mut u8, len: usize) {
        let index = self.submitted.get();
        // The tender copies handle and length into 32 bits, so a frame of 4 GiB is one of a little less.
        let [handle, len] = [handle, len as u64].map(|value| u32::try_from(value).unwrap_or(u32::MAX));
        let data = data.expose_provenance() as u64;
        let entry = Entry { operation, handle, data, len, id: index, reserved: 0 };
        // SAFETY: the slot is ours: fewer than `SLOTS` are outstanding, since reads are waited for and
        // writes are fewer. The tender reads it only after the count below.
        unsafe { (&raw mut (*self.at.get()).entries[(index % SLOTS) as usize]).write_volatile(entry) };
        let produced = index.wrapping_add(1);
        self.submitted.set(produced);
        self.word(offset_of!(Layout, ent_tail)).store(produced, Ordering::Release);
        // The tender says that it sleeps, fences, and looks for work; we the other way round.
        fence(Ordering::SeqCst);
        if self.host_sleeps() {
            hypercall::kick();
        }
    }

    fn take_completion(&self) -> Commit {
        let index = self.completed.get();
        // SAFETY: the tender wrote it before the count that the caller has seen, and does not touch it
        // until it is consumed.
        let commit =
            unsafe { (&raw const (*self.at.get()).commits[(index % SLOTS) as usize]).read_volatile() };
        self.completed.set(index.wrapping_add(1));
        self.word(offset_of!(Layout, com_head)).store(self.completed.get(), Ordering::Release);
        commit
    }

    /// Waits a while for something that the tender does, and then gives it the processor for a moment:
    /// there may be but one.
    fn pause_until(&self, happened: impl Fn(&Self) -> bool) {
        for _ in 0..SPINS {
            if happened(self) {
                return;
            }
            spin_loop();
        }
        hypercall::poll(MOMENT);
    }

    fn drain(&self) {
        for _ in 0..PATIENCE {
            if self.outstanding() == 0 {
                return;
            }
            self.pause_until(|ring| ring.outstanding() == 0);
        }
    }
}
