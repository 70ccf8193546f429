//! A host that refuses: each system call of the tender fails once, by `strace`'s hand. The tender says
//! what it could not have, or does without.

use std::fs::File;
use std::os::fd::{AsFd as _, BorrowedFd};
use std::os::unix::net::UnixDatagram;
use std::process::Command;

use test_image::{block, net};

use super::support::{End, ImageFile, Ran, finished, guest, skip, works};
use crate::target::{NAME, can_run, tender_path};

guest!(greet: "print rip + 2f, 6" "exit 0" "2: .ascii \"hello\\n\"");

/// A run in which `injection` happens; `None`, which is a test skipped, if this machine cannot do that.
pub fn run_with(code: &[u8], injection: &str) -> Option<Ran> {
    let null = File::open("/dev/null").unwrap();
    run_image_on(null.as_fd(), injection, &ImageFile::running(code), &[])
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
    command.arg(tender_path()).args(options).arg(image.path());
    let mut ran = finished(command.stdin(stdin.try_clone_to_owned().unwrap()).output().unwrap());
    ran.stderr = ran.stderr.replace(&image.name(), "IMAGE");
    Some(ran)
}

#[test]
fn says_what_the_host_refused() {
    for (injection, expected) in [
        ("open:error=EMFILE", "'IMAGE': cannot be opened: too many open files"),
        ("fstat:error=EIO:when=1", "'IMAGE': cannot be opened: input/output error"),
        (
            "close_range:error=ENOSYS",
            "descriptors that are no business of the guest's cannot be closed: not supported by this kernel",
        ),
        ("epoll_create1:error=EMFILE", "timer cannot be set up: too many open files"),
        ("timerfd_create:error=EMFILE", "timer cannot be set up: too many open files"),
        ("epoll_ctl:error=ENOMEM", "timer cannot be set up: out of memory"),
    ] {
        let Some(ran) = run_with(greet::code(), injection) else { return };
        assert_eq!((ran.end, ran.stdout), (End::Exit(1), vec![]), "{injection}");
        assert_eq!(ran.stderr, format!("{NAME}: {expected}\n"), "{injection}");
    }
}

#[test]
fn says_which_device_the_host_refused() {
    let devices = [block("storage"), net("service")];
    let image = ImageFile::with_devices(greet::code(), &devices);
    let disk = ImageFile::of(&[0; 512]);
    let (socket, _other_end) = UnixDatagram::pair().unwrap();
    // Standard input is the one descriptor that every child gets.
    let attach = format!("--block:storage={}", disk.name());
    let run = |injection: &str, net: &str| {
        let options = [&attach[..], net];
        let mut ran = run_image_on(socket.as_fd(), injection, &image, &options)?;
        ran.stderr = ran.stderr.replace(&disk.name(), "DISK");
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
        assert_eq!(ran.stderr, format!("{NAME}: {expected}\n"), "{injection}");
    }
    if !can_run() {
        return;
    }
    let Some(ran) = run("flock:error=ENOLCK", "--net:service=@0") else { return };
    let warning = "warning: device 'storage': 'DISK' cannot be locked: no locks available; take care that only one \
                   guest uses it";
    assert_eq!(
        (ran.end, &ran.stdout[..], ran.stderr),
        (End::Exit(0), &b"hello\n"[..], format!("{NAME}: {warning}\n"))
    );
}
