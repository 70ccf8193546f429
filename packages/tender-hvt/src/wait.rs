//! The wait for frames, in a wait set (ABI section 4.7).

use rustix::event::epoll::{self, EventData, EventFlags};
use solo5_abi::hvt::TIMER_EVENT_ID;
use solo5_abi::limits::MFT_MAX_ENTRIES;
use solo5_abi::spt::EpollEvent;
use tender_core::syscall::{Errno, Fd};
use tender_core::wait_set::WaitSet;

use crate::host;

/// What a guest waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ready {
    /// A bit for each device that can be read from.
    pub set: u64,
    /// How many there are.
    pub count: i32,
}

/// Neither a handle nor the timer.
const DEBUGGER_EVENT_ID: u64 = TIMER_EVENT_ID + 1;

/// From now on a stream on which something comes in ends waiting, with `EINTR`: a debugger wants the
/// guest.
pub fn end_on_input(wait_set: WaitSet, stream: Fd) -> Result<(), Errno> {
    Ok(epoll::add(wait_set.epoll, stream, EventData::new_u64(DEBUGGER_EVENT_ID), EventFlags::IN)?)
}

/// Waits until a device can be read from, `nanoseconds` at most.
///
/// # Errors
/// The host refused; `EINTR` only if that was asked for.
pub fn wait(wait_set: WaitSet, nanoseconds: u64) -> Result<Ready, Errno> {
    if nanoseconds > 0 {
        host::arm(wait_set.timer, nanoseconds)?;
    }
    let mut events = [EpollEvent { events: 0, data: 0 }; MFT_MAX_ENTRIES];
    let mut ready = Ready { set: 0, count: 0 };
    let count = loop {
        match host::wait(wait_set.epoll, &mut events, nanoseconds > 0) {
            Err(Errno::EINTR) => {}
            waited => break waited?,
        }
    };
    for event in &events[..count] {
        // Handles are less than 64; the timer is not.
        let handle = event.data;
        if handle < MFT_MAX_ENTRIES as u64 {
            ready.set |= 1 << handle;
            ready.count += 1;
        }
    }
    let debugger = events[..count].iter().any(|event| { event.data } == DEBUGGER_EVENT_ID);
    if debugger && ready.count == 0 { Err(Errno::EINTR) } else { Ok(ready) }
}
