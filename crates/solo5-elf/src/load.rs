//! The plan for loading an image (ABI sections 3.1-3.3).

use solo5_abi::Gpa;
use solo5_abi::memory::{LOAD_MIN, PAGE_SIZE};
use thiserror::Error;

use crate::header::Header;
use crate::program::{ProgramHeader, ProgramHeaders, ProgramKind};
use crate::read::{ReadAt, ReadError};

const FLAG_X: u32 = 1;
const FLAG_W: u32 = 2;
const FLAG_R: u32 = 4;

/// What to put where: everything a tender needs to load an image, checked.
///
/// It holds no segments, of which there may be as many as there are program headers: [`Plan::segments`]
/// reads them.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    header: Header,
    memory: u64,
    kernel_end: Gpa,
}

/// Iterator over the segments of an image. It ends after the first error.
///
/// Segments are in ascending order, do not overlap, begin and end on a page, lie between 0x100000 and
/// the end of guest memory, come from bytes that are in the file, and are never both writable and
/// executable: each is checked when it is read, so that this holds whatever has become of the file
/// since the plan was made.
#[derive(Debug)]
pub struct Segments<'a, I: ?Sized> {
    image: &'a I,
    programs: ProgramHeaders<'a, I>,
    memory: u64,
    /// `p_vaddr` of the last one, and its end.
    previous: u64,
    previous_end: u64,
    failed: bool,
}

/// A part of guest memory that comes from the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segment {
    /// First page.
    pub start: Gpa,
    /// End of the last page. Bytes of `start..end` that do not come from the file are zero.
    pub end: Gpa,
    /// Where the bytes of the file go.
    pub vaddr: Gpa,
    /// Where they lie in the file.
    pub offset: u64,
    /// How many there are; not 0.
    pub file_size: u64,
    /// Protection of the pages.
    pub protection: Protection,
}

/// What a guest may do with a page (ABI section 3.3); never both write and execute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Protection {
    flags: u32,
}

/// Why an image cannot be loaded: ABI section 3.1 for the entry point, the rows of ABI section 3.2 otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum LoadError {
    /// The entry point is not in guest memory, or below 0x100000.
    #[error("entry point {entry:#x} lies outside {LOAD_MIN:#x}..{memory:#x}")]
    Entry {
        /// `e_entry`.
        entry: u64,
        /// Bytes of guest memory.
        memory: u64,
    },
    /// A program header could not be read.
    #[error(transparent)]
    Read(ReadError),
    /// Something is wrong with a segment.
    #[error("program header {index}: {error}")]
    Segment {
        /// Index of its program header.
        index: u16,
        /// What.
        #[source]
        error: SegmentError,
    },
}

/// What is wrong with a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum SegmentError {
    /// It begins below 0x100000 (L1).
    #[error("address {vaddr:#x} lies below {LOAD_MIN:#x}")]
    BelowMinimum {
        /// `p_vaddr`.
        vaddr: u64,
    },
    /// It begins before the one in front of it (L2).
    #[error("address {vaddr:#x} comes after {previous:#x}, segments must ascend")]
    NotAscending {
        /// `p_vaddr`.
        vaddr: u64,
        /// `p_vaddr` of the one in front of it.
        previous: u64,
    },
    /// Its alignment is not a power of two (L3).
    #[error("alignment {align:#x} is not a power of two")]
    Alignment {
        /// `p_align`.
        align: u64,
    },
    /// Rounded down to its alignment, it begins below 0x100000 (L4).
    #[error("address {vaddr:#x} aligned to {align:#x} lies below {LOAD_MIN:#x}")]
    AlignedBelowMinimum {
        /// `p_vaddr`.
        vaddr: u64,
        /// `p_align`.
        align: u64,
    },
    /// Rounded to alignments, it overlaps the one in front of it (L5).
    #[error("pages from {start:#x} on overlap the segment that ends at {previous_end:#x}")]
    Overlap {
        /// Its first byte, rounded down.
        start: u64,
        /// End of the one in front of it, rounded up.
        previous_end: u64,
    },
    /// It does not lie in guest memory (L6, L8).
    #[error("{size:#x} bytes at {vaddr:#x} do not fit into {memory:#x} bytes of guest memory")]
    OutsideMemory {
        /// `p_vaddr`.
        vaddr: u64,
        /// Its size in bytes: `p_filesz` or `p_memsz`.
        size: u64,
        /// Its end, rounded up to its alignment; `None` if that is beyond 64 bits.
        end: Option<u64>,
        /// Bytes of guest memory.
        memory: u64,
    },
    /// It is smaller in memory than in the file (L7).
    #[error("{mem_size:#x} bytes in memory, but {file_size:#x} in the file")]
    MemorySmallerThanFile {
        /// `p_memsz`.
        mem_size: u64,
        /// `p_filesz`.
        file_size: u64,
    },
    /// Its bytes are not in the file (L9).
    #[error("truncated: {file_size:#x} bytes at offset {offset:#x}, the file has {size:#x}")]
    BeyondFile {
        /// `p_offset`.
        offset: u64,
        /// `p_filesz`.
        file_size: u64,
        /// Bytes of the file.
        size: u64,
    },
    /// It does not begin and end on a page (L10).
    #[error("{start:#x}..{end:#x} does not begin and end on a page")]
    NotPageAligned {
        /// Its first byte, rounded down.
        start: u64,
        /// Its end, rounded up.
        end: u64,
    },
    /// It is both writable and executable (L11).
    #[error("both writable and executable")]
    WritableAndExecutable,
}

