//! The image file: opening it, and the checks that come before any option (ABI section 4.10, steps 2-4).

use core::ffi::CStr;

use rustix::fd::{AsRawFd as _, OwnedFd};
use rustix::fs::{FileType, Mode, OFlags, fstat, open};
use rustix::io::{self, fcntl_dupfd_cloexec, pread};
use solo5_abi::Gpa;
use solo5_abi::notes::AbiTarget;
use solo5_elf::{
    AbiMismatch, Header, HeaderError, Interpreter, LoadError, Manifest, ManifestBuffer, ManifestNoteError,
    NoteError, NoteKind, ReadAt, ReadError, foreign_interpreter, read_abi, read_manifest,
};
use thiserror::Error;

use crate::syscall::{self, Errno, Fd};

/// Room for what is read at once when a file is opened: all headers of an image, and often its notes.
pub type Window = [u8; 4096];

/// An open image. Its file is read where it is needed, never whole, and not closed when dropped.
#[derive(Debug)]
pub struct ImageFile<'w> {
    fd: Fd,
    size: u64,
    /// Its first bytes.
    window: &'w [u8],
}

/// Why an image cannot be opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum OpenError {
    #[error(transparent)]
    Host(Errno),
    #[error("is a directory")]
    Directory,
    #[error("is not a regular file")]
    NotAFile,
}

/// Why a file is not an image this tender can run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ImageError {
    #[error("not a Solo5 image: {0}")]
    Header(#[source] HeaderError),
    /// It has no ABI note, but an interpreter.
    #[error("not a Solo5 image: an ordinary program, run by {0}")]
    OrdinaryProgram(Interpreter),
    #[error("not a Solo5 image: {0}")]
    Abi(#[source] NoteError),
    #[error("{}; {}", .0, what_to_do(.0))]
    Mismatch(#[source] AbiMismatch),
    #[error("invalid image: {0}")]
    Manifest(#[source] ManifestNoteError),
}

/// Why an image cannot be put into guest memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum SegmentLoadError {
    #[error("changed while it was loaded: {0}")]
    Read(#[source] ReadError),
    #[error("changed while it was loaded: {0}")]
    Changed(#[source] LoadError),
    #[error("segment at {start:#x} cannot be protected: {errno}")]
    Protect {
        start: Gpa,
        #[source]
        errno: Errno,
    },
}

impl<'w> ImageFile<'w> {
    /// Opens `path`. A descriptor below 3 is never kept for it: if standard input, output or error
    /// is closed, it is opened on `/dev/null` first, so that nothing else can take its number.
    ///
    /// # Errors
    /// It cannot be opened for reading, or it is not a regular file.
    pub fn open(path: &CStr, window: &'w mut Window) -> Result<Self, OpenError> {
        let mut fd = syscall::open_for_reading(path).map_err(OpenError::Host)?;
        if fd.as_raw_fd() < 3 {
            fd = fill_stdio(fd).map_err(OpenError::Host)?;
        }
        let status = fstat(&fd).map_err(|errno| OpenError::Host(errno.into()))?;
        match FileType::from_raw_mode(status.st_mode) {
            FileType::RegularFile => {}
            FileType::Directory => return Err(OpenError::Directory),
            _ => return Err(OpenError::NotAFile),
        }
        let size = status.st_size.cast_unsigned();
        let known = match pread(&fd, &mut *window, 0) {
            // The file may have changed since; what was measured counts.
            Ok(known) => usize::try_from(size).map_or(known, |size| known.min(size)),
            Err(io::Errno::INTR) => 0,
            Err(errno) => return Err(OpenError::Host(errno.into())),
        };
        Ok(Self { fd: fd.into(), size, window: &window[..known] })
    }

    /// Its descriptor, for mapping segments.
    #[must_use]
    pub const fn fd(&self) -> Fd {
        self.fd
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
fn fill_stdio(fd: OwnedFd) -> Result<OwnedFd, Errno> {
    let moved = fcntl_dupfd_cloexec(&fd, 3)?;
    drop(fd);
    loop {
        let filled = open(c"/dev/null", OFlags::RDWR | OFlags::NOCTTY, Mode::empty())?;
        if filled.as_raw_fd() >= 3 {
            return Ok(moved);
        }
        // Standard streams stay open.
        let _stream = Fd::from(filled);
    }
}

impl ReadAt for ImageFile<'_> {
    fn size(&self) -> u64 {
        self.size
    }

    // It has many callers, each of which would get a copy, a kilobyte in all.
    #[inline(never)]
    fn read_at(&self, offset: u64, into: &mut [u8]) -> Result<(), ReadError> {
        if self.window.read_at(offset, into).is_ok() {
            return Ok(());
        }
        let mut done = 0;
        while done < into.len() {
            let at = offset.saturating_add(done as u64);
            match pread(self.fd, &mut into[done..], at) {
                Ok(0) => {
                    return Err(ReadError::BeyondEnd { offset, len: into.len() as u64, size: self.size });
                }
                Ok(read) => done += read,
                Err(io::Errno::INTR) => {}
                Err(errno) => {
                    return Err(ReadError::Host { offset: at, errno: errno.raw_os_error() });
                }
            }
        }
        Ok(())
    }
}

fn what_to_do(mismatch: &AbiMismatch) -> &'static str {
    match AbiTarget::from_number(mismatch.found.target) {
        Some(AbiTarget::Hvt) if mismatch.target != AbiTarget::Hvt => "run it with solo5-hvt",
        Some(AbiTarget::Spt) if mismatch.target != AbiTarget::Spt => "run it with solo5-spt",
        _ => "build it again for this tender",
    }
}
