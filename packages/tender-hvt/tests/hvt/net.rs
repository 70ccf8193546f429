//! Network devices: sockets and real TAP interfaces, through hypercalls and through the ring (ABI
//! sections 4.5-4.7).

use std::os::fd::{AsRawFd as _, FromRawFd as _, OwnedFd};
use std::os::unix::net::UnixDatagram;
use std::process::{Child, Stdio};
use std::time::Duration;

use solo5_abi::notes::AbiTarget;
use solo5_abi::result::{AGAIN, EINVAL, EUNSPEC, OK};
use test_image::{Image, Program, R, W, block, net};

use crate::calls::{BUFFER, Call, image, records};
use crate::suite::support::{End, ImageFile, Ran, finished, guest, run, tender};
use crate::target::{can_run, death};

/// Two ends of a network: that of the host, and that which becomes the guest's device.
fn wire() -> (UnixDatagram, UnixDatagram) {
    let (host, guest) = UnixDatagram::pair().unwrap();
    host.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    (host, guest)
}

/// Starts an image whose device `service` is standard input; with its file, which goes when that is dropped.
fn started(options: &[&str], image: &Image, device: UnixDatagram) -> (Child, ImageFile) {
    let file = ImageFile::of(&image.build());
    let mut command = tender();
    command.args(options).arg("--net:service=@0").arg(file.path()).stdin(OwnedFd::from(device));
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    (child, file)
}

fn run_calls(options: &[&str], device: UnixDatagram, calls: &[Call]) -> Ran {
    finished(started(options, &image(&[net("service")], calls), device).0.wait_with_output().unwrap())
}

/// The result code of a record of `NET_READ` or `NET_WRITE`.
fn code(record: &[u64]) -> i32 {
    let [low @ .., _, _, _, _] = record[3].to_le_bytes();
    i32::from_le_bytes(low)
}

#[test]
fn reads_frames_and_says_when_there_is_none() {
    if !can_run() {
        return;
    }
    let (host, device) = wire();
    host.send(&[7; 60]).unwrap();
    host.send(&[8; 1514]).unwrap();
    host.send(&[9; 100]).unwrap();
    let calls = [
        Call::poll(u64::MAX),
        Call::net_read(1, BUFFER, 2048),
        Call::puts(BUFFER, 60),
        Call::net_read(1, BUFFER, 1514),
        Call::net_read(1, BUFFER, 14),
        Call::net_read(1, BUFFER, 2048),
        Call::poll(0),
    ];
    let ran = run_calls(&[], device, &calls);
    let done = records(&ran, &calls);
    assert_eq!(done[0][1..], [1 << 1, 0xFFFF_FFFF_0000_0001], "handle 1 is ready, and it is one device");
    assert_eq!((code(&done[1]), done[1][2]), (OK, 60));
    assert_eq!(ran.stdout[24 + 32..][..60], [7; 60]);
    assert_eq!((code(&done[3]), done[3][2]), (OK, 1514));
    assert_eq!((code(&done[4]), done[4][2]), (OK, 14), "a frame that is longer than the buffer is cut");
    assert_eq!((code(&done[5]), done[5][2]), (AGAIN, 2048), "and the length stays");
    assert_eq!(done[6][1..], [0, 0xFFFF_FFFF_0000_0000]);
}

#[test]
fn tells_a_datagram_of_no_bytes_from_the_end_of_a_socket() {
    if !can_run() {
        return;
    }
    let reads = [Call::net_read(1, BUFFER, 2048), Call::net_read(1, BUFFER, 2048)];
    let (host, device) = wire();
    host.send(&[]).unwrap();
    let done = records(&run_calls(&[], device, &reads), &reads);
    assert_eq!([(code(&done[0]), done[0][2]), (code(&done[1]), done[1][2])], [(OK, 0), (AGAIN, 2048)]);
    // One with connected datagrams, which knows that its other end is closed, or sends no more.
    for how in [libc::SHUT_RDWR, libc::SHUT_WR] {
        let mut ends = [0; 2];
        // SAFETY: the kernel writes two descriptors.
        let made = unsafe { libc::socketpair(libc::AF_UNIX, libc::SOCK_SEQPACKET, 0, ends.as_mut_ptr()) };
        assert_eq!(made, 0);
        // SAFETY: both are open, and nobody else's.
        let [host, device] = ends.map(|fd| unsafe { OwnedFd::from_raw_fd(fd) });
        let host = UnixDatagram::from(host);
        host.send(&[7; 60]).unwrap();
        // SAFETY: no memory is involved.
        assert_eq!(unsafe { libc::shutdown(host.as_raw_fd(), how) }, 0);
        let done = records(&run_calls(&[], device.into(), &reads), &reads);
        assert_eq!([(code(&done[0]), done[0][2]), (code(&done[1]), done[1][2])], [(OK, 60), (EUNSPEC, 2048)]);
    }
}

