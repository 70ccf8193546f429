//! System calls of the host kernel, Linux on x86_64: those that tenders make, and no others.
//!
//! Functions are safe unless they change what is mapped. An error is the kernel's `errno`.

use core::arch::asm;
use core::ffi::CStr;
use core::fmt;

/// An open descriptor. Not closed when dropped: a tender ends or becomes its guest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fd(i32);

/// Why the kernel refused: its `errno`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Errno(i32);

/// What kind of file, and how large.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileStatus {
    /// `st_mode`: kind and permissions.
    pub mode: u32,
    /// Bytes, if it is a regular file.
    pub size: u64,
}

impl FileStatus {
    /// It is a regular file.
    #[must_use]
    pub const fn is_file(&self) -> bool {
        self.mode & 0o170_000 == 0o100_000
    }

    /// It is a directory.
    #[must_use]
    pub const fn is_directory(&self) -> bool {
        self.mode & 0o170_000 == 0o040_000
    }
}

const PREAD64: usize = 17;
const WRITE: usize = 1;
const OPEN: usize = 2;
const CLOSE: usize = 3;
const FSTAT: usize = 5;
const MMAP: usize = 9;
const MPROTECT: usize = 10;
const MADVISE: usize = 28;
const FCNTL: usize = 72;
const PERSONALITY: usize = 135;
const PRCTL: usize = 157;
const ARCH_PRCTL: usize = 158;
const EXIT_GROUP: usize = 231;
const EPOLL_CTL: usize = 233;
const TIMERFD_CREATE: usize = 283;
const EPOLL_CREATE1: usize = 291;

const O_NONBLOCK: usize = 0o4000;
const O_RDWR: usize = 0o2;
const O_NOCTTY: usize = 0o400;
const O_CLOEXEC: usize = 0o2_000_000;
const F_DUPFD_CLOEXEC: usize = 1030;
const CLOCK_MONOTONIC: usize = 1;
const EPOLL_CTL_ADD: usize = 1;
const PR_SET_NO_NEW_PRIVS: usize = 38;
const ARCH_GET_XCOMP_SUPP: usize = 0x1021;

/// Pages can be read.
pub const PROT_READ: usize = 1;
/// Pages can be written.
pub const PROT_WRITE: usize = 2;
/// Pages can be executed.
pub const PROT_EXEC: usize = 4;
/// Changes stay in this process.
pub const MAP_PRIVATE: usize = 0x2;
/// Replaces what was mapped there.
pub const MAP_FIXED: usize = 0x10;
/// Zeroes instead of a file.
pub const MAP_ANONYMOUS: usize = 0x20;
/// Takes memory when it is touched, not before.
pub const MAP_NORESERVE: usize = 0x4000;
/// Fails if something is mapped there.
pub const MAP_FIXED_NOREPLACE: usize = 0x10_0000;
const MADV_NOHUGEPAGE: usize = 15;
/// Data can be read from a descriptor.
pub const EPOLLIN: u32 = 1;
/// Flag of the personality: what can be read can be executed.
pub const READ_IMPLIES_EXEC: usize = 0x040_0000;

/// A number the kernel takes in a register; also an index, for what is known to be in memory.
#[expect(
    clippy::cast_possible_truncation,
    reason = "x86_64, the only processor there is here, has words of 64 bits"
)]
#[must_use]
pub const fn word(number: u64) -> usize {
    number as usize
}

/// Makes system call `number`.
///
/// # Safety
/// The call must not break what Rust relies on: pointers among `args` are valid for what the kernel
/// does with them, and no memory in use is unmapped or changes its protection.
unsafe fn call(number: usize, args: [usize; 6]) -> Result<usize, Errno> {
    let result: isize;
    // SAFETY: the caller vouches for the effects of the call itself. The instruction clobbers rcx and
    // r11 and takes its arguments in these registers; it does not touch the stack.
    unsafe {
        asm!(
            "syscall",
            inlateout("rax") number => result,
            in("rdi") args[0],
            in("rsi") args[1],
            in("rdx") args[2],
            in("r10") args[3],
            in("r8") args[4],
            in("r9") args[5],
            lateout("rcx") _,
            lateout("r11") _,
            options(nostack),
        );
    }
    match i32::try_from(result) {
        Ok(errno @ -4095..0) => Err(Errno(-errno)),
        _ => Ok(result.cast_unsigned()),
    }
}

/// The descriptor a call returned. Descriptors are small: the kernel counts them with an `int`.
fn fd(result: usize) -> Fd {
    Fd(i32::try_from(result).unwrap_or(-1))
}

