//! The notes that make an ELF file a Solo5 image (ABI sections 2.1-2.5).

use core::fmt;

use solo5_abi::limits::{ABI1_NOTE_MAX_DESC, MFT_MAX_SIZE, MFT1_NOTE_MAX_DESC};
use solo5_abi::notes::{AbiTarget, MFT1_PADDING, NAME, TYPE_ABI1, TYPE_MFT1};
use thiserror::Error;

use crate::header::Header;
use crate::manifest::{Manifest, ManifestError};
use crate::program::ProgramKind;
use crate::read::{ReadAt, ReadError, u32_at};

/// Bytes of the generic head of a note: three words.
const ELF_NOTE_HEAD: u64 = 12;
/// Bytes of the head of a note of ours, name included.
const NOTE_HEAD: u32 = 20;
/// Least descriptor of an ABI note: target and version.
const ABI_MIN_DESC: u32 = 8;

/// One of the two notes tenders look for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoteKind {
    /// `ABI1`: target and version (ABI section 2.4).
    Abi,
    /// `MFT1`: the manifest (ABI section 2.2).
    Manifest,
}

/// What an image was built for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Abi {
    /// Number of the target; [`AbiTarget::from_number`] knows the names.
    pub target: u32,
    /// Version of that target's ABI.
    pub version: u32,
}

/// An image that was built for something else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AbiMismatch {
    /// What the image was built for.
    pub found: Abi,
    /// The tender's target.
    pub target: AbiTarget,
    /// The tender's version of it.
    pub version: u32,
}

/// Why a note could not be had; the rows of ABI section 2.5.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum NoteError {
    /// The image has no such note.
    #[error("no Solo5 {0} note")]
    Missing(NoteKind),
    /// Bytes of the file could not be read (N2, N5, N11).
    #[error(transparent)]
    Read(ReadError),
    /// A `PT_NOTE`, ours or not, is too small for any note (N3).
    #[error("program header {index}: note of {file_size} bytes, at least 12 are needed")]
    SegmentTooSmall {
        /// Index of its program header.
        index: u16,
        /// Its `p_filesz`.
        file_size: u64,
    },
    /// The size of the descriptor is out of range (N8, N10).
    #[error("{kind} note does not fall within valid size: {size} bytes, not {min} to {max}")]
    DescriptorSize {
        /// Which note.
        kind: NoteKind,
        /// Its `n_descsz`.
        size: u32,
        /// Least size.
        min: u32,
        /// Largest size.
        max: u32,
    },
    /// The note does not lie in its `PT_NOTE` (N9).
    #[error("{kind} note of {size} bytes does not lie in its segment of {file_size} bytes")]
    OutsideSegment {
        /// Which note.
        kind: NoteKind,
        /// Its `n_descsz`.
        size: u32,
        /// `p_filesz` of the `PT_NOTE`.
        file_size: u64,
    },
}

/// Why there is no manifest to be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ManifestNoteError {
    /// The note is missing or malformed.
    #[error(transparent)]
    Note(NoteError),
    /// The manifest in it is not valid.
    #[error(transparent)]
    Invalid(ManifestError),
}

/// Room for the largest manifest.
pub type ManifestBuffer = [u8; MFT_MAX_SIZE];

/// Finds and reads the ABI note (ABI sections 2.4, 2.5).
///
/// # Errors
/// There is none, or it violates a row of ABI section 2.5. A descriptor of less than 8 bytes, which
/// upstream's tools read beyond its end, is refused.
pub fn read_abi(image: &(impl ReadAt + ?Sized), header: &Header) -> Result<Abi, NoteError> {
    let note = find(image, header, NoteKind::Abi)?;
    let mut bytes = [0; ABI1_NOTE_MAX_DESC as usize];
    // All of it has to be there (N11), whatever follows target and version.
    image.read_at(note.offset, &mut bytes[..note.size]).map_err(NoteError::Read)?;
    Ok(Abi { target: u32_at(&bytes, 0), version: u32_at(&bytes, 4) })
}

