//! What is behind a network device: a TAP interface, or a descriptor that was handed over (ABI section 6.4).

use core::fmt;

use rustix::fd::{AsFd as _, BorrowedFd, OwnedFd};
use rustix::fs::{FileType, Mode, OFlags, fstat, open};
use rustix::io::fcntl_dupfd_cloexec;
use rustix::net::sockopt::{socket_domain, socket_type};
use rustix::net::{AddressFamily, SocketFlags, SocketType, socket_with};
use rustix::rand::{GetRandomFlags, getrandom};
use solo5_abi::limits::NET_ALEN;
use thiserror::Error;

use crate::cli::decimal;
use crate::diagnostics::{Escaped, Quoted};
use crate::syscall::{self, Errno, Fd, InterfaceQuestion, InterfaceRequest, Offload};

/// Bytes of the longest name of an interface: `IFNAMSIZ` less the NUL.
pub const INTERFACE_NAME_MAX: usize = 15;
/// MTU of a descriptor that does not tell its own.
pub const DEFAULT_MTU: u16 = 1500;

const IFF_UP: u16 = 0x1;
const IFF_RUNNING: u16 = 0x40;
const IFF_TAP: u16 = 0x2;
const IFF_NO_PI: u16 = 0x1000;
const IFF_VNET_HDR: u16 = 0x4000;

/// A descriptor that takes and gives one Ethernet frame a call, and never waits. Not closed when
/// dropped: the guest goes on with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NetPort {
    pub fd: Fd,
    /// Largest frame in bytes, without the 14-byte Ethernet header.
    pub mtu: u16,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mac(pub [u8; NET_ALEN]);

/// Why a TAP interface cannot be attached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TapError<'a> {
    pub interface: &'a [u8],
    pub why: TapRefusal,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TapRefusal {
    /// The name has more than 15 bytes.
    NameTooLong,
    /// There is no such interface in this network namespace.
    NoInterface,
    /// It is neither up nor running.
    Down,
    /// `/dev/net/tun` cannot be opened.
    Tun(Errno),
    /// Somebody is attached to it.
    Busy,
    /// It belongs to another user.
    NotPermitted,
    /// It is not a TAP interface, or has several queues.
    NotTap,
    /// The kernel attached something else: the name is a pattern.
    OtherName,
    /// The host refused for another reason.
    Host(Errno),
}

/// Why a descriptor cannot be a network device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum AdoptError {
    #[error("it is not open: hand it over when starting the tender")]
    NotOpen,
    #[error("it is not open for both reading and writing")]
    OneWay,
    #[error("it is neither a TAP nor a socket")]
    Kind,
    #[error("it is a socket without frames: only AF_UNIX with SOCK_DGRAM or SOCK_SEQPACKET will do")]
    Socket,
    #[error("it is not attached to an interface: hand it over after TUNSETIFF")]
    Detached,
    #[error("it is a TUN, which has no Ethernet frames: attach it with IFF_TAP")]
    Tun,
    /// `IFF_VNET_HDR`, or, as far as the kernel tells, no `IFF_NO_PI`.
    #[error("its frames come with headers: attach it with IFF_NO_PI and without IFF_VNET_HDR")]
    Headers,
    #[error(transparent)]
    Host(#[from] Errno),
}