/// Opens `path` for reading. Never waits (for the writer of a pipe), never gets a terminal.
///
/// # Errors
/// The kernel refused.
pub fn open_for_reading(path: &CStr) -> Result<Fd, Errno> {
    open(path, O_NONBLOCK | O_NOCTTY | O_CLOEXEC)
}

/// Opens `path` for reading and writing, for a child as well.
///
/// # Errors
/// The kernel refused.
pub fn open_for_all(path: &CStr) -> Result<Fd, Errno> {
    open(path, O_RDWR | O_NOCTTY)
}

fn open(path: &CStr, flags: usize) -> Result<Fd, Errno> {
    // SAFETY: `path` is a NUL-terminated string, which the kernel only reads.
    unsafe { call(OPEN, [path.as_ptr().addr(), flags, 0, 0, 0, 0]) }.map(fd)
}

/// A copy of `fd` whose number is at least 3.
///
/// # Errors
/// The kernel refused.
pub fn above_stdio(copied: Fd) -> Result<Fd, Errno> {
    // SAFETY: makes a descriptor; no memory is involved.
    unsafe { call(FCNTL, [copied.argument(), F_DUPFD_CLOEXEC, 3, 0, 0, 0]) }.map(fd)
}

/// Closes `fd`. Errors do not matter for what a tender closes.
pub fn close(fd: Fd) {
    // SAFETY: `Fd` values are plain numbers; using one that was closed fails in the kernel.
    let _ = unsafe { call(CLOSE, [fd.argument(), 0, 0, 0, 0, 0]) };
}

/// Kind and size of the file behind `fd`.
///
/// # Errors
/// The kernel refused.
pub fn file_status(fd: Fd) -> Result<FileStatus, Errno> {
    // `struct stat` of x86_64 is 144 bytes: st_mode, a `u32`, at 24, and st_size, an `i64`, at 48.
    let mut stat = [0_u64; 18];
    // SAFETY: the kernel fills the 144 bytes of `stat`.
    unsafe { call(FSTAT, [fd.argument(), (&raw mut stat).addr(), 0, 0, 0, 0]) }?;
    let mode = u32::try_from(stat[3] & 0xFFFF_FFFF).unwrap_or_default();
    Ok(FileStatus { mode, size: stat[6] })
}

/// Reads up to `into.len()` bytes at `offset`; 0 at the end of the file.
///
/// # Errors
/// The kernel refused.
pub fn read_at(fd: Fd, offset: u64, into: &mut [u8]) -> Result<usize, Errno> {
    let offset = usize::try_from(offset).unwrap_or(usize::MAX);
    // SAFETY: the kernel writes at most `into.len()` bytes to `into`.
    unsafe { call(PREAD64, [fd.argument(), into.as_mut_ptr().addr(), into.len(), offset, 0, 0]) }
}

/// Writes up to `bytes.len()` bytes.
///
/// # Errors
/// The kernel refused.
pub fn write(fd: Fd, bytes: &[u8]) -> Result<usize, Errno> {
    // SAFETY: the kernel only reads the `bytes.len()` bytes of `bytes`.
    unsafe { call(WRITE, [fd.argument(), bytes.as_ptr().addr(), bytes.len(), 0, 0, 0]) }
}

/// Ends the process.
pub fn exit(status: i32) -> ! {
    loop {
        // SAFETY: the process ends; nothing is used after it.
        let _ = unsafe { call(EXIT_GROUP, [status.cast_unsigned() as usize, 0, 0, 0, 0, 0]) };
    }
}

/// A new, empty wait set.
///
/// # Errors
/// The kernel refused.
pub fn epoll_create() -> Result<Fd, Errno> {
    // SAFETY: makes a descriptor; no memory is involved.
    unsafe { call(EPOLL_CREATE1, [O_CLOEXEC, 0, 0, 0, 0, 0]) }.map(fd)
}

/// Waits for `event` of `watched` in the wait set `epoll` from now on.
///
/// # Errors
/// The kernel refused.
pub fn epoll_add(epoll: Fd, watched: Fd, event: solo5_abi::spt::EpollEvent) -> Result<(), Errno> {
    let event = &raw const event;
    // SAFETY: the kernel only reads the event.
    unsafe { call(EPOLL_CTL, [epoll.argument(), EPOLL_CTL_ADD, watched.argument(), event.addr(), 0, 0]) }?;
    Ok(())
}

/// A new timer on the monotonic clock, not armed and not blocking.
///
/// # Errors
/// The kernel refused.
pub fn timer_create() -> Result<Fd, Errno> {
    // SAFETY: makes a descriptor; no memory is involved.
    unsafe { call(TIMERFD_CREATE, [CLOCK_MONOTONIC, O_NONBLOCK | O_CLOEXEC, 0, 0, 0, 0]) }.map(fd)
}

