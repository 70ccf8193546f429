//! System calls of the host kernel, Linux on x86_64: those that tenders make, and no others.
//!
//! Functions are safe unless they change what is mapped. An error is the kernel's `errno`.

use core::arch::asm;
use core::ffi::CStr;
use core::fmt;

use crate::seccomp::Instruction;

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

    /// It is a block device.
    #[must_use]
    pub const fn is_block_device(&self) -> bool {
        self.mode & 0o170_000 == 0o060_000
    }

    /// It is a character device.
    #[must_use]
    pub const fn is_character_device(&self) -> bool {
        self.mode & 0o170_000 == 0o020_000
    }

    /// It is a socket.
    #[must_use]
    pub const fn is_socket(&self) -> bool {
        self.mode & 0o170_000 == 0o140_000
    }

    /// Nobody has the permission to write it: owner, group or others.
    #[must_use]
    pub const fn is_write_protected(&self) -> bool {
        self.mode & 0o222 == 0
    }

    /// It is a pipe.
    #[must_use]
    pub const fn is_pipe(&self) -> bool {
        self.mode & 0o170_000 == 0o010_000
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
const POLL: usize = 7;
const LSEEK: usize = 8;
const MMAP: usize = 9;
const MPROTECT: usize = 10;
const RT_SIGACTION: usize = 13;
const IOCTL: usize = 16;
const MADVISE: usize = 28;
const GETPID: usize = 39;
const SOCKET: usize = 41;
const GETSOCKOPT: usize = 55;
const FCNTL: usize = 72;
const FLOCK: usize = 73;
const CAPSET: usize = 126;
const PERSONALITY: usize = 135;
const PRCTL: usize = 157;
const ARCH_PRCTL: usize = 158;
const EXIT_GROUP: usize = 231;
const EPOLL_CTL: usize = 233;
const TIMERFD_CREATE: usize = 283;
const EPOLL_CREATE1: usize = 291;
const SECCOMP: usize = 317;
const GETRANDOM: usize = 318;
const CLOSE_RANGE: usize = 436;

const O_ACCMODE: usize = 0o3;
const O_NONBLOCK: usize = 0o4000;
const O_RDWR: usize = 0o2;
const O_ASYNC: usize = 0o20_000;
const O_NOCTTY: usize = 0o400;
const O_NOATIME: usize = 0o1_000_000;
const O_CLOEXEC: usize = 0o2_000_000;
const F_GETFL: usize = 3;
const F_SETFL: usize = 4;
const F_SETOWN: usize = 8;
const F_SETSIG: usize = 10;
const F_DUPFD_CLOEXEC: usize = 1030;
const SEEK_END: usize = 2;
const LOCK_SH: usize = 1;
const LOCK_EX: usize = 2;
const LOCK_NB: usize = 4;
const BLKROGET: usize = 0x125E;
const SIOCETHTOOL: usize = 0x8946;
const AF_INET: usize = 2;
const SOCK_DGRAM: usize = 2;
const SOL_SOCKET: usize = 1;
const SIGKILL: usize = 9;
const SIGXFSZ: usize = 25;
const SIG_IGN: usize = 1;
const CLOCK_MONOTONIC: usize = 1;
const EPOLL_CTL_ADD: usize = 1;
const PR_CAPBSET_DROP: usize = 24;
const PR_SET_NO_NEW_PRIVS: usize = 38;
const SECCOMP_SET_MODE_FILTER: usize = 1;
const SECCOMP_FILTER_FLAG_TSYNC: usize = 1;
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
/// The other end of a descriptor writes no more. That it is closed is told unasked.
pub const EPOLLRDHUP: u32 = 0x2000;
/// Events of a descriptor whose other end is closed, or writes no more: `POLLERR`, `POLLHUP`, `POLLRDHUP`.
const HUNG_UP: u16 = 0x8 | 0x10 | 0x2000;
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

/// Opens `path` for reading and writing, never as the terminal of this process.
///
/// # Errors
/// The kernel refused.
pub fn open_for_writing(path: &CStr) -> Result<Fd, Errno> {
    open(path, O_RDWR | O_NOCTTY | O_CLOEXEC)
}

/// Opens the device `path` for reading and writing that never wait.
///
/// # Errors
/// The kernel refused.
pub fn open_without_waiting(path: &CStr) -> Result<Fd, Errno> {
    open(path, O_RDWR | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)
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

/// Closes all descriptors from `first` to `last`, those that are open.
///
/// # Errors
/// The kernel is older than the call (Linux 5.9).
pub fn close_range(first: i32, last: i32) -> Result<(), Errno> {
    let [first, last] = [first, last].map(|number| number.cast_unsigned() as usize);
    // SAFETY: as for `close`.
    unsafe { call(CLOSE_RANGE, [first, last, 0, 0, 0, 0]) }?;
    Ok(())
}

/// From now on anything that comes in on a pipe or socket, its end included, kills this process (`SIGKILL`).
///
/// # Errors
/// It is not open.
pub fn die_by_input(fd: Fd) -> Result<(), Errno> {
    // SAFETY: no memory is involved.
    unsafe {
        let process = call(GETPID, [0; 6])?;
        call(FCNTL, [fd.argument(), F_SETSIG, SIGKILL, 0, 0, 0])?;
        call(FCNTL, [fd.argument(), F_SETOWN, process, 0, 0, 0])?;
    }
    add_flag(fd, O_ASYNC).map(drop)
}

/// Whether the other end of a pipe or socket is closed, or writes no more.
///
/// # Errors
/// The kernel refused.
pub fn is_hung_up(fd: Fd) -> Result<bool, Errno> {
    /// `struct pollfd` of the kernel.
    #[repr(C)]
    struct Polled {
        fd: i32,
        events: u16,
        found: u16,
    }
    let mut polled = Polled { fd: fd.0, events: HUNG_UP, found: 0 };
    // SAFETY: the kernel reads and writes one record. It does not wait.
    unsafe { call(POLL, [(&raw mut polled).addr(), 1, 0, 0, 0, 0]) }?;
    Ok(polled.found & HUNG_UP != 0)
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

/// Offset of the end of a file or block device: its capacity.
///
/// # Errors
/// The kernel refused.
pub fn end_of(fd: Fd) -> Result<u64, Errno> {
    // SAFETY: moves the position of the descriptor; no memory is involved.
    unsafe { call(LSEEK, [fd.argument(), 0, SEEK_END, 0, 0, 0]) }.map(|end| end as u64)
}

/// Takes the advisory lock of a file for as long as it is open, or fails at once with
/// [`Errno::EAGAIN`]: alone, or together with others that share it.
///
/// # Errors
/// Somebody else has it, or the file system has no locks.
pub fn lock(fd: Fd, exclusive: bool) -> Result<(), Errno> {
    let kind = if exclusive { LOCK_EX } else { LOCK_SH };
    // SAFETY: no memory is involved.
    unsafe { call(FLOCK, [fd.argument(), kind | LOCK_NB, 0, 0, 0, 0]) }?;
    Ok(())
}

/// Whether a block device takes no writes, however it was opened.
///
/// # Errors
/// It is not a block device.
pub fn is_read_only_device(fd: Fd) -> Result<bool, Errno> {
    let mut read_only = 0_u32;
    // SAFETY: the kernel writes an `int`.
    unsafe { call(IOCTL, [fd.argument(), BLKROGET, (&raw mut read_only).addr(), 0, 0, 0]) }?;
    Ok(read_only != 0)
}

/// Fills `into` with random bytes.
///
/// # Errors
/// The kernel refused.
pub fn random(into: &mut [u8]) -> Result<(), Errno> {
    // SAFETY: the kernel writes at most `into.len()` bytes to `into`; up to 256 it writes all of them.
    let filled = unsafe { call(GETRANDOM, [into.as_mut_ptr().addr(), into.len(), 0, 0, 0, 0]) }?;
    if filled == into.len() { Ok(()) } else { Err(Errno::EINTR) }
}

/// Makes reads and writes of `fd` never wait, and leaves its other flags as they are. Whether it is
/// open for both.
///
/// # Errors
/// It is not open.
pub fn never_wait(fd: Fd) -> Result<bool, Errno> {
    Ok(add_flag(fd, O_NONBLOCK)? & O_ACCMODE == O_RDWR)
}

/// Lets reads of `fd` leave the file's time of last access as it is.
///
/// # Errors
/// It is not open, or the file is somebody else's.
pub fn leave_access_time(fd: Fd) -> Result<(), Errno> {
    add_flag(fd, O_NOATIME).map(drop)
}

/// Sets one flag of an open file, and returns those that it had.
fn add_flag(fd: Fd, flag: usize) -> Result<usize, Errno> {
    // SAFETY: no memory is involved.
    let flags = unsafe { call(FCNTL, [fd.argument(), F_GETFL, 0, 0, 0, 0]) }?;
    if flags & flag == 0 {
        // SAFETY: no memory is involved.
        unsafe { call(FCNTL, [fd.argument(), F_SETFL, flags | flag, 0, 0, 0]) }?;
    }
    Ok(flags)
}

/// What a socket can be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SocketOption {
    /// `SO_TYPE`: datagrams, a stream, and so on.
    Type = 3,
    /// `SO_DOMAIN`: the address family.
    Domain = 39,
}

/// Family of local sockets: `AF_UNIX`.
pub const AF_UNIX: u32 = 1;
/// Type of sockets with datagrams: `SOCK_DGRAM`.
pub const TYPE_DGRAM: u32 = 2;
/// Type of sockets with connected datagrams: `SOCK_SEQPACKET`.
pub const TYPE_SEQPACKET: u32 = 5;

/// Asks a socket.
///
/// # Errors
/// It is not a socket.
pub fn socket_option(fd: Fd, option: SocketOption) -> Result<u32, Errno> {
    let (mut value, mut len) = (0_u32, 4_u32);
    let (to, size) = ((&raw mut value).addr(), (&raw mut len).addr());
    // SAFETY: the kernel writes at most the 4 bytes that `len` says, and `len` itself.
    unsafe { call(GETSOCKOPT, [fd.argument(), SOL_SOCKET, option as usize, to, size, 0]) }?;
    Ok(value)
}

/// A socket through which network interfaces can be asked and changed.
///
/// # Errors
/// The kernel refused.
pub fn interface_socket() -> Result<Fd, Errno> {
    // SAFETY: makes a descriptor; no memory is involved.
    unsafe { call(SOCKET, [AF_INET, SOCK_DGRAM | O_CLOEXEC, 0, 0, 0, 0]) }.map(fd)
}

/// `struct ifreq` of the kernel: an interface, and what is asked of it.
#[repr(C, align(8))]
#[derive(Clone, Copy, Debug)]
pub struct InterfaceRequest {
    /// NUL-terminated name.
    pub name: [u8; 16],
    /// Flags, an MTU or an address, by the request.
    pub value: [u8; 24],
}

/// What an interface, or the descriptor of one, can be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum InterfaceQuestion {
    /// `SIOCGIFFLAGS`: is it up?
    Flags = 0x8913,
    /// `SIOCGIFMTU`: its MTU.
    Mtu = 0x8921,
    /// `TUNSETIFF`: attaches a descriptor of /dev/net/tun.
    Attach = 0x4004_54CA,
    /// `TUNGETIFF`: what such a descriptor is attached to.
    Attached = 0x8004_54D2,
}

/// Asks through `fd`; the answer is in `request`.
///
/// # Errors
/// The kernel refused.
pub fn ask_interface(
    fd: Fd,
    question: InterfaceQuestion,
    request: &mut InterfaceRequest,
) -> Result<(), Errno> {
    // SAFETY: each of these questions reads and writes a `struct ifreq`, 40 bytes, and no more.
    unsafe { call(IOCTL, [fd.argument(), question as usize, (&raw mut *request).addr(), 0, 0, 0]) }?;
    Ok(())
}

/// Work an interface leaves to later stages, in the numbers of `ethtool`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Offload {
    /// `ETHTOOL_SGSO`: generic segmentation.
    Segmentation = 0x24,
    /// `ETHTOOL_SGRO`: generic receive.
    Receive = 0x2C,
}