impl NetPort {
    /// Attaches the TAP interface `name`, which exists and is up. It is neither made nor configured,
    /// but generic segmentation and receive offload are switched off where the host permits it: a guest
    /// takes frames of the interface's MTU, not what the kernel has glued together.
    ///
    /// # Errors
    /// See [`TapRefusal`].
    pub fn tap(name: &[u8]) -> Result<Self, TapError<'_>> {
        attach(name).map_err(|why| TapError { interface: name, why })
    }

    /// Takes over a descriptor: a TAP, or a local socket with datagrams (`SOCK_DGRAM` or
    /// `SOCK_SEQPACKET`). Its MTU is that of its interface if that is known here, 1500 otherwise.
    ///
    /// # Errors
    /// It is none of these.
    pub fn adopt(fd: Fd) -> Result<Self, AdoptError> {
        let refused =
            |errno| if errno == Errno::EBADF { AdoptError::NotOpen } else { AdoptError::Host(errno) };
        let status = fstat(fd).map_err(|errno| refused(errno.into()))?;
        let mtu = match FileType::from_raw_mode(status.st_mode) {
            FileType::Socket => {
                check_socket(fd)?;
                DEFAULT_MTU
            }
            FileType::CharacterDevice => mtu_of(check_tap(fd)?).unwrap_or(DEFAULT_MTU),
            _ => return Err(AdoptError::Kind),
        };
        let flags = syscall::add_flag(fd.as_fd(), OFlags::NONBLOCK).map_err(refused)?;
        if flags & OFlags::RWMODE != OFlags::RDWR {
            return Err(AdoptError::OneWay);
        }
        Ok(Self { fd, mtu })
    }

    /// As [`Self::adopt`], but takes a copy; the descriptor stays its owner's. The two share `O_NONBLOCK`.
    ///
    /// # Errors
    /// As [`Self::adopt`], or there are too many descriptors.
    pub fn copy_of(fd: Fd) -> Result<Self, AdoptError> {
        let Self { mtu, .. } = Self::adopt(fd)?;
        let copy = fcntl_dupfd_cloexec(fd, 3).map_err(Errno::from)?;
        Ok(Self { fd: copy.into(), mtu })
    }

    pub fn close(self) {
        syscall::close(self.fd);
    }
}

fn attach(name: &[u8]) -> Result<NetPort, TapRefusal> {
    let mut request = InterfaceRequest { name: [0; 16], value: [0; 24] };
    request.name[..INTERFACE_NAME_MAX]
        .get_mut(..name.len())
        .ok_or(TapRefusal::NameTooLong)?
        .copy_from_slice(name);
    let named = request;
    let socket = interface_socket().map_err(TapRefusal::Host)?;
    syscall::ask_interface(socket.as_fd(), InterfaceQuestion::Flags, &mut request).map_err(|errno| {
        match errno {
            Errno::ENODEV => TapRefusal::NoInterface,
            errno => TapRefusal::Host(errno),
        }
    })?;
    if flags_of(&request) & (IFF_UP | IFF_RUNNING) == 0 {
        return Err(TapRefusal::Down);
    }
    let flags = OFlags::RDWR | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    let fd = open(c"/dev/net/tun", flags, Mode::empty()).map_err(|errno| TapRefusal::Tun(errno.into()))?;
    let mtu = attach_tun(socket.as_fd(), fd.as_fd(), named)?;
    for offload in [Offload::Receive, Offload::Segmentation] {
        // Needs CAP_NET_ADMIN; without it frames may be larger than the MTU, which a guest can live with.
        let _ = syscall::switch_off(socket.as_fd(), named.name, offload);
    }
    Ok(NetPort { fd: fd.into(), mtu })
}

/// Attaches `fd`, a fresh descriptor of /dev/net/tun, and tells the interface's MTU.
fn attach_tun(
    socket: BorrowedFd<'_>,
    fd: BorrowedFd<'_>,
    named: InterfaceRequest,
) -> Result<u16, TapRefusal> {
    let mut request = named;
    request.value[..2].copy_from_slice(&(IFF_TAP | IFF_NO_PI).to_ne_bytes());
    syscall::ask_interface(fd, InterfaceQuestion::Attach, &mut request).map_err(|errno| match errno {
        Errno::EBUSY => TapRefusal::Busy,
        Errno::EPERM => TapRefusal::NotPermitted,
        Errno::EINVAL => TapRefusal::NotTap,
        errno => TapRefusal::Host(errno),
    })?;
    if request.name != named.name {
        return Err(TapRefusal::OtherName);
    }
    mtu_through(socket, named.name).map_err(TapRefusal::Host)
}

fn check_socket(fd: Fd) -> Result<(), AdoptError> {
    let domain = socket_domain(fd).map_err(Errno::from)?;
    let kind = socket_type(fd).map_err(Errno::from)?;
    if domain == AddressFamily::UNIX && matches!(kind, SocketType::DGRAM | SocketType::SEQPACKET) {
        Ok(())
    } else {
        Err(AdoptError::Socket)
    }
}

