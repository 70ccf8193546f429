//! Network devices: real TAP interfaces, in a network namespace that each test makes, and sockets (ABI section 6.4).

use std::ffi::CString;
use std::fs::File;
use std::io::{Read as _, Write as _};
use std::mem::size_of;
use std::os::fd::{AsRawFd, FromRawFd as _, OwnedFd};
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, Stdio};

use test_image::{block, net};

use super::support::{
    End, ImageFile, Ran, check_exit, finished, guest, in_namespaces, kill, line, mount_memory, output_of,
    run, run_with_less, skip, tender,
};
use crate::target::{SLOW, can_run, code_of, tender_path};

const CAP_NET_ADMIN: libc::c_ulong = 12;
/// A type of frames that is nobody's: for experiments.
const FRAME_TYPE: u16 = 0x88B5;

// Prints address and MTU of the first device. Then waits, answers each frame of our type with itself on the device it
// came from, prints that device's handle, and ends after one whose first byte is 'q'.
guest!(echo:
    "mov r12d, 1" "entry_of rbx, r12" "print rbx + 72, 8"
    "2: wait_for_frame"
    "read_frame 0x190000, 0x4000" "cmp rax, -1" "je 2b" "test rax, rax" "fail_unless ns, 2" "mov r14, rax"
    "cmp word ptr [0x19000C], 0xB588" "jne 2b"
    "write_frame 0x190000, r14" "test eax, eax" "fail_unless z, 3"
    "mov [0x1A0000], r12" "print 0x1A0000, 1" "cmp byte ptr [0x19000E], 0x71" "jne 2b" "exit 0");
// Writes a frame every 10 ms until that fails, and prints what it heard.
guest!(write_until_error:
    "mov r12d, 1" "entry_of rbx, r12" "print rbx + 72, 8" "mov word ptr [0x19000C], 0xB588"
    "2: wait_for 10" "mov r14d, 60" "write_frame 0x190000, r14" "test eax, eax" "jz 2b"
    "mov [0x1A0000], eax" "print 0x1A0000, 4" "exit 0");
// Whether there is a frame: reading without one does not wait.
guest!(read_nothing:
    "mov r12d, 1" "read_frame 0x190000, 2048" "cmp rax, -1" "fail_unless e, 1" "exit 0");
guest!(print_properties: "mov r12d, 1" "entry_of rbx, r12" "print rbx + 72, 8" "exit 0");
guest!(finish: "exit 0");

/// An image with one network device, `service`.
fn image(code: &[u8]) -> ImageFile {
    ImageFile::with_devices(code, &[net("service")])
}

/// Runs `test` in a network of its own, if this machine has such, and TAP interfaces.
fn in_network(test: impl FnOnce() + Send + 'static) {
    in_namespaces(|| {
        if let Err(error) = File::options().read(true).write(true).open("/dev/net/tun") {
            return skip(format_args!("no /dev/net/tun: {error}"));
        }
        if let Err(error) = Command::new("ip").arg("-V").output() {
            return skip(format_args!("no ip: {error}"));
        }
        test();
    });
}

/// Runs the words of `line` by `ip`.
fn ip(line: &str) {
    let output = Command::new("ip").args(line.split(' ')).output().unwrap();
    assert!(output.status.success(), "ip {line}: {}", String::from_utf8_lossy(&output.stderr));
}

/// A TAP interface that is up.
fn tap(name: &str) {
    ip(&format!("tuntap add {name} mode tap"));
    ip(&format!("link set {name} up"));
}

/// The host's end of a TAP interface: frames of our type, raw.
struct Wire(OwnedFd);

