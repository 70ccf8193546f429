//! Whatever a tender refuses, it says so in one clear line and exits with status 1 (ABI section 6); no guest runs.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;

use solo5_abi::notes::{AbiTarget, TYPE_ABI1};
use test_image::{Image, Program, R, W, X, block, field, manifest_note, net, note, patch};

use super::support::{
    End, Fault, ImageFile, guest, line, output_of, run, run_guest, run_image, run_with_less, tender,
};
use crate::target::{ABI, MEM_MIB, NAME, NO_OPTIONS, OTHER, SLOW, can_run, check_death};

guest!(quiet: "exit 0");
guest!(crash: "ud2");

fn usage() -> String {
    format!("usage: {NAME} [options] [--] IMAGE [ARGS...]\n")
}

fn good() -> Image {
    Image::new(ABI, quiet::code())
}

/// What the tender says about a file, without the file's name.
fn about(content: &[u8]) -> String {
    let file = ImageFile::of(content);
    let ran = run([file.path()]);
    let named = format!("'{}': ", file.name());
    let said = line(&ran).strip_prefix(&named);
    said.unwrap_or_else(|| panic!("no name of the file: {}", ran.stderr)).to_owned()
}

#[test]
fn helps_on_stderr_with_status_1() {
    for words in [&["--help"][..], &["--nonsense", "--help"], &["--mem=8", "--help", "x"]] {
        let ran = run(words);
        assert_eq!((ran.end, ran.stdout.len()), (End::Exit(1), 0));
        assert!(ran.stderr.starts_with(&usage()) && ran.stderr.contains("512"), "{}", ran.stderr);
    }
}

#[test]
fn tells_its_version_on_stderr_with_status_0() {
    let ran = run(["--version"]);
    assert_eq!((ran.end, ran.stdout.len()), (End::Exit(0), 0));
    let lines: Vec<_> = ran.stderr.lines().collect();
    assert_eq!(lines, [&format!("{NAME} {}", env!("CARGO_PKG_VERSION")), "ABI version 2"]);
}

#[test]
fn shows_its_usage_when_it_can_not_make_sense_of_the_command_line() {
    for words in [&[][..], &["--mem=2"], &["--"]] {
        let ran = run(words);
        assert_eq!(ran.end, End::Exit(1));
        let expected = format!("{NAME}: no IMAGE given: name the image to run\n{}", usage());
        assert!(ran.stderr.starts_with(&expected), "{}", ran.stderr);
    }
    let unknown =
        ["-", "-x", "--mem2", "--x-exec-heaps", "--x-exec-heap=1", "--net", "--neT:a=b", "--name=x"];
    for option in unknown.iter().chain(NO_OPTIONS) {
        let ran = run_guest(&[option], quiet::code());
        assert_eq!(ran.end, End::Exit(1));
        let expected = format!("{NAME}: unknown option '{option}'\n{}", usage());
        assert!(ran.stderr.starts_with(&expected), "{}", ran.stderr);
    }
}

#[test]
fn refuses_memory_sizes_it_can_not_give() {
    let [most, too_much] = MEM_MIB.map(|mib| mib.to_string());
    for value in ["0", "", "-1", "8x", "0x8", " 8", &too_much, "99999999999999999999"] {
        let option = format!("--mem={value}");
        let expected = format!(
            "option '{option}': malformed memory size, give MiB as a decimal number from 1 to {most}"
        );
        assert_eq!(line(&run_guest(&[&option], quiet::code())), expected);
    }
    let missing = "option '--mem' needs a value in the same word: --mem=N";
    assert_eq!(line(&run_guest(&["--mem", "--"], quiet::code())), missing);
}

