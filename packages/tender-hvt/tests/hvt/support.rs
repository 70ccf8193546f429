//! Guests in assembly, image files for them, and running them under the real tender.

use std::ffi::OsStr;
use std::fmt::Display;
use std::fs;
use std::io::Write as _;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::Once;
use std::sync::atomic::{AtomicU32, Ordering};

use solo5_abi::notes::AbiTarget;
use test_image::Image;

/// Assembles a guest; its name must be its own among all tests. It may use `call_tender N, RECORD`, and
/// the calls below, which keep their records from 0x180000 to 0x180200: `exit N`, `print LABEL, LEN` and
/// `fail_unless CONDITION, N`.
macro_rules! guest {
    ($name:ident: $($line:literal)+) => {
        mod $name {
            core::arch::global_asm!(
                ".section .rodata.guests,\"a\",@progbits",
                ".macro call_tender number, record",
                "mov eax, \\record",
                "mov edx, 0x500 + \\number",
                "out dx, eax",
                ".endm",
                ".macro exit status",
                "mov qword ptr [0x180000], 0",
                "mov dword ptr [0x180008], \\status",
                "call_tender 8, 0x180000",
                ".endm",
                ".macro print text, len",
                "lea rax, [\\text]",
                "mov [0x180010], rax",
                "mov qword ptr [0x180018], \\len",
                "call_tender 2, 0x180010",
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
                ".purgem call_tender",
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

/// The tender under test: the one that Cargo built, or what the virtual machine was given.
pub fn tender() -> Command {
    Command::new(tender_path())
}

/// Where it is.
pub fn tender_path() -> PathBuf {
    std::env::var_os("SOLO5_HVT").map_or_else(|| env!("CARGO_BIN_EXE_solo5-hvt").into(), PathBuf::from)
}

/// What a guest needs of KVM.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needs {
    /// Integer instructions: a KVM that emulates them all will do.
    Integers,
    /// A processor that executes the guest.
    Hardware,
    /// One with debug registers.
    DebugRegisters,
}

/// Whether KVM of this machine has what a guest needs; if not, the reason is printed. That is no test skipped:
/// tests/hvt.test.ts runs all of these tests where guests run. A machine that says what it has (`UK_KVM`, as
/// those of tests/vm do) is taken at its word.
pub fn kvm_has(needs: Needs) -> bool {
    match std::env::var("UK_KVM").as_deref() {
        Ok("hardware") => return true,
        Ok("emulated") => {
            if needs == Needs::DebugRegisters {
                eprintln!("left out: QEMU's processor has no debug registers for guests");
            }
            return needs != Needs::DebugRegisters;
        }
        _ => {}
    }
    if let Err(error) = fs::File::options().read(true).write(true).open("/dev/kvm") {
        return leave_to_vm(format_args!("no /dev/kvm: {error}"));
    }
    let probe: &[u8] = match needs {
        Needs::Integers => return true,
        // mulps xmm0, xmm1; hlt
        Needs::Hardware | Needs::DebugRegisters => &[0x0F, 0x59, 0xC1, 0xF4],
    };
    let ran = run_guest(&[], probe);
    if ran.stderr.contains("HLT") {
        return true;
    }
    assert!(ran.stderr.contains("KVM of this host cannot execute it"), "{ran:?}");
    leave_to_vm("KVM of this host does not execute guests, it emulates some of their instructions")
}

/// Says so, once; `false`.
fn leave_to_vm(why: impl Display) -> bool {
    static SAID: Once = Once::new();
    SAID.call_once(|| show(&format!("left to tests/hvt.test.ts: {why}\n")));
    false
}

/// Writes to standard error what is to be seen of tests that pass as well, unlike what `eprintln!` writes.
fn show(line: &str) {
    let _ = std::io::stderr().write_all(line.as_bytes());
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

/// A file that is removed when it goes out of scope.
#[derive(Debug)]
pub struct ImageFile(PathBuf);

impl ImageFile {
    /// A file with this content.
    pub fn of(content: &[u8]) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("uk-tender-hvt-{}-{number}.hvt", std::process::id()));
        fs::write(&path, content).expect("a temporary file");
        Self(path)
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

/// Runs `code` as a guest, with options of the tender.
pub fn run_guest(options: &[&str], code: &[u8]) -> Ran {
    run_image(options, &Image::new(AbiTarget::Hvt, code))
}

/// Runs an image, with options of the tender.
pub fn run_image(options: &[&str], image: &Image) -> Ran {
    let file = ImageFile::of(&image.build());
    run(options.iter().map(|&option| OsStr::new(option)).chain([file.path().as_os_str()]))
}

/// The one line a refusal is, without the name of the program.
pub fn line(ran: &Ran) -> &str {
    assert_eq!((&ran.end, &ran.stdout[..]), (&End::Exit(1), &b""[..]), "{ran:?}");
    let line = ran.stderr.strip_prefix("solo5-hvt: ").expect("the name of the program comes first");
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