#[test]
fn writes_frames_in_order() {
    if !can_run() {
        return;
    }
    let (host, device) = wire();
    let calls = [Call::net_write(1, 0x12_0000, 9), Call::net_write(1, 0x10_0000, 1514)];
    let done = records(&run_calls(&[], device, &calls), &calls);
    assert_eq!(done.iter().map(|record| code(record)).collect::<Vec<_>>(), [OK, OK]);
    let mut frame = [0; 2048];
    assert_eq!(host.recv(&mut frame).unwrap(), 9);
    assert_eq!(&frame[..9], b"read-only");
    assert_eq!(host.recv(&mut frame).unwrap(), 1514);
}

#[test]
fn refuses_handles_that_are_no_network_device_before_it_looks_at_the_buffer() {
    if !can_run() {
        return;
    }
    let disk = ImageFile::of(&[0; 512]);
    for handle in [0, 2, 3, 64, 0x1_0000_0001, u64::MAX] {
        let (_host, device) = wire();
        let calls = [Call::net_read(handle, !0, 2048), Call::net_write(handle, !0, 60)];
        let image = image(&[net("service"), block("storage")], &calls);
        let attach = format!("--block:storage={}", disk.path().display());
        let ran = finished(started(&[&attach], &image, device).0.wait_with_output().unwrap());
        for record in records(&ran, &calls) {
            assert_eq!(code(&record), EINVAL, "{handle}");
        }
    }
}

#[test]
fn kills_a_guest_whose_buffer_it_could_not_use_itself() {
    if !can_run() {
        return;
    }
    for (call, expected) in [
        (Call::net_read(1, 0x10_0000, 64), "NET_READ: guest access to protected memory"),
        (Call::net_read(1, u64::MAX, 64), "NET_READ: guest access outside memory"),
        (Call::net_write(1, 0x12_1000, 64), "NET_WRITE: guest access to protected memory"),
        (Call::net_write(1, 0x12_0000, u64::MAX), "NET_WRITE: guest access outside memory"),
    ] {
        let (host, device) = wire();
        host.send(&[7; 60]).unwrap();
        let said = death(&run_calls(&[], device, &[call]));
        assert!(said.starts_with(expected), "{said}");
    }
}

#[test]
fn drops_frames_that_nobody_has_room_for_and_tells_when_nobody_is_there() {
    if !can_run() {
        return;
    }
    let (host, device) = wire();
    let calls = [Call::net_write(1, 0x12_0000, 9); 600];
    let done = records(&run_calls(&[], device, &calls), &calls);
    assert!(done.iter().all(|record| code(record) == OK), "a queue that is full is no error");
    drop(host);
    let (host, device) = wire();
    drop(host);
    let calls = [Call::net_write(1, 0x12_0000, 9), Call::net_read(1, BUFFER, 64)];
    let done = records(&run_calls(&[], device, &calls), &calls);
    assert_eq!(code(&done[0]), EUNSPEC);
}

