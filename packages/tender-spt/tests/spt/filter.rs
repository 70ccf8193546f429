//! The system calls that a guest has, and those for its devices, made by hand (ABI sections 5.4, 5.5).

use std::fs;
use std::os::fd::AsRawFd as _;

use libc::{SIGSEGV, SIGSYS};
use solo5_abi::spt::syscall::{PREAD64, PWRITE64};
use test_image::{Image, Program, R, block, net};

use crate::suite::net::{run_with_descriptor, socket_pair};
use crate::suite::support::{End, ImageFile, guest, run_guest, run_image};
use crate::target::ABI;

guest!(dup: "mov eax, 32" "xor edi, edi" "syscall" "exit 0");
guest!(open: "mov eax, 2" "xor edi, edi" "syscall" "exit 0");
guest!(mmap: "mov eax, 9" "mov edi, 0x50000" "mov esi, 4096" "mov edx, 7" "mov r10d, 0x32" "mov r8, -1" "xor r9d, r9d" "syscall" "exit 0");
guest!(mprotect: "mov eax, 10" "mov edi, 0x100000" "mov esi, 4096" "mov edx, 7" "syscall" "exit 0");
guest!(read_stdin: "xor eax, eax" "xor edi, edi" "mov esi, 0x30000" "mov edx, 1" "syscall" "exit 0");
guest!(exit_thread: "mov eax, 60" "xor edi, edi" "syscall" "exit 0");
guest!(write_stderr: "mov eax, 1" "mov edi, 2" "mov esi, 0x30000" "mov edx, 1" "syscall" "exit 0");
guest!(write_stdout_with_high_bits:
    "mov eax, 1" "mov rdi, 0x100000001" "mov esi, 0x30000" "mov edx, 1" "syscall" "exit 0");
guest!(other_clock: "mov eax, 228" "mov edi, 4" "mov esi, 0x30000" "syscall" "exit 0");
guest!(both_clocks:
    "mov eax, 228" "mov edi, 0" "mov esi, 0x30000" "syscall" "test rax, rax" "fail_unless z, 1"
    "cmp qword ptr [0x30000], 1483228800" "fail_unless a, 2"
    "mov eax, 228" "mov edi, 1" "mov esi, 0x30000" "syscall" "test rax, rax" "fail_unless z, 3"
    "exit 0");
guest!(get_fs: "mov eax, 158" "mov edi, 0x1003" "mov esi, 0x30000" "syscall" "exit 0");
guest!(set_fs:
    "mov eax, 158" "mov edi, 0x1002" "mov esi, 0x30000" "syscall" "test rax, rax" "fail_unless z, 1"
    "mov qword ptr [0x30028], 42" "mov rax, fs:[0x28]" "cmp rax, 42" "fail_unless e, 2" "exit 0");
guest!(other_epoll: "mov eax, 281" "mov edi, 77" "syscall" "exit 0");
// Waits as it may, but with SIGTERM blocked meanwhile.
guest!(wait_without_sigterm:
    "mov qword ptr [0x30000], 0x4000" "mov eax, 281" "mov edi, [0x11020]" "mov esi, 0x30040" "mov edx, 1"
    "mov r10, -1" "mov r8d, 0x30000" "mov r9d, 8" "syscall" "exit 0");
