//! Guest memory: mapping it, loading the image, leaving boot data (ABI sections 3.2, 3.3, 5.1).
//!
//! Guest-physical addresses are addresses of this process, so everything here is about a range of
//! which the tender uses nothing itself.

use core::ffi::c_void;

use rustix::io;
use rustix::mm::{Advice, MapFlags, MprotectFlags, ProtFlags, madvise, mmap, mmap_anonymous, mprotect};
use solo5_abi::Gpa;
use solo5_abi::memory::{LOAD_MIN, PAGE_SIZE, SPT_MIN};
use solo5_elf::{Plan, Protection, ReadAt, Segment};
use tender_core::image::{ImageFile, SegmentLoadError};
use tender_core::seccomp::Instruction;
use tender_core::syscall::{Errno, word};
use thiserror::Error;

/// Pages that are kept small at the end of memory, where the boot stack is.
const STACK_REACH: u64 = 2 << 20;

/// The mapping of all guest memory, from 0x10000 to its size.
#[derive(Debug)]
pub struct GuestMemory {
    size: u64,
    /// Protection of what no segment covers.
    default: ProtFlags,
}

/// Why guest memory cannot be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum MapError {
    #[error("guest memory of {} MiB collides with what this process has mapped: give less with --mem=N", .size >> 20)]
    InTheWay { size: u64 },
    #[error(
        "guest memory begins at {SPT_MIN:#x}, which this host forbids: set vm.mmap_min_addr to at most {SPT_MIN}"
    )]
    LowAddresses,
    #[error("guest memory of {} MiB cannot be mapped: {errno}; give less with --mem=N", .size >> 20)]
    Host {
        size: u64,
        #[source]
        errno: Errno,
    },
}

impl GuestMemory {
    /// Maps `size` bytes of guest memory, all zero and not executable unless `executable`. Pages take
    /// memory when the guest touches them.
    ///
    /// # Errors
    /// The range is not free, or the kernel refused.
    pub fn map(size: u64, executable: bool) -> Result<Self, MapError> {
        let mut default = ProtFlags::READ | ProtFlags::WRITE;
        default.set(ProtFlags::EXEC, executable);
        let flags = MapFlags::PRIVATE | MapFlags::NORESERVE | MapFlags::FIXED_NOREPLACE;
        // SAFETY: without MAP_FIXED the kernel replaces nothing.
        let mapped = unsafe { mmap_anonymous(address(SPT_MIN), word(size - SPT_MIN), default, flags) };
        match mapped {
            Ok(at) if at == address(SPT_MIN) => {}
            // Kernels before 4.17 take the address for a hint only.
            Ok(_) | Err(io::Errno::EXIST) => return Err(MapError::InTheWay { size }),
            Err(io::Errno::PERM) => return Err(MapError::LowAddresses),
            Err(errno) => return Err(MapError::Host { size, errno: errno.into() }),
        }
        // A host that backs memory with huge pages unasked would clear 2 MiB for the first word on the
        // stack. Kernels without huge pages refuse the advice, which is as good.
        let stack = size.saturating_sub(STACK_REACH).max(LOAD_MIN);
        // SAFETY: this advice changes how pages are backed, never what is in them.
        let _ = unsafe { madvise(address(stack), word(size - stack), Advice::LinuxNoHugepage) };
        Ok(Self { size, default })
    }

    /// Bytes of guest memory.
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// Puts the segments of `image` where `plan` says.
    ///
    /// # Errors
    /// The file has changed since the plan was made, or the kernel refused.
    pub fn load(&mut self, image: &ImageFile<'_>, plan: &Plan) -> Result<(), SegmentLoadError> {
        for segment in plan.segments(image) {
            self.load_segment(image, &segment.map_err(SegmentLoadError::Changed)?)?;
        }
        Ok(())
    }

    fn load_segment(&mut self, image: &ImageFile<'_>, segment: &Segment) -> Result<(), SegmentLoadError> {
        let protection = flags(segment.protection);
        let refused =
            |errno: io::Errno| SegmentLoadError::Protect { start: segment.start, errno: errno.into() };
        let mapped_end = self.map_from_file(image, segment, protection)?;
        let copied = segment.vaddr.max(mapped_end)..segment.file_end();
        if copied.start < copied.end {
            let offset = segment.offset + (copied.start - segment.vaddr);
            // SAFETY: `Segments` proved that the segment lies in `LOAD_MIN..size`, which `self` maps; these
            // pages are anonymous and writable, since nothing but `map_from_file` changed them, which
            // ends before; the tender keeps nothing of its own there, so no reference overlaps.
            let into = unsafe { bytes(copied.start, copied.end - copied.start) };
            image.read_at(offset, into).map_err(SegmentLoadError::Read)?;
        }
        // Zeroes in front of the file's bytes, should the alignment be larger than a page.
        let head = segment.start..page_of(segment.vaddr);
        let rest = mapped_end..segment.end;
        for pages in [head, rest] {
            if pages.start < pages.end && protection != self.default {
                let protection = MprotectFlags::from_bits_retain(protection.bits());
                // SAFETY: pages of the segment, see above; no reference to them is left.
                unsafe { mprotect(address(pages.start), word(pages.end - pages.start), protection) }
                    .map_err(refused)?;
            }
        }
        Ok(())
    }