/// Switches an offload of the interface `name` off.
///
/// # Errors
/// Not permitted, or the interface does not have it.
pub fn switch_off(socket: Fd, name: [u8; 16], offload: Offload) -> Result<(), Errno> {
    // `struct ethtool_value`: the command, and 0 for off.
    let value = [offload as u32, 0];
    let mut request = InterfaceRequest { name, value: [0; 24] };
    request.value[..8].copy_from_slice(&(&raw const value).expose_provenance().to_ne_bytes());
    // SAFETY: the kernel reads a `struct ifreq`, and through the pointer in it the 8 bytes of `value`,
    // which outlives the call.
    unsafe { call(IOCTL, [socket.argument(), SIOCETHTOOL, (&raw mut request).addr(), 0, 0, 0]) }?;
    Ok(())
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

/// Writes beyond the limit on the size of files (`RLIMIT_FSIZE`) fail from now on, and no longer end
/// the process.
///
/// # Errors
/// The kernel refused.
pub fn survive_file_size_limit() -> Result<(), Errno> {
    // `struct sigaction` of the kernel: handler, flags, restorer, mask of 8 bytes.
    let action = [SIG_IGN, 0, 0, 0];
    // SAFETY: the kernel only reads the action; a signal that is ignored runs no code.
    unsafe { call(RT_SIGACTION, [SIGXFSZ, (&raw const action).addr(), 0, 8, 0, 0]) }?;
    Ok(())
}

/// The personality of the process, a set of flags.
///
/// # Errors
/// The kernel refused.
pub fn personality() -> Result<usize, Errno> {
    // SAFETY: this argument asks and does not change anything.
    unsafe { call(PERSONALITY, [0xFFFF_FFFF, 0, 0, 0, 0, 0]) }
}

/// Nothing that this thread executes gets the capability of this number any more.
///
/// # Errors
/// [`Errno::EINVAL`] if there is no such capability, [`Errno::EPERM`] if this process may not say so.
pub fn drop_from_bounding_set(capability: usize) -> Result<(), Errno> {
    // SAFETY: takes privileges from the thread; no memory is involved.
    unsafe { call(PRCTL, [PR_CAPBSET_DROP, capability, 0, 0, 0, 0]) }?;
    Ok(())
}

/// Gives up all capabilities of this thread: effective, permitted, inheritable, and with these the ambient ones.
///
/// # Errors
/// The kernel refused.
pub fn drop_capabilities() -> Result<(), Errno> {
    /// `_LINUX_CAPABILITY_VERSION_3`: two records of three words.
    const VERSION: u32 = 0x2008_0522;
    // This thread, by number 0.
    let header = [VERSION, 0];
    let none = [0_u32; 6];
    // SAFETY: the kernel reads a header of two words and, for this version, six words.
    unsafe { call(CAPSET, [(&raw const header).addr(), (&raw const none).addr(), 0, 0, 0, 0]) }?;
    Ok(())
}

/// The process and all it executes cannot gain privileges from now on.
///
/// # Errors
/// The kernel refused.
pub fn set_no_new_privileges() -> Result<(), Errno> {
    // SAFETY: takes privileges from the process; no memory is involved.
    unsafe { call(PRCTL, [PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0, 0]) }?;
    Ok(())
}

/// Installs a filter of system calls in all threads, for good; or the number of a thread that cannot have it.
///
/// # Errors
/// The kernel refused.
pub fn filter_all_threads(program: &[Instruction]) -> Result<Option<u32>, Errno> {
    /// `struct sock_fprog` of the kernel.
    #[repr(C)]
    struct Program {
        len: u16,
        instructions: *const Instruction,
    }
    let len = u16::try_from(program.len()).map_err(|_too_long| Errno::EINVAL)?;
    let program = Program { len, instructions: program.as_ptr() };
    let arguments =
        [SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, (&raw const program).addr(), 0, 0, 0];
    // SAFETY: the kernel reads the record and `len` instructions; a call that is not allowed ends the process.
    let thread = unsafe { call(SECCOMP, arguments) }?;
    Ok(u32::try_from(thread).ok().filter(|&thread| thread != 0))
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

    /// The descriptor with this number, which somebody else has opened, or nobody.
    #[must_use]
    pub const fn numbered(number: i32) -> Self {
        Self(number)
    }

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
    /// No such file.
    pub const ENOENT: Self = Self(2);
    /// The device failed, or is gone.
    pub const EIO: Self = Self(5);
    /// The device is not there.
    pub const ENXIO: Self = Self(6);
    /// Not an open descriptor.
    pub const EBADF: Self = Self(9);
    /// Not now: somebody else has the lock.
    pub const EAGAIN: Self = Self(11);
    /// No permission for this file.
    pub const EACCES: Self = Self(13);
    /// Somebody else is using it.
    pub const EBUSY: Self = Self(16);
    /// No such device.
    pub const ENODEV: Self = Self(19);
    /// The call does not take this.
    pub const EINVAL: Self = Self(22);
    /// Cannot be written to.
    pub const EROFS: Self = Self(30);
    /// No memory, or no room in the address space.
    pub const ENOMEM: Self = Self(12);
    /// Something is there already.
    pub const EEXIST: Self = Self(17);
    /// Not permitted.
    pub const EPERM: Self = Self(1);
    /// No room in a queue now.
    pub const ENOBUFS: Self = Self(105);
    /// An address that this process cannot use so.
    pub const EFAULT: Self = Self(14);

    /// The error of this number.
    #[must_use]
    pub const fn from_number(number: i32) -> Self {
        Self(number)
    }

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
            11 => "try again",
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
            25 => "not a device of this kind",
            26 => "a program that runs",
            27 => "file too large",
            30 => "read-only",
            36 => "name too long",
            37 => "no locks available",
            38 => "not supported by this kernel",
            40 => "too many symbolic links",
            77 => "not attached to an interface",
            95 => "not supported",
            97 => "no such protocol",
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
