//! The network ring: frames through memory that guest and tender share (ABI section 4.6).
//!
//! A thread serves it, and so does the processor's thread whenever the guest makes a network hypercall or
//! ends: frames then leave in the order in which the guest wrote them, and none is lost at the end. The
//! tender keeps its own counts and never reads back what it told the guest.

use std::hint::spin_loop;
use std::mem::offset_of;
use std::sync::atomic::{AtomicU32, Ordering, fence};
use std::sync::{Mutex, PoisonError};

use solo5_abi::Gpa;
use solo5_abi::result;
use solo5_abi::ring::{Commit, Entry, HOST_SPIN, OPERATION_READ, OPERATION_WRITE, Ring as Layout, SLOTS};
use thiserror::Error;

use crate::access::GuestFault;
use crate::devices::{DeviceTable, Received};
use crate::guest_memory::GuestMemory;

/// The ring of one guest.
#[derive(Debug)]
pub struct Ring<'m> {
    memory: &'m GuestMemory,
    /// Where it is, in low memory.
    at: Gpa,
    devices: DeviceTable,
    /// Submissions consumed and completions produced; whoever holds it serves the ring.
    counts: Mutex<Counts>,
    /// Submissions consumed, for those who only want to know whether there is work.
    seen: AtomicU32,
}

/// Both run freely over `u32`.
#[derive(Debug, Default)]
struct Counts {
    submissions: u32,
    completions: u32,
}

/// Why a guest with a ring cannot go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum RingError {
    #[error("network ring: {outstanding} submissions outstanding, there are {SLOTS} slots")]
    Overrun { outstanding: u32 },
    #[error("network ring: {0}")]
    Fault(#[source] GuestFault),
}

impl<'m> Ring<'m> {
    /// The ring at `at`, where memory is zero.
    #[must_use]
    pub const fn new(memory: &'m GuestMemory, at: Gpa, devices: DeviceTable) -> Self {
        let counts = Mutex::new(Counts { submissions: 0, completions: 0 });
        Self { memory, at, devices, counts, seen: AtomicU32::new(0) }
    }

    fn word(&self, field: usize) -> &AtomicU32 {
        self.memory.shared_word(self.at + field as Gpa)
    }

    /// There is something to serve.
    #[must_use]
    pub fn has_work(&self) -> bool {
        let produced = self.word(offset_of!(Layout, ent_tail)).load(Ordering::Acquire);
        produced != self.seen.load(Ordering::Relaxed)
    }

    /// Serves what has been submitted up to now.
    ///
    /// # Errors
    /// The guest did something that no correct guest does, and ends.
    pub fn serve(&self) -> Result<(), RingError> {
        // A thread that panicked has ended the process.
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let produced = self.word(offset_of!(Layout, ent_tail)).load(Ordering::Acquire);
        let outstanding = produced.wrapping_sub(counts.submissions);
        if outstanding > SLOTS {
            return Err(RingError::Overrun { outstanding });
        }
        for _ in 0..outstanding {
            let slot = Gpa::from(counts.submissions % SLOTS);
            let entries = self.at + offset_of!(Layout, entries) as Gpa;
            // Copied once: the guest may change it meanwhile.
            let entry = self.memory.shared_record(entries + slot * size_of::<Entry>() as Gpa);
            let commit = self.serve_entry(&entry).map_err(RingError::Fault)?;
            if let Some(commit) = commit {
                self.publish(&mut counts, &commit);
            }
            counts.submissions = counts.submissions.wrapping_add(1);
            // Once an entry, not once a batch: the guest may wait for a slot.
            self.word(offset_of!(Layout, ent_head)).store(counts.submissions, Ordering::Release);
            self.seen.store(counts.submissions, Ordering::Relaxed);
        }
        Ok(())
    }

    /// Does what an entry says; the commit, if one is due.
    fn serve_entry(&self, entry: &Entry) -> Result<Option<Commit>, GuestFault> {
        let &Entry { operation, handle, data, len, id, .. } = entry;
        let net = self.devices.net(handle.into());
        match operation {
            OPERATION_WRITE => {
                if let Some(net) = net {
                    // There is nobody to tell: a frame that cannot be sent is lost, as on any Ethernet.
                    net.write(self.memory.source(data, len.into())?);
                }
                Ok(None)
            }
            OPERATION_READ => {
                let (ret, len) = match net {
                    None => (result::EINVAL, 0),
                    Some(net) => match net.read(self.memory.sink(data, len.into())?) {
                        // No longer than the buffer, whose length was a `u32`.
                        Received::Frame(len) => (result::OK, u32::try_from(len).unwrap_or(u32::MAX)),
                        Received::Nothing => (result::AGAIN, 0),
                        Received::Failed => (result::EUNSPEC, 0),
                    },
                };
                Ok(Some(Commit { id, ret, len, reserved: 0 }))
            }
            _ => Ok(None),
        }
    }

    fn publish(&self, counts: &mut Counts, commit: &Commit) {
        let slot = Gpa::from(counts.completions % SLOTS);
        let at = offset_of!(Layout, commits) + word_of(slot) * size_of::<Commit>();
        let words = [commit.id, commit.ret.cast_unsigned(), commit.len, 0];
        for (index, value) in words.into_iter().enumerate() {
            self.word(at + index * 4).store(value, Ordering::Relaxed);
        }
        counts.completions = counts.completions.wrapping_add(1);
        self.word(offset_of!(Layout, com_tail)).store(counts.completions, Ordering::Release);
    }

    /// Serves the ring until the guest does something that no correct guest does: looks for work so many
    /// times, then sleeps until the guest kicks.
    pub fn serve_forever(&self, spins: u32, mut sleep: impl FnMut()) -> RingError {
        let needs_kick = self.word(offset_of!(Layout, needs_kick));
        loop {
            if !(0..spins).any(|_| self.work_after_a_pause()) && !self.has_work() {
                needs_kick.store(1, Ordering::Relaxed);
                // The guest writes its count, fences, reads this word; we the other way round.
                fence(Ordering::SeqCst);
                if !self.has_work() {
                    sleep();
                }
                needs_kick.store(0, Ordering::Release);
            }
            if let Err(error) = self.serve() {
                return error;
            }
        }
    }

    fn work_after_a_pause(&self) -> bool {
        spin_loop();
        self.has_work()
    }
}

/// How often it pays to look for work before sleeping: not at all where there is one processor, since no
/// guest can produce any while somebody looks.
#[must_use]
pub fn worthwhile_spins() -> u32 {
    let alone = std::thread::available_parallelism().is_ok_and(|count| count.get() == 1);
    if alone { 0 } else { HOST_SPIN }
}

fn word_of(number: Gpa) -> usize {
    tender_core::syscall::word(number)
}
