//! System calls of the host on guest memory and on descriptors: those that serve a guest.
//!
//! Guest memory goes to the kernel by address, which `rustix` does not take: nobody has a slice of it. And a filter
//! allows the calls that are here: `poll` and `epoll_wait`, for which `rustix` has others.

use std::ffi::CStr;
use std::io;
use std::time::Duration;

use rustix::fs::{Access, AtFlags, Mode, OFlags, accessat, fcntl_setfl, open, openat};
use rustix::io::{pwrite, retry_on_intr};
use rustix::net::{RecvFlags, recv};
use rustix::thread::gettid;
use rustix::time::{Itimerspec, TimerfdTimerFlags, Timespec, timerfd_settime};
use solo5_abi::spt::EpollEvent;
use tender_core::syscall::{Errno, Fd};

use crate::guest_memory::{Sink, Source};

/// What a system call gave: a count of bytes, or the reason for none.
type Count = Result<usize, Errno>;

/// The error of the call that failed last.
pub fn last_error() -> Errno {
    Errno::from_number(io::Error::last_os_error().raw_os_error().unwrap_or_default())
}

fn count(result: isize) -> Count {
    usize::try_from(result).map_err(|_negative| last_error())
}

/// Repeats a call that a signal interrupted.
fn restarted(mut call: impl FnMut() -> Count) -> Count {
    loop {
        match call() {
            Err(Errno::EINTR) => {}
            other => return other,
        }
    }
}

/// Reads once from a descriptor into guest memory.
pub fn read(fd: Fd, into: Sink<'_>) -> Count {
    let (start, len) = into.parts();
    // SAFETY: the kernel writes at most `len` bytes of guest memory, which the guest may write.
    restarted(|| count(unsafe { libc::read(fd.number(), start.cast(), len) }))
}

/// Writes once from guest memory to a descriptor.
pub fn write(fd: Fd, from: Source<'_>) -> Count {
    let (start, len) = from.parts();
    // SAFETY: the kernel reads at most `len` bytes of guest memory, which the guest may read.
    restarted(|| count(unsafe { libc::write(fd.number(), start.cast(), len) }))
}

/// Reads all of a range of a file into guest memory.
///
/// # Errors
/// The host's; `EIO` if the file has become shorter.
pub fn read_all_at(fd: Fd, mut offset: u64, mut into: Sink<'_>) -> Result<(), Errno> {
    while into.parts().1 > 0 {
        let (start, len) = into.parts();
        let done = restarted(|| {
            // SAFETY: the kernel writes at most `len` bytes of guest memory, which the guest may write.
            count(unsafe { libc::pread(fd.number(), start.cast(), len, offset.cast_signed()) })
        })?;
        if done == 0 {
            return Err(Errno::EIO);
        }
        into = into.skip(done);
        offset += done as u64;
    }
    Ok(())
}

/// Writes all of a range of guest memory to a file.
pub fn write_all_at(fd: Fd, mut offset: u64, mut from: Source<'_>) -> Result<(), Errno> {
    while from.parts().1 > 0 {
        let (start, len) = from.parts();
        let done = restarted(|| {
            // SAFETY: the kernel reads at most `len` bytes of guest memory, which the guest may read.
            count(unsafe { libc::pwrite(fd.number(), start.cast(), len, offset.cast_signed()) })
        })?;
        if done == 0 {
            return Err(Errno::EIO);
        }
        from = from.skip(done);
        offset += done as u64;
    }
    Ok(())
}

/// Waits until a descriptor takes bytes, `patience` at most; whether it does, or has an error to tell.
pub fn wait_writable(fd: Fd, patience: Duration) -> bool {
    let mut polled = libc::pollfd { fd: fd.number(), events: libc::POLLOUT, revents: 0 };
    let timeout = i32::try_from(patience.as_millis()).unwrap_or(i32::MAX);
    // SAFETY: the kernel reads and writes one record.
    let ready = restarted(|| count(unsafe { libc::poll(&raw mut polled, 1, timeout) } as isize));
    ready.is_ok_and(|ready| ready > 0)
}