impl Wire {
    fn on(interface: &str) -> Self {
        let name = CString::new(interface).unwrap();
        // SAFETY: plain system calls; the address is a valid record of its size, the descriptor is ours.
        unsafe {
            let kind = libc::SOCK_RAW | libc::SOCK_CLOEXEC;
            let fd = libc::socket(libc::AF_PACKET, kind, i32::from(FRAME_TYPE.to_be()));
            assert!(fd >= 0, "{}", std::io::Error::last_os_error());
            let wire = OwnedFd::from_raw_fd(fd);
            let mut address: libc::sockaddr_ll = std::mem::zeroed();
            address.sll_family = libc::AF_PACKET.try_into().unwrap();
            address.sll_protocol = FRAME_TYPE.to_be();
            address.sll_ifindex = libc::if_nametoindex(name.as_ptr()).try_into().unwrap();
            let len = size_of::<libc::sockaddr_ll>().try_into().unwrap();
            assert_eq!(libc::bind(fd, (&raw const address).cast(), len), 0);
            let timeout = libc::timeval { tv_sec: 0, tv_usec: 50_000 };
            let len = size_of::<libc::timeval>().try_into().unwrap();
            let option = (&raw const timeout).cast();
            assert_eq!(libc::setsockopt(fd, libc::SOL_SOCKET, libc::SO_RCVTIMEO, option, len), 0);
            Self(wire)
        }
    }

    fn send(&self, frame: &[u8]) -> bool {
        // SAFETY: the kernel reads the bytes of `frame`.
        let sent = unsafe { libc::send(self.0.as_raw_fd(), frame.as_ptr().cast(), frame.len(), 0) };
        usize::try_from(sent) == Ok(frame.len())
    }

    fn receive(&self) -> Option<Vec<u8>> {
        let mut frame = vec![0; 0x4000];
        // SAFETY: the kernel writes at most `frame.len()` bytes to it.
        let len = unsafe { libc::recv(self.0.as_raw_fd(), frame.as_mut_ptr().cast(), frame.len(), 0) };
        frame.truncate(usize::try_from(len).ok()?);
        Some(frame)
    }

    /// Sends `frame` until it comes back: the kernel drops frames for a moment after a TAP was attached.
    fn echoed(&self, frame: &[u8]) -> bool {
        (0..100).any(|_| {
            self.send(frame);
            self.receive().is_some_and(|answer| answer == frame)
        })
    }
}

/// A frame of our type and so many bytes, numbered, so that it is like no other one.
fn frame(first: u8, number: u8, len: usize) -> Vec<u8> {
    let mut frame = vec![2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2];
    frame.extend(FRAME_TYPE.to_be_bytes());
    frame.extend([first, number]);
    frame.extend((0_u8..=255).cycle().take(len - frame.len()));
    frame
}

/// A guest that runs, and the first eight bytes it printed: address and MTU of its first device.
fn started(words: &[&str], image: &ImageFile) -> (Child, [u8; 6], u16) {
    started_by(tender(), words, image)
}

fn started_by(mut tender: Command, words: &[&str], image: &ImageFile) -> (Child, [u8; 6], u16) {
    tender.args(words).arg(image.path()).stdin(Stdio::null());
    let mut child = tender.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut properties = [0; 8];
    if child.stdout.as_mut().unwrap().read_exact(&mut properties).is_err() {
        panic!("{:?}", finished(child.wait_with_output().unwrap()));
    }
    let [mac @ .., low, high] = properties;
    (child, mac, u16::from_le_bytes([low, high]))
}

fn ended(child: Child) -> Ran {
    finished(child.wait_with_output().unwrap())
}

/// `program`, to which `fd` is handed over, under its own number; other children of this process do
/// not get it. And the option that attaches it to `service`.
fn handing_over(program: impl AsRef<std::ffi::OsStr>, fd: &impl AsRawFd) -> (Command, String) {
    let fd = fd.as_raw_fd();
    let mut command = Command::new(program);
    // SAFETY: between fork and exec there is only a system call.
    unsafe {
        command.pre_exec(move || match libc::fcntl(fd, libc::F_SETFD, 0) {
            0 => Ok(()),
            _ => Err(std::io::Error::last_os_error()),
        });
    }
    (command, format!("--net:service=@{fd}"))
}

/// Runs an image with `fd` as its network device.
pub fn run_with_descriptor(fd: &impl AsRawFd, image: &ImageFile) -> Ran {
    let (mut tender, option) = handing_over(tender_path(), fd);
    output_of(tender.arg(option).arg(image.path()))
}

