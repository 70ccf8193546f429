//! Guest memory: one mapping of this process that the virtual machine has as its own (ABI sections 3.2,
//! 3.3, 4.1).
//!
//! The guest writes it whenever it likes, so nobody ever has a reference into it: records are copied in
//! and out, buffers go to the kernel by address, and the words that two sides share are atomic. What a
//! guest names is checked here and nowhere else, against what it may do itself ([`AccessMap`]).

use std::marker::PhantomData;
use std::ptr::{NonNull, null_mut};
use std::sync::atomic::AtomicU32;

use rustix::mm::{Advice, MapFlags, MprotectFlags, ProtFlags, madvise, mmap_anonymous, mprotect, munmap};
use solo5_abi::Gpa;
use solo5_abi::hvt::{BlockIo, Halt, NetRead, NetWrite, Poll, Puts, TrapCookie, Walltime};
use solo5_abi::memory::{LOAD_MIN, PAGE_SIZE};
use solo5_abi::ring;
use solo5_elf::{Plan, Protection, ReadAt, Segment};
use tender_core::image::{ImageFile, SegmentLoadError};
use tender_core::syscall::{Errno, word};
use thiserror::Error;

use crate::access::{Access, AccessMap, GuestFault};

/// Bytes at both ends of memory that are backed by small pages: boot data and the boot stack touch one
/// page each.
const SMALL_PAGES: u64 = 2 << 20;

/// A record that a guest passes: plain data for which every bit pattern is a value.
///
/// # Safety
/// `repr(C)`, made of integers alone, without implicit padding.
pub unsafe trait AbiRecord: Copy {}

// SAFETY: records of solo5-abi, which asserts their layout: integers, padding spelled out.
unsafe impl AbiRecord for Walltime {}
// SAFETY: as above.
unsafe impl AbiRecord for Puts {}
// SAFETY: as above.
unsafe impl AbiRecord for Poll {}
// SAFETY: as above.
unsafe impl AbiRecord for BlockIo {}
// SAFETY: as above.
unsafe impl AbiRecord for NetWrite {}
// SAFETY: as above.
unsafe impl AbiRecord for NetRead {}
// SAFETY: as above.
unsafe impl AbiRecord for Halt {}
// SAFETY: as above.
unsafe impl AbiRecord for TrapCookie {}
// SAFETY: as above.
unsafe impl AbiRecord for ring::Entry {}
// SAFETY: as above.
unsafe impl AbiRecord for ring::Commit {}

/// The memory of one guest.
#[derive(Debug)]
pub struct GuestMemory {
    base: NonNull<u8>,
    access: AccessMap,
    /// Protection of the segments, for those who have to get around it.
    segments: Vec<Segment>,
}

// SAFETY: the mapping belongs to no thread. It is only used by copies, atomics and system calls, all of
// which allow for somebody else, the guest, writing at the same time.
unsafe impl Send for GuestMemory {}
// SAFETY: as above.
unsafe impl Sync for GuestMemory {}

/// Bytes that a guest may read, and that the kernel reads in its place.
#[derive(Clone, Copy, Debug)]
pub struct Source<'m> {
    bytes: Bytes<'m>,
}

/// Bytes that a guest may write, and that the kernel writes in its place.
#[derive(Clone, Copy, Debug)]
pub struct Sink<'m> {
    bytes: Bytes<'m>,
}

/// Address and length of a range that lies in guest memory.
#[derive(Clone, Copy, Debug)]
struct Bytes<'m> {
    start: *mut u8,
    len: usize,
    memory: PhantomData<&'m GuestMemory>,
}

/// Why guest memory cannot be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("guest memory of {} MiB cannot be mapped: {errno}; give less with --mem=N", .size >> 20)]
pub struct MapError {
    /// Bytes of guest memory.
    pub size: u64,
    #[source]
    pub errno: Errno,
}