/// Waits for descriptors in a wait set, forever without a limit; how many events there are.
///
/// # Errors
/// The host's, `EINTR` too.
pub fn wait(epoll: Fd, events: &mut [EpollEvent], forever: bool) -> Count {
    let room = i32::try_from(events.len()).unwrap_or(i32::MAX);
    let limit = if forever { -1 } else { 0 };
    // The kernel writes at most `room` events, and both types are the kernel's record.
    const { assert!(size_of::<EpollEvent>() == size_of::<libc::epoll_event>()) };
    let start: *mut libc::epoll_event = events.as_mut_ptr().cast();
    // SAFETY: as above; the record has no padding and no invalid values.
    count(unsafe { libc::epoll_wait(epoll.number(), start, room, limit) } as isize)
}

/// Arms a timer of the monotonic clock, to go off once, after `nanoseconds` but never at once.
pub fn arm(timer: Fd, nanoseconds: u64) -> Result<(), Errno> {
    const SECOND: u64 = 1_000_000_000;
    // Less than 2^35 seconds. Bit 0 keeps it from being zero, which would disarm it (ABI section 4.7).
    let (tv_sec, tv_nsec) =
        ((nanoseconds / SECOND).cast_signed(), ((nanoseconds % SECOND) | 1).cast_signed());
    let once = Itimerspec { it_interval: Timespec::default(), it_value: Timespec { tv_sec, tv_nsec } };
    timerfd_settime(timer, TimerfdTimerFlags::empty(), &once)?;
    Ok(())
}

/// Nanoseconds since 1970, UTC.
pub fn wall_clock() -> u64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map_or(0, |since| u64::try_from(since.as_nanos()).unwrap_or(u64::MAX))
}

/// Opens a folder in which this process may make files. It stays open.
pub fn open_folder(path: &CStr) -> Result<Fd, Errno> {
    let folder = open(path, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
    accessat(&folder, c".", Access::WRITE_OK | Access::EXEC_OK, AtFlags::EACCESS)?;
    Ok(folder.into())
}

/// Opens what the kernel says about the pages of this process. It stays open.
pub fn open_page_map() -> Result<Fd, Errno> {
    Ok(open(c"/proc/self/pagemap", OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())?.into())
}

/// Makes a file in a folder, for its owner alone. It stays open: a filter allows no more.
///
/// # Errors
/// The host's; `EEXIST` if there is one.
pub fn create_in(folder: Fd, name: &CStr) -> Result<Fd, Errno> {
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
    Ok(openat(folder, name, flags, Mode::RUSR | Mode::WUSR)?.into())
}

/// Writes all of some bytes of the tender's own.
pub fn write_own_at(file: Fd, mut offset: u64, mut bytes: &[u8]) -> Result<(), Errno> {
    while !bytes.is_empty() {
        let done = retry_on_intr(|| pwrite(file, bytes, offset))?;
        if done == 0 {
            return Err(Errno::EIO);
        }
        bytes = bytes.get(done..).unwrap_or_default();
        offset += done as u64;
    }
    Ok(())
}

/// The next byte of a stream, if it is there; it stays there.
///
/// # Errors
/// The host's; `EIO` at the end of the stream.
pub fn peek_byte(stream: Fd) -> Result<Option<u8>, Errno> {
    let mut byte = [0_u8];
    match retry_on_intr(|| recv(stream, &mut byte, RecvFlags::PEEK | RecvFlags::DONTWAIT)) {
        Ok((0, _)) => Err(Errno::EIO),
        Ok(_) => Ok(Some(byte[0])),
        Err(rustix::io::Errno::AGAIN) => Ok(None),
        Err(errno) => Err(errno.into()),
    }
}

/// Signals this thread (`SIGIO`) whenever something comes in on a stream.
pub fn signal_on_input(stream: Fd) -> Result<(), Errno> {
    /// `F_SETOWN_EX` and `F_OWNER_TID`, which neither the C library nor `rustix` names.
    const SET_OWNER: i32 = 15;
    const OWNER_IS_THREAD: i32 = 0;
    let owner = [OWNER_IS_THREAD, gettid().as_raw_nonzero().get()];
    // SAFETY: the kernel reads a record of two words.
    if unsafe { libc::fcntl(stream.number(), SET_OWNER, owner.as_ptr()) } < 0 {
        return Err(last_error());
    }
    Ok(fcntl_setfl(stream, OFlags::RDWR | OFlags::ASYNC)?)
}
