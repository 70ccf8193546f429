//! Guests and those who start them: how long a guest lives, and what its tender has of its starter's.

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::net::{UnixDatagram, UnixStream};
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::support::{End, ImageFile, Needs, Ran, finished, guest, kvm_has, line, tender};
use solo5_abi::notes::AbiTarget;
use test_image::{Image, block, net};

guest!(say_ready_and_sleep:
    "print rip + 2f, 6" "mov rax, -1" "mov [0x180100], rax" "3: call_tender 3, 0x180100" "jmp 3b"
    "2: .ascii \"ready\\n\"");
guest!(say_ready_and_spin: "print rip + 2f, 6" "3: jmp 3b" "2: .ascii \"ready\\n\"");

/// Starts a guest that goes on for ever; returns once it does.
fn running(command: &mut Command) -> Child {
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
    assert_eq!(line, "ready\n");
    child
}

/// How a child ends by itself; one that does not is killed, which is the failure of a test.
fn end_of(mut child: Child) -> Ran {
    for _ in 0..1000 {
        if child.try_wait().unwrap().is_some() {
            return finished(child.wait_with_output().unwrap());
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    panic!("it was left behind")
}

/// Gives a child these descriptors by these numbers.
fn handing_over(command: &mut Command, given: &[(i32, &dyn AsRawFd)]) {
    // Out of the way of the numbers first.
    let given: Vec<_> = given
        .iter()
        .map(|&(number, fd)| {
            // SAFETY: makes a descriptor, which stays open: the child is to have it.
            (number, unsafe { libc::fcntl(fd.as_raw_fd(), libc::F_DUPFD_CLOEXEC, 300) })
        })
        .collect();
    // SAFETY: between fork and exec there are only system calls.
    unsafe {
        command.pre_exec(move || {
            for &(number, fd) in &given {
                if libc::dup2(fd, number) < 0 {
                    return Err(std::io::Error::last_os_error());
                }
            }
            Ok(())
        });
    }
}

#[test]
fn ends_with_whoever_holds_the_other_end_of_its_lifeline() {
    if !kvm_has(Needs::Integers) {
        return;
    }
    for code in [say_ready_and_sleep::code(), say_ready_and_spin::code()] {
        // With a network device the tender has two threads.
        let image = ImageFile::of(&Image::with_devices(AbiTarget::Hvt, code, &[net("service")]).build());
        let (device, _other_end) = UnixDatagram::pair().unwrap();
        let (theirs, ours) = UnixStream::pair().unwrap();
        let mut command = tender();
        handing_over(&mut command, &[(5, &device)]);
        command.arg("--net:service=@5").arg(image.path()).env("UK_LIFELINE", "0");
        let mut child = running(command.stdin(OwnedFd::from(theirs)));
        assert_eq!(child.try_wait().unwrap(), None);
        drop(ours);
        assert_eq!(end_of(child).end, End::Signal(libc::SIGKILL));
    }
}

#[test]
fn does_not_start_a_guest_whose_starter_is_gone() {
    let image = ImageFile::of(&Image::new(AbiTarget::Hvt, say_ready_and_sleep::code()).build());
    let (theirs, _) = UnixStream::pair().unwrap();
    let mut command = tender();
    command.arg(image.path()).env("UK_LIFELINE", "0").stdin(OwnedFd::from(theirs));
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    assert_eq!(
        line(&end_of(child)),
        "UK_LIFELINE=0: its other end is closed: whoever started this guest is gone"
    );
}

#[test]
fn has_no_descriptors_but_standard_streams_devices_its_lifeline_and_its_own() {
    if !kvm_has(Needs::Integers) {
        return;
    }
    let devices = [block("storage"), net("service")];
    let code = say_ready_and_sleep::code();
    let image = ImageFile::of(&Image::with_devices(AbiTarget::Hvt, code, &devices).build());
    let disk = ImageFile::of(&[0; 512]);
    let [image_file, disk_file] = [&image, &disk].map(|file| File::open(file.path()).unwrap());
    let (device, _other_end) = UnixDatagram::pair().unwrap();
    let (lifeline, _ours) = std::io::pipe().unwrap();
    let other = File::open("/dev/null").unwrap();
    let mut command = tender();
    // On both sides of what is kept, and far away; image and disk are opened by descriptors that are closed then.
    let others = [3, 5, 6, 8, 11, 250].map(|number| (number, &other as &dyn AsRawFd));
    let kept: [(_, &dyn AsRawFd); 4] = [(4, &lifeline), (7, &device), (9, &disk_file), (10, &image_file)];
    handing_over(&mut command, &[&others[..], &kept].concat());
    let options = ["--net:service=@7", "--block:storage=/proc/self/fd/9", "/proc/self/fd/10"];
    let mut child = running(command.args(options).env("UK_LIFELINE", "4").stdin(Stdio::null()));
    let open: Vec<_> = fs::read_dir(format!("/proc/{}/fd", child.id()))
        .unwrap()
        .map(|entry| {
            let entry = entry.unwrap();
            let number: i32 = entry.file_name().to_str().unwrap().parse().unwrap();
            (number, fs::read_link(entry.path()).unwrap().to_str().unwrap().to_owned())
        })
        .filter(|&(number, _)| number > 2)
        .collect();
    child.kill().unwrap();
    child.wait().unwrap();
    // KVM's, the timer, the wait set and what wakes the ring's thread.
    let own = |target: &str| target == "/dev/kvm" || target.starts_with("anon_inode:");
    let mut given: Vec<_> = open.iter().filter(|(_, target)| !own(target)).collect();
    given.sort_by_key(|(_, target)| target);
    let disk = disk.path().to_str().unwrap();
    let [(_, file), (4, pipe), (7, socket)] = given[..] else { panic!("{open:?}") };
    assert!(file == disk && pipe.starts_with("pipe:") && socket.starts_with("socket:"), "{open:?}");
}
