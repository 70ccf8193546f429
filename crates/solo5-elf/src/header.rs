//! The ELF header (ABI section 3.1).

use core::fmt;
use thiserror::Error;

use crate::program::{PROGRAM_HEADER_SIZE, ProgramHeaders};
use crate::read::{ReadAt, ReadError, u16_at, u32_at, u64_at};

/// Bytes of an ELF64 header.
pub(crate) const HEADER_SIZE: u16 = 64;
const CLASS_64: u8 = 2;
const DATA_LITTLE: u8 = 1;
const ELF_VERSION: u32 = 1;
const ET_EXEC: u16 = 2;
const ET_DYN: u16 = 3;
const EM_X86_64: u16 = 62;

/// An ELF header that is one of ours: where execution begins, and where the program headers lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    entry: u64,
    table: u64,
    count: u16,
}

/// Why an ELF header was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum HeaderError {
    /// The file is empty.
    #[error("the file is empty")]
    Empty,
    /// The header could not be read.
    #[error(transparent)]
    Read(ReadError),
    /// The file does not begin with ELF's magic number.
    #[error(fmt = not_elf)]
    Magic([u8; 4]),
    /// `EI_CLASS` is not 64-bit.
    #[error("not a 64-bit ELF file: class={0}")]
    Class(u8),
    /// `EI_DATA` is not little endian.
    #[error("not a little-endian ELF file: data={0}")]
    Data(u8),
    /// `e_version` is not 1.
    #[error("unknown ELF version: {0}")]
    Version(u32),
    /// `e_ehsize` is not 64.
    #[error("ELF header has e_ehsize={0} instead of 64")]
    HeaderSize(u16),
    /// `e_phentsize` is not 56.
    #[error("ELF header has e_phentsize={0} instead of 56")]
    ProgramHeaderSize(u16),
    /// `e_phnum` is 0.
    #[error("ELF header has no program headers: e_phnum=0")]
    NoProgramHeaders,
    /// `e_type` is not `ET_EXEC`.
    #[error(fmt = not_executable)]
    Type(u16),
    /// `e_machine` is not x86-64.
    #[error("not built for x86-64: e_machine={0}")]
    Machine(u16),
    /// The program header table does not lie in the file.
    #[error("truncated: {count} program headers at offset {offset:#x} do not lie in a file of {size} bytes")]
    TableOutsideFile {
        /// `e_phoff`.
        offset: u64,
        /// `e_phnum`.
        count: u16,
        /// Bytes of the file.
        size: u64,
    },
}

impl Header {
    /// Reads and checks the header of `image` (ABI sections 2.5 N1-N2, 3.1).
    ///
    /// # Errors
    /// The first field that is not what an image must have.
    pub fn read(image: &(impl ReadAt + ?Sized)) -> Result<Self, HeaderError> {
        let mut bytes = [0; HEADER_SIZE as usize];
        if image.size() == 0 {
            return Err(HeaderError::Empty);
        }
        // Text files and scripts are often shorter than a header: name them for what they are.
        let known = usize::try_from(image.size()).map_or(bytes.len(), |size| size.min(bytes.len()));
        image.read_at(0, &mut bytes[..known]).map_err(HeaderError::Read)?;
        let magic = [bytes[0], bytes[1], bytes[2], bytes[3]];
        if !b"\x7fELF".starts_with(&magic[..known.min(4)]) {
            return Err(HeaderError::Magic(magic));
        }
        if known < bytes.len() {
            let (len, size) = (u64::from(HEADER_SIZE), image.size());
            return Err(HeaderError::Read(ReadError::BeyondEnd { offset: 0, len, size }));
        }
        Self::parse(&bytes, image.size())
    }

    /// Where execution begins. Not yet checked against memory: [`crate::Plan::new`] does.
    #[must_use]
    pub const fn entry(&self) -> u64 {
        self.entry
    }

    /// The program headers, in table order.
    pub fn programs<'a, I: ReadAt + ?Sized>(&self, image: &'a I) -> ProgramHeaders<'a, I> {
        ProgramHeaders::new(image, self.table, self.count)
    }

    fn parse(bytes: &[u8; HEADER_SIZE as usize], size: u64) -> Result<Self, HeaderError> {
        let refuse = |wrong: bool, error: HeaderError| if wrong { Err(error) } else { Ok(()) };
        let (kind, machine, version) = (u16_at(bytes, 16), u16_at(bytes, 18), u32_at(bytes, 20));
        let (own_size, entry_size, count) = (u16_at(bytes, 52), u16_at(bytes, 54), u16_at(bytes, 56));
        refuse(bytes[4] != CLASS_64, HeaderError::Class(bytes[4]))?;
        refuse(bytes[5] != DATA_LITTLE, HeaderError::Data(bytes[5]))?;
        refuse(machine != EM_X86_64, HeaderError::Machine(machine))?;
        refuse(kind != ET_EXEC, HeaderError::Type(kind))?;
        refuse(version != ELF_VERSION, HeaderError::Version(version))?;
        refuse(own_size != HEADER_SIZE, HeaderError::HeaderSize(own_size))?;
        refuse(entry_size != PROGRAM_HEADER_SIZE, HeaderError::ProgramHeaderSize(entry_size))?;
        refuse(count == 0, HeaderError::NoProgramHeaders)?;
        let header = Self { entry: u64_at(bytes, 24), table: u64_at(bytes, 32), count };
        let table_size = u64::from(count) * u64::from(PROGRAM_HEADER_SIZE);
        let end = header.table.checked_add(table_size);
        refuse(
            end.is_none_or(|end| end > size),
            HeaderError::TableOutsideFile { offset: header.table, count, size },
        )?;
        Ok(header)
    }
}

fn not_elf(magic: &[u8; 4], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match magic {
        [b'#', b'!', ..] => f.write_str("a script, not an ELF file"),
        _ => write!(f, "not an ELF file: it begins with {magic:02x?}"),
    }
}

fn not_executable(kind: &u16, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match *kind {
        ET_DYN => f.write_str(
            "a position-independent executable or shared library (ET_DYN), as ordinary programs are; \
             an image is linked to a fixed address (ET_EXEC)",
        ),
        _ => write!(f, "not an executable: e_type={kind}, not ET_EXEC"),
    }
}