#[test]
fn refuses_what_is_not_a_file_it_can_read() {
    for (path, why) in [
        ("/nonexistent/solo5", "no such file or directory"),
        ("/", "is a directory"),
        ("/dev/null", "is not a regular file"),
        ("/proc/version/x", "not a directory"),
    ] {
        assert_eq!(line(&run([path])), format!("'{path}': cannot be opened: {why}"));
    }
    let empty = run([""]);
    assert_eq!(line(&empty), "'': cannot be opened: no such file or directory");
    let hidden = run(["/nonexistent/\x1b[31m\n"]);
    assert_eq!(line(&hidden), r"'/nonexistent/\u{1b}[31m\n': cannot be opened: no such file or directory");
}

#[test]
fn refuses_a_file_it_may_not_read() {
    let file = ImageFile::of(&good().build());
    fs::set_permissions(file.path(), Permissions::from_mode(0o000)).unwrap();
    // Root may read anything, so another user has to try.
    let ran = match fs::read(file.path()) {
        Err(_) => run([file.path()]),
        Ok(_) => match run_with_less(None, [file.path()]) {
            Some(ran) => ran,
            None => return,
        },
    };
    assert_eq!(line(&ran), format!("'{}': cannot be opened: permission denied", file.name()));
}

#[test]
fn says_what_is_wrong_with_a_file() {
    let whole = good().build();
    let patched = |at: usize, bytes: &[u8]| {
        let mut file = whole.clone();
        patch(&mut file, at, bytes);
        file
    };
    let noted = |from_end: usize, content: Vec<u8>| {
        let mut image = good();
        let at = image.programs.len() - 1 - from_end;
        image.programs[at] = Program::note(content);
        image.build()
    };
    let mut ordinary = good();
    ordinary.programs.truncate(3);
    ordinary.programs[0].content = b"/lib64/ld-linux-x86-64.so.2\0".to_vec();
    let (other, its_tender) = OTHER;
    let other_target =
        format!("built for {}, not for {}; run it with {its_tender}", other.name(), ABI.name());
    for (content, expected) in [
        (vec![], "not a Solo5 image: the file is empty"),
        (b"x".to_vec(), "not a Solo5 image: not an ELF file: it begins with [78, 00, 00, 00]"),
        (b"#!/bin/sh\nexit 0\n".to_vec(), "not a Solo5 image: a script, not an ELF file"),
        (
            whole[..63].to_vec(),
            "not a Solo5 image: truncated: 64 bytes wanted at offset 0x0, the file has 63",
        ),
        (
            whole[..200].to_vec(),
            "not a Solo5 image: truncated: 6 program headers at offset 0x40 do not lie in a file of 200 bytes",
        ),
        (patched(4, &[1]), "not a Solo5 image: not a 64-bit ELF file: class=1"),
        (patched(18, &[183]), "not a Solo5 image: not built for x86-64: e_machine=183"),
        (ordinary.build(), "not a Solo5 image: an ordinary program, run by /lib64/ld-linux-x86-64.so.2"),
        (noted(1, vec![0; 20]), "not a Solo5 image: no Solo5 ABI note"),
        (
            noted(1, note(TYPE_ABI1, 7, &[0; 16])),
            "not a Solo5 image: ABI note does not fall within valid size: 7 bytes, not 8 to 32",
        ),
        (noted(0, vec![0; 20]), "invalid image: no Solo5 manifest note"),
        (
            noted(0, note(0x3154_464D, 1, &[0; 16])),
            "invalid image: manifest note does not fall within valid size: 1 bytes, not 5 to 6668",
        ),
        (Image::new(other, quiet::code()).build(), &other_target[..]),
        (
            Image::new(AbiTarget::Xen, quiet::code()).build(),
            &format!("built for xen, not for {}; build it again for this tender", ABI.name()),
        ),
        (
            Image { entry: 0x1000, ..good() }.build(),
            "cannot be loaded: entry point 0x1000 lies outside 0x100000..0x20000000",
        ),
        (
            good().and(Program::load(0x10_1000, W | X, b"x")).build(),
            "cannot be loaded: program header 3: both writable and executable",
        ),
        (
            good().and(Program::load(0x10_0800, R, b"x")).build(),
            "cannot be loaded: program header 3: pages from 0x100000 on overlap the segment that ends at 0x101000",
        ),
        (
            good().and(Program::bss(0x10_1000, (1 << 30) + 1)).build(),
            "cannot be loaded: program header 3: 0x40000001 bytes at 0x101000 do not fit into 0x20000000 bytes of \
             guest memory; it needs at least --mem=1026",
        ),
    ] {
        assert_eq!(about(&content), expected);
    }
    let text = patched(field(1, 8), &0x10_0000_u64.to_le_bytes());
    assert!(about(&text).starts_with("cannot be loaded: program header 1: truncated: "));
    let mut relocatable = whole.clone();
    patch(&mut relocatable, 16, &[3]);
    let relocatable = about(&relocatable);
    assert!(
        relocatable.starts_with("not a Solo5 image: a position-independent executable or shared library"),
        "{relocatable}"
    );
}