/// A descriptor of /dev/net/tun, attached to `name` with `flags` unless those are 0.
fn tun(name: &str, flags: libc::c_int) -> File {
    let file = File::options().read(true).write(true).open("/dev/net/tun").unwrap();
    if flags != 0 {
        let mut request = [0_u8; 40];
        request[..name.len()].copy_from_slice(name.as_bytes());
        request[16..18].copy_from_slice(&u16::try_from(flags).unwrap().to_ne_bytes());
        // SAFETY: the kernel reads and writes a `struct ifreq`, 40 bytes.
        let attached = unsafe { libc::ioctl(file.as_raw_fd(), 0x4004_54CA, &raw mut request) };
        assert_eq!(attached, 0, "{}", std::io::Error::last_os_error());
    }
    file
}

/// Two connected local sockets.
pub fn socket_pair(kind: libc::c_int) -> (File, OwnedFd) {
    let mut pair = [0; 2];
    // SAFETY: the kernel writes two descriptors, which become ours.
    unsafe {
        assert_eq!(libc::socketpair(libc::AF_UNIX, kind | libc::SOCK_CLOEXEC, 0, pair.as_mut_ptr()), 0);
        (File::from_raw_fd(pair[0]), OwnedFd::from_raw_fd(pair[1]))
    }
}

#[test]
fn carries_frames_of_every_size_both_ways() {
    if !can_run() {
        return;
    }
    in_network(|| {
        tap("tap100");
        let wire = Wire::on("tap100");
        let words = ["--net:service=tap100", "--net-mac:service=02:00:00:00:00:01"];
        let (guest, mac, mtu) = started(&words, &image(echo::code()));
        assert_eq!((mac, mtu), ([2, 0, 0, 0, 0, 1], 1500));
        for (number, len) in (0_u8..).zip([16, 60, 61, 1000, 1513, 1514]) {
            assert!(wire.echoed(&frame(b'x', number, len)), "{len} bytes");
        }
        assert!(!wire.send(&frame(b'x', 99, 1515)), "more than the MTU does not even leave the host");
        assert!(wire.echoed(&frame(b'q', 100, 60)));
        let ran = ended(guest);
        check_exit(&ran, 0);
        assert!(ran.stdout.iter().all(|&handle| handle == 1));
    });
}

#[test]
fn carries_thousands_of_frames_and_changes_none() {
    if !can_run() {
        return;
    }
    in_network(|| {
        tap("tap100");
        let wire = Wire::on("tap100");
        let (mut guest, ..) = started(&["--net:service=tap100"], &image(echo::code()));
        // Nobody reads what it prints, so it must not wait for that.
        let console = guest
            .stdout
            .take()
            .map(|mut out| std::thread::spawn(move || std::io::copy(&mut out, &mut std::io::sink())));
        for number in (0_u32..10_000).step_by(SLOW) {
            let mut sent = frame(b'x', 0, 60 + number as usize % 1455);
            sent[16..20].copy_from_slice(&number.to_le_bytes());
            assert!(wire.echoed(&sent), "frame {number}");
        }
        assert!(wire.echoed(&frame(b'q', 0, 60)));
        assert_eq!(ended(guest).end, End::Exit(0));
        console.unwrap().join().unwrap().unwrap();
    });
}

#[test]
fn tells_the_mtu_of_the_interface_and_carries_frames_that_large() {
    if !can_run() {
        return;
    }
    in_network(|| {
        tap("tap102");
        ip("link set tap102 mtu 9000");
        let wire = Wire::on("tap102");
        let (guest, _mac, mtu) = started(&["--net:service=tap102"], &image(echo::code()));
        assert_eq!(mtu, 9000);
        assert!(wire.echoed(&frame(b'q', 0, 9014)));
        assert_eq!(ended(guest).end, End::Exit(0));
    });
}

#[test]
fn draws_an_address_unless_one_is_given() {
    if !can_run() {
        return;
    }
    in_network(|| {
        tap("tap0");
        let image = image(echo::code());
        let mac_with = |option: &str| {
            let words: Vec<_> =
                ["--net:service=tap0", option].into_iter().filter(|word| !word.is_empty()).collect();
            let (guest, mac, _mtu) = started(&words, &image);
            kill(guest);
            mac
        };
        assert_eq!(mac_with("--net-mac:service=a:B:0c:D0:eE:ff"), [0x0A, 0x0B, 0x0C, 0xD0, 0xEE, 0xFF]);
        let drawn = [mac_with(""), mac_with(""), mac_with("--net-mac:service=00:00:00:00:00:00")];
        assert!(drawn.iter().all(|mac| mac[0] & 3 == 2), "{drawn:x?}");
        assert!(drawn[0] != drawn[1] && drawn[1] != drawn[2], "{drawn:x?}");
    });
}