// Answers each frame with itself through the ring, until one begins with 'q'; that one is answered, too,
// and the guest ends at once. Ends with 50 if there is no ring.
guest!(ring_echo:
    "test dword ptr [0x10028], 1" "fail_unless nz, 50" "mov r15, [0x10030]" "test r15, r15" "fail_unless nz, 51"
    "print rip + 9f, 1"
    "2: mov qword ptr [0x180100], -1" "call_tender 3, 0x180100"
    // Read: slot, entry, tail, kick.
    "3: mov r14d, 2" "mov r13d, 2048" "call 6f"
    "4: pause" "mov eax, [r15 + 4]" "cmp eax, [r15 + 68]" "je 4b"
    "mov ecx, eax" "and ecx, 1023" "shl ecx, 4" "inc eax" "mov [r15 + 4], eax"
    "cmp dword ptr [r15 + rcx + 32896], 77" "fail_unless e, 52"
    "mov r13d, [r15 + rcx + 32904]"
    "cmp dword ptr [r15 + rcx + 32900], 1" "je 2b"
    "cmp dword ptr [r15 + rcx + 32900], 0" "fail_unless e, 53"
    // Write it back.
    "mov r14d, 1" "call 6f"
    "cmp byte ptr [0x190000], 0x71" "je 5f"
    // The next frame goes to the same buffer: wait until this one has left.
    "7: pause" "mov eax, [r15]" "cmp eax, [r15 + 64]" "jne 7b"
    "jmp 3b"
    "5: exit 0"
    "6: mov eax, [r15]" "mov ecx, eax" "and ecx, 1023" "shl ecx, 5" "lea rcx, [r15 + rcx + 128]"
    "mov [rcx], r14d" "mov dword ptr [rcx + 4], 1" "mov qword ptr [rcx + 8], 0x190000" "mov [rcx + 16], r13d"
    "mov dword ptr [rcx + 20], 77" "inc eax" "mov [r15], eax" "lock or dword ptr [rsp], 0"
    "cmp dword ptr [r15 + 72], 0" "je 8f" "xor eax, eax" "mov edx, 0x600" "out dx, eax" "8: ret"
    "9: .ascii \"r\"");

#[test]
fn carries_frames_through_the_ring_and_loses_none_at_the_end() {
    if !can_run() {
        return;
    }
    let (host, device) = wire();
    let image = Image::with_devices(AbiTarget::Hvt, ring_echo::code(), &[net("service")]);
    let (child, _file) = started(&[], &image, device);
    let mut answer = [0; 2048];
    for number in 0_u8..100 {
        let len = 60 + usize::from(number) * 14;
        let frame: Vec<_> = (number..=255).cycle().take(len).map(|byte| byte ^ 0x80).collect();
        let frame = if frame[0] == b'q' { vec![0; 60] } else { frame };
        host.send(&frame).unwrap();
        let len = host.recv(&mut answer).unwrap();
        assert_eq!(answer[..len], frame, "{number}");
    }
    host.send(b"quit").unwrap();
    let ran = finished(child.wait_with_output().unwrap());
    assert_eq!((ran.end, &ran.stderr[..]), (End::Exit(0), ""));
    let len = host.recv(&mut answer).unwrap();
    assert_eq!(&answer[..len], b"quit");
}

#[test]
fn offers_no_ring_if_it_is_asked_not_to_or_there_is_no_network() {
    if !can_run() {
        return;
    }
    let (_host, device) = wire();
    let image = Image::with_devices(AbiTarget::Hvt, ring_echo::code(), &[net("service")]);
    let ran = finished(started(&["--no-net-ring"], &image, device).0.wait_with_output().unwrap());
    assert_eq!(ran.end, End::Exit(50));
    let file = ImageFile::of(&Image::new(AbiTarget::Hvt, ring_echo::code()).build());
    assert_eq!(run([file.path()]).end, End::Exit(50));
}

#[test]
fn leaves_all_memory_to_a_guest_with_a_ring() {
    if !can_run() {
        return;
    }
    let (_host, device) = wire();
    // The last byte of 2 MiB, and mem_size from boot info.
    let calls = [Call::puts(0x1F_FFFF, 1), Call::puts(0x1_0000, 8)];
    let ran = run_calls(&["--mem=2"], device, &calls);
    records(&ran, &calls);
    assert_eq!(ran.stdout[1 + 16..][..8], (2_u64 << 20).to_le_bytes());
}

// Puts the entry at 0x110010 into slot 0, and the word at 0x110000 as the count of submissions; kicks, and
// waits until all is consumed. Then prints what was committed, if anything was: id, code, length, count.
guest!(submit:
    "mov r15, [0x10030]" "lea rdi, [r15 + 128]" "mov esi, 0x110010" "mov ecx, 32" "rep movsb"
    "mov eax, [0x110000]" "mov [r15], eax" "lock or dword ptr [rsp], 0"
    "xor eax, eax" "mov edx, 0x600" "out dx, eax"
    "2: pause" "mov eax, [r15]" "cmp eax, [r15 + 64]" "jne 2b"
    "lea rsi, [r15 + 32896]" "mov edi, 0x190000" "mov ecx, 12" "rep movsb"
    "mov eax, [r15 + 68]" "mov [0x19000C], eax" "print 0x190000, 16" "exit 0");

