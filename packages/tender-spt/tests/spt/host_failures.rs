//! A host that refuses: each system call of the tender fails once, by `strace`'s hand. The tender says
//! what it could not have, or does without.

use std::process::Command;

use crate::support::{End, ImageFile, Ran, finished, guest};

guest!(greet: "print rip + 2f, 6" "exit 0" "2: .ascii \"hello\\n\"");

/// A run in which `injection` happens; `None` if this machine can not do that.
fn run_with(injection: &str) -> Option<Ran> {
    let image = ImageFile::running(greet::code());
    let strace = |injection: &str| {
        Command::new("strace")
            .args(["-o", "/dev/null", "-e", &format!("inject={injection}")])
            .arg(env!("CARGO_BIN_EXE_solo5-spt"))
            .arg(image.path())
            .output()
    };
    let works = strace("dup:error=EPERM").is_ok_and(|output| output.status.success());
    if !works {
        eprintln!("skipped: no strace on this machine, or it may not trace");
        return None;
    }
    let mut ran = finished(strace(injection).unwrap());
    ran.stderr = ran.stderr.replace(&image.path().display().to_string(), "IMAGE");
    Some(ran)
}

#[test]
fn says_what_the_host_refused() {
    for (injection, expected) in [
        ("open:error=EMFILE", "'IMAGE': can not be opened: too many open files"),
        ("fstat:error=EIO:when=1", "'IMAGE': can not be opened: input/output error"),
        ("pread64:error=EIO:when=1", "'IMAGE': can not be opened: input/output error"),
        ("pread64:error=EIO:when=2", "'IMAGE': not a Solo5 image: read failed at offset 0x2000: errno 5"),
        (
            "mmap:error=ENOMEM:when=1",
            "guest memory of 512 MiB can not be mapped: out of memory; give less with --mem=N",
        ),
        (
            "mmap:error=EPERM:when=1",
            "guest memory begins at 0x10000, which this host forbids: set vm.mmap_min_addr to at most 65536",
        ),
        ("epoll_create1:error=EMFILE", "timer can not be set up: too many open files"),
        ("timerfd_create:error=EMFILE", "timer can not be set up: too many open files"),
        ("epoll_ctl:error=ENOMEM", "timer can not be set up: out of memory"),
        ("prctl:error=EINVAL", "guest can not be started: privileges can not be given up: invalid argument"),
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
        ("mmap:error=EPERM:when=2", "a file system that can not be executed from: the segment is copied"),
        ("mmap:error=ENODEV:when=2", "a file system that can not be mapped from: the segment is copied"),
        ("mprotect:error=EPERM:when=1", "a kernel that sealed the vdso: it stays"),
        ("arch_prctl:error=EINVAL", "a kernel too old to know its processor's state: the processor is asked"),
        ("madvise:error=EINVAL", "a kernel without huge pages"),
        ("personality:error=EPERM", "a kernel that does not tell its personality"),
    ] {
        let Some(ran) = run_with(injection) else { return };
        let seen = (ran.end, &ran.stdout[..], &ran.stderr[..]);
        assert_eq!(seen, (End::Exit(0), &b"hello\n"[..], ""), "{why}");
    }
}