#[test]
fn wakes_a_guest_by_the_handle_of_the_device_that_has_a_frame() {
    if !can_run() {
        return;
    }
    in_network(|| {
        tap("tap100");
        tap("tap101");
        let (first, last) = (Wire::on("tap100"), Wire::on("tap101"));
        let devices = [net("service0"), block("storage"), net("service1")];
        let image = ImageFile::with_devices(echo::code(), &devices);
        let disk = ImageFile::of(&[0; 512]);
        let disk = format!("--block:storage={}", disk.path().display());
        let words = ["--net:service1=tap101", &disk, "--net:service0=tap100"];
        let (guest, ..) = started(&words, &image);
        assert!(first.echoed(&frame(b'x', 1, 60)));
        assert!(last.echoed(&frame(b'x', 2, 60)));
        assert!(first.echoed(&frame(b'x', 3, 60)));
        assert!(last.echoed(&frame(b'q', 4, 60)));
        let ran = ended(guest);
        let mut handles = ran.stdout;
        handles.dedup();
        assert_eq!((ran.end, &handles[..]), (End::Exit(0), &[1, 3, 1, 3][..]));
    });
}

#[test]
fn serves_63_interfaces() {
    if !can_run() {
        return;
    }
    in_network(|| {
        let names: Vec<_> = (1..64).map(|handle| format!("net{handle}")).collect();
        let devices: Vec<_> = names.iter().map(|name| net(name)).collect();
        let image = ImageFile::with_devices(echo::code(), &devices);
        for name in &names {
            tap(name);
        }
        let words: Vec<_> = names.iter().map(|name| format!("--net:{name}={name}")).collect();
        let words: Vec<_> = words.iter().map(String::as_str).collect();
        let (guest, ..) = started(&words, &image);
        assert!(Wire::on("net1").echoed(&frame(b'x', 1, 60)));
        assert!(Wire::on("net63").echoed(&frame(b'q', 2, 60)));
        let ran = ended(guest);
        assert_eq!((ran.end, ran.stdout.first(), ran.stdout.last()), (End::Exit(0), Some(&1), Some(&63)));
    });
}

#[test]
fn takes_sockets_with_datagrams_that_were_handed_over() {
    if !can_run() {
        return;
    }
    for kind in [libc::SOCK_DGRAM, libc::SOCK_SEQPACKET] {
        let (mut ours, theirs) = socket_pair(kind);
        // A flag that is set already stays set.
        // SAFETY: no memory is involved.
        unsafe { libc::fcntl(theirs.as_raw_fd(), libc::F_SETFL, libc::O_APPEND) };
        let (tender, option) = handing_over(tender_path(), &theirs);
        let (guest, mac, mtu) = started_by(tender, &[&option], &image(echo::code()));
        assert_eq!((mac[0] & 3, mtu), (2, 1500));
        // SAFETY: no memory is involved.
        let flags = unsafe { libc::fcntl(theirs.as_raw_fd(), libc::F_GETFL) };
        assert_eq!(flags & (libc::O_APPEND | libc::O_NONBLOCK), libc::O_APPEND | libc::O_NONBLOCK);
        for (number, first) in (0..).zip(*b"xyq") {
            let sent = frame(first, number, 1514);
            ours.write_all(&sent).unwrap();
            let mut answer = vec![0; 2000];
            let len = ours.read(&mut answer).unwrap();
            assert_eq!(answer[..len], sent);
        }
        assert_eq!(ended(guest).end, End::Exit(0));
        assert_eq!(run_with_descriptor(&theirs, &image(read_nothing::code())).end, End::Exit(0));
    }
}

/// A guest went on until it heard of one of these errors, and ended by itself: no signal did.
#[track_caller]
fn check_error(ran: &Ran, errnos: &[i32]) {
    check_exit(ran, 0);
    let heard = i32::from_le_bytes(ran.stdout[..].try_into().unwrap());
    assert!(errnos.iter().any(|&errno| code_of(errno) == heard), "{heard}");
}