impl Plan {
    /// Checks the segments of `image` against `memory` bytes of guest memory (ABI sections 3.1-3.2).
    ///
    /// A `PT_LOAD` without bytes in the file is not loaded and does not count for
    /// [`Plan::kernel_end`], as with upstream, but unlike there it must lie in guest memory: an
    /// image whose zero-initialised data does not fit is refused here, not killed later.
    ///
    /// # Errors
    /// The first rule that is violated, with the values that violate it.
    pub fn new(image: &(impl ReadAt + ?Sized), header: &Header, memory: u64) -> Result<Self, LoadError> {
        let entry = header.entry();
        if !(LOAD_MIN..memory).contains(&entry) {
            return Err(LoadError::Entry { entry, memory });
        }
        let mut plan = Self { header: *header, memory, kernel_end: 0 };
        for segment in plan.segments(image) {
            plan.kernel_end = segment?.end;
        }
        Ok(plan)
    }

    /// Where execution begins.
    #[must_use]
    pub const fn entry(&self) -> Gpa {
        self.header.entry()
    }

    /// The highest end of a segment, 0 without any (ABI section 3.2). Upstream's images keep their
    /// zero-initialised data above it.
    #[must_use]
    pub const fn kernel_end(&self) -> Gpa {
        self.kernel_end
    }

    /// The segments of the image that the plan was made of. An error means that it has changed since.
    pub fn segments<'a, I: ReadAt + ?Sized>(&self, image: &'a I) -> Segments<'a, I> {
        let programs = self.header.programs(image);
        Segments { image, programs, memory: self.memory, previous: 0, previous_end: 0, failed: false }
    }
}

impl<I: ReadAt + ?Sized> Segments<'_, I> {
    /// What a program header says to load, if anything.
    fn check(&mut self, program: Result<ProgramHeader, ReadError>) -> Result<Option<Segment>, LoadError> {
        let program = program.map_err(LoadError::Read)?;
        if program.kind != ProgramKind::Load {
            return Ok(None);
        }
        let refuse = |error| LoadError::Segment { index: program.index, error };
        if program.file_size == 0 {
            return check_zero_initialised(&program, self.memory).map(|()| None).map_err(refuse);
        }
        let segment = check(&program, self.previous, self.previous_end, self.memory, self.image.size())
            .map_err(refuse)?;
        (self.previous, self.previous_end) = (segment.vaddr, segment.end);
        Ok(Some(segment))
    }
}

impl<I: ReadAt + ?Sized> Iterator for Segments<'_, I> {
    type Item = Result<Segment, LoadError>;

    fn next(&mut self) -> Option<Self::Item> {
        while !self.failed {
            let program = self.programs.next()?;
            let checked = self.check(program);
            self.failed = checked.is_err();
            if let Some(segment) = checked.transpose() {
                return Some(segment);
            }
        }
        None
    }
}

