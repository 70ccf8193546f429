//! Whatever the tender refuses, it says so in one clear line and exits with status 1 (ABI section 6).
//! None of this needs KVM.

use crate::support::{End, ImageFile, guest, line, run, run_guest, run_image, tender};
use solo5_abi::notes::{AbiTarget, TYPE_ABI1};
use std::process::Stdio;
use test_image::{Image, Program, R, W, X, block, manifest_note, net, note};

guest!(quiet: "exit 0");

const USAGE: &str = "usage: solo5-hvt [options] [--] IMAGE [ARGS...]\n";

fn good() -> Image {
    Image::new(AbiTarget::Hvt, quiet::code())
}

/// What the tender says about a file, without the file's name.
fn about(options: &[&str], content: &[u8]) -> String {
    let file = ImageFile::of(content);
    let ran = run(options.iter().map(AsRef::as_ref).chain([file.path().as_os_str()]));
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
    assert_eq!(lines, [&format!("solo5-hvt {}", env!("CARGO_PKG_VERSION")), "ABI version 2"]);
}

#[test]
fn shows_its_usage_when_it_can_not_make_sense_of_the_command_line() {
    for words in [&[][..], &["--mem=2"], &["--"]] {
        let ran = run(words);
        assert_eq!(ran.end, End::Exit(1));
        let expected = format!("solo5-hvt: no IMAGE given: name the image to run\n{USAGE}");
        assert!(ran.stderr.starts_with(&expected), "{}", ran.stderr);
    }
    for option in ["-", "-x", "--mem2", "--x-exec-heaps", "--gdbs", "--no-net-ring=1", "--net", "--name=x"] {
        let ran = run_guest(&[option], quiet::code());
        assert_eq!(ran.end, End::Exit(1));
        let expected = format!("solo5-hvt: unknown option '{option}'\n{USAGE}");
        assert!(ran.stderr.starts_with(&expected), "{}", ran.stderr);
    }
}

#[test]
fn refuses_memory_sizes_it_can_not_give() {
    for value in ["0", "", "-1", "8x", "0x8", " 8", "4098", "99999999999999999999"] {
        let option = format!("--mem={value}");
        let expected =
            format!("option '{option}': malformed memory size, give MiB as a decimal number from 1 to 4096");
        assert_eq!(line(&run_guest(&[&option], quiet::code())), expected);
    }
    let missing = "option '--mem' needs a value in the same word: --mem=N";
    assert_eq!(line(&run_guest(&["--mem", "--"], quiet::code())), missing);
}

#[test]
fn refuses_images_it_can_not_run() {
    let noted = |index_from_end: usize, content: Vec<u8>| {
        let mut image = good();
        let index = image.programs.len() - 1 - index_from_end;
        image.programs[index] = Program::note(content);
        image.build()
    };
    for (content, expected) in [
        (b"#!/bin/sh\n".to_vec(), "not a Solo5 image: a script, not an ELF file"),
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
            Image::new(AbiTarget::Spt, quiet::code()).build(),
            "built for spt, not for hvt; run it with solo5-spt",
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
        assert_eq!(about(&[], &content), expected);
    }
}

#[test]
fn reports_a_bad_image_before_a_bad_option() {
    let ran = run(["--nonsense", "/nonexistent/solo5.hvt"]);
    assert_eq!(line(&ran), "'/nonexistent/solo5.hvt': cannot be opened: no such file or directory");
}

#[test]
fn refuses_to_start_without_all_devices() {
    let image = Image::with_devices(AbiTarget::Hvt, quiet::code(), &[net("service"), block("storage")]);
    let ran = run_image(&[], &image);
    assert_eq!(ran.end, End::Exit(1));
    let lines: Vec<_> = ran.stderr.lines().collect();
    assert_eq!(lines.len(), 3, "a line a device, and the end: {lines:?}");
    assert_eq!(
        lines[0],
        "solo5-hvt: device 'service' (NET_BASIC) is declared by the image but not attached: give --net:service=IFACE"
    );
    assert_eq!(
        lines[1],
        "solo5-hvt: device 'storage' (BLOCK_BASIC) is declared by the image but not attached: give --block:storage=PATH"
    );
    assert!(lines[2].ends_with("not all of its devices are attached"), "{}", lines[2]);
}

#[test]
fn refuses_device_options() {
    let image = Image::with_devices(AbiTarget::Hvt, quiet::code(), &[net("service"), block("storage")]);
    for (option, expected) in [
        (
            "--net:storage=tap0",
            "the image does not declare a NET_BASIC device 'storage'; it declares service (NET_BASIC), storage (BLOCK_BASIC)",
        ),
        (
            "--net:service=nosuchinterface",
            "there is no interface 'nosuchinterface': make it with ip tuntap add nosuchinterface mode tap",
        ),
        ("--net:service=@0", "descriptor @0 cannot be used: it is neither a TAP nor a socket"),
        ("--block:storage=/dev/null", "'/dev/null' is neither a regular file nor a block device"),
        (
            "--block-sector-size:storage=521",
            "Block size must be a multiple of 2 greater than or equal 512: a power of two from 512 to 32768",
        ),
    ] {
        assert_eq!(line(&run_image(&[option], &image)), format!("option '{option}': {expected}"));
    }
    let odd = ImageFile::of(&[0; 6144]);
    let option = format!("--block:storage={}", odd.path().display());
    let ran = run_image(&[&option, "--block-sector-size:storage=4096"], &image);
    assert!(line(&ran).contains("Backing storage size must be block aligned: 6144 bytes"), "{ran:?}");
}

#[test]
fn refuses_arguments_that_do_not_fit() {
    let file = ImageFile::of(&good().build());
    let words = [file.path().as_os_str().to_owned(), "x".repeat(8192).into()];
    assert_eq!(line(&run(words)), "arguments of the guest are too long: 8192 bytes, at most 8191 fit");
}

#[test]
fn names_itself_as_it_was_called() {
    use std::os::unix::process::CommandExt as _;
    let output = tender().arg0("/opt/bin/my-tender").arg("/").stdin(Stdio::null()).output().unwrap();
    assert_eq!(
        String::from_utf8(output.stderr).unwrap(),
        "my-tender: '/': cannot be opened: is a directory\n"
    );
}

#[test]
fn survives_truncation_anywhere() {
    let whole = good().build();
    for len in (0..whole.len() - 1).step_by(61) {
        let said = about(&[], &whole[..len]);
        let known = ["truncated", "not an ELF file", "empty"].iter().any(|word| said.contains(word));
        assert!(known, "{said}");
    }
}

#[test]
fn ignores_reserved_entries_of_a_manifest() {
    let mut reserved = good();
    *reserved.programs.last_mut().unwrap() = Program::note(manifest_note(&[(0x4000_0007, "later")]));
    reserved.entry = 0x1000;
    let said = about(&[], &reserved.build());
    assert!(said.contains("entry point 0x1000"), "reserved entries need not be attached: {said}");
}

#[test]
fn refuses_segments_in_more_places_than_it_can_protect() {
    let scattered = |count: u64| {
        let mut image = good();
        let more = (1..=count).map(|at| Program::load(at * 0x20_0000 + 0x1000, R, b"x"));
        image.programs.splice(2..2, more);
        about(&["--mem=1024"], &image.build())
    };
    let expected = "cannot be loaded: its segments begin or end in 209 stretches of 2 MiB, of which at most 208 can be \
                    protected page by page";
    assert_eq!(scattered(209), expected);
}
