//! A host that refuses: each system call of the tender fails once, by `strace`'s hand. The tender says
//! what it could not have, or does without.

use std::fs::File;
use std::os::fd::{AsFd as _, BorrowedFd};
use std::os::unix::net::UnixDatagram;
use std::process::Command;

use crate::support::{End, ImageFile, Ran, finished, guest, skip, works};
use solo5_abi::notes::AbiTarget;
use test_image::{Image, block, net};

guest!(greet: "print rip + 2f, 6" "exit 0" "2: .ascii \"hello\\n\"");

/// A run in which `injection` happens; `None`, which is a test skipped, if this machine cannot do that.
fn run_with(injection: &str) -> Option<Ran> {
    let null = File::open("/dev/null").unwrap();
    run_image_on(null.as_fd(), injection, &ImageFile::running(greet::code()), &[])
}

/// The same, of an image with options, on some standard input.
fn run_image_on(stdin: BorrowedFd<'_>, injection: &str, image: &ImageFile, options: &[&str]) -> Option<Ran> {
    let strace = |injection: &str| {
        let mut command = Command::new("strace");
        command.args(["-o", "/dev/null", "-e", &format!("inject={injection}")]);
        command
    };
    if !works(strace("dup:error=EPERM").arg("true")) {
        skip("no strace, or it may not trace");
        return None;
    }
    let mut command = strace(injection);
    command.arg(env!("CARGO_BIN_EXE_solo5-spt")).args(options).arg(image.path());
    let mut ran = finished(command.stdin(stdin.try_clone_to_owned().unwrap()).output().unwrap());
    ran.stderr = ran.stderr.replace(&image.path().display().to_string(), "IMAGE");
    Some(ran)
}

#[test]
fn says_what_the_host_refused() {
    for (injection, expected) in [
        ("open:error=EMFILE", "'IMAGE': cannot be opened: too many open files"),
        ("fstat:error=EIO:when=1", "'IMAGE': cannot be opened: input/output error"),
        ("pread64:error=EIO:when=1", "'IMAGE': cannot be opened: input/output error"),
        ("pread64:error=EIO:when=2", "'IMAGE': not a Solo5 image: read failed at offset 0x2000: errno 5"),
        (
            "mmap:error=ENOMEM:when=1",
            "guest memory of 512 MiB cannot be mapped: out of memory; give less with --mem=N",
        ),
        (
            "mmap:error=EPERM:when=1",
            "guest memory begins at 0x10000, which this host forbids: set vm.mmap_min_addr to at most 65536",
        ),
        (
            "close_range:error=ENOSYS",
            "descriptors that are no business of the guest's cannot be closed: not supported by this kernel",
        ),
        (
            "capset:error=EPERM",
            "guest cannot be started: capabilities cannot be given up: operation not permitted",
        ),
        ("epoll_create1:error=EMFILE", "timer cannot be set up: too many open files"),
        ("timerfd_create:error=EMFILE", "timer cannot be set up: too many open files"),
        ("epoll_ctl:error=ENOMEM", "timer cannot be set up: out of memory"),
        ("prctl:error=EINVAL", "guest cannot be started: privileges cannot be given up: invalid argument"),
        (
            "munmap:error=EPERM:when=1",
            "the kernel refused to remove the tender from memory, so the guest was not started",
        ),
        (
            "munmap:error=EPERM:when=2",
            "the kernel refused to remove the tender from memory, so the guest was not started",
        ),
        (
            "seccomp:error=EINVAL",
            "the kernel refused the system call filter, so the guest was not started: is seccomp switched off?",
        ),
    ] {
        let Some(ran) = run_with(injection) else { return };
        assert_eq!((ran.end, ran.stdout), (End::Exit(1), vec![]), "{injection}");
        assert_eq!(ran.stderr, format!("solo5-spt: {expected}\n"), "{injection}");
    }
}

#[test]
fn does_without_what_it_does_not_need() {
    for (injection, why) in [
        ("mmap:error=EPERM:when=2", "a file system that cannot be executed from: the segment is copied"),
        ("mmap:error=ENODEV:when=2", "a file system that cannot be mapped from: the segment is copied"),
        ("mprotect:error=EPERM:when=1", "a kernel that sealed the vdso: it stays"),
        ("arch_prctl:error=EINVAL", "a kernel too old to know its processor's state: the processor is asked"),
        ("prctl:error=EPERM:when=1", "a starter that may not change the bounding set"),
        ("madvise:error=EINVAL", "a kernel without huge pages"),
        ("personality:error=EPERM", "a kernel that does not tell its personality"),
    ] {
        let Some(ran) = run_with(injection) else { return };
        let seen = (ran.end, &ran.stdout[..], &ran.stderr[..]);
        assert_eq!(seen, (End::Exit(0), &b"hello\n"[..], ""), "{why}");
    }
}

#[test]
fn says_which_device_the_host_refused() {
    let devices = [block("storage"), net("service")];
    let image = ImageFile::of(&Image::with_devices(AbiTarget::Spt, greet::code(), &devices).build());
    let disk = ImageFile::of(&[0; 512]);
    let (socket, _other_end) = UnixDatagram::pair().unwrap();
    // Standard input is the one descriptor that every child gets.
    let attach = format!("--block:storage={}", disk.path().display());
    let run = |injection: &str, net: &str| {
        let options = [&attach[..], net];
        let mut ran = run_image_on(socket.as_fd(), injection, &image, &options)?;
        ran.stderr = ran.stderr.replace(&disk.path().display().to_string(), "DISK");
        Some(ran)
    };
    for (injection, net, expected) in [
        (
            "lseek:error=EIO",
            "--net:service=@0",
            "option '--block:storage=DISK': 'DISK' cannot be opened: input/output error",
        ),
        (
            "open:error=EMFILE:when=2",
            "--net:service=@0",
            "option '--block:storage=DISK': 'DISK' cannot be opened: too many open files",
        ),
        (
            "getrandom:error=ENOSYS",
            "--net:service=@0",
            "device 'service' (NET_BASIC): no random address can be had: not supported by this kernel; give \
             --net-mac:service=MAC",
        ),
        (
            "epoll_ctl:error=ENOMEM:when=2",
            "--net:service=@0",
            "device 2 cannot be waited for: descriptor 0: out of memory",
        ),
        (
            "socket:error=EAFNOSUPPORT",
            "--net:service=tap0",
            "option '--net:service=tap0': interface 'tap0' cannot be attached: no such protocol",
        ),
        (
            "getsockopt:error=ENOBUFS",
            "--net:service=@0",
            "option '--net:service=@0': descriptor @0 cannot be used: errno 105",
        ),
    ] {
        let Some(ran) = run(injection, net) else { return };
        assert_eq!((ran.end, ran.stdout), (End::Exit(1), vec![]), "{injection}");
        assert_eq!(ran.stderr, format!("solo5-spt: {expected}\n"), "{injection}");
    }
    let Some(ran) = run("flock:error=ENOLCK", "--net:service=@0") else { return };
    let warning = "solo5-spt: warning: device 'storage': 'DISK' cannot be locked: no locks available; take care that \
                   only one guest uses it\n";
    assert_eq!((ran.end, &ran.stdout[..], &ran.stderr[..]), (End::Exit(0), &b"hello\n"[..], warning));
}
