//! What is behind a block device: a file, or a block device of the host (ABI section 6.5).

use core::ffi::CStr;

use rustix::fd::{AsFd as _, OwnedFd};
use rustix::fs::{FileType, FlockOperation, Mode, OFlags, SeekFrom, flock, fstat, open, seek};
use rustix::io;
use solo5_abi::limits::{MAX_BLOCK_SIZE, MIN_BLOCK_SIZE};
use thiserror::Error;

use crate::cli::decimal;
use crate::syscall::{self, Errno, Fd};

/// An open file or block device. Not closed when dropped: the guest goes on with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BlockFile {
    pub fd: Fd,
    /// Bytes of it.
    pub capacity: u64,
    /// It could only be opened for reading, and this is why.
    pub read_only: Option<Errno>,
    /// It could not be locked, because its file system has no locks, and this is what that said.
    pub unlocked: Option<Errno>,
}

/// Why a file cannot be a block device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum BlockError {
    #[error(transparent)]
    Host(#[from] Errno),
    #[error("is neither a regular file nor a block device")]
    NotStorage,
    #[error("is in use: another guest, or another device of this one, has locked it")]
    InUse,
}

impl BlockFile {
    /// Opens `path` for reading and writing, or for reading if the host allows no more, or nobody has the permission
    /// to write it, which root could all the same.
    ///
    /// # Errors
    /// It cannot be read, or is neither file nor block device.
    pub fn open(path: &CStr) -> Result<Self, BlockError> {
        // Never as the terminal of this process.
        let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
        let refused = match open(path, flags, Mode::empty()) {
            Ok(fd) => match fstat(&fd) {
                Ok(status) if status.st_mode & 0o222 == 0 => Errno::EACCES,
                _ => return Self::of(fd, None),
            },
            // An immutable file says EPERM.
            Err(errno @ (io::Errno::ACCESS | io::Errno::PERM | io::Errno::ROFS)) => errno.into(),
            Err(errno) => return Err(BlockError::Host(errno.into())),
        };
        let fd = syscall::open_for_reading(path).map_err(|_also| refused)?;
        Self::of(fd, Some(refused))
    }

    /// Opens `path` for nothing but reading.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn open_for_reading(path: &CStr) -> Result<Self, BlockError> {
        // As if the host had said so.
        Self::of(syscall::open_for_reading(path)?, Some(Errno::EROFS))
    }

    fn of(fd: OwnedFd, refused: Option<Errno>) -> Result<Self, BlockError> {
        let kind = FileType::from_raw_mode(fstat(&fd).map_err(Errno::from)?.st_mode);
        if !matches!(kind, FileType::RegularFile | FileType::BlockDevice) {
            return Err(BlockError::NotStorage);
        }
        // Keeping that time is a tenth of what a read takes, and nobody asks when a guest last read. Only
        // the owner of a file may leave it out: for others it stays.
        let _ = syscall::add_flag(fd.as_fd(), OFlags::NOATIME);
        // The host opens a block device that takes no writes for writing all the same.
        let takes_none = || kind.is_block_device() && syscall::is_read_only_device(fd.as_fd()) == Ok(true);
        let read_only = refused.or_else(|| takes_none().then_some(Errno::EROFS));
        let capacity = seek(&fd, SeekFrom::End(0)).map_err(Errno::from)?;
        Ok(Self { fd: fd.into(), capacity, read_only, unlocked: None })
    }

    /// Locks it: what is only read may have many users, what is written to has one, unless all of them are
    /// `sharing`. The lock is advisory (`flock`) and goes when the process ends, however it ends.
    ///
    /// # Errors
    /// [`BlockError::InUse`].
    pub fn lock(&mut self, sharing: bool) -> Result<(), BlockError> {
        let exclusive = self.read_only.is_none() && !sharing;
        let kind = if exclusive {
            FlockOperation::NonBlockingLockExclusive
        } else {
            FlockOperation::NonBlockingLockShared
        };
        self.unlocked = match flock(self.fd, kind) {
            Ok(()) => None,
            Err(io::Errno::AGAIN) => return Err(BlockError::InUse),
            Err(errno) => Some(errno.into()),
        };
        Ok(())
    }

    /// Closes it, which gives its lock back.
    pub fn close(self) {
        syscall::close(self.fd);
    }
}

/// Whether a device whose lock is called so shares what it writes to; `None` if no lock is.
#[must_use]
pub fn parse_lock(text: &[u8]) -> Option<bool> {
    match text {
        b"exclusive" => Some(false),
        b"shared" => Some(true),
        _ => None,
    }
}

/// A block size: decimal digits and nothing else, a power of two from 512 to 32768.
#[must_use]
pub fn parse_block_size(text: &[u8]) -> Option<u16> {
    let size = u16::try_from(decimal(text)?).ok()?;
    ((MIN_BLOCK_SIZE..=MAX_BLOCK_SIZE).contains(&size) && size.is_power_of_two()).then_some(size)
}
