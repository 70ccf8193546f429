//! Program headers, one after the other.

use crate::read::{ReadAt, ReadError, u32_at, u64_at};

/// Bytes of an ELF64 program header.
pub(crate) const PROGRAM_HEADER_SIZE: u16 = 56;
/// Headers read at a time: more than an image of ours has.
const CHUNK: usize = 16;

/// One program header, nothing about it checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProgramHeader {
    /// Its place in the table, counted from 0.
    pub index: u16,
    /// `p_type`.
    pub kind: ProgramKind,
    /// `p_flags`.
    pub flags: u32,
    /// `p_offset`.
    pub offset: u64,
    /// `p_vaddr`.
    pub vaddr: u64,
    /// `p_filesz`.
    pub file_size: u64,
    /// `p_memsz`.
    pub mem_size: u64,
    /// `p_align`.
    pub align: u64,
}

/// What a program header is for; only these matter to a tender (ABI sections 2.5, 3.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProgramKind {
    /// `PT_LOAD`.
    Load,
    /// `PT_INTERP`.
    Interp,
    /// `PT_NOTE`.
    Note,
    /// Anything else.
    Other(u32),
}

/// Iterator over the program headers of an image, in table order. It ends after the first error.
#[derive(Debug)]
pub struct ProgramHeaders<'a, I: ?Sized> {
    image: &'a I,
    table: u64,
    count: u16,
    next: u16,
    chunk: [[u8; PROGRAM_HEADER_SIZE as usize]; CHUNK],
}

impl<'a, I: ReadAt + ?Sized> ProgramHeaders<'a, I> {
    pub(crate) fn new(image: &'a I, table: u64, count: u16) -> Self {
        Self { image, table, count, next: 0, chunk: [[0; _]; CHUNK] }
    }

    fn read_chunk(&mut self) -> Result<(), ReadError> {
        let wanted = usize::from(self.count - self.next).min(CHUNK);
        let at = self.table + u64::from(self.next) * u64::from(PROGRAM_HEADER_SIZE);
        self.image.read_at(at, self.chunk[..wanted].as_flattened_mut())
    }
}

impl<I: ReadAt + ?Sized> Iterator for ProgramHeaders<'_, I> {
    type Item = Result<ProgramHeader, ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.next >= self.count {
            return None;
        }
        let slot = usize::from(self.next) % CHUNK;
        if slot == 0
            && let Err(error) = self.read_chunk()
        {
            self.next = self.count;
            return Some(Err(error));
        }
        let header = ProgramHeader::parse(self.next, &self.chunk[slot]);
        self.next += 1;
        Some(Ok(header))
    }
}

impl ProgramHeader {
    fn parse(index: u16, bytes: &[u8; PROGRAM_HEADER_SIZE as usize]) -> Self {
        let kind = match u32_at(bytes, 0) {
            1 => ProgramKind::Load,
            3 => ProgramKind::Interp,
            4 => ProgramKind::Note,
            other => ProgramKind::Other(other),
        };
        Self {
            index,
            kind,
            flags: u32_at(bytes, 4),
            offset: u64_at(bytes, 8),
            vaddr: u64_at(bytes, 16),
            file_size: u64_at(bytes, 32),
            mem_size: u64_at(bytes, 40),
            align: u64_at(bytes, 48),
        }
    }
}
