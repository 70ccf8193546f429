//! Waiting for descriptors in one thread while others say for which.

use rustix::event::epoll::{self, CreateFlags, Event, EventData, EventFlags};
use rustix::event::{EventfdFlags, eventfd};
use rustix::fd::{BorrowedFd, OwnedFd};
use rustix::io::{Errno, Result, retry_on_intr, write};

/// Events that are fetched at once.
const BATCH: usize = 64;
/// Stands for the descriptor by which the wait is ended.
const STOP: EventData = EventData::new_u64(u64::MAX);

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
    pub fn new() -> Result<Self> {
        let epoll = epoll::create(CreateFlags::CLOEXEC)?;
        let stop = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?;
        epoll::add(&epoll, &stop, STOP, EventFlags::IN)?;
        Ok(Self { epoll, stop })
    }

    /// Waits for `descriptor`: when it is readable, or broken, `token` is told, once. A new token replaces
    /// the one before. From any thread, while another one waits.
    ///
    /// # Errors
    /// The host refused.
    pub fn arm(&self, descriptor: BorrowedFd<'_>, token: u32) -> Result<()> {
        let (token, events) = (EventData::new_u64(token.into()), EventFlags::IN | EventFlags::ONESHOT);
        match epoll::modify(&self.epoll, descriptor, token, events) {
            Err(Errno::NOENT) => epoll::add(&self.epoll, descriptor, token, events),
            done => done,
        }
    }

    /// Does not wait for `descriptor` any more.
    pub fn forget(&self, descriptor: BorrowedFd<'_>) {
        // It may never have been waited for.
        let _ = epoll::delete(&self.epoll, descriptor);
    }

    /// Sleeps until somebody's wait is over: the tokens; `None` once [`Self::stop`] was called.
    pub fn wait(&self) -> Option<Vec<u32>> {
        let mut events = [Event { flags: EventFlags::empty(), data: STOP }; BATCH];
        let count = retry_on_intr(|| epoll::wait(&self.epoll, &mut events, None)).ok()?;
        let tokens = events.get(..count).unwrap_or_default().iter().map(|event| event.data.u64());
        // Only the number that stands for the end is none.
        tokens.map(|token| u32::try_from(token).ok()).collect()
    }

    /// Ends the wait of the other thread, now and for ever.
    pub fn stop(&self) {
        let _ = write(&self.stop, &1_u64.to_ne_bytes());
    }
}