impl GuestMemory {
    /// Maps `size` bytes of guest memory, all zero. Pages take memory when somebody touches them.
    pub fn map(size: u64) -> Result<Self, MapError> {
        let refused = |errno| MapError { size, errno };
        let protection = ProtFlags::READ | ProtFlags::WRITE;
        let flags = MapFlags::PRIVATE | MapFlags::NORESERVE;
        // SAFETY: without MAP_FIXED the kernel replaces nothing.
        let base = unsafe { mmap_anonymous(null_mut(), word(size), protection, flags) };
        let base = base.map_err(|errno| refused(errno.into()))?;
        let base = NonNull::new(base.cast()).ok_or(refused(Errno::ENOMEM))?;
        let memory = Self { base, access: AccessMap::new(size, &[]), segments: Vec::new() };
        for start in [0, size.saturating_sub(SMALL_PAGES)] {
            // A host that backs memory with huge pages unasked would clear 2 MiB for one word. Kernels
            // without huge pages refuse the advice, which is as good.
            let (at, len) = (memory.offset(start, 0).cast(), word(SMALL_PAGES.min(size)));
            // SAFETY: this advice changes how pages are backed, never what is in them.
            let _ = unsafe { madvise(at, len, Advice::LinuxNoHugepage) };
        }
        Ok(memory)
    }

