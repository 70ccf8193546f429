//! Guests in assembly, image files for them, and running them under the real tender.

use std::ffi::OsStr;
use std::fmt::Display;
use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::fd::AsRawFd;
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use test_image::Image;

use crate::target::{ABI, NAME, tender_path};

/// Assembles a guest; its name must be its own among all tests. All targets have these calls, which keep `rbx`, `rbp`
/// and `r12` to `r15`, and use memory from 0x180000 to 0x180200:
///
/// - `exit STATUS`, `print ADDRESS, LEN`, `fail_unless CONDITION, STATUS`;
/// - `mem_size REGISTER`; `entry_of REGISTER, HANDLE`: the manifest's entry of a device, both in registers;
/// - `read_block OFFSET, ADDRESS`, `write_block OFFSET, ADDRESS`: a block of `r13` bytes, of the device `r12`; `eax` is
///   0, or says what failed;
/// - `wait_for MILLISECONDS`, `sleep_forever`, `wait_for_frame`: then `r12` is a device that can be read from;
/// - `read_frame ADDRESS, LEN`: of the device `r12`; `rax` is the number of bytes, -1 if there is no frame, less if it
///   failed;
/// - `write_frame ADDRESS, LEN`: to the device `r12`; `eax` is 0, or says what failed.
macro_rules! guest {
    ($name:ident: $($line:literal)+) => {
        mod $name {
            core::arch::global_asm!(
                include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/calls.s")),
                ".section .rodata.guests,\"a\",@progbits",
                concat!("guest_", stringify!($name), ":"),
                $($line,)+
                concat!("guest_", stringify!($name), "_end:"),
                ".byte 0",
                "forget_calls",
                ".text",
            );
            unsafe extern "C" {
                #[link_name = concat!("guest_", stringify!($name))]
                static CODE: u8;
                #[link_name = concat!("guest_", stringify!($name), "_end")]
                static END: u8;
            }
            /// The guest's machine code; it runs wherever it is.
            pub fn code() -> &'static [u8] {
                let (start, end) = (&raw const CODE, &raw const END);
                // SAFETY: both labels stand in one assembly block, in a read-only section, in this order.
                unsafe { core::slice::from_raw_parts(start, end.addr() - start.addr()) }
            }
        }
    };
}
pub(crate) use guest;

/// The tender under test.
pub fn tender() -> Command {
    Command::new(tender_path())
}

/// Says why this machine cannot run a test, or the rest of it. With `UK_TEST_EVERYTHING=1`, as scripts/test.mjs
/// runs tests for root, that is a failure.
#[track_caller]
pub fn skip(why: impl Display) {
    assert!(
        std::env::var_os("UK_TEST_EVERYTHING").is_none_or(|value| value != "1"),
        "this machine cannot run this test, and UK_TEST_EVERYTHING=1 lets none be skipped: {why}"
    );
    show(&format!("skipped: {why}\n"));
}

/// Writes to standard error what is to be seen of tests that pass as well, unlike what `eprintln!` writes.
pub fn show(line: &str) {
    let _ = std::io::stderr().write_all(line.as_bytes());
}

/// A file that is removed when it goes out of scope.
#[derive(Debug)]
pub struct ImageFile(PathBuf);

impl ImageFile {
    /// A file with this content.
    pub fn of(content: &[u8]) -> Self {
        let file = Self::nowhere();
        fs::write(&file.0, content).expect("a temporary file");
        file
    }

    /// A path where there is no file yet.
    pub fn nowhere() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        Self(std::env::temp_dir().join(format!("uk-{NAME}-{}-{number}", std::process::id())))
    }

    /// An image without devices that runs `code`.
    pub fn running(code: &[u8]) -> Self {
        Self::with_devices(code, &[])
    }

    /// An image that runs `code` and declares devices.
    pub fn with_devices(code: &[u8], devices: &[(u32, &str)]) -> Self {
        Self::of(&Image::with_devices(ABI, code, devices).build())
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// The same as text.
    pub fn name(&self) -> String {
        self.0.display().to_string()
    }
}

impl Drop for ImageFile {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

/// How a run ended.
#[derive(Debug, PartialEq, Eq)]
pub enum End {
    /// With this status.
    Exit(i32),
    /// By this signal: a shell shows 128 more.
    Signal(i32),
}

/// What a run left behind.
#[derive(Debug)]
pub struct Ran {
    /// How it ended.
    pub end: End,
    /// The guest's console.
    pub stdout: Vec<u8>,
    /// The tender's diagnostics.
    pub stderr: String,
}

/// What a guest may die of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Memory that it has not, or may not execute.
    Memory,
    /// Memory that it may not write.
    ReadOnly,
    /// Memory that it may not even read.
    Hidden,
    /// What is no instruction.
    Instruction,
    /// A division by zero.
    Arithmetic,
}

