//! `tap-echo IFACE EVERY [--filter]`: attaches a TAP and sends every frame back to where it came from, or
//! one of EVERY, until it is killed. It waits with epoll, as a guest does; with `--filter` it runs under
//! the filter of a guest.

use std::fs::File;
use std::io::{Error, ErrorKind, Read, Result, Write};
use std::os::fd::AsRawFd;
use std::os::unix::fs::OpenOptionsExt;
use std::ptr;

use linux_raw_sys::general as calls;
use tender_core::seccomp::{Condition, Rule, allow_only};

const TUNSETIFF: libc::c_ulong = 0x4004_54ca;
const IFF_TAP_NO_PI: u16 = 0x0002 | 0x1000;
/// Whom the answers are from.
const MAC: [u8; 6] = [2, 0, 0, 0, 0, 1];

fn main() -> Result<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [name, every, options @ ..] = words.as_slice() else { return Err(ErrorKind::InvalidInput.into()) };
    let every: u32 = every.parse().map_err(|_| ErrorKind::InvalidInput)?;
    let mut tap = attach(name)?;
    let epoll = watch(&tap)?;
    if options == ["--filter"] {
        let (tap, epoll) = (number(tap.as_raw_fd())?, number(epoll)?);
        allow_only([
            Rule::new(calls::__NR_epoll_pwait, [Condition::Equal(0, epoll)], "wait for a frame"),
            Rule::new(calls::__NR_read, [Condition::Equal(0, tap)], "take it"),
            Rule::new(calls::__NR_write, [Condition::Equal(0, tap)], "send it back"),
        ])
        .map_err(Error::other)?;
    }
    let mut frame = [0; 1514];
    let mut count = 0;
    loop {
        match tap.read(&mut frame) {
            Ok(length) => {
                count += 1;
                if count % every == 0 {
                    frame.copy_within(6..12, 0);
                    frame[6..12].copy_from_slice(&MAC);
                    tap.write_all(&frame[..length])?;
                }
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => wait(epoll)?,
            Err(error) => return Err(error),
        }
    }
}

fn attach(name: &str) -> Result<File> {
    let tap = File::options().read(true).write(true).custom_flags(libc::O_NONBLOCK).open("/dev/net/tun")?;
    let mut request = [0_u8; 40];
    for (to, byte) in request[..15].iter_mut().zip(name.bytes()) {
        *to = byte;
    }
    request[16..18].copy_from_slice(&IFF_TAP_NO_PI.to_le_bytes());
    // SAFETY: the kernel reads and writes one `struct ifreq`, which is 40 bytes.
    check(unsafe { libc::ioctl(tap.as_raw_fd(), TUNSETIFF, request.as_mut_ptr()) })?;
    Ok(tap)
}

fn watch(tap: &File) -> Result<i32> {
    // SAFETY: no pointers.
    let epoll = check(unsafe { libc::epoll_create1(0) })?;
    let mut event = libc::epoll_event { events: libc::EPOLLIN.cast_unsigned(), u64: 0 };
    // SAFETY: one record.
    check(unsafe { libc::epoll_ctl(epoll, libc::EPOLL_CTL_ADD, tap.as_raw_fd(), &raw mut event) })?;
    Ok(epoll)
}

fn wait(epoll: i32) -> Result<()> {
    let mut event = libc::epoll_event { events: 0, u64: 0 };
    // SAFETY: room for one record, and no signal mask.
    let waited = check(unsafe { libc::epoll_pwait(epoll, &raw mut event, 1, -1, ptr::null()) });
    match waited {
        // Somebody began to trace it.
        Err(error) if error.kind() == ErrorKind::Interrupted => Ok(()),
        other => other.map(drop),
    }
}

fn number(descriptor: i32) -> Result<u64> {
    u64::try_from(descriptor).map_err(Error::other)
}

fn check(result: i32) -> Result<i32> {
    if result < 0 { Err(Error::last_os_error()) } else { Ok(result) }
}