    /// Bytes of guest memory.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.access.size()
    }

    /// Where it is in this process.
    #[must_use]
    pub fn host_address(&self) -> u64 {
        self.base.as_ptr().expose_provenance() as u64
    }

    /// Puts the segments of `image` where `plan` says, and protects them; to be done once, before
    /// anybody else knows of the memory.
    ///
    /// # Errors
    /// The file has changed since the plan was made, or the kernel refused.
    pub fn load(&mut self, image: &ImageFile<'_>, plan: &Plan) -> Result<(), SegmentLoadError> {
        for segment in plan.segments(image) {
            let segment = segment.map_err(SegmentLoadError::Changed)?;
            let at = self.offset(segment.vaddr, segment.file_size);
            // SAFETY: `offset` proved that the bytes lie in the mapping, which is ours alone (`&mut
            // self`) and writable until the lines below; the reference ends with this statement.
            let into = unsafe { std::slice::from_raw_parts_mut(at, word(segment.file_size)) };
            image.read_at(segment.offset, into).map_err(SegmentLoadError::Read)?;
            self.protect(&segment, flags(segment.protection))
                .map_err(|errno| SegmentLoadError::Protect { start: segment.start, errno })?;
            self.segments.push(segment);
        }
        self.access = AccessMap::new(self.size(), &self.segments);
        Ok(())
    }

    /// The segments that were put there, in ascending order.
    #[must_use]
    pub fn segments(&self) -> &[Segment] {
        &self.segments
    }

    /// Writes what a guest finds at its start, into low memory.
    ///
    /// # Panics
    /// It does not lie there: addresses are the tender's own, and none depends on the image.
    pub fn leave(&self, gpa: Gpa, data: &[u8]) {
        assert!(gpa <= LOAD_MIN && data.len() as u64 <= LOAD_MIN - gpa, "not low memory: gpa={gpa:#x}");
        // SAFETY: the range lies in low memory, which the mapping has (a guest has at least 2 MiB) and
        // where no segment is; `data` is not guest memory, since nobody has a reference to that.
        unsafe { self.offset(gpa, data.len() as u64).copy_from_nonoverlapping(data.as_ptr(), data.len()) };
    }

    /// Copies a record in that the guest passed and that the tender only reads.
    pub fn record<T: AbiRecord>(&self, gpa: Gpa) -> Result<T, GuestFault> {
        self.access.check(gpa, size_of::<T>() as u64, Access::Read)?;
        Ok(self.copy_in(gpa))
    }

    /// Copies a record in that the guest passed, in some fields of which it wants an answer.
    pub fn record_to_answer<T: AbiRecord>(&self, gpa: Gpa) -> Result<T, GuestFault> {
        self.access.check(gpa, size_of::<T>() as u64, Access::Write)?;
        Ok(self.copy_in(gpa))
    }

    fn copy_in<T: AbiRecord>(&self, gpa: Gpa) -> T {
        #[repr(C, packed)]
        #[derive(Clone, Copy)]
        struct Unaligned<T>(T);
        let at: *const Unaligned<T> = self.offset(gpa, size_of::<T>() as u64).cast();
        // SAFETY: `offset` proved that the bytes lie in the mapping, and they are readable: the caller
        // checked them, or they are the ring's. Every bit pattern is a `T: AbiRecord`, and packed has
        // no alignment. Volatile, since the guest may write meanwhile; it is read once.
        unsafe { at.read_volatile() }.0
    }

    /// Writes an answer to the guest.
    pub fn answer<const N: usize>(&self, gpa: Gpa, bytes: [u8; N]) -> Result<(), GuestFault> {
        self.access.check(gpa, N as u64, Access::Write)?;
        let at: *mut [u8; N] = self.offset(gpa, N as u64).cast();
        // SAFETY: `offset` proved that the bytes lie in the mapping, and `check` that the guest may
        // write them, so this process may; bytes have no alignment.
        unsafe { at.write_volatile(bytes) };
        Ok(())
    }

    /// Bytes that the kernel is to read.
    pub fn source(&self, gpa: Gpa, len: u64) -> Result<Source<'_>, GuestFault> {
        self.access.check(gpa, len, Access::Read)?;
        Ok(Source { bytes: self.bytes(gpa, len) })
    }

    /// Bytes that the kernel is to write.
    pub fn sink(&self, gpa: Gpa, len: u64) -> Result<Sink<'_>, GuestFault> {
        self.access.check(gpa, len, Access::Write)?;
        Ok(Sink { bytes: self.bytes(gpa, len) })
    }

    /// Checks that the guest may read so many bytes.
    pub fn check_readable(&self, gpa: Gpa, len: u64) -> Result<(), GuestFault> {
        self.access.check(gpa, len, Access::Read)
    }

    fn bytes(&self, gpa: Gpa, len: u64) -> Bytes<'_> {
        // No bytes may be anywhere, so their address means nothing.
        let start = if len == 0 { self.base.as_ptr() } else { self.offset(gpa, len) };
        Bytes { start, len: word(len), memory: PhantomData }
    }

    /// A word that guest and tender both write, in low memory.
    ///
    /// # Panics
    /// It does not lie there, or is not aligned: addresses are the tender's own.
    #[must_use]
    pub fn shared_word(&self, gpa: Gpa) -> &AtomicU32 {
        assert!(gpa.is_multiple_of(4) && gpa <= LOAD_MIN - 4, "not a word of low memory: gpa={gpa:#x}");
        // SAFETY: four aligned bytes of the mapping, which lives as long as `self`, and where no segment
        // is; all of the tender's accesses to a word of the ring are by this function.
        unsafe { AtomicU32::from_ptr(self.offset(gpa, 4).cast()) }
    }

    /// A record that is the tender's and the guest's, in low memory; read once.
    ///
    /// # Panics
    /// It does not lie there: addresses are the tender's own.
    #[must_use]
    pub fn shared_record<T: AbiRecord>(&self, gpa: Gpa) -> T {
        assert!(gpa <= LOAD_MIN - size_of::<T>() as u64, "not low memory: gpa={gpa:#x}");
        self.copy_in(gpa)
    }

    /// Reads up to a protected page or the end of memory, for a debugger; how much that is.
    pub fn peek(&self, gpa: Gpa, into: &mut [u8]) -> usize {
        let room = self.size().saturating_sub(gpa).min(into.len() as u64);
        let hidden = self.segments.iter().filter(|segment| !flags_allow_reading(segment));
        let len = hidden
            .filter(|segment| segment.start < gpa + room && gpa < segment.end)
            .map(|segment| segment.start.saturating_sub(gpa))
            .fold(room, u64::min);
        let len = word(len);
        if len > 0 {
            // SAFETY: `offset` proves that the bytes lie in the mapping; the loop above, that this
            // process may read them; `into` is not guest memory.
            unsafe { into.as_mut_ptr().copy_from_nonoverlapping(self.offset(gpa, len as u64), len) };
        }
        len
    }

    /// Writes for a debugger, whatever the guest may do there; the guest is stopped.
    ///
    /// # Errors
    /// It is not guest memory, or the kernel refused to let go of the protection.
    pub fn poke(&self, gpa: Gpa, data: &[u8]) -> Result<(), Errno> {
        let end = gpa.checked_add(data.len() as u64).filter(|&end| end <= self.size());
        let end = end.ok_or(Errno::EINVAL)?;
        if data.is_empty() {
            return Ok(());
        }
        let touched = || {
            self.segments
                .iter()
                .filter(|segment| !segment.protection.write() && segment.start < end && gpa < segment.end)
        };
        for segment in touched() {
            self.protect(segment, MprotectFlags::READ | MprotectFlags::WRITE)?;
        }
        // SAFETY: the bytes lie in the mapping, and are writable since the loop above; `data` is not
        // guest memory.
        unsafe { self.offset(gpa, data.len() as u64).copy_from_nonoverlapping(data.as_ptr(), data.len()) };
        for segment in touched() {
            self.protect(segment, flags(segment.protection))?;
        }
        Ok(())
    }

    fn protect(&self, segment: &Segment, protection: MprotectFlags) -> Result<(), Errno> {
        let len = segment.end - segment.start;
        // SAFETY: the pages of a segment lie in the mapping (`Plan`); nobody has references to them.
        Ok(unsafe { mprotect(self.offset(segment.start, len).cast(), word(len), protection) }?)
    }

    /// The address of `len` bytes at `gpa`, all of which lie in the mapping.
    ///
    /// # Panics
    /// They do not: that was to be checked before.
    fn offset(&self, gpa: Gpa, len: u64) -> *mut u8 {
        assert!(gpa.checked_add(len).is_some_and(|end| end <= self.size()), "unchecked: gpa={gpa:#x}");
        // SAFETY: `gpa` is at most the size of the mapping, by the line above.
        unsafe { self.base.as_ptr().add(word(gpa)) }
    }
}

