//! What is left of the tender's privileges while a guest runs (ABI section 4.11).

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixDatagram;
use std::process::{Command, Stdio};

use solo5_abi::notes::AbiTarget;
use tender_core::privileges::give_up;
use tender_core::seccomp::allow_only;
use tender_core::syscall::Fd;
use tender_hvt::privileges::rules_for_all;
use test_image::{Image, block, net};

use crate::calls::{BUFFER, Call, image};
use crate::suite::guests::check_privileges;
use crate::suite::support::{End, ImageFile, finished, guest, skip, tender};
use crate::target::{can_run, tender_path};

guest!(ready_and_wait:
    "print rip + 2f, 6" "mov rax, -1" "mov [0x180100], rax" "3: call_tender 3, 0x180100" "jmp 3b"
    "2: .ascii \"ready\\n\"");

/// The calls that serve a guest.
const SERVING: [&str; 13] = [
    "ioctl",
    "write",
    "read",
    "pread64",
    "pwrite64",
    "poll",
    "epoll_wait",
    "timerfd_settime",
    "clock_gettime",
    "futex",
    "rt_sigreturn",
    "restart_syscall",
    "exit_group",
];

fn can_trace() -> bool {
    let traced = Command::new("strace").args(["-o", "/dev/null", "true"]).output();
    if traced.is_ok_and(|output| output.status.success()) {
        return true;
    }
    skip("no strace, or it may not trace");
    false
}

#[test]
fn makes_no_call_after_its_start_but_those_that_serve_the_guest() {
    if !can_run() || !can_trace() {
        return;
    }
    let calls = [
        Call::new(solo5_abi::hvt::Hypercall::Walltime, &[0]),
        Call::puts(BUFFER, 10_000),
        Call::poll(0),
        Call::poll(1_000_000),
        Call::block_write(1, 0, BUFFER, 512),
        Call::block_read(1, 0, BUFFER, 512),
        Call::net_write(2, BUFFER, 60),
        Call::net_read(2, BUFFER, 2048),
        Call::net_read(2, BUFFER, 2048),
    ];
    let disk = ImageFile::of(&[0; 512]);
    let file = ImageFile::of(&image(&[block("storage"), net("service")], &calls).build());
    let log = ImageFile::of(b"");
    let (host, device) = UnixDatagram::pair().unwrap();
    host.send(&[7; 60]).unwrap();
    let output = Command::new("strace")
        .args(["-f", "-o"])
        .arg(log.path())
        .arg(tender_path())
        .arg(format!("--block:storage={}", disk.path().display()))
        .arg("--net:service=@0")
        .arg(file.path())
        .stdin(OwnedFd::from(device))
        .output()
        .unwrap();
    let ran = finished(output);
    assert_eq!((&ran.end, &ran.stderr[..]), (&End::Exit(0), ""));
    let log = fs::read_to_string(log.path()).unwrap();
    let (_before, after) =
        log.split_once("seccomp(SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC").unwrap();
    let made: BTreeSet<_> = after
        .lines()
        .skip(1)
        .filter_map(|line| line.split_once(' ')?.1.trim_start().split_once('('))
        .map(|(name, _arguments)| name)
        .filter(|name| name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_'))
        .collect();
    assert!(
        made.contains("ioctl") && made.contains("pread64") && made.contains("timerfd_settime"),
        "{made:?}"
    );
    assert!(made.iter().all(|name| SERVING.contains(name)), "{made:?}");
}

#[test]
fn dies_if_it_makes_another_call() {
    use std::os::unix::process::CommandExt as _;
    let mut command = Command::new("true");
    // SAFETY: the child has one thread, and the allocator of the C library works there.
    unsafe {
        command.pre_exec(|| {
            let none = Fd::numbered(-1);
            give_up().map_err(std::io::Error::other)?;
            allow_only(rules_for_all(none, (none, none))).map_err(std::io::Error::other)
        });
    }
    // The call is that by which the child would become another program.
    let ran = finished(command.output().unwrap());
    assert_eq!(ran.end, End::Signal(libc::SIGSYS));
}

#[test]
fn has_no_capabilities_and_can_not_gain_any() {
    if !can_run() {
        return;
    }
    let devices = [net("service")];
    let image = ImageFile::of(&Image::with_devices(AbiTarget::Hvt, ready_and_wait::code(), &devices).build());
    let (_host, device) = UnixDatagram::pair().unwrap();
    let mut command = tender();
    command.arg("--net:service=@0").arg(image.path()).stdin(OwnedFd::from(device)).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut String::new()).unwrap();
    let threads: Vec<_> = fs::read_dir(format!("/proc/{}/task", child.id()))
        .unwrap()
        .map(|entry| fs::read_to_string(entry.unwrap().path().join("status")).unwrap())
        .collect();
    child.kill().unwrap();
    child.wait().unwrap();
    let ours: Vec<_> = threads.iter().filter(|status| !status.starts_with("Name:\tkvm")).collect();
    assert_eq!(ours.len(), 2, "the processor's and the ring's: {threads:?}");
    for status in ours {
        check_privileges(status);
    }
}
