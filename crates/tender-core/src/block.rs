//! What is behind a block device: a file, or a block device of the host (ABI section 6.5).

use core::error::Error;
use core::ffi::CStr;
use core::fmt;

use solo5_abi::limits::{MAX_BLOCK_SIZE, MIN_BLOCK_SIZE};

use crate::cli::decimal;
use crate::syscall::{self, Errno, Fd};

/// An open file or block device. Not closed when dropped: the guest goes on with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BlockFile {
    /// Its descriptor.
    pub fd: Fd,
    /// Bytes of it.
    pub capacity: u64,
    /// It could only be opened for reading, and this is why.
    pub read_only: Option<Errno>,
    /// It could not be locked, because its file system has no locks, and this is what that said.
    pub unlocked: Option<Errno>,
}

/// Why a file cannot be a block device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BlockError {
    /// The host refused to open it, or to tell its size.
    Host(Errno),
    /// It is a directory, a pipe, a socket, or a character device.
    NotStorage,
    /// Somebody has locked it.
    InUse,
}

impl BlockFile {
    /// Opens `path` for reading and writing, or for reading if the host allows no more, or nobody has the permission
    /// to write it, which root could all the same.
    ///
    /// # Errors
    /// It cannot be read, or is neither file nor block device.
    pub fn open(path: &CStr) -> Result<Self, BlockError> {
        let refused = match syscall::open_for_writing(path) {
            Ok(fd) => match syscall::file_status(fd) {
                Ok(status) if status.is_write_protected() => {
                    syscall::close(fd);
                    Errno::EACCES
                }
                _ => return Self::of(fd, None),
            },
            // An immutable file says EPERM.
            Err(errno @ (Errno::EACCES | Errno::EPERM | Errno::EROFS)) => errno,
            Err(errno) => return Err(BlockError::Host(errno)),
        };
        let fd = syscall::open_for_reading(path).map_err(|_also| BlockError::Host(refused))?;
        Self::of(fd, Some(refused))
    }

    /// Opens `path` for nothing but reading.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn open_for_reading(path: &CStr) -> Result<Self, BlockError> {
        let fd = syscall::open_for_reading(path).map_err(BlockError::Host)?;
        // As if the host had said so.
        Self::of(fd, Some(Errno::EROFS))
    }

    fn of(fd: Fd, refused: Option<Errno>) -> Result<Self, BlockError> {
        Self::measure(fd, refused).inspect_err(|_| syscall::close(fd))
    }

    fn measure(fd: Fd, refused: Option<Errno>) -> Result<Self, BlockError> {
        let status = syscall::file_status(fd).map_err(BlockError::Host)?;
        if !status.is_file() && !status.is_block_device() {
            return Err(BlockError::NotStorage);
        }
        // Keeping that time is a tenth of what a read takes, and nobody asks when a guest last read. Only
        // the owner of a file may leave it out: for others it stays.
        let _ = syscall::leave_access_time(fd);
        let read_only = match refused {
            // The host opens a block device that takes no writes for writing all the same.
            None if status.is_block_device() && syscall::is_read_only_device(fd) == Ok(true) => {
                Some(Errno::EROFS)
            }
            refused => refused,
        };
        let capacity = syscall::end_of(fd).map_err(BlockError::Host)?;
        Ok(Self { fd, capacity, read_only, unlocked: None })
    }

    /// Locks it: what is only read may have many users, what is written to has one, unless all of them are
    /// `sharing`. The lock is advisory (`flock`) and goes when the process ends, however it ends.
    ///
    /// # Errors
    /// [`BlockError::InUse`].
    pub fn lock(&mut self, sharing: bool) -> Result<(), BlockError> {
        self.unlocked = match syscall::lock(self.fd, self.read_only.is_none() && !sharing) {
            Ok(()) => None,
            Err(Errno::EAGAIN) => return Err(BlockError::InUse),
            Err(errno) => Some(errno),
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

impl fmt::Display for BlockError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Host(errno) => errno.fmt(f),
            Self::NotStorage => f.write_str("is neither a regular file nor a block device"),
            Self::InUse => {
                f.write_str("is in use: another guest, or another device of this one, has locked it")
            }
        }
    }
}

impl Error for BlockError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Host(errno) => Some(errno),
            Self::NotStorage | Self::InUse => None,
        }
    }
}
