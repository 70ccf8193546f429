//! The host kernel, Linux on x86_64: descriptors that outlive whoever opened them, words for errors, and the few system
//! calls that `rustix` does not have.
//!
//! `rustix` makes its calls itself, without a C library. It is never asked for what it looks up first, as sizes of pages
//! and clocks: the spt tender starts without what could tell.

use core::arch::asm;
use core::ffi::CStr;
use core::fmt;

use linux_raw_sys::{general as linux, ioctl as requests};
use rustix::fd::{AsFd, AsRawFd as _, BorrowedFd, IntoRawFd as _, OwnedFd};
use rustix::fs::{Mode, OFlags, fcntl_getfl, fcntl_setfl, open};
use rustix::ioctl::{Getter, ioctl};
use rustix::process::getpid;

/// An open descriptor. Not closed when dropped: a tender ends or becomes its guest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fd(i32);

/// Why the kernel refused: its `errno`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Errno(i32);

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

/// A descriptor as the kernel takes it.
fn argument(fd: BorrowedFd<'_>) -> usize {
    fd.as_raw_fd().cast_unsigned() as usize
}

/// Makes system call `number`.
///
/// # Safety
/// The call must not break what Rust relies on: pointers among `args` are valid for what the kernel
/// does with them, and no memory in use is unmapped or changes its protection.
unsafe fn call<const N: usize>(number: u32, args: [usize; N]) -> Result<usize, Errno> {
    const { assert!(N <= 4) };
    let arg = |at| args.get(at).copied().unwrap_or_default();
    let result: isize;
    // SAFETY: the caller vouches for the effects of the call itself. The instruction clobbers rcx and
    // r11 and takes its arguments in these registers; it does not touch the stack.
    unsafe {
        asm!(
            "syscall",
            inlateout("rax") number as usize => result,
            in("rdi") arg(0),
            in("rsi") arg(1),
            in("rdx") arg(2),
            in("r10") arg(3),
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

/// Opens `path` for reading. Never waits (for the writer of a pipe), never gets a terminal.
///
/// # Errors
/// The kernel refused.
pub fn open_for_reading(path: &CStr) -> Result<OwnedFd, Errno> {
    Ok(open(path, OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC, Mode::empty())?)
}

/// Closes `fd`. Errors do not matter for what a tender closes.
pub fn close(fd: Fd) {
    // SAFETY: `Fd` values are plain numbers; using one that was closed fails in the kernel.
    unsafe { rustix::io::close(fd.0) };
}

/// Closes all descriptors from `first` to `last`, those that are open.
///
/// # Errors
/// The kernel is older than the call (Linux 5.9).
pub fn close_range(first: i32, last: i32) -> Result<(), Errno> {
    let [first, last] = [first, last].map(|number| number.cast_unsigned() as usize);
    // SAFETY: as for `close`.
    unsafe { call(linux::__NR_close_range, [first, last, 0]) }.map(drop)
}

/// From now on anything that comes in on a pipe or socket, its end included, kills this process (`SIGKILL`).
///
/// # Errors
/// It is not open.
pub fn die_by_input(fd: Fd) -> Result<(), Errno> {
    let process = getpid().as_raw_nonzero().get().cast_unsigned();
    for (command, value) in [(linux::F_SETSIG, linux::SIGKILL), (linux::F_SETOWN, process)] {
        // SAFETY: no memory is involved.
        unsafe { call(linux::__NR_fcntl, [argument(fd.as_fd()), command as usize, value as usize]) }?;
    }
    add_flag(fd.as_fd(), OFlags::ASYNC).map(drop)
}

/// Whether the other end of a pipe or socket is closed, or writes no more. By `poll`, which is what a filter allows,
/// and not by `ppoll`.
///
/// # Errors
/// The kernel refused.
pub fn is_hung_up(fd: Fd) -> Result<bool, Errno> {
    /// `POLLERR`, `POLLHUP`, `POLLRDHUP`.
    const HUNG_UP: i16 = 0x8 | 0x10 | 0x2000;
    let mut polled = linux::pollfd { fd: fd.0, events: HUNG_UP, revents: 0 };
    // SAFETY: the kernel reads and writes one record.
    unsafe { call(linux::__NR_poll, [(&raw mut polled).addr(), 1, 0]) }?;
    Ok(polled.revents & HUNG_UP != 0)
}

/// Sets one flag of an open file, and returns those that it had.
///
/// # Errors
/// It is not open, or the flag is not for this process to set.
pub fn add_flag(fd: BorrowedFd<'_>, flag: OFlags) -> Result<OFlags, Errno> {
    let flags = fcntl_getfl(fd)?;
    if !flags.contains(flag) {
        fcntl_setfl(fd, flags | flag)?;
    }
    Ok(flags)
}

/// Whether a block device takes no writes, however it was opened.
///
/// # Errors
/// It is not a block device.
pub fn is_read_only_device(fd: BorrowedFd<'_>) -> Result<bool, Errno> {
    // SAFETY: the kernel writes an `int`.
    let read_only: u32 = unsafe { ioctl(fd, Getter::<{ requests::BLKROGET }, u32>::new()) }?;
    Ok(read_only != 0)
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
    fd: BorrowedFd<'_>,
    question: InterfaceQuestion,
    request: &mut InterfaceRequest,
) -> Result<(), Errno> {
    let fd = argument(fd);
    // SAFETY: each of these questions reads and writes a `struct ifreq`, 40 bytes, and no more.
    unsafe { call(linux::__NR_ioctl, [fd, question as usize, (&raw mut *request).addr()]) }.map(drop)
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
pub fn switch_off(socket: BorrowedFd<'_>, name: [u8; 16], offload: Offload) -> Result<(), Errno> {
    const SIOCETHTOOL: usize = 0x8946;
    // `struct ethtool_value`: the command, and 0 for off.
    let value = [offload as u32, 0];
    let mut request = InterfaceRequest { name, value: [0; 24] };
    request.value[..8].copy_from_slice(&(&raw const value).expose_provenance().to_ne_bytes());
    // SAFETY: the kernel reads a `struct ifreq`, and through the pointer in it the 8 bytes of `value`,
    // which outlives the call.
    unsafe { call(linux::__NR_ioctl, [argument(socket), SIOCETHTOOL, (&raw mut request).addr()]) }.map(drop)
}

/// Ends the process.
pub fn exit(status: i32) -> ! {
    loop {
        // SAFETY: the process ends; nothing is used after it.
        let _ = unsafe { call(linux::__NR_exit_group, [status.cast_unsigned() as usize]) };
    }
}

/// Writes beyond the limit on the size of files (`RLIMIT_FSIZE`) fail from now on, and no longer end
/// the process.
///
/// # Errors
/// The kernel refused.
pub fn survive_file_size_limit() -> Result<(), Errno> {
    const SIG_IGN: usize = 1;
    // `struct sigaction` of the kernel: handler, flags, restorer, mask of 8 bytes.
    let action = [SIG_IGN, 0, 0, 0];
    // SAFETY: the kernel only reads the action; a signal that is ignored runs no code.
    unsafe { call(linux::__NR_rt_sigaction, [linux::SIGXFSZ as usize, (&raw const action).addr(), 0, 8]) }
        .map(drop)
}

/// The personality of the process, a set of flags.
///
/// # Errors
/// The kernel refused.
pub fn personality() -> Result<usize, Errno> {
    // SAFETY: this argument asks and does not change anything.
    unsafe { call(linux::__NR_personality, [0xFFFF_FFFF]) }
}

/// One instruction of a system call filter, `struct sock_filter` of the kernel.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Instruction {
    /// What to do.
    pub code: u16,
    /// Instructions to skip if a test holds.
    pub jump_true: u8,
    /// Instructions to skip if it does not.
    pub jump_false: u8,
    /// The operand.
    pub operand: u32,
}

/// Installs a filter of system calls in all threads, for good; or the number of a thread that cannot have it.
///
/// # Errors
/// The kernel refused.
pub fn filter_all_threads(program: &[Instruction]) -> Result<Option<u32>, Errno> {
    /// `SECCOMP_SET_MODE_FILTER`.
    const SET_MODE_FILTER: usize = 1;
    /// `SECCOMP_FILTER_FLAG_TSYNC`.
    const ALL_THREADS: usize = 1;
    /// `struct sock_fprog` of the kernel.
    #[repr(C)]
    struct Program {
        len: u16,
        instructions: *const Instruction,
    }
    let len = u16::try_from(program.len()).map_err(|_too_long| Errno::EINVAL)?;
    let program = Program { len, instructions: program.as_ptr() };
    let arguments = [SET_MODE_FILTER, ALL_THREADS, (&raw const program).addr()];
    // SAFETY: the kernel reads the record and `len` instructions; a call that is not allowed ends the process.
    let thread = unsafe { call(linux::__NR_seccomp, arguments) }?;
    Ok(u32::try_from(thread).ok().filter(|&thread| thread != 0))
}

/// Components of the processor's extended state that this kernel manages, as in XCR0.
///
/// # Errors
/// The kernel is older than the question (Linux 5.16).
pub fn extended_state_components() -> Result<u64, Errno> {
    const ARCH_GET_XCOMP_SUPP: usize = 0x1021;
    let mut components = 0_u64;
    // SAFETY: the kernel writes a `u64`.
    unsafe { call(linux::__NR_arch_prctl, [ARCH_GET_XCOMP_SUPP, (&raw mut components).addr()]) }?;
    Ok(components)
}

impl Fd {
    pub const STDOUT: Self = Self(1);
    pub const STDERR: Self = Self(2);

    /// The descriptor with this number, which somebody else has opened, or nobody.
    #[must_use]
    pub const fn numbered(number: i32) -> Self {
        Self(number)
    }

    #[must_use]
    pub const fn number(self) -> i32 {
        self.0
    }
}

impl AsFd for Fd {
    fn as_fd(&self) -> BorrowedFd<'_> {
        // SAFETY: not -1, which no call gives and no user can write. Should it not be open, the kernel says so: a number
        // that is not open is nobody's.
        unsafe { BorrowedFd::borrow_raw(self.0) }
    }
}

impl From<OwnedFd> for Fd {
    fn from(owned: OwnedFd) -> Self {
        Self(owned.into_raw_fd())
    }
}

impl From<rustix::io::Errno> for Errno {
    fn from(errno: rustix::io::Errno) -> Self {
        Self(errno.raw_os_error())
    }
}

impl Errno {
    pub const EPERM: Self = Self(1);
    pub const ENOENT: Self = Self(2);
    pub const EINTR: Self = Self(4);
    pub const EIO: Self = Self(5);
    pub const ENXIO: Self = Self(6);
    pub const EBADF: Self = Self(9);
    pub const EAGAIN: Self = Self(11);
    pub const ENOMEM: Self = Self(12);
    pub const EACCES: Self = Self(13);
    pub const EFAULT: Self = Self(14);
    pub const EBUSY: Self = Self(16);
    pub const ENODEV: Self = Self(19);
    pub const EINVAL: Self = Self(22);
    pub const EROFS: Self = Self(30);
    pub const ENOBUFS: Self = Self(105);

    #[must_use]
    pub const fn from_number(number: i32) -> Self {
        Self(number)
    }

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