guest!(other_timer: "mov eax, 286" "mov edi, 77" "syscall" "exit 0");
guest!(write_by_x32: "mov eax, 0x40000001" "mov edi, 1" "mov esi, 0x30000" "mov edx, 1" "syscall" "exit 0");
guest!(exit_by_int_0x80: "mov eax, 1" "xor ebx, ebx" "int 0x80" "exit 0");
// Sleeps 30 ms as ABI section 5.5 says: an absolute deadline, then a wait without limit. The timer's
// event has its own number, and waiting again gives it again, because the timer is never read.
guest!(sleep:
    "mov eax, 228" "mov edi, 1" "mov esi, 0x30000" "syscall"
    "mov rax, [0x30000]" "imul rax, rax, 1000000000" "add rax, [0x30008]" "mov r12, rax"
    "add rax, 30000000" "xor edx, edx" "mov ecx, 1000000000" "div rcx" "or rdx, 1"
    "mov [0x30030], rax" "mov [0x30038], rdx"
    "mov eax, 286" "mov edi, [0x11024]" "mov esi, 1" "mov edx, 0x30020" "xor r10d, r10d" "syscall"
    "test rax, rax" "fail_unless z, 1"
    "mov eax, 281" "mov edi, [0x11020]" "mov esi, 0x30040" "mov edx, 1" "mov r10, -1" "xor r8d, r8d" "xor r9d, r9d"
    "syscall"
    "cmp rax, 1" "fail_unless e, 2"
    "mov eax, 0xFFFFFFFE" "cmp [0x30044], rax" "fail_unless e, 3"
    "mov eax, 228" "mov edi, 1" "mov esi, 0x30000" "syscall"
    "mov rax, [0x30000]" "imul rax, rax, 1000000000" "add rax, [0x30008]" "sub rax, r12"
    "cmp rax, 30000000" "fail_unless ae, 4"
    "mov eax, 281" "mov edi, [0x11020]" "mov esi, 0x30040" "mov edx, 1" "mov r10, -1" "syscall"
    "cmp rax, 1" "fail_unless e, 5"
    "exit 0");
// Of the first device: entry 1 of the manifest is at 0x11098, capacity at +72, descriptor at +88.
// Makes the one call that the image's data segment describes: number, length, offset, and what is
// added to the descriptor. The status is the errno, 0 if all was transferred, 200 if less was.
guest!(one_call:
    "mov eax, [0x101000]" "mov edi, [0x110F0]" "add rdi, [0x101018]" "mov esi, 0x30000"
    "mov rdx, [0x101008]" "mov r10, [0x101010]" "syscall"
    "mov edi, 200" "test rax, rax" "js 2f" "cmp rax, [0x101008]" "jne 3f" "xor edi, edi" "jmp 3f"
    "2: neg rax" "mov edi, eax"
    "3: mov eax, 231" "syscall");
guest!(print_events:
    "mov eax, 281" "mov edi, [0x11020]" "mov esi, 0x30040" "mov edx, 1" "mov r10, -1" "xor r8d, r8d" "syscall"
    "print 0x30040, 4" "exit 0");
guest!(read_next_descriptor:
    "xor eax, eax" "mov edi, [0x110F0]" "inc edi" "mov esi, 0x40000" "mov edx, 2048" "syscall" "exit 0");
guest!(pread_network_device:
    "mov eax, 17" "mov edi, [0x110F0]" "mov esi, 0x40000" "mov edx, 512" "xor r10d, r10d" "syscall" "exit 0");

fn image_with_net(code: &[u8]) -> ImageFile {
    ImageFile::with_devices(code, &[net("service")])
}

#[test]
fn kills_guests_for_system_calls_they_do_not_have() {
    for (name, code) in [
        ("dup", dup::code()),
        ("open", open::code()),
        ("mmap", mmap::code()),
        ("mprotect", mprotect::code()),
        ("read of stdin", read_stdin::code()),
        ("exit of a thread", exit_thread::code()),
        ("write to stderr", write_stderr::code()),
        ("write to stdout, with bits above 32", write_stdout_with_high_bits::code()),
        ("clock_gettime of another clock", other_clock::code()),
        ("arch_prctl that asks", get_fs::code()),
        ("epoll_pwait on another descriptor", other_epoll::code()),
        ("epoll_pwait with a mask of signals", wait_without_sigterm::code()),
        ("timerfd_settime on another descriptor", other_timer::code()),
        ("write by its x32 number", write_by_x32::code()),
    ] {
        let ran = run_guest(&[], code);
        assert_eq!((ran.end, &ran.stderr[..], ran.stdout), (End::Signal(SIGSYS), "", vec![]), "{name}");
    }
    let by_int_0x80 = run_guest(&[], exit_by_int_0x80::code()).end;
    let killed = [End::Signal(SIGSYS), End::Signal(SIGSEGV)];
    assert!(
        killed.contains(&by_int_0x80),
        "{by_int_0x80:?}: a fault if the kernel has no 32-bit calls at all"
    );
}

