//! `--dumpcore` (ABI section 4.13), with the cores opened by a real gdb.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use solo5_abi::notes::AbiTarget;
use test_image::Image;

use crate::suite::support::{End, ImageFile, Ran, finished, guest, line, skip, tender};
use crate::target::can_run;

// As a compiler would have it: two calls deep, with a word on the stack and one on the heap, then an abort.
guest!(abort_in_a_function:
    "xor ebp, ebp" "call 2f" "hlt"
    "2: push rbp" "mov rbp, rsp" "call 3f" "pop rbp" "ret"
    "3: push rbp" "mov rbp, rsp" "mov eax, 0x600DF00D" "push rax" "mov [0x1F0000], eax"
    "mov ebx, 0xB0B" "exit 255" "hlt");
guest!(crash_in_a_function: "xor ebp, ebp" "call 2f" "hlt" "2: push rbp" "mov rbp, rsp" "ud2");
guest!(exit_with_254: "exit 254");
// As bindings report a trap: the cookie says where it was.
guest!(abort_with_a_trap:
    "mov qword ptr [0x190010], 0x100123" "mov qword ptr [0x190018], 8" "mov qword ptr [0x190020], 2"
    "mov qword ptr [0x190028], 0x1E0000" "mov qword ptr [0x190030], 16"
    "mov qword ptr [0x180000], 0x190000" "mov dword ptr [0x180008], 255" "call_tender 8, 0x180000");

/// A folder for cores that is removed when it goes out of scope.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("uk-hvt-cores-{}-{number}", std::process::id()));
        fs::create_dir(&path).unwrap();
        Self(path)
    }

    fn cores(&self) -> Vec<PathBuf> {
        fs::read_dir(&self.0).unwrap().map(|entry| entry.unwrap().path()).collect()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn run_in(folder: &Folder, code: &[u8]) -> (Ran, ImageFile) {
    // Lengths of instructions: two of the first, five of a call, one of HLT, four to make a frame, six behind.
    let functions = [("start", 0x10_0000, 8), ("outer", 0x10_0008, 11), ("inner", 0x10_0013, 100)];
    let image = ImageFile::of(&Image::new(AbiTarget::Hvt, code).build_with_symbols(&functions));
    let option = format!("--dumpcore={}", folder.0.display());
    let mut command = tender();
    (finished(command.args(["--mem=4", &option]).arg(image.path()).output().unwrap()), image)
}

/// What gdb says to these commands about the core of a guest; `None`, which is a test skipped, if this machine
/// has no gdb.
fn gdb(image: &ImageFile, core: &PathBuf, commands: &[&str]) -> Option<String> {
    let mut command = Command::new("gdb");
    command.args(["-nx", "-batch"]);
    for line in commands {
        command.args(["-ex", line]);
    }
    let output = command.arg(image.path()).arg(core).stdin(Stdio::null()).output();
    let Ok(output) = output else {
        skip("no gdb");
        return None;
    };
    Some(String::from_utf8_lossy(&output.stdout).into_owned())
}

#[test]
fn leaves_a_core_of_a_guest_that_aborts() {
    if !can_run() {
        return;
    }
    let folder = Folder::new();
    let (ran, image) = run_in(&folder, abort_in_a_function::code());
    let [core] = &folder.cores()[..] else { panic!("not one core: {ran:?}") };
    let name = core.file_name().unwrap().to_str().unwrap();
    assert!(name.starts_with("core.solo5-hvt."), "{name}");
    assert_eq!(ran.end, End::Exit(255));
    let lines: Vec<_> = ran.stderr.lines().collect();
    assert_eq!(lines[0], format!("solo5-hvt: core file: {}", core.display()));
    let pages = lines[1].strip_prefix("solo5-hvt: dumped ").unwrap().strip_suffix(" pages of 1024").unwrap();
    assert!((5..64).contains(&pages.parse::<u32>().unwrap()), "{pages}");
    let metadata = fs::metadata(core).unwrap();
    assert_eq!((metadata.len(), metadata.permissions().mode() & 0o777), (532 + (4 << 20), 0o600));
    let bytes = fs::read(core).unwrap();
    assert_eq!(bytes[532 + 0x1F_0000..][..4], 0x600D_F00D_u32.to_le_bytes());

    let commands = ["bt", "x/1xw 0x1f0000", "p/x $rbx", "p/x $cs", "x/1xg $rsp"];
    let Some(said) = gdb(&image, core, &commands) else { return };
    // The first frame is shown twice: when the core is opened, and by the command.
    let frames: Vec<_> = said.lines().filter(|line| line.starts_with('#')).skip(1).collect();
    for (number, function) in ["inner", "outer", "start"].into_iter().enumerate() {
        let frame = frames.get(number).copied().unwrap_or_default();
        assert!(frame.ends_with(&format!(" in {function} ()")), "{number} {function}: {said}");
    }
    for expected in ["0x1f0000:\t0x600df00d", "= 0xb0b", "= 0x8", "0x00000000600df00d"] {
        assert!(said.contains(expected), "{expected}: {said}");
    }
}

#[test]
fn leaves_a_core_of_a_guest_that_was_killed() {
    if !can_run() {
        return;
    }
    let folder = Folder::new();
    let (ran, image) = run_in(&folder, crash_in_a_function::code());
    assert_eq!(ran.end, End::Exit(1));
    let [core] = &folder.cores()[..] else { panic!("not one core: {ran:?}") };
    let Some(said) = gdb(&image, core, &["x/1i 0x10000c"]) else { return };
    assert!(said.contains("ud2"), "{said}");
}

#[test]
fn shows_a_trap_where_it_was() {
    if !can_run() {
        return;
    }
    let folder = Folder::new();
    let (_ran, image) = run_in(&folder, abort_with_a_trap::code());
    let Some(said) = gdb(&image, &folder.cores()[0], &["p/x $rip", "p/x $rsp", "p/x $eflags"]) else {
        return;
    };
    for expected in ["= 0x100123", "= 0x1e0000", "= 0x2"] {
        assert!(said.contains(expected), "{expected}: {said}");
    }
}

#[test]
fn leaves_no_core_of_a_guest_that_just_ends() {
    if !can_run() {
        return;
    }
    let folder = Folder::new();
    let (ran, _image) = run_in(&folder, exit_with_254::code());
    assert_eq!((ran.end, &ran.stderr[..], folder.cores().len()), (End::Exit(254), "", 0));
}

#[test]
fn says_so_when_it_can_not_leave_cores() {
    if !can_run() {
        return;
    }
    let image = ImageFile::of(&Image::new(AbiTarget::Hvt, exit_with_254::code()).build());
    for (folder, why) in [("/nonexistent", "no such file or directory"), ("/etc/passwd", "not a directory")] {
        let mut command = tender();
        let ran = finished(command.arg(format!("--dumpcore={folder}")).arg(image.path()).output().unwrap());
        assert_eq!(line(&ran), format!("--dumpcore: '{folder}' is not a folder for cores: {why}"));
    }
}