/// What a guest submits, as if it were so many times that.
#[derive(Clone, Copy)]
struct Submission {
    count: u32,
    operation: u32,
    handle: u32,
    data: u64,
    len: u32,
}

const READ: Submission = Submission { count: 1, operation: 2, handle: 1, data: 0x19_0100, len: 64 };
const WRITE: Submission = Submission { operation: 1, ..READ };

/// Runs a guest with this submission and one frame to read.
fn submitted(submission: Submission, frame: Option<&[u8]>) -> Ran {
    let Submission { count, operation, handle, data, len } = submission;
    let mut bytes = count.to_le_bytes().to_vec();
    bytes.resize(16, 0);
    for word in [operation, handle] {
        bytes.extend(word.to_le_bytes());
    }
    bytes.extend(data.to_le_bytes());
    for word in [len, 5, 0, 0] {
        bytes.extend(word.to_le_bytes());
    }
    let (host, device) = wire();
    if let Some(frame) = frame {
        host.send(frame).unwrap();
    }
    let image = Image::with_devices(AbiTarget::Hvt, submit::code(), &[net("service")]).and(Program::load(
        0x11_0000,
        R | W,
        &bytes,
    ));
    finished(started(&[], &image, device).0.wait_with_output().unwrap())
}

#[test]
fn serves_entries_of_the_ring_or_leaves_them_out() {
    if !can_run() {
        return;
    }
    let wild = u64::MAX;
    for (name, submission, frame, commit) in [
        ("a frame", READ, Some(&[7; 60][..]), [5, OK, 60, 1]),
        ("no frame", READ, None, [5, AGAIN, 0, 1]),
        ("no device to read", Submission { handle: 2, data: wild, ..READ }, None, [5, EINVAL, 0, 1]),
        ("the reserved handle", Submission { handle: 0, data: wild, ..READ }, None, [5, EINVAL, 0, 1]),
        ("no device to write", Submission { handle: 9, data: wild, ..WRITE }, None, [0; 4]),
        ("no operation", Submission { operation: 0, data: wild, ..READ }, None, [0; 4]),
        ("an unknown operation", Submission { operation: 99, data: wild, ..READ }, None, [0; 4]),
        ("no bytes", Submission { len: 0, data: wild, ..WRITE }, None, [0; 4]),
        ("all slots at once", Submission { operation: 0, count: 1024, ..READ }, None, [0; 4]),
    ] {
        let ran = submitted(submission, frame);
        let words: Vec<_> =
            ran.stdout.chunks(4).map(|word| i32::from_le_bytes(word.try_into().unwrap())).collect();
        assert_eq!((&ran.end, &words[..]), (&End::Exit(0), &commit[..]), "{name}: {ran:?}");
    }
}

#[test]
fn kills_a_guest_that_leaves_nonsense_in_its_ring() {
    if !can_run() {
        return;
    }
    for (submission, expected) in [
        (Submission { count: 1025, ..READ }, "1025 submissions outstanding, there are 1024 slots"),
        (Submission { count: u32::MAX, ..READ }, "4294967295 submissions outstanding, there are 1024 slots"),
        (Submission { data: u64::MAX, ..WRITE }, "guest access outside memory"),
        (Submission { len: u32::MAX, ..WRITE }, "guest access outside memory"),
        (Submission { data: 0x10_0000, ..READ }, "guest access to protected memory"),
        (Submission { data: 0x2_0000, ..READ }, "guest access to protected memory"),
        (Submission { data: 0x2000, ..READ }, "guest access to protected memory"),
    ] {
        let ran = submitted(submission, Some(&[7; 60]));
        assert_eq!(ran.end, End::Exit(1), "{ran:?}");
        let said = ran.stderr.strip_prefix("solo5-hvt: guest killed: network ring: ").expect(&ran.stderr);
        assert!(said.starts_with(expected), "{said}");
    }
}
