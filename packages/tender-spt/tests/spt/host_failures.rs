//! A host that refuses what only this tender asks for.

use crate::suite::host_failures::run_with;
use crate::suite::support::{End, guest};

guest!(greet: "print rip + 2f, 6" "exit 0" "2: .ascii \"hello\\n\"");

#[test]
fn says_what_the_host_refused() {
    for (injection, expected) in [
        // Where others read, too, before they read their image.
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
            "capset:error=EPERM",
            "guest cannot be started: capabilities cannot be given up: operation not permitted",
        ),
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
        let Some(ran) = run_with(greet::code(), injection) else { return };
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
        let Some(ran) = run_with(greet::code(), injection) else { return };
        let seen = (ran.end, &ran.stdout[..], &ran.stderr[..]);
        assert_eq!(seen, (End::Exit(0), &b"hello\n"[..], ""), "{why}");
    }
}