/// The personality of the process, a set of flags.
///
/// # Errors
/// The kernel refused.
pub fn personality() -> Result<usize, Errno> {
    // SAFETY: this argument asks and does not change anything.
    unsafe { call(PERSONALITY, [0xFFFF_FFFF, 0, 0, 0, 0, 0]) }
}

/// The process and all it executes can not gain privileges from now on.
///
/// # Errors
/// The kernel refused.
pub fn set_no_new_privileges() -> Result<(), Errno> {
    // SAFETY: takes privileges from the process; no memory is involved.
    unsafe { call(PRCTL, [PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0, 0]) }?;
    Ok(())
}

/// Components of the processor's extended state that this kernel manages, as in XCR0.
///
/// # Errors
/// The kernel is older than the question (Linux 5.16).
pub fn extended_state_components() -> Result<u64, Errno> {
    let mut components = 0_u64;
    // SAFETY: the kernel writes a `u64`.
    unsafe { call(ARCH_PRCTL, [ARCH_GET_XCOMP_SUPP, (&raw mut components).addr(), 0, 0, 0, 0]) }?;
    Ok(components)
}

/// Maps `len` bytes at `addr`, from `source` (a descriptor and an offset) or zeroes.
///
/// # Safety
/// With [`MAP_FIXED`] whatever is mapped in `addr..addr + len` must be the caller's to replace.
///
/// # Errors
/// The kernel refused.
pub unsafe fn map(
    addr: u64,
    len: u64,
    protection: usize,
    flags: usize,
    source: Option<(Fd, u64)>,
) -> Result<u64, Errno> {
    let (file, offset) = source.map_or((usize::MAX, 0), |(file, offset)| (file.argument(), offset));
    // SAFETY: the caller vouches for the range; without MAP_FIXED nothing is replaced.
    unsafe { call(MMAP, [word(addr), word(len), protection, flags, file, word(offset)]) }
        .map(|addr| addr as u64)
}

/// Changes the protection of pages.
///
/// # Safety
/// No reference to the range is in use, and nobody executes there.
///
/// # Errors
/// The kernel refused.
pub unsafe fn protect(addr: u64, len: u64, protection: usize) -> Result<(), Errno> {
    // SAFETY: the caller vouches for the range.
    unsafe { call(MPROTECT, [word(addr), word(len), protection, 0, 0, 0]) }?;
    Ok(())
}

/// Asks the kernel to back a range with small pages only, even where it would take huge ones unasked.
///
/// # Errors
/// The kernel refused.
pub fn small_pages(addr: u64, len: u64) -> Result<(), Errno> {
    // SAFETY: this advice changes how pages are backed, never what is in them.
    unsafe { call(MADVISE, [word(addr), word(len), MADV_NOHUGEPAGE, 0, 0, 0]) }?;
    Ok(())
}

impl Fd {
    /// Standard output.
    pub const STDOUT: Self = Self(1);
    /// Standard error.
    pub const STDERR: Self = Self(2);

    /// Its number.
    #[must_use]
    pub const fn number(self) -> i32 {
        self.0
    }

    fn argument(self) -> usize {
        self.0.cast_unsigned() as usize
    }
}

impl Errno {
    /// The call was interrupted by a signal.
    pub const EINTR: Self = Self(4);
    /// No memory, or no room in the address space.
    pub const ENOMEM: Self = Self(12);
    /// Something is there already.
    pub const EEXIST: Self = Self(17);
    /// Not permitted.
    pub const EPERM: Self = Self(1);

    /// Its number.
    #[must_use]
    pub const fn number(self) -> i32 {
        self.0
    }
}

impl fmt::Display for Errno {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self.0 {
            1 => "operation not permitted",
            2 => "no such file or directory",
            4 => "interrupted",
            5 => "input/output error",
            6 => "no such device",
            9 => "bad descriptor",
            12 => "out of memory",
            13 => "permission denied",
            16 => "busy",
            17 => "already there",
            19 => "no such device",
            20 => "not a directory",
            21 => "is a directory",
            22 => "invalid argument",
            23 => "too many open files in the system",
            24 => "too many open files",
            36 => "name too long",
            38 => "not supported by this kernel",
            40 => "too many symbolic links",
            116 => "stale file handle",
            number => return write!(f, "errno {number}"),
        };
        f.write_str(text)
    }
}

impl fmt::Debug for Errno {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Errno({}: {self})", self.0)
    }
}

impl core::error::Error for Errno {}