/// Finds, reads and validates the manifest; `buffer` holds its bytes (ABI sections 2.2, 2.3, 2.5).
///
/// # Errors
/// There is none, or it violates a row of ABI section 2.5 or 2.3.
pub fn read_manifest<'a>(
    image: &(impl ReadAt + ?Sized),
    header: &Header,
    buffer: &'a mut ManifestBuffer,
) -> Result<Manifest<'a>, ManifestNoteError> {
    let note = find(image, header, NoteKind::Manifest).map_err(ManifestNoteError::Note)?;
    let bytes = &mut buffer[..note.size];
    image.read_at(note.offset, bytes).map_err(|error| ManifestNoteError::Note(NoteError::Read(error)))?;
    Manifest::parse(bytes).map_err(ManifestNoteError::Invalid)
}

/// Where the useful part of a note's descriptor lies in the file.
struct Found {
    offset: u64,
    size: usize,
}

fn find(image: &(impl ReadAt + ?Sized), header: &Header, kind: NoteKind) -> Result<Found, NoteError> {
    for program in header.programs(image) {
        let program = program.map_err(NoteError::Read)?;
        if program.kind != ProgramKind::Note {
            continue;
        }
        let file_size = program.file_size;
        if file_size < ELF_NOTE_HEAD {
            return Err(NoteError::SegmentTooSmall { index: program.index, file_size });
        }
        if file_size < u64::from(NOTE_HEAD) {
            continue;
        }
        let mut head = [0; NOTE_HEAD as usize];
        image.read_at(program.offset, &mut head).map_err(NoteError::Read)?;
        if u32_at(&head, 0) as usize != NAME.len()
            || head[12..18] != NAME
            || u32_at(&head, 8) != kind.number()
        {
            continue;
        }
        let size = u32_at(&head, 4);
        let (min, max) = kind.limits();
        if !(min..=max).contains(&size) {
            return Err(NoteError::DescriptorSize { kind, size, min, max });
        }
        if file_size < u64::from(NOTE_HEAD) + u64::from(size) {
            return Err(NoteError::OutsideSegment { kind, size, file_size });
        }
        // Neither can wrap: the head was read at `p_offset`, and `size` is at least the padding.
        let padding = kind.padding();
        return Ok(Found {
            offset: program.offset.saturating_add(u64::from(NOTE_HEAD) + u64::from(padding)),
            size: (size - padding) as usize,
        });
    }
    Err(NoteError::Missing(kind))
}

impl Abi {
    /// Checks that a tender for `version` of `target` can run the image (ABI section 2.4).
    ///
    /// # Errors
    /// It was built for another target or version.
    pub fn expect(self, target: AbiTarget, version: u32) -> Result<(), AbiMismatch> {
        if self.target == target as u32 && self.version == version {
            return Ok(());
        }
        Err(AbiMismatch { found: self, target, version })
    }
}

impl NoteKind {
    const fn number(self) -> u32 {
        match self {
            Self::Abi => TYPE_ABI1,
            Self::Manifest => TYPE_MFT1,
        }
    }

    /// Least and largest `n_descsz`. More than the padding is needed, so a manifest has at least 5.
    const fn limits(self) -> (u32, u32) {
        match self {
            Self::Abi => (ABI_MIN_DESC, ABI1_NOTE_MAX_DESC),
            Self::Manifest => (MFT1_PADDING + 1, MFT1_NOTE_MAX_DESC),
        }
    }

    const fn padding(self) -> u32 {
        match self {
            Self::Abi => 0,
            Self::Manifest => MFT1_PADDING,
        }
    }
}

impl fmt::Display for NoteKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Abi => "ABI",
            Self::Manifest => "manifest",
        })
    }
}

impl fmt::Display for AbiMismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { found, target, version } = self;
        match AbiTarget::from_number(found.target) {
            Some(other) if other == *target => {
                write!(f, "built for version {} of {}, only {version} is known", found.version, target.name())
            }
            Some(other) => write!(f, "built for {}, not for {}", other.name(), target.name()),
            None => write!(f, "built for unknown target {}, not for {}", found.target, target.name()),
        }
    }
}

impl core::error::Error for AbiMismatch {}
