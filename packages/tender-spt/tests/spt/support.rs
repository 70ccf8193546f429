//! Guests in assembly, image files for them, and running them under the real tender.

use std::ffi::OsStr;
use std::fmt::Display;
use std::fs;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use solo5_abi::notes::AbiTarget;
use test_image::Image;

/// Assembles a guest; its name must be its own among all tests. It may use `exit N`, `print LABEL, LEN` and `fail_unless CONDITION, N`.
macro_rules! guest {
    ($name:ident: $($line:literal)+) => {
        mod $name {
            core::arch::global_asm!(
                ".section .rodata.guests,\"a\",@progbits",
                ".macro exit status",
                "mov edi, \\status",
                "mov eax, 231",
                "syscall",
                ".endm",
                ".macro print text, len",
                "mov edi, 1",
                "lea rsi, [\\text]",
                "mov edx, \\len",
                "mov eax, 1",
                "syscall",
                ".endm",
                ".macro fail_unless condition, status",
                "j\\condition 7777f",
                "exit \\status",
                "7777:",
                ".endm",
                concat!("guest_", stringify!($name), ":"),
                $($line,)+
                concat!("guest_", stringify!($name), "_end:"),
                ".byte 0",
                ".purgem exit",
                ".purgem print",
                ".purgem fail_unless",
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
    Command::new(env!("CARGO_BIN_EXE_solo5-spt"))
}

/// Says why this machine cannot run a test, or the rest of it. With `UK_TEST_EVERYTHING=1`, as scripts/test.mjs
/// runs tests for root, that is a failure.
#[track_caller]
pub fn skip(why: impl Display) {
    assert!(
        std::env::var_os("UK_TEST_EVERYTHING").is_none_or(|value| value != "1"),
        "this machine cannot run this test, and UK_TEST_EVERYTHING=1 lets none be skipped: {why}"
    );
    // Not by `eprintln!`: that is shown of tests that fail only.
    let _ = std::io::stderr().write_all(format!("skipped: {why}\n").as_bytes());
}

/// A file that is removed when it goes out of scope.
#[derive(Debug)]
pub struct ImageFile(PathBuf);

impl ImageFile {
    /// A file with this content.
    pub fn of(content: &[u8]) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("uk-tender-spt-{}-{number}.spt", std::process::id()));
        fs::write(&path, content).expect("a temporary file");
        Self(path)
    }

    /// An image without devices that runs `code`.
    pub fn running(code: &[u8]) -> Self {
        Self::of(&Image::new(AbiTarget::Spt, code).build())
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
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

/// Runs the tender with these words.
pub fn run(words: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Ran {
    finished(tender().args(words).stdin(Stdio::null()).output().expect("the tender starts"))
}

/// Runs the tender with these words as a user who may do nothing, or as root without `capability`;
/// `None`, which is a test skipped, if this machine cannot do that.
pub fn run_with_less(
    capability: Option<&str>,
    words: impl IntoIterator<Item = impl AsRef<OsStr>>,
) -> Option<Ran> {
    let less: Vec<String> = match capability {
        None => ["--reuid=65534", "--regid=65534", "--clear-groups"].map(str::to_owned).to_vec(),
        Some(name) => vec![format!("--bounding-set=-{name}"), format!("--inh-caps=-{name}")],
    };
    // Where the tender was built another user may have no business. Copied by another process: a file
    // that this one has open for writing may be in a child of another test, and cannot be executed then.
    let tender = ImageFile::of(b"");
    let copied = Command::new("cp")
        .args(["--remove-destination", env!("CARGO_BIN_EXE_solo5-spt")])
        .arg(tender.path())
        .status()
        .expect("cp");
    assert!(copied.success());
    fs::set_permissions(tender.path(), fs::Permissions::from_mode(0o755)).expect("our own file");
    let setpriv = || {
        let mut command = Command::new("setpriv");
        command.args(&less).arg("--");
        command
    };
    if !works(setpriv().arg("true")) {
        skip("not root, or no setpriv");
        return None;
    }
    let mut ran = finished(setpriv().arg(tender.path()).args(words).stdin(Stdio::null()).output().unwrap());
    let name = tender.path().file_name().unwrap().to_str().unwrap();
    ran.stderr = ran.stderr.replace(name, "solo5-spt");
    Some(ran)
}

/// Runs a shell script, in which the tender is `$0` and these words follow, in mounts of its own; `None`, which
/// is a test skipped, if this machine has no such.
pub fn run_in_mounts(script: &str, words: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Option<Ran> {
    let unshare = || {
        let mut command = Command::new("unshare");
        command.arg("--mount");
        command
    };
    if !works(unshare().args(["mount", "-t", "tmpfs", "none", "/mnt"])) {
        skip("no mounts of one's own, or no unshare");
        return None;
    }
    let mut command = unshare();
    command.args(["sh", "-e", "-c", script, env!("CARGO_BIN_EXE_solo5-spt")]).args(words);
    Some(finished(command.stdin(Stdio::null()).output().unwrap()))
}

/// Whether this machine has a program, and it succeeds.
pub fn works(command: &mut Command) -> bool {
    command.output().is_ok_and(|output| output.status.success())
}

/// Runs `code` as a guest, with options of the tender.
pub fn run_guest(options: &[&str], code: &[u8]) -> Ran {
    let image = ImageFile::running(code);
    let words = options.iter().map(|&option| OsStr::new(option)).chain([image.path().as_os_str()]);
    run(words)
}

/// Runs an image, with options of the tender.
pub fn run_image(options: &[&str], image: &Image) -> Ran {
    let file = ImageFile::of(&image.build());
    run(options.iter().map(|&option| OsStr::new(option)).chain([file.path().as_os_str()]))
}

/// The one line a refusal is, without the name of the program.
pub fn line(ran: &Ran) -> &str {
    assert_eq!((&ran.end, &ran.stdout[..]), (&End::Exit(1), &b""[..]), "{ran:?}");
    let line = ran.stderr.strip_prefix("solo5-spt: ").expect("the name of the program comes first");
    let line = line.strip_suffix('\n').expect("a line has an end");
    assert!(!line.contains('\n'), "more than one line: {line}");
    line
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