#[test]
fn reports_a_bad_image_before_a_bad_option() {
    let ran = run(["--nonsense", "/nonexistent/solo5"]);
    assert_eq!(line(&ran), "'/nonexistent/solo5': cannot be opened: no such file or directory");
}

#[test]
fn reports_a_bad_option_before_a_bad_segment_and_that_before_a_missing_device() {
    let mut image = Image::with_devices(ABI, quiet::code(), &[net("service")]);
    assert!(run_image(&["--nonsense"], &image).stderr.contains("unknown option"));
    image.entry = 0x1000;
    assert!(run_image(&["--nonsense"], &image).stderr.contains("unknown option"));
    assert!(line(&run_image(&[], &image)).contains("entry point 0x1000"));
}

#[test]
fn refuses_to_start_without_all_devices() {
    let image = Image::with_devices(ABI, quiet::code(), &[net("service"), block("storage")]);
    let ran = run_image(&[], &image);
    assert_eq!(ran.end, End::Exit(1));
    let lines: Vec<_> = ran.stderr.lines().collect();
    let [service, storage, end] = lines[..] else { panic!("a line a device, and the end: {lines:?}") };
    let expected =
        "device 'service' (NET_BASIC) is declared by the image but not attached: give --net:service=IFACE";
    assert_eq!(service, format!("{NAME}: {expected}"));
    let expected =
        "device 'storage' (BLOCK_BASIC) is declared by the image but not attached: give --block:storage=PATH";
    assert_eq!(storage, format!("{NAME}: {expected}"));
    assert!(end.ends_with("not all of its devices are attached"), "{end}");
}

#[test]
fn ignores_reserved_entries_of_a_manifest() {
    let mut reserved = good();
    *reserved.programs.last_mut().unwrap() = Program::note(manifest_note(&[(0x4000_0007, "later")]));
    if can_run() {
        assert_eq!(run_image(&[], &reserved).end, End::Exit(0), "they need not be attached");
    }
    reserved.entry = 0x1000;
    let said = about(&reserved.build());
    assert!(said.contains("entry point 0x1000"), "they need not be attached: {said}");
}

