//! The console is best effort: whatever becomes of standard output, the guest goes on (ABI section 9 #3).

use std::fs::File;
use std::io::Read as _;
use std::process::{Child, Command, Stdio};

use crate::suite::support::{End, ImageFile, finished, guest, tender};
use crate::target::can_run;
use solo5_abi::notes::AbiTarget;
use test_image::Image;

// Prints 1 MiB, numbered every 8 bytes, in one call; then 64 times 100 bytes; and ends with 5.
guest!(chatty:
    "xor ecx, ecx" "2: mov [0x200000 + rcx * 8], rcx" "inc ecx" "cmp ecx, 0x20000" "jne 2b"
    "mov eax, 0x200000" "mov [0x180010], rax" "mov qword ptr [0x180018], 0x100000" "call_tender 2, 0x180010"
    "mov ebx, 64" "3: mov qword ptr [0x180018], 100" "call_tender 2, 0x180010" "dec ebx" "jnz 3b"
    "exit 5");

/// The tender, and its image, which goes when that is dropped.
fn started(stdout: impl Into<Stdio>) -> (Child, ImageFile) {
    let image = ImageFile::of(&Image::new(AbiTarget::Hvt, chatty::code()).build());
    let child = tender().arg(image.path()).stdout(stdout).stderr(Stdio::piped()).spawn().unwrap();
    (child, image)
}

#[test]
fn goes_on_when_nobody_can_take_its_output() {
    if !can_run() {
        return;
    }
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    for (name, stdout) in [
        ("a full disk", Stdio::from(File::create("/dev/full").unwrap())),
        ("a closed pipe", Stdio::from(writer)),
    ] {
        let ran = finished(started(stdout).0.wait_with_output().unwrap());
        assert_eq!((ran.end, &ran.stderr[..]), (End::Exit(5), ""), "{name}");
    }
}

#[test]
fn goes_on_when_standard_output_is_closed() {
    if !can_run() {
        return;
    }
    let image = ImageFile::of(&Image::new(AbiTarget::Hvt, chatty::code()).build());
    let words = format!("exec {} {} >&-", tender().get_program().display(), image.path().display());
    let ran = finished(Command::new("sh").args(["-c", &words]).output().unwrap());
    assert_eq!((ran.end, &ran.stderr[..]), (End::Exit(5), ""));
}

#[test]
fn goes_on_when_nobody_reads() {
    if !can_run() {
        return;
    }
    let (mut reader, writer) = std::io::pipe().unwrap();
    let ran = finished(started(writer).0.wait_with_output().unwrap());
    assert_eq!((ran.end, &ran.stderr[..]), (End::Exit(5), ""));
    let mut taken = Vec::new();
    reader.read_to_end(&mut taken).unwrap();
    assert!(taken.len() >= 4096 && taken.len() < 0x10_0000, "what the pipe had room for: {}", taken.len());
    assert!(taken.starts_with(&[0, 0, 0, 0, 0, 0, 0, 0, 1]));
}

#[test]
fn loses_nothing_when_somebody_reads() {
    if !can_run() {
        return;
    }
    let ran = finished(started(Stdio::piped()).0.wait_with_output().unwrap());
    assert_eq!((ran.end, ran.stdout.len()), (End::Exit(5), 0x10_0000 + 6400));
    let numbered = ran.stdout[..0x10_0000].chunks(8).zip(0_u64..).all(|(word, n)| word == n.to_le_bytes());
    assert!(numbered);
}
