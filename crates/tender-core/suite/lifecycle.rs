//! Guests and those who start them: how long a guest lives, and what it and its tender have of its starter's.

use std::fs::{self, File};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::net::{UnixDatagram, UnixStream};
use std::os::unix::process::CommandExt as _;
use std::process::{Command, Stdio};

use test_image::{block, net};

use super::support::{
    End, ImageFile, end_of, finished, guest, hand_over, kill, line, next_line, tender, waiting,
};
use crate::target::{OWN_DESCRIPTORS, can_run, tender_path};

guest!(say_ready_and_sleep: "print rip + 2f, 6" "sleep_forever" "2: .ascii \"ready\\n\"");
guest!(say_ready_and_spin: "print rip + 2f, 6" "3: jmp 3b" "2: .ascii \"ready\\n\"");

/// Two ends each of what can be a lifeline: the guest's comes first.
fn lifelines() -> [(&'static str, OwnedFd, OwnedFd); 2] {
    let (reader, writer) = std::io::pipe().unwrap();
    let (ours, theirs) = UnixStream::pair().unwrap();
    [("pipe", reader.into(), writer.into()), ("sockets", theirs.into(), ours.into())]
}

#[test]
fn ends_with_whoever_holds_the_other_end_of_its_lifeline() {
    if !can_run() {
        return;
    }
    for code in [say_ready_and_sleep::code(), say_ready_and_spin::code()] {
        // With a network device a tender may have more than one thread.
        let image = ImageFile::with_devices(code, &[net("service")]);
        for (kind, theirs, ours) in lifelines() {
            let (device, _other_end) = UnixDatagram::pair().unwrap();
            let mut command = tender();
            hand_over(&mut command, &[(5, &device)]);
            command.arg("--net:service=@5").arg(image.path()).env("UK_LIFELINE", "0").stdin(theirs);
            let mut child = waiting(&mut command);
            drop(command);
            assert_eq!(child.try_wait().unwrap(), None, "{kind}");
            drop(ours);
            assert_eq!(end_of(child).end, End::Signal(libc::SIGKILL), "{kind}");
        }
    }
}

#[test]
fn does_not_start_a_guest_whose_starter_is_gone() {
    let image = ImageFile::running(say_ready_and_sleep::code());
    for (kind, theirs, ours) in lifelines() {
        drop(ours);
        let mut command = tender();
        command.arg(image.path()).env("UK_LIFELINE", "0").stdin(theirs);
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        assert_eq!(
            line(&end_of(child)),
            "UK_LIFELINE=0: its other end is closed: whoever started this guest is gone",
            "{kind}"
        );
    }
}

#[test]
fn refuses_what_is_no_lifeline() {
    let image = ImageFile::running(say_ready_and_sleep::code());
    for (value, why) in [
        ("", "not the decimal number of a descriptor other than 1 and 2"),
        ("2", "not the decimal number of a descriptor other than 1 and 2"),
        ("3x", "not the decimal number of a descriptor other than 1 and 2"),
        ("3\x1b", "not the decimal number of a descriptor other than 1 and 2"),
        ("99", "bad descriptor"),
        ("0", "neither a pipe nor a socket"),
    ] {
        let ran = tender().arg(image.path()).env("UK_LIFELINE", value).stdin(Stdio::null()).output();
        let shown = value.escape_default();
        assert_eq!(line(&finished(ran.unwrap())), format!("UK_LIFELINE={shown}: {why}"));
    }
    // What only asks is answered.
    let asked = tender().arg("--version").env("UK_LIFELINE", "99").output().unwrap();
    assert_eq!(finished(asked).end, End::Exit(0));
}

#[test]
fn outlives_a_starter_that_gave_it_no_lifeline() {
    if !can_run() {
        return;
    }
    let image = ImageFile::running(say_ready_and_sleep::code());
    let mut shell = Command::new("sh");
    // In a session of its own, as behind `setsid`.
    // SAFETY: between fork and exec there is only a system call.
    unsafe {
        shell.pre_exec(|| match libc::setsid() {
            -1 => Err(std::io::Error::last_os_error()),
            _ => Ok(()),
        });
    }
    let script = "\"$0\" \"$1\" & echo $!";
    shell.args(["-c", script]).arg(tender_path()).arg(image.path()).stdin(Stdio::null());
    let mut shell = shell.stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = [next_line(&mut shell), next_line(&mut shell)];
    lines.sort();
    let [pid, ready] = lines.map(|line| line.trim().to_owned());
    assert_eq!(ready, "ready");
    shell.wait().unwrap();
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    assert!(Command::new("sh").args(["-c", "kill -KILL $0", &pid]).status().unwrap().success());
    let alive = ["State:\tR", "State:\tS"].iter().any(|state| status.contains(state));
    assert!(alive, "neither gone nor a zombie: {status}");
}

#[test]
fn has_no_descriptors_but_standard_streams_devices_its_lifeline_and_its_own() {
    if !can_run() {
        return;
    }
    let devices = [block("storage"), net("service")];
    let image = ImageFile::with_devices(say_ready_and_sleep::code(), &devices);
    let disk = ImageFile::of(&[0; 512]);
    let [image_file, disk_file] = [&image, &disk].map(|file| File::open(file.path()).unwrap());
    let (device, _other_end) = UnixDatagram::pair().unwrap();
    let (lifeline, _ours) = std::io::pipe().unwrap();
    let other = File::open("/dev/null").unwrap();
    let mut command = tender();
    // On both sides of what is kept, and far away; image and disk are opened by descriptors that are closed then.
    let others = [3, 5, 6, 8, 11, 250].map(|number| (number, &other as &dyn AsRawFd));
    let kept: [(_, &dyn AsRawFd); 4] = [(4, &lifeline), (7, &device), (9, &disk_file), (10, &image_file)];
    hand_over(&mut command, &[&others[..], &kept].concat());
    let options = ["--net:service=@7", "--block:storage=/proc/self/fd/9", "/proc/self/fd/10"];
    let child = waiting(command.args(options).env("UK_LIFELINE", "4").stdin(Stdio::null()));
    let open: Vec<_> = fs::read_dir(format!("/proc/{}/fd", child.id()))
        .unwrap()
        .map(|entry| {
            let entry = entry.unwrap();
            let number: i32 = entry.file_name().to_str().unwrap().parse().unwrap();
            (number, fs::read_link(entry.path()).unwrap().to_str().unwrap().to_owned())
        })
        .filter(|&(number, _)| number > 2)
        .collect();
    kill(child);
    // Timer and wait set, and what the tender needs itself to run the guest.
    let own = |target: &str| target == "/dev/kvm" || target.starts_with("anon_inode:");
    assert_eq!(open.iter().filter(|(_, target)| own(target)).count(), OWN_DESCRIPTORS, "{open:?}");
    let mut given: Vec<_> = open.iter().filter(|(_, target)| !own(target)).collect();
    given.sort_by_key(|(_, target)| target);
    let disk = disk.path().to_str().unwrap();
    let [(_, file), (4, pipe), (7, socket)] = given[..] else { panic!("{open:?}") };
    assert!(file == disk && pipe.starts_with("pipe:") && socket.starts_with("socket:"), "{open:?}");
}
