//! The image file: opening it, and the checks that come before any option (ABI section 4.10, 2-4).

use core::error::Error;
use core::ffi::CStr;
use core::fmt;

use solo5_abi::notes::AbiTarget;
use solo5_elf::{
    AbiMismatch, Header, HeaderError, Interpreter, Manifest, ManifestBuffer, ManifestNoteError, NoteError,
    NoteKind, ReadAt, ReadError, foreign_interpreter, read_abi, read_manifest,
};

use crate::syscall::{self, Errno, Fd};

/// Bytes read at once when a file is opened: all headers of an image, and often its notes.
const WINDOW: usize = 4096;

/// An open image. Its file is read where it is needed, never whole.
#[derive(Debug)]
pub struct ImageFile {
    fd: Fd,
    size: u64,
    window: [u8; WINDOW],
    known: usize,
}

/// Why an image cannot be opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OpenError {
    /// The host refused.
    Host(Errno),
    /// It is a directory.
    Directory,
    /// It is a pipe, a socket or a device.
    NotAFile,
}

/// Why a file is not an image this tender can run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ImageError {
    /// Its ELF header is none of ours.
    Header(HeaderError),
    /// It has no ABI note, but an interpreter: an ordinary program.
    OrdinaryProgram(Interpreter),
    /// Its ABI note is missing or malformed.
    Abi(NoteError),
    /// It was built for another target or version.
    Mismatch(AbiMismatch),
    /// Its manifest is missing or malformed.
    Manifest(ManifestNoteError),
}

impl ImageFile {
    /// Opens `path`. A descriptor below 3 is never kept for it: if standard input, output or error
    /// is closed, it is opened on `/dev/null` first, so that nothing else can take its number.
    ///
    /// # Errors
    /// It cannot be opened for reading, or it is not a regular file.
    pub fn open(path: &CStr) -> Result<Self, OpenError> {
        let mut fd = syscall::open_for_reading(path).map_err(OpenError::Host)?;
        if fd.number() < 3 {
            fd = fill_stdio(fd).map_err(OpenError::Host)?;
        }
        let status = syscall::file_status(fd).map_err(OpenError::Host)?;
        if status.is_directory() {
            return Err(OpenError::Directory);
        }
        if !status.is_file() {
            return Err(OpenError::NotAFile);
        }
        let mut image = Self { fd, size: status.size, window: [0; WINDOW], known: 0 };
        image.known = match syscall::read_at(fd, 0, &mut image.window) {
            // The file may have changed since; what was measured counts.
            Ok(known) => usize::try_from(image.size).map_or(known, |size| known.min(size)),
            Err(Errno::EINTR) => 0,
            Err(errno) => return Err(OpenError::Host(errno)),
        };
        Ok(image)
    }

    /// Its descriptor, for mapping segments.
    #[must_use]
    pub const fn fd(&self) -> Fd {
        self.fd
    }

    /// Closes the file; mappings of it stay.
    pub fn close(self) {
        syscall::close(self.fd);
    }

    /// Checks header and notes, in that order.
    ///
    /// # Errors
    /// It is not an image, or not one for `version` of `target`.
    pub fn check<'a>(
        &self,
        target: AbiTarget,
        version: u32,
        buffer: &'a mut ManifestBuffer,
    ) -> Result<(Header, Manifest<'a>), ImageError> {
        let header = Header::read(self).map_err(ImageError::Header)?;
        let abi = read_abi(self, &header).map_err(|error| {
            let missing = error == NoteError::Missing(NoteKind::Abi);
            let program = if missing { foreign_interpreter(self, &header) } else { None };
            program.map_or(ImageError::Abi(error), ImageError::OrdinaryProgram)
        })?;
        abi.expect(target, version).map_err(ImageError::Mismatch)?;
        let manifest = read_manifest(self, &header, buffer).map_err(ImageError::Manifest)?;
        Ok((header, manifest))
    }
}

/// Moves `fd`, which took the number of a closed standard stream, and opens those on `/dev/null`.
fn fill_stdio(fd: Fd) -> Result<Fd, Errno> {
    let moved = syscall::above_stdio(fd)?;
    syscall::close(fd);
    loop {
        let filled = syscall::open_for_all(c"/dev/null")?;
        if filled.number() >= 3 {
            syscall::close(filled);
            return Ok(moved);
        }
    }
}

impl ReadAt for ImageFile {
    fn size(&self) -> u64 {
        self.size
    }

    fn read_at(&self, offset: u64, into: &mut [u8]) -> Result<(), ReadError> {
        let window = &self.window[..self.known];
        if window.read_at(offset, into).is_ok() {
            return Ok(());
        }
        let mut done = 0;
        while done < into.len() {
            let at = offset.saturating_add(done as u64);
            match syscall::read_at(self.fd, at, &mut into[done..]) {
                Ok(0) => {
                    return Err(ReadError::BeyondEnd { offset, len: into.len() as u64, size: self.size });
                }
                Ok(read) => done += read,
                Err(Errno::EINTR) => {}
                Err(errno) => {
                    return Err(ReadError::Host { offset: at, errno: errno.number() });
                }
            }
        }
        Ok(())
    }
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Host(errno) => errno.fmt(f),
            Self::Directory => f.write_str("is a directory"),
            Self::NotAFile => f.write_str("is not a regular file"),
        }
    }
}

impl fmt::Display for ImageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Header(error) => write!(f, "not a Solo5 image: {error}"),
            Self::OrdinaryProgram(interpreter) => {
                write!(f, "not a Solo5 image: an ordinary program, run by {interpreter}")
            }
            Self::Abi(error) => write!(f, "not a Solo5 image: {error}"),
            Self::Mismatch(error) => {
                error.fmt(f)?;
                match AbiTarget::from_number(error.found.target) {
                    Some(AbiTarget::Hvt) if error.target != AbiTarget::Hvt => {
                        f.write_str("; run it with solo5-hvt")
                    }
                    Some(AbiTarget::Spt) if error.target != AbiTarget::Spt => {
                        f.write_str("; run it with solo5-spt")
                    }
                    _ => f.write_str("; build it again for this tender"),
                }
            }
            Self::Manifest(error) => write!(f, "invalid image: {error}"),
        }
    }
}

impl Error for OpenError {}

impl Error for ImageError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Header(error) => Some(error),
            Self::OrdinaryProgram(_) => None,
            Self::Abi(error) => Some(error),
            Self::Mismatch(error) => Some(error),
            Self::Manifest(error) => Some(error),
        }
    }
}