/// Checks that `fd` is a TAP with nothing but frames in it; the name of its interface.
fn check_tap(fd: Fd) -> Result<[u8; 16], AdoptError> {
    /// `EBADFD`: no interface.
    const DETACHED: i32 = 77;
    let mut request = InterfaceRequest { name: [0; 16], value: [0; 24] };
    syscall::ask_interface(fd.as_fd(), InterfaceQuestion::Attached, &mut request)
        .map_err(|errno| if errno.number() == DETACHED { AdoptError::Detached } else { AdoptError::Kind })?;
    let flags = flags_of(&request);
    if flags & IFF_TAP == 0 {
        return Err(AdoptError::Tun);
    }
    // Kernels report IFF_NOFILTER by the bit of IFF_NO_PI, so that this one only tells if it is clear.
    if flags & IFF_NO_PI == 0 || flags & IFF_VNET_HDR != 0 {
        return Err(AdoptError::Headers);
    }
    Ok(request.name)
}

/// The MTU of an interface in this network namespace.
fn mtu_of(name: [u8; 16]) -> Result<u16, Errno> {
    mtu_through(interface_socket()?.as_fd(), name)
}

/// A socket through which network interfaces can be asked and changed.
fn interface_socket() -> Result<OwnedFd, Errno> {
    Ok(socket_with(AddressFamily::INET, SocketType::DGRAM, SocketFlags::CLOEXEC, None)?)
}

fn mtu_through(socket: BorrowedFd<'_>, name: [u8; 16]) -> Result<u16, Errno> {
    let mut request = InterfaceRequest { name, value: [0; 24] };
    syscall::ask_interface(socket, InterfaceQuestion::Mtu, &mut request)?;
    let [a, b, c, d, ..] = request.value;
    // A manifest has 16 bits for it; a TAP cannot have more than 65521.
    Ok(u16::try_from(u32::from_ne_bytes([a, b, c, d])).unwrap_or(u16::MAX))
}

fn flags_of(request: &InterfaceRequest) -> u16 {
    let [a, b, ..] = request.value;
    u16::from_ne_bytes([a, b])
}

/// Would the kernel make an interface of that name (`dev_valid_name`)? Of one with `%` it makes another.
fn can_be_made(name: &[u8]) -> bool {
    let never = |&byte: &u8| matches!(byte, b'/' | b':' | b'%' | 0x0b) || byte.is_ascii_whitespace();
    !matches!(name, b"" | b"." | b"..") && !name.iter().any(never)
}

/// The number in `@FD`: decimal digits and nothing else. Not 1 or 2, which are the console's and the
/// tender's own.
#[must_use]
pub fn parse_descriptor(text: &[u8]) -> Option<Fd> {
    let number = i32::try_from(decimal(text)?).ok()?;
    (number != Fd::STDOUT.number() && number != Fd::STDERR.number()).then(|| Fd::numbered(number))
}

impl Mac {
    /// No address: an option that gives it gives none.
    pub const NONE: Self = Self([0; NET_ALEN]);

    /// Six pairs of one or two hexadecimal digits with colons between them, and nothing else.
    #[must_use]
    pub fn parse(text: &[u8]) -> Option<Self> {
        let mut mac = [0; NET_ALEN];
        let mut pairs = text.split(|&byte| byte == b':');
        for byte in &mut mac {
            let pair = pairs.next().filter(|pair| matches!(pair.len(), 1 | 2))?;
            *byte = pair.iter().try_fold(0_u8, |number, &digit| {
                let digit = char::from(digit).to_digit(16)?;
                u8::try_from(u32::from(number) * 16 + digit).ok()
            })?;
        }
        pairs.next().is_none().then_some(Self(mac))
    }

    /// A random address: of one station, and of nobody's range.
    pub fn random() -> Result<Self, Errno> {
        let mut mac = [0; NET_ALEN];
        // So few bytes are had at once.
        getrandom(&mut mac, GetRandomFlags::empty())?;
        mac[0] = mac[0] & !0x01 | 0x02;
        Ok(Self(mac))
    }
}