/// Runs the tender with these words.
pub fn run(words: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Ran {
    output_of(tender().args(words))
}

/// Runs `code` as a guest, with options of the tender.
pub fn run_guest(options: &[&str], code: &[u8]) -> Ran {
    run_image(options, &Image::new(ABI, code))
}

/// Runs an image, with options of the tender.
pub fn run_image(options: &[&str], image: &Image) -> Ran {
    let file = ImageFile::of(&image.build());
    run(options.iter().map(|&option| OsStr::new(option)).chain([file.path().as_os_str()]))
}

/// Runs a command, without an input unless it has one, to its end.
pub fn output_of(command: &mut Command) -> Ran {
    finished(command.stdin(Stdio::null()).output().expect("it starts"))
}

/// Whether this machine has a program, and it succeeds.
pub fn works(command: &mut Command) -> bool {
    command.output().is_ok_and(|output| output.status.success())
}

/// Sorts out how a process ended.
pub fn finished(output: Output) -> Ran {
    let end = match (output.status.code(), output.status.signal()) {
        (Some(status), _) => End::Exit(status),
        (None, signal) => End::Signal(signal.expect("a process ends by itself or by a signal")),
    };
    Ran {
        end,
        stdout: output.stdout,
        stderr: String::from_utf8(output.stderr).expect("diagnostics are text"),
    }
}

/// The one line a refusal is, without the name of the program.
pub fn line(ran: &Ran) -> &str {
    assert_eq!((&ran.end, &ran.stdout[..]), (&End::Exit(1), &b""[..]), "{ran:?}");
    let named = ran.stderr.strip_prefix(NAME).and_then(|rest| rest.strip_prefix(": "));
    let line =
        named.and_then(|line| line.strip_suffix('\n')).expect("name of the program, and the line's end");
    assert!(!line.contains('\n'), "more than one line: {line}");
    line
}

/// A guest that ended by itself, with this status, about which there was nothing to say.
#[track_caller]
pub fn check_exit(ran: &Ran, status: i32) {
    assert_eq!((&ran.end, &ran.stderr[..]), (&End::Exit(status), ""), "{ran:?}");
}

/// Starts a guest that says `ready` and goes on for ever; returns once it has.
pub fn waiting(command: &mut Command) -> Child {
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    assert_eq!(next_line(&mut child), "ready\n");
    child
}

/// The next line that a child prints, and nothing of what is behind it.
pub fn next_line(child: &mut Child) -> String {
    let mut line = String::new();
    BufReader::with_capacity(1, child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
    line
}

/// Ends a child that goes on for ever.
pub fn kill(mut child: Child) {
    child.kill().unwrap();
    child.wait().unwrap();
}

/// How a child ends by itself; one that does not is killed, which is the failure of a test.
pub fn end_of(mut child: Child) -> Ran {
    for _ in 0..1000 {
        if child.try_wait().unwrap().is_some() {
            return finished(child.wait_with_output().unwrap());
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    kill(child);
    panic!("it was left behind")
}

/// Gives a child these descriptors by these numbers.
pub fn hand_over(command: &mut Command, given: &[(i32, &dyn AsRawFd)]) {
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

/// Runs the tender with these words as a user who may do nothing, or as root without `capability`; `None`, which is a
/// test skipped, if this process is not root.
pub fn run_with_less(
    capability: Option<libc::c_ulong>,
    words: impl IntoIterator<Item = impl AsRef<OsStr>>,
) -> Option<Ran> {
    // SAFETY: no memory is involved.
    if unsafe { libc::geteuid() } != 0 {
        skip("not root");
        return None;
    }
    // Where the tender was built another user may have no business. Copied by another process: a file
    // that this one has open for writing may be in a child of another test, and cannot be executed then.
    let copy = ImageFile::nowhere();
    assert!(Command::new("cp").arg(tender_path()).arg(copy.path()).status().expect("cp").success());
    let mut command = Command::new(copy.path());
    command.args(words).arg0(NAME);
    match capability {
        None => {
            command.uid(65534).gid(65534);
        }
        Some(number) => {
            // SAFETY: between fork and exec there are only system calls.
            unsafe {
                command.pre_exec(move || match libc::prctl(libc::PR_CAPBSET_DROP, number, 0, 0, 0) {
                    0 => Ok(()),
                    _ => Err(std::io::Error::last_os_error()),
                });
            }
        }
    }
    Some(output_of(&mut command))
}

/// Runs `test` in a network and mounts of its own, if this machine has such.
pub fn in_namespaces(test: impl FnOnce() + Send + 'static) {
    let thread = std::thread::spawn(|| {
        // SAFETY: takes this thread, which nothing else runs on, out of those of the process.
        if unsafe { libc::unshare(libc::CLONE_NEWNET | libc::CLONE_NEWNS) } != 0 {
            return skip(format_args!("no namespaces of one's own: {}", std::io::Error::last_os_error()));
        }
        mount(c"none", c"/", libc::MS_REC | libc::MS_PRIVATE, c"");
        test();
    });
    if let Err(panic) = thread.join() {
        std::panic::resume_unwind(panic);
    }
}

/// A file system in memory at this path, in mounts of one's own.
pub fn mount_memory(at: &std::ffi::CStr, options: &std::ffi::CStr) {
    mount(c"tmpfs", at, 0, options);
}

fn mount(kind: &std::ffi::CStr, at: &std::ffi::CStr, flags: libc::c_ulong, options: &std::ffi::CStr) {
    // SAFETY: the kernel reads texts that end.
    let mounted =
        unsafe { libc::mount(c"none".as_ptr(), at.as_ptr(), kind.as_ptr(), flags, options.as_ptr().cast()) };
    assert_eq!(mounted, 0, "{at:?}: {}", std::io::Error::last_os_error());
}

/// Whether this process, and so a tender that it starts, has `CAP_SETPCAP`.
pub fn may_drop_capabilities() -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let effective = status.split_once("CapEff:\t").unwrap().1.lines().next().unwrap();
    u64::from_str_radix(effective, 16).unwrap() & 1 << 8 != 0
}