    /// Maps the pages of `segment` that can be mapped from the file, and returns where they end: at the
    /// first page that holds bytes of the file if there are none.
    ///
    /// The last page may hold bytes of the file beyond the segment; the guest must find zeroes there.
    /// So it is mapped only if they are zeroes, as linkers leave them, and is copied otherwise.
    fn map_from_file(
        &mut self,
        image: &ImageFile<'_>,
        segment: &Segment,
        protection: ProtFlags,
    ) -> Result<Gpa, SegmentLoadError> {
        let none = page_of(segment.vaddr);
        if !segment.vaddr.is_multiple_of(PAGE_SIZE) || !segment.offset.is_multiple_of(PAGE_SIZE) {
            return Ok(none);
        }
        let whole = page_of(segment.file_end());
        let last = if tail_is_zero(image, segment)? {
            segment.file_end().next_multiple_of(PAGE_SIZE)
        } else {
            whole
        };
        if last == none {
            return Ok(none);
        }
        let (at, len) = (address(segment.vaddr), word(last - segment.vaddr));
        let flags = MapFlags::PRIVATE | MapFlags::FIXED;
        // SAFETY: `Segments` proved that the pages lie in `LOAD_MIN..size`, which `self` maps, and that no
        // two segments share one; the tender keeps nothing of its own there.
        let mapped = unsafe { mmap(at, len, protection, flags, image.fd(), segment.offset) };
        // Some file systems cannot be mapped, or not for execution (`noexec`): then it is copied. A
        // refused MAP_FIXED may have removed what was there, which is put back.
        if mapped.is_err() {
            // SAFETY: the same range.
            unsafe { mmap_anonymous(at, len, self.default, flags | MapFlags::NORESERVE) }
                .map_err(|errno| SegmentLoadError::Protect { start: segment.start, errno: errno.into() })?;
            return Ok(none);
        }
        Ok(last)
    }

    /// Writes `data` at `gpa`, into the area below the image that is the tender's until the guest runs.
    ///
    /// # Panics
    /// It does not lie there; addresses are the tender's own and none depends on the image.
    pub fn write(&mut self, gpa: Gpa, data: &[u8]) {
        self.low(gpa, data.len() as u64).copy_from_slice(data);
    }

    /// Room for `count` instructions of a filter at `gpa`, in the area below the image. They are whatever
    /// is there, which is zero at first.
    ///
    /// # Panics
    /// It does not lie there, or is not aligned.
    pub fn instructions(&mut self, gpa: Gpa, count: usize) -> &mut [Instruction] {
        let room = self.low(gpa, (count * size_of::<Instruction>()) as u64);
        assert!(gpa.is_multiple_of(align_of::<Instruction>() as u64));
        // SAFETY: `low` gave these bytes, and borrows `self` for as long; they are aligned, and an
        // instruction is a `repr(C)` record of integers without padding, so any bytes make one.
        unsafe { core::slice::from_raw_parts_mut(room.as_mut_ptr().cast(), count) }
    }

    /// The `len` bytes at `gpa`, in the area below the image.
    ///
    /// # Panics
    /// They do not lie there.
    fn low(&mut self, gpa: Gpa, len: u64) -> &mut [u8] {
        assert!(
            gpa >= SPT_MIN && gpa + len <= LOAD_MIN,
            "guest access outside low memory: gpa={gpa:#x} len={len}"
        );
        // SAFETY: the range lies in `SPT_MIN..LOAD_MIN`, which `self` maps readable and writable and
        // where no segment can be; the result borrows `self`, so there is no second reference.
        unsafe { bytes(gpa, len) }
    }
}

/// The bytes of guest memory at `start`.
///
/// # Safety
/// They are mapped readable and writable, and nothing else refers to them while the result lives.
unsafe fn bytes<'a>(start: Gpa, len: u64) -> &'a mut [u8] {
    // SAFETY: the caller vouches for the range; bytes have no alignment and no invalid values.
    unsafe { core::slice::from_raw_parts_mut(address(start).cast(), word(len)) }
}

/// An address of this process, as the kernel takes it.
pub fn address(at: u64) -> *mut c_void {
    core::ptr::with_exposed_provenance_mut(word(at))
}

/// Whether the last page that a segment takes from the file holds only zeroes behind it.
fn tail_is_zero(image: &ImageFile<'_>, segment: &Segment) -> Result<bool, SegmentLoadError> {
    let begin = segment.offset + segment.file_size;
    // Behind the end of the file the kernel supplies zeroes.
    let end = begin.next_multiple_of(PAGE_SIZE).min(image.size());
    let mut tail = [0; word(PAGE_SIZE)];
    let tail = &mut tail[..word(end.saturating_sub(begin))];
    image.read_at(begin, tail).map_err(SegmentLoadError::Read)?;
    Ok(tail.iter().all(|&byte| byte == 0))
}

const fn page_of(gpa: Gpa) -> Gpa {
    gpa & !(PAGE_SIZE - 1)
}

fn flags(protection: Protection) -> ProtFlags {
    let mut flags = ProtFlags::empty();
    flags.set(ProtFlags::READ, protection.read());
    flags.set(ProtFlags::WRITE, protection.write());
    flags.set(ProtFlags::EXEC, protection.execute());
    flags
}
