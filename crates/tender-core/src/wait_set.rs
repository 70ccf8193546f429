//! All that a guest can wait for: its network devices, and a time (ABI sections 4.7, 5.5).

use rustix::event::epoll::{self, CreateFlags, EventData, EventFlags};
use rustix::io;
use rustix::time::{TimerfdClockId, TimerfdFlags, timerfd_create};
use solo5_abi::spt::TIMER_EVENT_ID;
use thiserror::Error;

use crate::devices::{Attached, Properties};
use crate::syscall::{Errno, Fd};

/// A wait set of the kernel, and the timer in it, whose events are [`TIMER_EVENT_ID`].
#[derive(Clone, Copy, Debug)]
pub struct WaitSet {
    pub epoll: Fd,
    pub timer: Fd,
}

/// Why a guest could not wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum WaitSetError {
    #[error("timer cannot be set up: {0}")]
    Timer(#[source] Errno),
    #[error("device {} cannot be waited for: descriptor {}: {}", .0.handle, .0.fd.number(), .1)]
    Device(Attached, #[source] Errno),
}

impl WaitSet {
    /// A wait set that the network devices among `devices` wake when one of `events` is there, by their handles.
    pub fn new(devices: impl Iterator<Item = Attached>, events: EventFlags) -> Result<Self, WaitSetError> {
        let no_timer = |errno: io::Errno| WaitSetError::Timer(errno.into());
        let epoll = epoll::create(CreateFlags::CLOEXEC).map_err(no_timer)?;
        let flags = TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC;
        let timer = timerfd_create(TimerfdClockId::Monotonic, flags).map_err(no_timer)?;
        epoll::add(&epoll, &timer, EventData::new_u64(TIMER_EVENT_ID), EventFlags::IN).map_err(no_timer)?;
        for device in devices {
            if let Properties::Net { .. } = device.properties {
                let handle = EventData::new_u64(device.handle as u64);
                epoll::add(&epoll, device.fd, handle, events)
                    .map_err(|errno| WaitSetError::Device(device, errno.into()))?;
            }
        }
        Ok(Self { epoll: epoll.into(), timer: timer.into() })
    }
}
