//! Whatever the tender refuses, it says so in one clear line and exits with status 1 (ABI section 6).

use std::process::Stdio;

use crate::support::{
    End, ImageFile, finished, guest, line, run, run_guest, run_image, run_with_less, tender,
};
use solo5_abi::notes::{AbiTarget, TYPE_ABI1};
use test_image::{Image, Program, R, W, X, block, field, manifest_note, net, note, patch};

guest!(quiet: "exit 0");
guest!(crash: "ud2");

const USAGE: &str = "usage: solo5-spt [options] [--] IMAGE [ARGS...]\n";

fn good() -> Image {
    Image::new(AbiTarget::Spt, quiet::code())
}

/// What the tender says about a file, without the file's name.
fn about(content: &[u8]) -> String {
    let file = ImageFile::of(content);
    let ran = run([file.path()]);
    let named = format!("'{}': ", file.path().display());
    line(&ran)
        .strip_prefix(&named)
        .unwrap_or_else(|| panic!("no name of the file: {}", ran.stderr))
        .to_owned()
}

#[test]
fn helps_on_stderr_with_status_1() {
    for words in [&["--help"][..], &["--nonsense", "--help"], &["--mem=8", "--help", "x"]] {
        let ran = run(words);
        assert_eq!((ran.end, ran.stdout.len()), (End::Exit(1), 0));
        assert!(ran.stderr.starts_with(USAGE) && ran.stderr.contains("512"), "{}", ran.stderr);
    }
}

#[test]
fn tells_its_version_on_stderr_with_status_0() {
    let ran = run(["--version"]);
    assert_eq!((ran.end, ran.stdout.len()), (End::Exit(0), 0));
    let lines: Vec<_> = ran.stderr.lines().collect();
    assert_eq!(lines, [&format!("solo5-spt {}", env!("CARGO_PKG_VERSION")), "ABI version 2"]);
}

#[test]
fn shows_its_usage_when_it_can_not_make_sense_of_the_command_line() {
    for (words, expected) in [
        (&[][..], "no IMAGE given: name the image to run"),
        (&["--mem=2"], "no IMAGE given: name the image to run"),
        (&["--"], "no IMAGE given: name the image to run"),
    ] {
        let ran = run(words);
        assert_eq!(ran.end, End::Exit(1));
        assert_eq!(ran.stderr.split_once('\n').unwrap().0, format!("solo5-spt: {expected}"));
        assert!(ran.stderr.contains(USAGE));
    }
    for option in ["-", "-x", "--mem2", "--x-exec-heaps", "--x-exec-heap=1", "--gdb", "--net", "--neT:a=b"] {
        let ran = run_guest(&[option], quiet::code());
        assert_eq!(ran.end, End::Exit(1));
        assert!(
            ran.stderr.starts_with(&format!("solo5-spt: unknown option '{option}'\n{USAGE}")),
            "{}",
            ran.stderr
        );
    }
}

#[test]
fn refuses_memory_sizes_it_can_not_give() {
    for value in ["0", "", "-1", "8x", "0x8", " 8", "134217728", "99999999999999999999"] {
        let option = format!("--mem={value}");
        let expected = format!(
            "option '{option}': malformed memory size, give MiB as a decimal number from 1 to 134217727"
        );
        assert_eq!(line(&run_guest(&[&option], quiet::code())), expected);
    }
    let missing = "option '--mem' needs a value in the same word: --mem=N";
    assert_eq!(line(&run_guest(&["--mem", "--"], quiet::code())), missing);
    let collision =
        "guest memory of 134000000 MiB collides with what this process has mapped: give less with --mem=N";
    assert_eq!(line(&run_guest(&["--mem=134000000"], quiet::code())), collision);
    let ran = run_guest(&["--mem=1"], quiet::code());
    assert!(line(&ran).ends_with("cannot be loaded: entry point 0x100000 lies outside 0x100000..0x100000; it needs at least --mem=2"), "{ran:?}");
}

