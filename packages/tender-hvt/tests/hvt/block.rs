//! Block devices: real files (ABI sections 4.5, 6.5).

use std::fs::{self, File};
use std::process::Stdio;

use solo5_abi::result::{EINVAL, EUNSPEC, OK};
use test_image::block;

use crate::calls::{BUFFER, Call, image, records};
use crate::suite::support::{End, ImageFile, Ran, finished, guest, run_image, tender};
use crate::target::{can_run, death};
use solo5_abi::notes::AbiTarget;
use test_image::Image;

/// A file of three blocks, each full of its number plus 1.
fn disk() -> ImageFile {
    ImageFile::of(&[[1; 512], [2; 512], [3; 512]].concat())
}

fn run_on(disk: &ImageFile, calls: &[Call]) -> Ran {
    let attach = format!("--block:storage={}", disk.path().display());
    run_image(&["--mem=4", &attach], &image(&[block("storage")], calls))
}

/// The result code of a record of `BLOCK_READ` or `BLOCK_WRITE`.
fn code(record: &[u64]) -> i32 {
    let [low @ .., _, _, _, _] = record[4].to_le_bytes();
    i32::from_le_bytes(low)
}

#[test]
fn reads_and_writes_whole_and_broken_blocks_up_to_the_end() {
    if !can_run() {
        return;
    }
    let disk = disk();
    for (offset, len) in [(0, 512), (1024, 512), (0, 1536), (1535, 1), (511, 2), (0, 0), (1535, 0)] {
        let calls = [
            Call::block_read(1, offset, BUFFER, len),
            Call::puts(BUFFER, len),
            Call::block_write(1, offset, BUFFER, len),
        ];
        let ran = run_on(&disk, &calls);
        let done = records(&ran, &calls);
        assert_eq!((code(&done[0]), code(&done[2])), (OK, OK), "{offset} {len}");
        assert_eq!(done[0][..4], [1, offset, BUFFER, len], "the record keeps its other fields");
        let (from, len) = (usize::try_from(offset).unwrap(), usize::try_from(len).unwrap());
        assert_eq!(ran.stdout[40..][..len], fs::read(disk.path()).unwrap()[from..][..len]);
    }
    let calls = [Call::block_write(1, 512, 0x12_0000, 9)];
    assert_eq!(code(&records(&run_on(&disk, &calls), &calls)[0]), OK);
    assert_eq!(&fs::read(disk.path()).unwrap()[510..523], b"\x01\x01read-only\x02\x02");
}

#[test]
fn refuses_what_is_not_on_the_disk_before_it_looks_at_the_buffer() {
    if !can_run() {
        return;
    }
    let disk = disk();
    let before = fs::read(disk.path()).unwrap();
    for (handle, offset, len) in [
        (0, 0, 512),
        (2, 0, 512),
        (64, 0, 512),
        (0x1_0000_0001, 0, 512),
        (u64::MAX, 0, 512),
        (1, 1536, 0),
        (1, 1536, 1),
        (1, 1535, 2),
        (1, 0, 1537),
        (1, u64::MAX, 1),
        (1, u64::MAX - 511, 512),
        (1, 1024, u64::MAX - 1023),
        (1, 0, u64::MAX),
        (1, 0, 1 << 63),
    ] {
        // The buffer is nowhere.
        let calls = [Call::block_read(handle, offset, !0, len), Call::block_write(handle, offset, !0, len)];
        for record in records(&run_on(&disk, &calls), &calls) {
            assert_eq!(code(&record), EINVAL, "{handle} {offset} {len}");
        }
    }
    assert_eq!(fs::read(disk.path()).unwrap(), before);
}

#[test]
fn kills_a_guest_whose_buffer_it_could_not_use_itself() {
    if !can_run() {
        return;
    }
    let disk = disk();
    let before = fs::read(disk.path()).unwrap();
    for (call, expected) in [
        (Call::block_read(1, 0, 0x10_0000, 512), "0x100000..0x101000 cannot be written"),
        (Call::block_read(1, 0, 0x11_FFFF, 512), "0x120000..0x121000 cannot be written"),
        (Call::block_read(1, 0, 0x1_0000, 512), "0x10000..0x100000 cannot be written"),
        (Call::block_read(1, 0, 0x2000, 512), "0x0..0x10000 cannot be written"),
        (Call::block_read(1, 0, 0x3F_FE01, 512), "outside memory"),
        (Call::block_write(1, 0, 0x12_1000, 512), "0x121000..0x122000 cannot be read"),
        (Call::block_write(1, 0, 0x3F_FE01, 512), "outside memory"),
        (Call::block_write(1, 0, u64::MAX, 512), "outside memory"),
    ] {
        let said = death(&run_on(&disk, &[call]));
        assert!(said.starts_with("BLOCK_") && said.contains(expected), "{said}");
    }
    assert_eq!(fs::read(disk.path()).unwrap(), before);
}

// Reads the last block again and again until that fails; the status is the result code.
guest!(read_until_error:
    "print rip + 5f, 1"
    "2: mov qword ptr [0x180100], 1" "mov qword ptr [0x180108], 1024" "mov qword ptr [0x180110], 0x190000"
    "mov qword ptr [0x180118], 512" "call_tender 5, 0x180100"
    "mov ebx, [0x180120]" "test ebx, ebx" "jz 2b"
    "mov qword ptr [0x180000], 0" "mov [0x180008], ebx" "call_tender 8, 0x180000"
    "5: .ascii \"r\"");

#[test]
fn survives_a_disk_that_becomes_shorter() {
    if !can_run() {
        return;
    }
    let disk = disk();
    let devices = [block("storage")];
    let file =
        ImageFile::of(&Image::with_devices(AbiTarget::Hvt, read_until_error::code(), &devices).build());
    let mut command = tender();
    command.arg(format!("--block:storage={}", disk.path().display())).arg(file.path());
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    std::io::Read::read_exact(child.stdout.as_mut().unwrap(), &mut [0]).unwrap();
    File::options().write(true).open(disk.path()).unwrap().set_len(1024).unwrap();
    assert_eq!(finished(child.wait_with_output().unwrap()).end, End::Exit(EUNSPEC));
}
