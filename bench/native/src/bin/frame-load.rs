//! `frame-load IFACE SIZE WINDOW COUNT EVERY`: keeps WINDOW frames of SIZE bytes on their way through an
//! interface until COUNT are answered, each answer standing for EVERY frames, and prints
//! `{"seconds", "frames"}`. Frames that are not answered within a second are sent again.
//!
//! With a processor of its own it never sleeps: whoever answers would have to wake it, and the slower one
//! is, the oftener.

use std::io::{Error, ErrorKind, Result};
use std::thread::available_parallelism;
use std::time::{Duration, Instant};

/// An Ethernet type for local experiments (IEEE 802), so that nobody else answers.
const ETHERTYPE: u16 = 0x88b5;
/// So many seconds in a row may pass without an answer.
const PATIENCE: u32 = 10;
/// So often a frame is looked for between two looks at the clock.
const LOOKS: u32 = 10_000;
const OURS: [u8; 6] = [2, 0, 0, 0, 0, 0xee];
const THEIRS: [u8; 6] = [2, 0, 0, 0, 0, 0xaa];

fn main() -> Result<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [name, size, window, count, every] = words.as_slice() else {
        return Err(ErrorKind::InvalidInput.into());
    };
    let number = |word: &String| word.parse::<usize>().map_err(|_| Error::from(ErrorKind::InvalidInput));
    let (size, window) = (number(size)?, number(window)?);
    let (count, every) = (number(count)?, number(every)?);
    let socket = open(name)?;
    let flags = if available_parallelism()?.get() > 1 { libc::MSG_DONTWAIT } else { 0 };
    let mut frame = vec![0_u8; size];
    frame[..6].copy_from_slice(&THEIRS);
    frame[6..12].copy_from_slice(&OURS);
    frame[12..14].copy_from_slice(&ETHERTYPE.to_be_bytes());
    let mut buffer = vec![0_u8; 2048];
    let start = Instant::now();
    let (mut sent, mut received, mut silent) = (0, 0, 0);
    while received < count {
        while sent < count && sent - received < window {
            send(socket, &frame)?;
            sent += 1;
        }
        match receive(socket, &mut buffer, flags)? {
            Some(length) if length >= 14 && buffer[..6] == OURS => (received, silent) = (received + every, 0),
            Some(_) => {}
            None if silent == PATIENCE => return Err(ErrorKind::TimedOut.into()),
            None => (sent, silent) = (received, silent + 1),
        }
    }
    report(start.elapsed().as_secs_f64(), received);
    Ok(())
}

#[expect(clippy::print_stdout, reason = "the result of the program")]
fn report(seconds: f64, frames: usize) {
    println!("{{\"seconds\":{seconds},\"frames\":{frames}}}");
}

fn open(name: &str) -> Result<i32> {
    let protocol = i32::from(ETHERTYPE.to_be());
    // SAFETY: no pointers.
    let socket = check(unsafe { libc::socket(libc::AF_PACKET, libc::SOCK_RAW, protocol) })?;
    let name = std::ffi::CString::new(name)?;
    // SAFETY: the name is NUL-terminated.
    let index = unsafe { libc::if_nametoindex(name.as_ptr()) };
    // SAFETY: a plain record, for which zeros are valid.
    let mut address: libc::sockaddr_ll = unsafe { std::mem::zeroed() };
    address.sll_family = u16::try_from(libc::AF_PACKET).map_err(Error::other)?;
    address.sll_protocol = ETHERTYPE.to_be();
    address.sll_ifindex = i32::try_from(index).map_err(Error::other)?;
    let length = libc::socklen_t::try_from(size_of::<libc::sockaddr_ll>()).map_err(Error::other)?;
    // SAFETY: a record of that length.
    check(unsafe { libc::bind(socket, (&raw const address).cast(), length) })?;
    let second = libc::timeval { tv_sec: 1, tv_usec: 0 };
    let length = libc::socklen_t::try_from(size_of::<libc::timeval>()).map_err(Error::other)?;
    // SAFETY: a record of that length.
    check(unsafe {
        libc::setsockopt(socket, libc::SOL_SOCKET, libc::SO_RCVTIMEO, (&raw const second).cast(), length)
    })?;
    Ok(socket)
}

fn send(socket: i32, frame: &[u8]) -> Result<()> {
    // SAFETY: the slice is readable for its length.
    let sent = unsafe { libc::send(socket, frame.as_ptr().cast(), frame.len(), 0) };
    if sent < 0 { Err(Error::last_os_error()) } else { Ok(()) }
}

/// The next frame, unless none comes within a second.
fn receive(socket: i32, buffer: &mut [u8], flags: i32) -> Result<Option<usize>> {
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(1) {
        for _ in 0..LOOKS {
            // SAFETY: the slice is writable for its length.
            let count = unsafe { libc::recv(socket, buffer.as_mut_ptr().cast(), buffer.len(), flags) };
            match usize::try_from(count) {
                Ok(count) => return Ok(Some(count)),
                Err(_) if Error::last_os_error().kind() != ErrorKind::WouldBlock => {
                    return Err(Error::last_os_error());
                }
                // A socket that waits has waited for a second.
                Err(_) if flags == 0 => return Ok(None),
                Err(_) => {}
            }
        }
    }
    Ok(None)
}

fn check(result: i32) -> Result<i32> {
    if result < 0 { Err(Error::last_os_error()) } else { Ok(result) }
}
