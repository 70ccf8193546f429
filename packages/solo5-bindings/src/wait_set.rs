//! Waiting for descriptors in one thread while others say for which.

use std::io;
use std::os::fd::{AsRawFd as _, BorrowedFd, FromRawFd as _, OwnedFd};

/// Events that are fetched at once.
const BATCH: usize = 64;
/// Stands for the descriptor by which the wait is ended.
const STOP: u64 = u64::MAX;

/// Descriptors that somebody waits for, each until it is readable once.
#[derive(Debug)]
pub struct WaitSet {
    epoll: OwnedFd,
    stop: OwnedFd,
}

impl WaitSet {
    /// An empty one.
    ///
    /// # Errors
    /// The host has no more descriptors.
    pub fn new() -> io::Result<Self> {
        // SAFETY: both calls make a descriptor; no memory is involved.
        let epoll = owned(unsafe { libc::epoll_create1(libc::EPOLL_CLOEXEC) })?;
        // SAFETY: as above.
        let stop = owned(unsafe { libc::eventfd(0, libc::EFD_CLOEXEC | libc::EFD_NONBLOCK) })?;
        let set = Self { epoll, stop };
        set.control(libc::EPOLL_CTL_ADD, set.stop.as_raw_fd(), libc::EPOLLIN, STOP)?;
        Ok(set)
    }

    /// Waits for `descriptor`: when it is readable, or broken, `token` is told, once. A new token replaces
    /// the one before. From any thread, while another one waits.
    ///
    /// # Errors
    /// The host refused.
    pub fn arm(&self, descriptor: BorrowedFd<'_>, token: u32) -> io::Result<()> {
        let (fd, token) = (descriptor.as_raw_fd(), u64::from(token));
        let events = libc::EPOLLIN | libc::EPOLLONESHOT;
        match self.control(libc::EPOLL_CTL_MOD, fd, events, token) {
            Err(error) if error.raw_os_error() == Some(libc::ENOENT) => {
                self.control(libc::EPOLL_CTL_ADD, fd, events, token)
            }
            done => done,
        }
    }

    /// Does not wait for `descriptor` any more.
    pub fn forget(&self, descriptor: BorrowedFd<'_>) {
        // It may never have been waited for.
        let _ = self.control(libc::EPOLL_CTL_DEL, descriptor.as_raw_fd(), 0, 0);
    }

    /// Sleeps until somebody's wait is over: the tokens; `None` once [`Self::stop`] was called.
    pub fn wait(&self) -> Option<Vec<u32>> {
        let mut events = [libc::epoll_event { events: 0, u64: 0 }; BATCH];
        loop {
            let most = events.len().try_into().unwrap_or(1);
            // SAFETY: the kernel writes at most `most` events, which is what `events` has room for.
            let count = unsafe { libc::epoll_wait(self.epoll.as_raw_fd(), events.as_mut_ptr(), most, -1) };
            let Ok(count) = usize::try_from(count) else {
                if io::Error::last_os_error().kind() == io::ErrorKind::Interrupted {
                    continue;
                }
                return None;
            };
            let ready = events.get(..count).unwrap_or_default();
            if ready.iter().any(|event| event.u64 == STOP) {
                return None;
            }
            return Some(ready.iter().filter_map(|event| u32::try_from(event.u64).ok()).collect());
        }
    }

    /// Ends the wait of the other thread, now and for ever.
    pub fn stop(&self) {
        let one = 1_u64;
        // SAFETY: the kernel reads the 8 bytes of `one`.
        unsafe { libc::write(self.stop.as_raw_fd(), (&raw const one).cast(), size_of::<u64>()) };
    }

    fn control(&self, what: libc::c_int, fd: libc::c_int, events: libc::c_int, token: u64) -> io::Result<()> {
        let mut event = libc::epoll_event { events: events.cast_unsigned(), u64: token };
        // SAFETY: the kernel only reads the event.
        match unsafe { libc::epoll_ctl(self.epoll.as_raw_fd(), what, fd, &raw mut event) } {
            0 => Ok(()),
            _ => Err(io::Error::last_os_error()),
        }
    }
}

fn owned(returned: libc::c_int) -> io::Result<OwnedFd> {
    if returned < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the kernel has just made this descriptor, and nobody else knows of it.
    Ok(unsafe { OwnedFd::from_raw_fd(returned) })
}