#[test]
fn lets_writes_fail_when_the_other_end_is_gone() {
    if !can_run() {
        return;
    }
    for kind in [libc::SOCK_DGRAM, libc::SOCK_SEQPACKET] {
        let (ours, theirs) = socket_pair(kind);
        let (tender, option) = handing_over(tender_path(), &theirs);
        let (guest, ..) = started_by(tender, &[&option], &image(write_until_error::code()));
        drop(ours);
        let ran = ended(guest);
        check_error(&ran, &[libc::EPIPE, libc::ECONNRESET, libc::ECONNREFUSED]);
    }
}

#[test]
fn lets_writes_fail_when_the_interface_goes_down_or_away() {
    if !can_run() {
        return;
    }
    in_network(|| {
        for (command, errnos) in
            [("link set tap0 down", &[libc::EIO][..]), ("link delete tap0", &[libc::EIO, libc::EBADFD])]
        {
            tap("tap0");
            let (guest, ..) = started(&["--net:service=tap0"], &image(write_until_error::code()));
            ip(command);
            check_error(&ended(guest), errnos);
            let _ = Command::new("ip").args(["link", "delete", "tap0"]).output();
        }
    });
}

#[test]
fn takes_a_tap_that_was_handed_over() {
    if !can_run() {
        return;
    }
    in_network(|| {
        ip("tuntap add tap0 mode tap");
        ip("link set tap0 up mtu 2000");
        let file = tun("tap0", libc::IFF_TAP | libc::IFF_NO_PI);
        let (tender, option) = handing_over(tender_path(), &file);
        let (guest, _mac, mtu) = started_by(tender, &[&option], &image(echo::code()));
        assert_eq!(mtu, 2000);
        assert!(Wire::on("tap0").echoed(&frame(b'q', 0, 2014)));
        assert_eq!(ended(guest).end, End::Exit(0));
        // In a network where no interface has this name the MTU is the ordinary one.
        in_namespaces(move || {
            let ran = run_with_descriptor(&file, &image(print_properties::code()));
            check_exit(&ran, 0);
            assert_eq!(ran.stdout[6..], 1500_u16.to_le_bytes());
        });
    });
}

#[test]
fn switches_offloads_off_that_glue_frames_together() {
    if !can_run() {
        return;
    }
    const SIOCETHTOOL: libc::Ioctl = 0x8946;
    in_network(|| {
        tap("tap0");
        let socket = std::net::UdpSocket::bind("0.0.0.0:0").unwrap();
        let offload = |command: u32, value: u32| {
            let mut ethtool = [command, value];
            let mut request = [0_u8; 40];
            request[..4].copy_from_slice(b"tap0");
            let at = (&raw mut ethtool).expose_provenance();
            request[16..24].copy_from_slice(&at.to_ne_bytes());
            // SAFETY: the kernel reads a `struct ifreq`, and reads and writes 8 bytes through the pointer in it.
            let done = unsafe { libc::ioctl(socket.as_raw_fd(), SIOCETHTOOL, &raw mut request) };
            assert_eq!(done, 0, "{}", std::io::Error::last_os_error());
            // SAFETY: the record is there; the kernel wrote it behind the compiler's back.
            let [_command, value] = unsafe { (&raw const ethtool).read_volatile() };
            value
        };
        let (get_gso, set_gso, get_gro, set_gro) = (0x23, 0x24, 0x2B, 0x2C);
        offload(set_gso, 1);
        offload(set_gro, 1);
        assert_eq!((offload(get_gso, 0), offload(get_gro, 0)), (1, 1));
        assert_eq!(
            run(["--net:service=tap0", image(finish::code()).path().to_str().unwrap()]).end,
            End::Exit(0)
        );
        assert_eq!((offload(get_gso, 0), offload(get_gro, 0)), (0, 0));
    });
}

#[test]
fn takes_the_last_of_repeated_options_even_for_the_same_interface() {
    if !can_run() {
        return;
    }
    in_network(|| {
        tap("tap0");
        tap("tap1");
        let image = image(echo::code());
        let words = ["--net:service=tap0", "--net:service=tap1", "--net:service=tap1"];
        let (guest, ..) = started(&words, &image);
        // The earlier interface is free.
        drop(tun("tap0", libc::IFF_TAP | libc::IFF_NO_PI));
        assert!(Wire::on("tap1").echoed(&frame(b'q', 0, 60)));
        assert_eq!(ended(guest).end, End::Exit(0));
    });
}