fn check(
    program: &ProgramHeader,
    previous: u64,
    previous_end: u64,
    memory: u64,
    size: u64,
) -> Result<Segment, SegmentError> {
    let &ProgramHeader { vaddr, align, offset, file_size, mem_size, flags, .. } = program;
    if vaddr < LOAD_MIN {
        return Err(SegmentError::BelowMinimum { vaddr });
    }
    if vaddr < previous {
        return Err(SegmentError::NotAscending { vaddr, previous });
    }
    if !align.is_power_of_two() {
        return Err(SegmentError::Alignment { align });
    }
    let start = vaddr & !(align - 1);
    if start < LOAD_MIN {
        return Err(SegmentError::AlignedBelowMinimum { vaddr, align });
    }
    if start < previous_end {
        return Err(SegmentError::Overlap { start, previous_end });
    }
    if vaddr >= memory || vaddr.checked_add(file_size).is_none_or(|end| end > memory) {
        let end = vaddr.checked_add(file_size.max(mem_size));
        return Err(SegmentError::OutsideMemory { vaddr, size: file_size, end, memory });
    }
    if mem_size < file_size {
        return Err(SegmentError::MemorySmallerThanFile { mem_size, file_size });
    }
    let end = vaddr.checked_add(mem_size).and_then(|end| end.checked_next_multiple_of(align));
    let Some(end) = end.filter(|&end| end <= memory) else {
        return Err(SegmentError::OutsideMemory { vaddr, size: mem_size, end, memory });
    };
    if offset.checked_add(file_size).is_none_or(|end| end > size) {
        return Err(SegmentError::BeyondFile { offset, file_size, size });
    }
    if !start.is_multiple_of(PAGE_SIZE) || !end.is_multiple_of(PAGE_SIZE) {
        return Err(SegmentError::NotPageAligned { start, end });
    }
    if flags & FLAG_W != 0 && flags & FLAG_X != 0 {
        return Err(SegmentError::WritableAndExecutable);
    }
    let protection = Protection { flags: flags & (FLAG_R | FLAG_W | FLAG_X) };
    Ok(Segment { start, end, vaddr, offset, file_size, protection })
}

/// Zero-initialised data that is a segment of its own: all of upstream's images have it so, and an
/// empty TLS segment appears as `p_vaddr = 0, p_memsz = 0` (ABI section 3.2).
fn check_zero_initialised(program: &ProgramHeader, memory: u64) -> Result<(), SegmentError> {
    let &ProgramHeader { vaddr, mem_size, .. } = program;
    if mem_size == 0 {
        return Ok(());
    }
    if vaddr < LOAD_MIN {
        return Err(SegmentError::BelowMinimum { vaddr });
    }
    let end = vaddr.checked_add(mem_size);
    if end.is_none_or(|end| end > memory) {
        return Err(SegmentError::OutsideMemory { vaddr, size: mem_size, end, memory });
    }
    Ok(())
}

impl Segment {
    /// Where the bytes of the file end in memory.
    #[must_use]
    pub const fn file_end(&self) -> Gpa {
        self.vaddr + self.file_size
    }
}

impl Protection {
    /// The guest may read it.
    #[must_use]
    pub const fn read(self) -> bool {
        self.flags & FLAG_R != 0
    }

    /// The guest may write it.
    #[must_use]
    pub const fn write(self) -> bool {
        self.flags & FLAG_W != 0
    }

    /// The guest may execute it.
    #[must_use]
    pub const fn execute(self) -> bool {
        self.flags & FLAG_X != 0
    }
}

impl LoadError {
    /// Bytes of guest memory that would be enough for the part that did not fit, if more would help.
    #[must_use]
    pub const fn needed_memory(&self) -> Option<u64> {
        match *self {
            Self::Entry { entry, .. } if entry >= LOAD_MIN => entry.checked_add(1),
            Self::Segment { error: SegmentError::OutsideMemory { end, .. }, .. } => end,
            _ => None,
        }
    }
}
