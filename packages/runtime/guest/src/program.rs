//! The program segment: what the linker appended to the base image.
//!
//! ```text
//!  0   8  magic "UKPROG2\0"
//!  8  32  build id of the base image that the bytecode was compiled for
//! 40   8  size of the whole segment, a multiple of 4096
//! 48   8  offset of the bytecode in the segment
//! 56   8  length of the bytecode
//! 64   8  size of the engine's stack, a multiple of 4096
//! 72   -  manifest note, bytecode, zeros
//! ```

use thiserror::Error;

use crate::build_id::build_id;
use crate::layout::MIN_STACK;

/// First bytes of every program segment.
pub const MAGIC: [u8; 8] = *b"UKPROG2\0";
/// Bytes before the manifest note.
pub const HEADER: usize = 72;
const PAGE: u64 = 4096;

/// A checked program segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Program<'a> {
    /// What the engine runs: one compiled ES module.
    pub bytecode: &'a [u8],
    /// Bytes of stack that the engine gets, a multiple of 4096.
    pub stack: usize,
}

/// Why there is no program to run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ProgramError {
    /// The base image was booted as it is.
    #[error("this is a base image without a program: link one with `uk build`")]
    Missing,
    /// The bytecode is for another base image.
    #[error("the program was compiled for another base image: rebuild it with `uk build`")]
    OtherBase,
    /// A size or an offset points outside the segment or outside memory.
    #[error(
        "the program segment is damaged (size={size:#x} offset={offset:#x} len={len:#x} stack={stack:#x}): rebuild the image"
    )]
    Malformed {
        /// Value of the size field.
        size: u64,
        /// Value of the bytecode offset field.
        offset: u64,
        /// Value of the bytecode length field.
        len: u64,
        /// Value of the stack size field.
        stack: u64,
    },
}

impl<'a> Program<'a> {
    /// Bytes of the segment that begins with `header`, where `room` bytes of memory are.
    ///
    /// # Errors
    /// [`ProgramError`] if it is no such segment, or a larger one.
    pub fn segment_size(header: &[u8; HEADER], room: usize) -> Result<usize, ProgramError> {
        if header[..8] != MAGIC {
            return Err(ProgramError::Missing);
        }
        if header[8..40] != build_id() {
            return Err(ProgramError::OtherBase);
        }
        let fields @ [size, ..] = fields(header);
        let whole = size >= HEADER as u64 && size.is_multiple_of(PAGE);
        let fits = usize::try_from(size).ok().filter(|&size| whole && size <= room);
        fits.ok_or(malformed(fields))
    }

    /// Reads a whole segment.
    ///
    /// # Errors
    /// [`ProgramError`] if it is not one, or its bytecode lies outside.
    pub fn read(segment: &'a [u8]) -> Result<Self, ProgramError> {
        let header = segment.first_chunk::<HEADER>().ok_or(ProgramError::Missing)?;
        Self::segment_size(header, segment.len())?;
        let fields @ [size, offset, len, stack] = fields(header);
        let end = offset.checked_add(len).filter(|&end| end <= size);
        let range = end.and_then(|end| Some(usize::try_from(offset).ok()?..usize::try_from(end).ok()?));
        let bytecode = range.and_then(|range| segment.get(range));
        let stack = usize::try_from(stack).ok();
        let stack = stack.filter(|&stack| stack >= MIN_STACK && (stack as u64).is_multiple_of(PAGE));
        bytecode.zip(stack).map(|(bytecode, stack)| Self { bytecode, stack }).ok_or(malformed(fields))
    }
}

fn malformed([size, offset, len, stack]: [u64; 4]) -> ProgramError {
    ProgramError::Malformed { size, offset, len, stack }
}

/// Size of the segment, offset and length of the bytecode, size of the stack.
fn fields(header: &[u8; HEADER]) -> [u64; 4] {
    [40, 48, 56, 64].map(|at| read_u64(header, at))
}

fn read_u64(header: &[u8; HEADER], at: usize) -> u64 {
    let mut bytes = [0; 8];
    bytes.copy_from_slice(&header[at..at + 8]);
    u64::from_le_bytes(bytes)
}

#[cfg(test)]
mod tests {
    use super::{HEADER, MAGIC, Program, ProgramError};
    use crate::build_id::build_id;

    fn segment(size: u64, offset: u64, len: u64, stack: u64) -> Vec<u8> {
        let mut bytes = vec![0; 8192];
        bytes[..8].copy_from_slice(&MAGIC);
        bytes[8..40].copy_from_slice(&build_id());
        for (at, value) in [(40, size), (48, offset), (56, len), (64, stack)] {
            bytes[at..at + 8].copy_from_slice(&value.to_le_bytes());
        }
        bytes[1024..1028].copy_from_slice(b"code");
        bytes
    }

    #[test]
    fn finds_the_bytecode_of_a_linked_program() {
        let bytes = segment(4096, 1024, 4, 1 << 20);
        assert_eq!(Program::read(&bytes), Ok(Program { bytecode: b"code", stack: 1 << 20 }));
    }

    #[test]
    fn says_that_a_bare_base_image_has_no_program() {
        assert_eq!(Program::read(&[0; 8192]), Err(ProgramError::Missing));
        assert_eq!(Program::read(&[0; HEADER - 1]), Err(ProgramError::Missing));
    }

    #[test]
    fn refuses_bytecode_of_another_engine() {
        let mut bytes = segment(4096, 1024, 4, 1 << 20);
        bytes[8] ^= 1;
        assert_eq!(Program::read(&bytes), Err(ProgramError::OtherBase));
    }

    #[test]
    fn refuses_sizes_that_point_outside_and_a_stack_that_is_none() {
        let cases = [
            (0, 0, 0, 1 << 20),
            (4095, 1024, 4, 1 << 20),
            (12288, 1024, 4, 1 << 20),
            (4096, 4093, 4, 1 << 20),
            (4096, u64::MAX, 4, 1 << 20),
            (4096, 4, u64::MAX, 1 << 20),
            (!4095, 1024, 4, 1 << 20),
            (4096, 1024, 4, 0),
            (4096, 1024, 4, 4096),
            (4096, 1024, 4, (1 << 20) + 1),
        ];
        for (size, offset, len, stack) in cases {
            let bytes = segment(size, offset, len, stack);
            assert_eq!(Program::read(&bytes), Err(ProgramError::Malformed { size, offset, len, stack }));
        }
    }
}
