//! Image files that are not what they should be, each with a line of its own (ABI section 4.10).

use std::ffi::CString;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::path::PathBuf;

use solo5_abi::limits::MFT_MAX_SIZE;
use solo5_abi::notes::AbiTarget;
use solo5_elf::ReadAt as _;
use tender_core::image::{ImageFile, OpenError, Window};
use tender_core::syscall;
use test_image::{Image, Program, R};

/// A file that is removed when the test is over.
struct TempFile(PathBuf);

impl TempFile {
    fn new(name: &str, content: &[u8]) -> Self {
        let path = std::env::temp_dir().join(format!("uk-tender-core-{}-{name}", std::process::id()));
        fs::write(&path, content).unwrap();
        Self(path)
    }

    fn open<'w>(&self, window: &'w mut Window) -> ImageFile<'w> {
        ImageFile::open(&CString::new(self.0.as_os_str().as_bytes()).unwrap(), window).unwrap()
    }
}

impl Drop for TempFile {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

fn refusal(name: &str, content: &[u8]) -> String {
    let image = TempFile::new(name, content);
    image.open(&mut [0; _]).check(AbiTarget::Spt, 2, &mut [0; MFT_MAX_SIZE]).unwrap_err().to_string()
}

#[test]
fn accepts_an_image_and_reads_it_beyond_the_first_page() {
    let file = Image::new(AbiTarget::Spt, &[7; 9000]).build();
    let image = TempFile::new("good", &file);
    let mut window = [0; _];
    let open = image.open(&mut window);
    assert!(open.check(AbiTarget::Spt, 2, &mut [0; MFT_MAX_SIZE]).is_ok());
    for (offset, len) in [(0, 64), (4000, 200), (4096, 4096), (0, file.len()), (file.len() - 1, 1)] {
        let mut bytes = vec![0; len];
        open.read_at(offset as u64, &mut bytes).unwrap();
        assert_eq!(bytes, file[offset..offset + len]);
    }
    assert!(open.read_at(file.len() as u64, &mut [0]).is_err());
    assert!(open.read_at(u64::MAX, &mut [0]).is_err());
    syscall::close(open.fd());
}

#[test]
fn refuses_what_can_not_be_opened() {
    assert_eq!(ImageFile::open(c"/", &mut [0; _]).unwrap_err(), OpenError::Directory);
    assert_eq!(ImageFile::open(c"/dev/null", &mut [0; _]).unwrap_err(), OpenError::NotAFile);
    assert_eq!(
        ImageFile::open(c"/nonexistent/x", &mut [0; _]).unwrap_err().to_string(),
        "no such file or directory"
    );
}

#[test]
fn says_what_it_was_given_instead() {
    let mut ordinary = Image::new(AbiTarget::Spt, b"x");
    ordinary.programs.truncate(3);
    ordinary.programs[0].content = b"/lib64/ld-linux-x86-64.so.2\0".to_vec();
    let mut bare = Image::new(AbiTarget::Spt, b"x");
    bare.programs.truncate(3);
    let mut no_manifest = Image::new(AbiTarget::Spt, b"x");
    no_manifest.programs.pop();
    no_manifest.programs.push(Program::load(0x20_0000, R, b"x"));
    let whole = Image::new(AbiTarget::Spt, b"x").build();
    for (name, content, expected) in [
        ("empty", Vec::new(), "not a Solo5 image: the file is empty"),
        ("script", b"#!/bin/sh\n".to_vec(), "not a Solo5 image: a script, not an ELF file"),
        (
            "ordinary",
            ordinary.build(),
            "not a Solo5 image: an ordinary program, run by /lib64/ld-linux-x86-64.so.2",
        ),
        ("bare", bare.build(), "not a Solo5 image: no Solo5 ABI note"),
        ("no-manifest", no_manifest.build(), "invalid image: no Solo5 manifest note"),
        (
            "hvt",
            Image::new(AbiTarget::Hvt, b"x").build(),
            "built for hvt, not for spt; run it with solo5-hvt",
        ),
        (
            "xen",
            Image::new(AbiTarget::Xen, b"x").build(),
            "built for xen, not for spt; build it again for this tender",
        ),
        (
            "cut",
            whole[..50].to_vec(),
            "not a Solo5 image: truncated: 64 bytes wanted at offset 0x0, the file has 50",
        ),
    ] {
        assert_eq!(refusal(name, &content), expected);
    }
}
