//! All that a guest can wait for: its network devices, and a time (ABI sections 4.7, 5.5).

use core::error::Error;
use core::fmt;

use rustix::event::epoll::{self, CreateFlags, EventData, EventFlags};
use rustix::io;
use rustix::time::{TimerfdClockId, TimerfdFlags, timerfd_create};
use solo5_abi::spt::TIMER_EVENT_ID;

use crate::devices::{Attached, Properties};
use crate::syscall::{Errno, Fd};

/// A wait set of the kernel, and the timer in it, whose events are [`TIMER_EVENT_ID`].
#[derive(Clone, Copy, Debug)]
pub struct WaitSet {
    pub epoll: Fd,
    pub timer: Fd,
}

/// Why a device, or the timer, cannot be waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WaitSetError {
    device: Option<Attached>,
    errno: Errno,
}

impl WaitSet {
    /// A wait set that the network devices among `devices` wake when one of `events` is there, by their handles.
    ///
    /// # Errors
    /// The kernel refused.
    pub fn new(devices: impl Iterator<Item = Attached>, events: EventFlags) -> Result<Self, WaitSetError> {
        let refused = |device| move |errno: io::Errno| WaitSetError { device, errno: errno.into() };
        let epoll = epoll::create(CreateFlags::CLOEXEC).map_err(refused(None))?;
        let flags = TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC;
        let timer = timerfd_create(TimerfdClockId::Monotonic, flags).map_err(refused(None))?;
        epoll::add(&epoll, &timer, EventData::new_u64(TIMER_EVENT_ID), EventFlags::IN)
            .map_err(refused(None))?;
        for device in devices {
            if let Properties::Net { .. } = device.properties {
                let handle = EventData::new_u64(device.handle as u64);
                epoll::add(&epoll, device.fd, handle, events).map_err(refused(Some(device)))?;
            }
        }
        Ok(Self { epoll: epoll.into(), timer: timer.into() })
    }
}

impl fmt::Display for WaitSetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.device, self.errno) {
            (None, errno) => write!(f, "timer cannot be set up: {errno}"),
            (Some(Attached { handle, fd, .. }), errno) => {
                write!(f, "device {handle} cannot be waited for: descriptor {}: {errno}", fd.number())
            }
        }
    }
}

impl Error for WaitSetError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.errno)
    }
}
