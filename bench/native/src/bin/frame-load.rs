//! `frame-load IFACE SIZE WINDOW COUNT EVERY`: keeps WINDOW frames of SIZE bytes on their way through an
//! interface until COUNT are answered, each answer standing for EVERY frames, and prints
//! `{"seconds", "frames"}`. Frames that are not answered within a second are sent again.
//!
//! With a processor of its own it never sleeps: whoever answers would have to wake it, and the slower one
//! is, the oftener.

use std::io::{Error, ErrorKind, Result};
use std::num::NonZero;
use std::thread::available_parallelism;
use std::time::{Duration, Instant};

use linux_raw_sys::if_packet::sockaddr_ll;
use rustix::fd::OwnedFd;
use rustix::io;
use rustix::net::addr::{SocketAddrArg, SocketAddrLen, SocketAddrOpaque};
use rustix::net::netdevice::name_to_index;
use rustix::net::sockopt::{Timeout, set_socket_timeout};
use rustix::net::{self, AddressFamily, Protocol, RecvFlags, SendFlags, SocketType};

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
    let socket = open(name).map_err(host)?;
    let flags = if available_parallelism()?.get() > 1 { RecvFlags::DONTWAIT } else { RecvFlags::empty() };
    let mut frame = vec![0_u8; size];
    frame[..6].copy_from_slice(&THEIRS);
    frame[6..12].copy_from_slice(&OURS);
    frame[12..14].copy_from_slice(&ETHERTYPE.to_be_bytes());
    let mut buffer = vec![0_u8; 2048];
    let start = Instant::now();
    let (mut sent, mut received, mut silent) = (0, 0, 0);
    while received < count {
        while sent < count && sent - received < window {
            net::send(&socket, &frame, SendFlags::empty()).map_err(host)?;
            sent += 1;
        }
        match receive(&socket, &mut buffer, flags).map_err(host)? {
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

/// Where frames of one interface come from: `struct sockaddr_ll`.
struct Interface(sockaddr_ll);

// SAFETY: a record of the kernel's for sockets of packets, which lives as long as the call.
unsafe impl SocketAddrArg for Interface {
    unsafe fn with_sockaddr<R>(&self, f: impl FnOnce(*const SocketAddrOpaque, SocketAddrLen) -> R) -> R {
        const { assert!(size_of::<sockaddr_ll>() == 20) };
        f((&raw const self.0).cast(), 20)
    }
}

fn open(name: &str) -> io::Result<OwnedFd> {
    let protocol = NonZero::new(u32::from(ETHERTYPE.to_be())).map(Protocol::from_raw);
    let socket = net::socket(AddressFamily::PACKET, SocketType::RAW, protocol)?;
    let index = name_to_index(&socket, name)?;
    let address = sockaddr_ll {
        sll_family: AddressFamily::PACKET.as_raw(),
        sll_protocol: ETHERTYPE.to_be(),
        sll_ifindex: index.cast_signed(),
        sll_hatype: 0,
        sll_pkttype: 0,
        sll_halen: 0,
        sll_addr: [0; 8],
    };
    net::bind(&socket, &Interface(address))?;
    set_socket_timeout(&socket, Timeout::Recv, Some(Duration::from_secs(1)))?;
    Ok(socket)
}

/// The next frame, unless none comes within a second.
fn receive(socket: &OwnedFd, buffer: &mut [u8], flags: RecvFlags) -> io::Result<Option<usize>> {
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(1) {
        for _ in 0..LOOKS {
            match net::recv(socket, &mut *buffer, flags) {
                Ok((count, _)) => return Ok(Some(count)),
                // A socket that waits has waited for a second.
                Err(io::Errno::AGAIN) if flags.is_empty() => return Ok(None),
                Err(io::Errno::AGAIN) => {}
                Err(errno) => return Err(errno),
            }
        }
    }
    Ok(None)
}

fn host(errno: io::Errno) -> Error {
    Error::from_raw_os_error(errno.raw_os_error())
}
