//! Descriptors of the host, and the memory they are read into and written from.

use std::io;
use std::marker::PhantomData;

use rustix::fd::{AsFd, AsRawFd as _, BorrowedFd, FromRawFd as _, OwnedFd};
use tender_core::block::BlockFile;
use tender_core::devices::Attached;
use tender_core::net::NetPort;
use tender_core::syscall::{self, Fd};

/// Bytes that stay where they are for `'a`. JavaScript may share them between threads, so that Rust
/// never has a reference to them: only the kernel reads and writes them.
#[derive(Clone, Copy, Debug)]
pub struct Bytes<'a> {
    start: *mut u8,
    len: usize,
    of: PhantomData<&'a mut [u8]>,
}

/// A descriptor that is this addon's alone; closed when dropped.
#[derive(Debug)]
pub struct Descriptor(OwnedFd);

impl<'a> Bytes<'a> {
    /// The `len` bytes from `start` on.
    ///
    /// # Safety
    /// They are mapped and writable for `'a`, and no reference to them is used meanwhile.
    pub const unsafe fn new(start: *mut u8, len: usize) -> Self {
        Self { start, len, of: PhantomData }
    }

    /// Rust's own.
    pub const fn of(bytes: &'a mut [u8]) -> Self {
        Self { start: bytes.as_mut_ptr(), len: bytes.len(), of: PhantomData }
    }

    /// How many.
    pub const fn len(self) -> usize {
        self.len
    }

    /// What they are now; `None` if there is no memory for a copy.
    pub fn copied(self) -> Option<Vec<u8>> {
        let mut copy = zeroes(self.len)?;
        // SAFETY: `self.len` bytes are readable by the promise of `new`, and `copy` is as long and fresh.
        // Should another thread of JavaScript write them now, the copy is as good as any order of the two.
        unsafe { self.start.copy_to_nonoverlapping(copy.as_mut_ptr(), self.len) };
        Some(copy)
    }

    /// All but the first `count`.
    fn behind(self, count: usize) -> Self {
        let count = count.min(self.len);
        // Wrapping, because `start` may be null where there are no bytes.
        Self { start: self.start.wrapping_add(count), len: self.len - count, ..self }
    }
}

/// So many zeroes; `None` if there is no memory for them.
pub fn zeroes(len: usize) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    bytes.try_reserve_exact(len).ok()?;
    bytes.resize(len, 0);
    Some(bytes)
}

impl Descriptor {
    /// That of a port, which is the caller's: opened by name, or a copy.
    pub fn of_port(port: NetPort) -> Self {
        Self::own(port.fd)
    }

    /// That of a file.
    pub fn of_file(file: BlockFile) -> Self {
        Self::own(file.fd)
    }

    /// That of one of `Attachments::copying`.
    pub fn of_attached(attached: &Attached) -> Self {
        Self::own(attached.fd)
    }

    fn own(fd: Fd) -> Self {
        // SAFETY: by the contracts of the three callers, `tender-core` has just opened it for this addon
        // and does not close it: its own descriptors are plain numbers that nothing closes by itself.
        Self(unsafe { OwnedFd::from_raw_fd(fd.number()) })
    }

    /// Reads once: how many bytes, or the negative of `errno`.
    pub fn read(&self, into: Bytes<'_>) -> i32 {
        // SAFETY: the kernel writes at most `into.len` bytes, which are writable by the promise of `Bytes`.
        count(unsafe { libc::read(self.0.as_raw_fd(), into.start.cast(), into.len) })
    }

    /// Whether the other end is closed, or sends no more.
    pub fn is_hung_up(&self) -> bool {
        syscall::is_hung_up(Fd::numbered(self.0.as_raw_fd())) != Ok(false)
    }

    /// Writes all in one call: 0, or the negative of `errno`.
    pub fn write(&self, from: Bytes<'_>) -> i32 {
        // SAFETY: the kernel only reads the `from.len` bytes, which are readable by the promise of `Bytes`.
        let written = count(unsafe { libc::write(self.0.as_raw_fd(), from.start.cast(), from.len) });
        match written {
            error @ ..0 => error,
            written if usize::try_from(written) == Ok(from.len) => 0,
            _part => -libc::EIO,
        }
    }

    /// Fills `into` from `offset` on: 0, or the negative of `errno`; EIO if the file ends before.
    pub fn read_at(&self, offset: u64, into: Bytes<'_>) -> i32 {
        whole(offset, into, |offset, rest| {
            // SAFETY: the kernel writes at most `rest.len` bytes, writable by the promise of `Bytes`.
            unsafe { libc::pread(self.0.as_raw_fd(), rest.start.cast(), rest.len, offset) }
        })
    }

    /// Writes all of `from` from `offset` on: 0, or the negative of `errno`.
    pub fn write_at(&self, offset: u64, from: Bytes<'_>) -> i32 {
        whole(offset, from, |offset, rest| {
            // SAFETY: the kernel only reads the `rest.len` bytes, readable by the promise of `Bytes`.
            unsafe { libc::pwrite(self.0.as_raw_fd(), rest.start.cast(), rest.len, offset) }
        })
    }
}

impl AsFd for Descriptor {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// Moves `bytes` with as many calls of `step` as the kernel wants.
fn whole<'a>(offset: u64, bytes: Bytes<'a>, step: impl Fn(i64, Bytes<'a>) -> isize) -> i32 {
    let mut moved = 0;
    while moved < bytes.len {
        let at = offset.checked_add(moved as u64).and_then(|at| i64::try_from(at).ok());
        let Some(at) = at else { return -libc::EINVAL };
        match count(step(at, bytes.behind(moved))) {
            interrupted if interrupted == -libc::EINTR => {}
            error @ ..0 => return error,
            0 => return -libc::EIO,
            some => moved += usize::try_from(some).unwrap_or_default(),
        }
    }
    0
}

/// What a system call returned: a count, or the negative of `errno`. The kernel moves less than 2 GiB a
/// call.
fn count(returned: isize) -> i32 {
    match i32::try_from(returned) {
        Ok(count @ 0..) => count,
        Ok(_) => -io::Error::last_os_error().raw_os_error().unwrap_or(libc::EIO),
        Err(_) => i32::MAX,
    }
}