#[test]
fn refuses_device_options() {
    let image = Image::with_devices(ABI, quiet::code(), &[net("service"), block("storage")]);
    for (option, expected) in [
        (
            "--net:storage=tap0",
            "the image does not declare a NET_BASIC device 'storage'; it declares service (NET_BASIC), storage (BLOCK_BASIC)",
        ),
        ("--net:a-b=tap0", "'a-b' is not a device name, which has 1 to 67 letters and digits"),
        (
            "--net:service=nosuchinterface",
            "there is no interface 'nosuchinterface': make it with ip tuntap add nosuchinterface mode tap",
        ),
        (
            "--net:service=abcdefghijklmnop",
            "interface name 'abcdefghijklmnop' is too long: at most 15 bytes are possible",
        ),
        (
            "--net:service=@99",
            "descriptor @99 cannot be used: it is not open: hand it over when starting the tender",
        ),
        // The image's own descriptor.
        ("--net:service=@3", "descriptor @3 cannot be used: it is neither a TAP nor a socket"),
        ("--net:service=@0", "descriptor @0 cannot be used: it is neither a TAP nor a socket"),
        ("--net:service=@1", "'@1' is not @ and the decimal number of a descriptor other than 1 and 2"),
        ("--net:service=@3x", "'@3x' is not @ and the decimal number of a descriptor other than 1 and 2"),
        (
            "--net-mac:service=02:00:00:00:00",
            "'02:00:00:00:00' is not an address, which has six pairs of hexadecimal digits: 02:00:00:00:00:01",
        ),
        ("--block:storage=/dev/null", "'/dev/null' is neither a regular file nor a block device"),
        ("--block:storage=/", "'/' cannot be opened: is a directory"),
        ("--block:storage=/nonexistent/x", "'/nonexistent/x' cannot be opened: no such file or directory"),
        (
            "--block-sector-size:storage=521",
            "Block size must be a multiple of 2 greater than or equal 512: a power of two from 512 to 32768",
        ),
        (
            "--block-sector-size:storage=256",
            "Block size must be a multiple of 2 greater than or equal 512: a power of two from 512 to 32768",
        ),
    ] {
        assert_eq!(line(&run_image(&[option], &image)), format!("option '{option}': {expected}"));
    }
    let missing = run_image(&["--net:service"], &image);
    assert_eq!(line(&missing), "option '--net:service' needs a value in the same word: --net:NAME=IFACE");
}

#[test]
fn refuses_arguments_that_do_not_fit() {
    let file = ImageFile::of(&good().build());
    let words = [file.name(), "x".repeat(8192)];
    assert_eq!(line(&run(words)), "arguments of the guest are too long: 8192 bytes, at most 8191 fit");
}

#[test]
fn names_itself_as_it_was_called() {
    let ran = output_of(tender().arg0("/opt/bin/my-tender").arg("/"));
    assert_eq!(ran.stderr, "my-tender: '/': cannot be opened: is a directory\n");
}

/// Every byte of the headers, every bit: the image runs, crashes by itself, or is refused with a line.
#[test]
fn survives_every_flipped_bit_of_an_image() {
    if !can_run() {
        return;
    }
    let image = Image::new(ABI, crash::code()).and(Program::load(0x10_1000, R | W, b"data"));
    let whole = image.build();
    let notes = whole.len() - 136 - 36 - 24;
    let headers = 64 + 56 * image.programs.len();
    let mut refused = 0;
    for at in (0..headers).chain(notes..whole.len()).step_by(SLOW) {
        // One bit a byte, another one each time: all of them take too long for what they add.
        let mut file = whole.clone();
        file[at] ^= 1 << (at / SLOW % 8);
        let file = ImageFile::of(&file);
        let ran = run([file.path()]);
        if ran.end == End::Exit(1) && !ran.stderr.contains("guest killed") {
            assert!(ran.stderr.starts_with(&format!("{NAME}: ")) && ran.stderr.ends_with('\n'), "{ran:?}");
            refused += 1;
        } else if ran.end == End::Signal(libc::SIGSEGV) {
            // One whose entry point was moved.
            check_death(&ran, Fault::Memory);
        } else {
            check_death(&ran, Fault::Instruction);
        }
    }
    assert!(refused > 100 / SLOW, "only {refused} were refused");
}

#[test]
fn survives_truncation_anywhere() {
    let whole = good().build();
    for len in (0..whole.len() - 1).step_by(61) {
        let said = about(&whole[..len]);
        let known = ["truncated", "not an ELF file", "empty"].iter().any(|word| said.contains(word));
        assert!(known, "{said}");
    }
}