impl fmt::Display for TapError<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (quoted, name) = (Quoted(self.interface), Escaped(self.interface));
        match self.why {
            TapRefusal::NameTooLong => {
                write!(
                    f,
                    "interface name {quoted} is too long: at most {INTERFACE_NAME_MAX} bytes are possible"
                )
            }
            TapRefusal::NoInterface if can_be_made(self.interface) => {
                write!(f, "there is no interface {quoted}: make it with ip tuntap add {name} mode tap")
            }
            TapRefusal::NoInterface => {
                write!(f, "there is no interface {quoted}: no interface can have this name")
            }
            TapRefusal::Down => {
                write!(f, "interface {quoted} is down: bring it up with ip link set {name} up")
            }
            TapRefusal::Tun(errno) => {
                write!(f, "/dev/net/tun cannot be opened: {errno}")?;
                match errno {
                    Errno::EACCES | Errno::EPERM => {
                        f.write_str("; run as root, or give this user access to it")
                    }
                    Errno::ENOENT | Errno::ENODEV | Errno::ENXIO => {
                        f.write_str("; load the kernel module tun, or pass the device to this container")
                    }
                    _ => Ok(()),
                }
            }
            TapRefusal::Busy => write!(
                f,
                "interface {quoted} is busy: another process, or another device of this guest, is attached to it"
            ),
            TapRefusal::NotPermitted => write!(
                f,
                "interface {quoted} cannot be attached: operation not permitted; run as root, or make it with \
                 ip tuntap add {name} mode tap user USER"
            ),
            TapRefusal::NotTap => {
                write!(f, "interface {quoted} is not a TAP interface with one queue: make it with mode tap")
            }
            TapRefusal::OtherName => write!(f, "interface name {quoted} is a pattern: name one interface"),
            TapRefusal::Host(errno) => write!(f, "interface {quoted} cannot be attached: {errno}"),
        }
    }
}

impl fmt::Display for Mac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, e, g] = self.0;
        write!(f, "{a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}:{g:02x}")
    }
}

impl core::error::Error for TapError<'_> {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_addresses_and_nothing_that_only_looks_like_one() {
        for (text, mac) in [
            ("02:00:00:00:00:01", [2, 0, 0, 0, 0, 1]),
            ("a:B:c:D:e:F", [10, 11, 12, 13, 14, 15]),
            ("fF:0:00:7f:80:1", [255, 0, 0, 127, 128, 1]),
            ("00:00:00:00:00:00", [0; 6]),
        ] {
            assert_eq!(Mac::parse(text.as_bytes()), Some(Mac(mac)), "{text}");
        }
        for text in [
            "",
            "2",
            "02:00:00:00:00",
            "02:00:00:00:00:01:",
            "02:00:00:00:00:01:02",
            ":02:00:00:00:00:01",
            "02:00::00:00:01",
            "002:0:0:0:0:1",
            "0x2:0:0:0:0:1",
            "g2:0:0:0:0:1",
            "02:0:0:0:0:1 ",
            " 02:0:0:0:0:1",
            "+2:0:0:0:0:1",
            "02-00-00-00-00-01",
            "020000000001",
        ] {
            assert_eq!(Mac::parse(text.as_bytes()), None, "{text:?}");
        }
        assert_eq!(Mac([2, 0, 0xAB, 0, 0, 1]).to_string(), "02:00:ab:00:00:01");
    }

    #[test]
    fn draws_addresses_of_single_stations_in_nobody_s_range() {
        let macs: Vec<_> = (0..100).map(|_| Mac::random().unwrap().0).collect();
        assert!(macs.iter().all(|mac| mac[0] & 3 == 2));
        assert!(macs.windows(2).all(|pair| pair[0] != pair[1]));
    }

    #[test]
    fn reads_descriptor_numbers_strictly() {
        for (text, number) in [("0", 0), ("3", 3), ("007", 7), ("2147483647", i32::MAX)] {
            assert_eq!(parse_descriptor(text.as_bytes()), Some(Fd::numbered(number)));
        }
        for text in ["", "1", "2", "-1", "+3", " 3", "3 ", "3x", "0x3", "2147483648", "18446744073709551619"]
        {
            assert_eq!(parse_descriptor(text.as_bytes()), None, "{text:?}");
        }
    }
}