#[test]
fn refuses_interfaces_it_can_not_attach_in_one_line_each() {
    in_network(|| {
        tap("busy");
        let _holder = tun("busy", libc::IFF_TAP | libc::IFF_NO_PI);
        ip("tuntap add down mode tap");
        ip("tuntap add tunnel mode tun");
        ip("link set tunnel up");
        ip("link set lo up");
        tap("queues-not");
        ip("tuntap add queues mode tap multi_queue");
        ip("link set queues up");
        ip("tuntap add owned mode tap user 65533");
        ip("link set owned up");
        let path = image(finish::code());
        let path = path.path().to_str().unwrap();
        let not_tap = "is not a TAP interface with one queue: make it with mode tap";
        for (interface, expected) in [
            ("absent", "there is no interface 'absent': make it with ip tuntap add absent mode tap".to_owned()),
            ("down", "interface 'down' is down: bring it up with ip link set down up".to_owned()),
            (
                "busy",
                "interface 'busy' is busy: another process, or another device of this guest, is attached to it"
                    .to_owned(),
            ),
            ("tunnel", format!("interface 'tunnel' {not_tap}")),
            ("lo", format!("interface 'lo' {not_tap}")),
            ("queues", format!("interface 'queues' {not_tap}")),
            (
                "a-name-that-is-longer",
                "interface name 'a-name-that-is-longer' is too long: at most 15 bytes are possible".to_owned(),
            ),
            ("busy ", "there is no interface 'busy ': no interface can have this name".to_owned()),
        ] {
            let option = format!("--net:service={interface}");
            assert_eq!(line(&run([&option, path])), format!("option '{option}': {expected}"));
        }
        let devices = [net("a"), net("b")];
        let two = ImageFile::with_devices(finish::code(), &devices);
        let ran = run(["--net:a=queues-not", "--net:b=queues-not", two.path().to_str().unwrap()]);
        assert!(line(&ran).contains("is busy"), "{ran:?}");

        let words = ["--net:service=owned", path];
        if let Some(ran) = run_with_less(Some(CAP_NET_ADMIN), words) {
            assert_eq!(
                line(&ran),
                "option '--net:service=owned': interface 'owned' cannot be attached: operation not permitted; \
                 run as root, or make it with ip tuntap add owned mode tap user USER"
            );
        }
        if let Some(ran) = run_with_less(None, words) {
            let refused = "/dev/net/tun cannot be opened: permission denied; run as root, or give this user access to it";
            // Most systems let everybody open it.
            assert!(
                line(&ran).contains(refused) || line(&ran).contains("operation not permitted"),
                "{ran:?}"
            );
        }
        mount_memory(c"/dev/net", c"");
        assert_eq!(
            line(&run(words)),
            "option '--net:service=owned': /dev/net/tun cannot be opened: no such file or directory; load \
             the kernel module tun, or pass the device to this container"
        );
    });
}

#[test]
fn refuses_descriptors_of_tun_that_are_not_a_tap_with_bare_frames() {
    in_network(|| {
        let image = image(finish::code());
        for (flags, why) in [
            (0, "it is not attached to an interface: hand it over after TUNSETIFF"),
            (
                libc::IFF_TUN | libc::IFF_NO_PI,
                "it is a TUN, which has no Ethernet frames: attach it with IFF_TAP",
            ),
            (
                libc::IFF_TAP | libc::IFF_NO_PI | libc::IFF_VNET_HDR,
                "its frames come with headers: attach it with IFF_NO_PI and without IFF_VNET_HDR",
            ),
        ] {
            // Each has a name of its own: a child of another test may hold the last one for a moment.
            let file = tun(&format!("uk{flags:x}"), flags);
            let ran = run_with_descriptor(&file, &image);
            let number = file.as_raw_fd();
            let option = format!("--net:service=@{number}");
            assert_eq!(line(&ran), format!("option '{option}': descriptor @{number} cannot be used: {why}"));
        }
    });
}