impl Drop for GuestMemory {
    fn drop(&mut self) {
        // SAFETY: the mapping that `map` made; whoever knows its address borrows `self`.
        let _ = unsafe { munmap(self.base.as_ptr().cast(), word(self.size())) };
    }
}

impl Source<'_> {
    /// Address and length, for a system call that reads.
    #[must_use]
    pub const fn parts(&self) -> (*const u8, usize) {
        (self.bytes.start, self.bytes.len)
    }

    /// Its first `count` bytes, or all if there are not so many.
    #[must_use]
    pub fn first(self, count: usize) -> Self {
        Self { bytes: Bytes { len: self.bytes.len.min(count), ..self.bytes } }
    }

    /// Without its first `count` bytes, or none if there are not so many.
    #[must_use]
    pub fn skip(self, count: usize) -> Self {
        Self { bytes: self.bytes.skip(count) }
    }
}

impl Sink<'_> {
    /// Address and length, for a system call that writes.
    #[must_use]
    pub const fn parts(&self) -> (*mut u8, usize) {
        (self.bytes.start, self.bytes.len)
    }

    /// Without its first `count` bytes, or none if there are not so many.
    #[must_use]
    pub fn skip(self, count: usize) -> Self {
        Self { bytes: self.bytes.skip(count) }
    }
}

impl Bytes<'_> {
    fn skip(self, count: usize) -> Self {
        let count = count.min(self.len);
        // SAFETY: `count` is at most the length of the range, all of which lies in one mapping.
        Self { start: unsafe { self.start.add(count) }, len: self.len - count, ..self }
    }
}

/// What this process may do, so that the guest may: KVM lets a guest execute whatever it can read, so
/// that is the page tables' affair.
fn flags(protection: Protection) -> MprotectFlags {
    if protection.write() {
        MprotectFlags::READ | MprotectFlags::WRITE
    } else if protection.read() || protection.execute() {
        MprotectFlags::READ
    } else {
        MprotectFlags::empty()
    }
}

fn flags_allow_reading(segment: &Segment) -> bool {
    flags(segment.protection).contains(MprotectFlags::READ)
}

const _: () = assert!(PAGE_SIZE == 4096);