#[test]
fn refuses_what_is_not_a_file_it_can_read() {
    for (path, why) in [
        ("/nonexistent/solo5.spt", "no such file or directory"),
        ("/", "is a directory"),
        ("/dev/null", "is not a regular file"),
        ("/etc/passwd/x", "not a directory"),
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
    use std::os::unix::fs::PermissionsExt as _;
    let file = ImageFile::of(&good().build());
    std::fs::set_permissions(file.path(), std::fs::Permissions::from_mode(0o000)).unwrap();
    // Root may read anything, so another user has to try.
    let ran = match std::fs::read(file.path()) {
        Err(_) => run([file.path()]),
        Ok(_) => match run_with_less(None, [file.path()]) {
            Some(ran) => ran,
            None => return,
        },
    };
    assert_eq!(ran.end, End::Exit(1));
    assert!(
        ran.stderr.ends_with(&format!("'{}': cannot be opened: permission denied\n", file.path().display())),
        "{ran:?}"
    );
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
        (
            Image::new(AbiTarget::Hvt, quiet::code()).build(),
            "built for hvt, not for spt; run it with solo5-hvt",
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
            good().and(Program::bss(0x10_1000, 1 << 30)).build(),
            "cannot be loaded: program header 3: 0x40000000 bytes at 0x101000 do not fit into 0x20000000 bytes of \
             guest memory; it needs at least --mem=1026",
        ),
    ] {
        assert_eq!(about(&content), expected);
    }
    let text = patched(field(1, 8), &0x10_0000_u64.to_le_bytes());
    assert!(about(&text).starts_with("cannot be loaded: program header 1: truncated: "));
    let ordinary = about(&std::fs::read("/bin/sh").unwrap());
    assert!(
        ordinary.starts_with("not a Solo5 image: a position-independent executable or shared library"),
        "{ordinary}"
    );
}

#[test]
fn reports_a_bad_image_before_a_bad_option() {
    let ran = run(["--nonsense", "/nonexistent/solo5.spt"]);
    assert_eq!(line(&ran), "'/nonexistent/solo5.spt': cannot be opened: no such file or directory");
}

#[test]
fn refuses_to_start_without_all_devices() {
    let image = Image::with_devices(AbiTarget::Spt, quiet::code(), &[net("service"), block("storage")]);
    let ran = run_image(&[], &image);
    assert_eq!(ran.end, End::Exit(1));
    let lines: Vec<_> = ran.stderr.lines().collect();
    assert_eq!(lines.len(), 3, "a line a device, and the end: {lines:?}");
    assert_eq!(
        lines[0],
        "solo5-spt: device 'service' (NET_BASIC) is declared by the image but not attached: give --net:service=IFACE"
    );
    assert_eq!(
        lines[1],
        "solo5-spt: device 'storage' (BLOCK_BASIC) is declared by the image but not attached: give --block:storage=PATH"
    );
    assert!(lines[2].ends_with("not all of its devices are attached"), "{}", lines[2]);
    let mut reserved = good();
    *reserved.programs.last_mut().unwrap() = Program::note(manifest_note(&[(0x4000_0007, "later")]));
    assert_eq!(run_image(&[], &reserved).end, End::Exit(0), "reserved entries need not be attached");
}

#[test]
fn refuses_device_options() {
    let image = Image::with_devices(AbiTarget::Spt, quiet::code(), &[net("service"), block("storage")]);
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
    let ran = finished(tender().arg(file.path()).arg("x".repeat(8192)).output().unwrap());
    assert_eq!(line(&ran), "arguments of the guest are too long: 8192 bytes, at most 8191 fit");
}

#[test]
fn names_itself_as_it_was_called() {
    use std::os::unix::process::CommandExt as _;
    let output = tender().arg0("/opt/bin/my-tender").arg("/").stdin(Stdio::null()).output().unwrap();
    assert_eq!(finished(output).stderr, "my-tender: '/': cannot be opened: is a directory\n");
}

/// Every byte of the headers, every bit: the image runs, crashes by itself, or is refused with a line.
#[test]
fn survives_every_flipped_bit_of_an_image() {
    let image = Image::new(AbiTarget::Spt, crash::code()).and(Program::load(0x10_1000, R | W, b"data"));
    let whole = image.build();
    let notes = whole.len() - 136 - 36 - 24;
    let headers = 64 + 56 * image.programs.len();
    let mut refused = 0;
    for at in (0..headers).chain(notes..whole.len()) {
        // One bit a byte, another one each time: all of them take too long for what they add.
        let mut file = whole.clone();
        file[at] ^= 1 << (at % 8);
        let file = ImageFile::of(&file);
        let ran = run([file.path()]);
        match ran.end {
            End::Exit(1) => {
                assert!(
                    ran.stderr.starts_with("solo5-spt: ") && ran.stderr.ends_with('\n'),
                    "byte {at}: {ran:?}"
                );
                refused += 1;
            }
            // SIGILL is the guest's own end; SIGSEGV, that of one whose entry point was moved.
            End::Signal(4 | 11) => assert_eq!(ran.stderr, "", "byte {at}"),
            other => panic!("byte {at}: {other:?}"),
        }
    }
    assert!(refused > 100, "only {refused} were refused");
}

#[test]
fn survives_truncation_anywhere() {
    let whole = good().build();
    for len in (0..whole.len() - 1).step_by(61) {
        let file = ImageFile::of(&whole[..len]);
        let ran = run([file.path()]);
        let said = line(&ran);
        assert!(
            said.contains("truncated") || said.contains("not an ELF file") || said.contains("empty"),
            "{said}"
        );
    }
}
