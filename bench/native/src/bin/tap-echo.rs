//! `tap-echo IFACE EVERY [--filter]`: attaches a TAP and sends every frame back to where it came from, or
//! one of EVERY, until it is killed. It waits with epoll, as a guest does; with `--filter` it runs under
//! the filter of a guest.

use std::io::{Error, ErrorKind, Result};

use linux_raw_sys::general as calls;
use rustix::event::epoll;
use rustix::fd::{AsRawFd as _, OwnedFd};
use rustix::io::{Errno, read, write};
use tender_core::net::NetPort;
use tender_core::seccomp::{Condition, Rule, allow_only};

/// Whom the answers are from.
const MAC: [u8; 6] = [2, 0, 0, 0, 0, 1];

fn main() -> Result<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [name, every, options @ ..] = words.as_slice() else { return Err(ErrorKind::InvalidInput.into()) };
    let every: u32 = every.parse().map_err(|_| ErrorKind::InvalidInput)?;
    let tap = NetPort::tap(name.as_bytes()).map_err(|error| Error::other(error.to_string()))?.fd;
    let epoll = epoll::create(epoll::CreateFlags::empty()).map_err(host)?;
    epoll::add(&epoll, tap, epoll::EventData::new_u64(0), epoll::EventFlags::IN).map_err(host)?;
    if options == ["--filter"] {
        let of = |number: i32| [Condition::Equal(0, number.cast_unsigned().into())];
        allow_only([
            Rule::new(calls::__NR_epoll_pwait, of(epoll.as_raw_fd()), "wait for a frame"),
            Rule::new(calls::__NR_read, of(tap.number()), "take it"),
            Rule::new(calls::__NR_write, of(tap.number()), "send it back"),
        ])
        .map_err(Error::other)?;
    }
    let mut frame = [0; 1514];
    let mut count = 0;
    loop {
        match read(tap, &mut frame) {
            Ok(length) => {
                count += 1;
                if count % every == 0 {
                    frame.copy_within(6..12, 0);
                    frame[6..12].copy_from_slice(&MAC);
                    write(tap, &frame[..length]).map_err(host)?;
                }
            }
            Err(Errno::AGAIN) => wait(&epoll)?,
            Err(errno) => return Err(host(errno)),
        }
    }
}

fn wait(epoll: &OwnedFd) -> Result<()> {
    let mut event = [epoll::Event { flags: epoll::EventFlags::empty(), data: epoll::EventData::new_u64(0) }];
    match epoll::wait(epoll, &mut event, None) {
        // Somebody began to trace it.
        Ok(_) | Err(Errno::INTR) => Ok(()),
        Err(errno) => Err(host(errno)),
    }
}

fn host(errno: Errno) -> Error {
    Error::from_raw_os_error(errno.raw_os_error())
}
