//! `tap-echo IFACE`: attaches a TAP and sends every frame back with its addresses swapped, until it is
//! killed. Waits with poll(2), as a guest waits in its tender.

use std::fs::File;
use std::io::{ErrorKind, Read, Write};
use std::os::fd::AsRawFd;
use std::os::unix::fs::OpenOptionsExt;

const TUNSETIFF: libc::c_ulong = 0x4004_54ca;
const IFF_TAP_NO_PI: u16 = 0x0002 | 0x1000;

fn main() -> std::io::Result<()> {
    let name = std::env::args().nth(1).ok_or(ErrorKind::InvalidInput)?;
    let mut tap = attach(&name)?;
    let mut frame = [0; 1514];
    loop {
        match tap.read(&mut frame) {
            Ok(length) => {
                let (to, from) = frame.split_at_mut(6);
                to.swap_with_slice(&mut from[..6]);
                tap.write_all(&frame[..length])?;
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => wait(&tap)?,
            Err(error) => return Err(error),
        }
    }
}

fn attach(name: &str) -> std::io::Result<File> {
    let tap = File::options().read(true).write(true).custom_flags(libc::O_NONBLOCK).open("/dev/net/tun")?;
    let mut request = [0_u8; 40];
    for (to, byte) in request[..15].iter_mut().zip(name.bytes()) {
        *to = byte;
    }
    request[16..18].copy_from_slice(&IFF_TAP_NO_PI.to_le_bytes());
    // SAFETY: the kernel reads and writes one `struct ifreq`, which is 40 bytes.
    if unsafe { libc::ioctl(tap.as_raw_fd(), TUNSETIFF, request.as_mut_ptr()) } < 0 {
        return Err(std::io::Error::last_os_error());
    }
    Ok(tap)
}

fn wait(tap: &File) -> std::io::Result<()> {
    let mut poll = libc::pollfd { fd: tap.as_raw_fd(), events: libc::POLLIN, revents: 0 };
    // SAFETY: one record.
    if unsafe { libc::poll(&raw mut poll, 1, -1) } < 0 {
        return Err(std::io::Error::last_os_error());
    }
    Ok(())
}