#[test]
fn serves_the_system_calls_a_guest_has() {
    assert_eq!(run_guest(&[], both_clocks::code()).end, End::Exit(0));
    assert_eq!(run_guest(&[], set_fs::code()).end, End::Exit(0));
    assert_eq!(run_guest(&[], sleep::code()).end, End::Exit(0));
}

#[test]
fn kills_a_guest_that_leaves_its_blocks() {
    const DISK: u64 = 8192;
    let disk = ImageFile::of(&vec![0; DISK.try_into().unwrap()]);
    // Number, length, offset, and what is added to the descriptor.
    let run_with = |parameters: [u64; 4]| {
        let image = Image::with_devices(ABI, one_call::code(), &[block("storage")]);
        let image = image.and(Program::load(0x10_1000, R, &parameters.map(u64::to_le_bytes).concat()));
        run_image(&[&format!("--block:storage={}", disk.name())], &image)
    };
    for number in [PREAD64, PWRITE64].map(u64::from) {
        for (why, length, offset, other_fd, end) in [
            ("the first block", 512, 0, 0, End::Exit(0)),
            ("the last block", 512, DISK - 512, 0, End::Exit(0)),
            ("not aligned but inside: only the bindings mind", 512, 100, 0, End::Exit(0)),
            ("one past the end", 512, DISK, 0, End::Signal(SIGSYS)),
            ("not aligned, over the end", 512, DISK - 511, 0, End::Signal(SIGSYS)),
            ("far behind the end", 512, 1 << 40, 0, End::Signal(SIGSYS)),
            ("a negative offset", 512, (-512_i64).cast_unsigned(), 0, End::Signal(SIGSYS)),
            ("4 GiB and the first block", 512, 1 << 32, 0, End::Signal(SIGSYS)),
            ("nothing", 0, 0, 0, End::Signal(SIGSYS)),
            ("half a block", 256, 0, 0, End::Signal(SIGSYS)),
            ("two blocks", 1024, 0, 0, End::Signal(SIGSYS)),
            ("a block and 4 GiB", 1 << 32 | 512, 0, 0, End::Signal(SIGSYS)),
            ("another descriptor", 512, 0, 1, End::Signal(SIGSYS)),
            ("its descriptor and 4 GiB", 512, 0, 1 << 32, End::Signal(SIGSYS)),
        ] {
            let ran = run_with([number, length, offset, other_fd]);
            assert_eq!((ran.end, &ran.stderr[..]), (end, ""), "call {number}: {why}");
            assert_eq!(fs::metadata(disk.path()).unwrap().len(), DISK, "call {number}: {why}");
        }
    }
    for number in [0, 1, 8, 72, 77] {
        let ran = run_with([number, 512, 0, 0]);
        assert_eq!(ran.end, End::Signal(SIGSYS), "call {number} on a block device");
    }
}

#[test]
fn tells_a_guest_when_the_other_end_of_a_socket_is_closed_or_sends_no_more() {
    let [readable, hung_up, sends_no_more] = [1_u32, 0x10, 0x2000];
    for (how, events) in [
        (None, readable),
        (Some(libc::SHUT_WR), readable | sends_no_more),
        (Some(libc::SHUT_RDWR), readable | sends_no_more | hung_up),
    ] {
        let (ours, theirs) = socket_pair(libc::SOCK_SEQPACKET);
        match how {
            // A datagram of no bytes.
            // SAFETY: no memory is involved.
            None => assert_eq!(unsafe { libc::send(ours.as_raw_fd(), std::ptr::null(), 0, 0) }, 0),
            // SAFETY: no memory is involved.
            Some(how) => assert_eq!(unsafe { libc::shutdown(ours.as_raw_fd(), how) }, 0),
        }
        let ran = run_with_descriptor(&theirs, &image_with_net(print_events::code()));
        assert_eq!((ran.end, ran.stdout), (End::Exit(0), events.to_le_bytes().to_vec()), "{how:?}");
    }
}

#[test]
fn kills_a_guest_that_leaves_its_devices() {
    for code in [read_next_descriptor::code(), pread_network_device::code()] {
        let (_ours, theirs) = socket_pair(libc::SOCK_DGRAM);
        assert_eq!(run_with_descriptor(&theirs, &image_with_net(code)).end, End::Signal(SIGSYS));
    }
}
