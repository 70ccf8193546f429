//! All that a guest can wait for: its network devices, and a time (ABI sections 4.7, 5.5).

use core::error::Error;
use core::fmt;

use solo5_abi::spt::{EpollEvent, TIMER_EVENT_ID};

use crate::devices::{Attached, Properties};
use crate::syscall::{self, EPOLLIN, Errno, Fd};

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
    pub fn new(devices: impl Iterator<Item = Attached>, events: u32) -> Result<Self, WaitSetError> {
        let refused = |errno| WaitSetError { device: None, errno };
        let epoll = syscall::epoll_create().map_err(refused)?;
        let timer = syscall::timer_create().map_err(refused)?;
        let event = EpollEvent { events: EPOLLIN, data: TIMER_EVENT_ID };
        syscall::epoll_add(epoll, timer, event).map_err(refused)?;
        for device in devices {
            if let Properties::Net { .. } = device.properties {
                let event = EpollEvent { events, data: device.handle as u64 };
                syscall::epoll_add(epoll, device.fd, event)
                    .map_err(|errno| WaitSetError { device: Some(device), errno })?;
            }
        }
        Ok(Self { epoll, timer })
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
