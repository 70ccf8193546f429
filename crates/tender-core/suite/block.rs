//! Block devices: real files under real guests (ABI sections 4.5, 5.5, 6.5).

use std::fs::{self, File, Permissions};
use std::os::unix::fs::{FileExt as _, PermissionsExt as _};
use std::process::Command;

use test_image::{Image, Program, R, block, net};

use super::support::{
    End, ImageFile, Ran, check_exit, guest, in_namespaces, kill, line, mount_memory, output_of, run,
    run_with_less, skip, tender, waiting,
};
use crate::target::{
    ABI, HAS_LOOP_DEVICES, NAME, SLOW, anybody_can_run, can_run, check_backend, code_of, tender_path,
};

const READ: u64 = 0;
const WRITE: u64 = 1;

// Writes the last block and the first one, reads both back.
guest!(write_both_ends:
    "mov r12d, 1" "entry_of r12, r12" "cmp byte ptr [r12 + 96], 1" "fail_unless e, 1"
    "movzx r13d, word ptr [r12 + 80]" "mov r14, [r12 + 72]" "sub r14, r13" "mov r12d, 1"
    "mov edi, 0x190000" "mov al, 0xA5" "mov ecx, r13d" "rep stosb" "mov dword ptr [0x190000], 0x7473616C"
    "write_block r14, 0x190000" "test eax, eax" "fail_unless z, 2"
    "read_block r14, 0x1A0000" "test eax, eax" "fail_unless z, 3"
    "mov esi, 0x190000" "mov edi, 0x1A0000" "mov ecx, r13d" "repe cmpsb" "fail_unless e, 4"
    "xor r14d, r14d" "read_block r14, 0x1A0000" "test eax, eax" "fail_unless z, 5"
    "cmp dword ptr [0x1A0000], 0x74737266" "fail_unless e, 6"
    "mov dword ptr [0x1A0000], 0x30303030" "write_block r14, 0x1A0000" "test eax, eax" "fail_unless z, 7"
    "exit 0");
// Writes its offset, and a pattern, to every tenth block; then reads all of them back.
guest!(write_every_tenth:
    "mov r12d, 1" "entry_of r12, r12" "movzx r13d, word ptr [r12 + 80]" "mov r14, [r12 + 72]" "mov r12d, 1"
    "imul rbp, r13, 10"
    "mov edi, 0x190000" "mov al, 0x5A" "mov ecx, r13d" "rep stosb"
    "xor ebx, ebx"
    "2: mov [0x190000], rbx" "write_block rbx, 0x190000" "test eax, eax" "fail_unless z, 1"
    "add rbx, rbp" "cmp rbx, r14" "jb 2b"
    "xor ebx, ebx"
    "3: mov [0x190000], rbx" "read_block rbx, 0x1A0000" "test eax, eax" "fail_unless z, 2"
    "mov esi, 0x190000" "mov edi, 0x1A0000" "mov ecx, r13d" "repe cmpsb" "fail_unless e, 3"
    "add rbx, rbp" "cmp rbx, r14" "jb 3b"
    "exit 0");
// Moves the one block that the image's data segment describes: direction and offset. Prints what it heard.
guest!(one_call:
    "mov r12d, 1" "mov r13d, 512" "mov r14, [0x101008]"
    "cmp qword ptr [0x101000], 0" "jne 2f" "read_block r14, 0x190000" "jmp 3f"
    "2: write_block r14, 0x190000"
    "3: mov [0x1A0000], eax" "print 0x1A0000, 4" "exit 0");
// Reads the first block of all 63 devices, whose first byte is the device's handle.
guest!(read_63_devices:
    "mov r12d, 1" "mov r13d, 512"
    "2: entry_of rbx, r12" "cmp byte ptr [rbx + 96], 1" "fail_unless e, 1"
    "xor r14d, r14d" "read_block r14, 0x190000" "test eax, eax" "fail_unless z, 2"
    "cmp [0x190000], r12b" "fail_unless e, 3"
    "mov r14d, 512" "write_block r14, 0x190000" "test eax, eax" "fail_unless z, 4"
    "inc r12d" "cmp r12d, 64" "jb 2b" "exit 0");
guest!(print_manifest: "xor r12d, r12d" "entry_of rbx, r12" "sub rbx, 8" "print rbx, 320" "exit 0");
guest!(say_ready_and_wait: "print rip + 2f, 6" "sleep_forever" "2: .ascii \"ready\\n\"");

/// A disk of so many bytes that begins with "frst".
fn disk(size: usize) -> ImageFile {
    let mut content = vec![0; size];
    if let Some(head) = content.get_mut(..4) {
        head.copy_from_slice(b"frst");
    }
    ImageFile::of(&content)
}

fn attach(name: &str, file: &ImageFile) -> String {
    format!("--block:{name}={}", file.name())
}

/// An image with one block device, `storage`.
fn image(code: &[u8]) -> ImageFile {
    ImageFile::with_devices(code, &[block("storage")])
}

/// An image that reads or writes one block of it.
fn calling(direction: u64, offset: u64) -> ImageFile {
    let parameters = [direction, offset].map(u64::to_le_bytes).concat();
    let image = Image::with_devices(ABI, one_call::code(), &[block("storage")]);
    ImageFile::of(&image.and(Program::load(0x10_1000, R, &parameters)).build())
}

/// What such an image heard: 0, or an error.
fn heard(ran: &Ran) -> i32 {
    assert_eq!(ran.end, End::Exit(0), "{ran:?}");
    i32::from_le_bytes(ran.stdout[..].try_into().unwrap())
}

fn run_on(disk: &ImageFile, image: &ImageFile, more: &[&str]) -> Ran {
    let words = [attach("storage", disk)].into_iter().chain(more.iter().map(|&word| word.to_owned()));
    run(words.chain([image.name()]))
}

#[test]
fn gives_the_guest_a_file_from_the_first_block_to_the_last() {
    if !can_run() {
        return;
    }
    let image = image(write_both_ends::code());
    for block_size in [512, 1024, 4096, 32768] {
        let disk = disk(4 << 20);
        let option = format!("--block-sector-size:storage={block_size}");
        let options: &[&str] = if block_size == 512 { &[] } else { &[&option] };
        check_exit(&run_on(&disk, &image, options), 0);
        let content = fs::read(disk.path()).unwrap();
        assert_eq!(content.len(), 4 << 20);
        let last = &content[content.len() - block_size..];
        assert!(last.starts_with(b"last") && last[4..].iter().all(|&byte| byte == 0xA5));
        assert!(content.starts_with(b"0000"));
        assert!(content[block_size..content.len() - block_size].iter().all(|&byte| byte == 0));
    }
    let smallest = disk(512);
    assert_eq!(run_on(&smallest, &image, &[]).end, End::Exit(6), "the first block is the last one");
}

#[test]
fn keeps_every_block_apart() {
    if !can_run() {
        return;
    }
    let image = image(write_every_tenth::code());
    for block_size in [512_usize, 4096] {
        let disk = disk((4 << 20) / SLOW);
        check_exit(&run_on(&disk, &image, &[&format!("--block-sector-size:storage={block_size}")]), 0);
        for (number, block) in fs::read(disk.path()).unwrap().chunks_exact(block_size).enumerate() {
            let (offset, rest) = block.split_first_chunk::<8>().unwrap();
            let written = number.is_multiple_of(10);
            assert_eq!(usize::from_le_bytes(*offset), if written { number * block_size } else { 0 });
            assert!(rest.iter().all(|&byte| byte == if written { 0x5A } else { 0 }), "block {number}");
        }
    }
}

#[test]
fn serves_a_file_larger_than_4_gib() {
    if !can_run() {
        return;
    }
    let disk = disk(512);
    File::options().write(true).open(disk.path()).unwrap().set_len((5 << 30) + 512).unwrap();
    check_exit(&run_on(&disk, &image(write_both_ends::code()), &[]), 0);
    let mut last = [0; 4];
    File::open(disk.path()).unwrap().read_exact_at(&mut last, 5 << 30).unwrap();
    assert_eq!(&last, b"last");
}

#[test]
fn tells_the_guest_what_is_attached_whatever_the_image_says_itself() {
    if !can_run() {
        return;
    }
    let mut image = Image::with_devices(ABI, print_manifest::code(), &[block("a"), block("b")]);
    // Stale properties and a stale descriptor in the image do not count.
    image.programs.last_mut().unwrap().content[32 + 104 + 72..][..24].fill(0xEE);
    let image = ImageFile::of(&image.build());
    let (a, b) = (disk(1024), disk(1 << 20));
    let words = [attach("b", &b), "--block-sector-size:b=4096".to_owned(), attach("a", &a), image.name()];
    let ran = run(words);
    check_exit(&ran, 0);
    let entry = |handle: usize| &ran.stdout[8 + 104 * handle..][..104];
    assert!(entry(0)[72..].iter().all(|&byte| byte == 0));
    for (handle, name, capacity, block_size) in [(1, b'a', 1024_u64, 512_u16), (2, b'b', 1 << 20, 4096)] {
        let entry = entry(handle);
        assert_eq!(entry[..2], [name, 0]);
        assert_eq!(entry[72..80], capacity.to_le_bytes());
        assert_eq!(entry[80..82], block_size.to_le_bytes());
        assert_eq!((&entry[82..88], &entry[97..]), (&[0; 6][..], &[0; 7][..]));
        check_backend(entry[88..96].try_into().unwrap());
        assert_eq!(entry[96], 1);
    }
    let backends = [1, 2].map(|handle| &entry(handle)[88..96]);
    assert!(backends[0] != backends[1] || backends[0] == [0; 8], "a descriptor each");
}

#[test]
fn gives_the_guest_63_devices() {
    let names: Vec<String> = (1..64).map(|handle| format!("disk{handle}")).collect();
    let devices: Vec<_> = names.iter().map(|name| block(name)).collect();
    let image = ImageFile::with_devices(read_63_devices::code(), &devices);
    let disks: Vec<_> = (1..64).map(|handle| ImageFile::of(&[handle; 1024])).collect();
    let words: Vec<_> = names.iter().zip(&disks).map(|(name, disk)| attach(name, disk)).collect();
    if can_run() {
        check_exit(&run(words.iter().cloned().chain([image.name()])), 0);
    }
    let without_last = run(words[..62].iter().cloned().chain([image.name()]));
    assert_eq!(without_last.end, End::Exit(1));
    let expected = format!("{NAME}: device 'disk63' (BLOCK_BASIC) is declared");
    assert!(without_last.stderr.starts_with(&expected), "{without_last:?}");
}

#[test]
fn refuses_a_disk_that_is_locked() {
    let (disk, image) = (disk(4096), image(write_both_ends::code()));
    let held = File::open(disk.path()).unwrap();
    held.lock().unwrap();
    let in_use = format!(
        "device 'storage' (BLOCK_BASIC): '{}' is in use: another guest, or another device of this one, has locked it",
        disk.name()
    );
    let shared = "--block-lock:storage=shared";
    assert_eq!(line(&run_on(&disk, &image, &[])), in_use);
    assert_eq!(line(&run_on(&disk, &image, &[shared])), in_use);
    held.lock_shared().unwrap();
    assert_eq!(line(&run_on(&disk, &image, &[])), in_use, "who does not say so wants it alone");
    if can_run() {
        check_exit(&run_on(&disk, &image, &[shared]), 0);
    }
}

#[test]
fn refuses_a_disk_that_is_in_use_until_its_guest_has_ended() {
    if !can_run() {
        return;
    }
    let (disk, waits) = (disk(4096), image(say_ready_and_wait::code()));
    let first = waiting(tender().arg(attach("storage", &disk)).arg(waits.path()));
    let image = image(write_both_ends::code());
    assert!(line(&run_on(&disk, &image, &[])).contains("is in use"));
    kill(first);
    check_exit(&run_on(&disk, &image, &[]), 0);
}

#[test]
fn shares_a_disk_between_guests_that_all_say_so() {
    if !can_run() {
        return;
    }
    let (disk, waits) = (disk(4096), image(say_ready_and_wait::code()));
    let shared = "--block-lock:storage=shared";
    let first = waiting(tender().args([&attach("storage", &disk), shared]).arg(waits.path()));
    let image = image(write_both_ends::code());
    check_exit(&run_on(&disk, &image, &[shared]), 0);
    assert!(line(&run_on(&disk, &image, &[])).contains("is in use"), "who does not say so wants it alone");
    kill(first);
}

#[test]
fn attaches_what_can_not_be_written_for_reading_and_lets_writes_fail() {
    if !can_run() {
        return;
    }
    let disk = disk(4096);
    fs::set_permissions(disk.path(), Permissions::from_mode(0o444)).unwrap();
    for (direction, expected) in [(READ, 0), (WRITE, code_of(libc::EBADF))] {
        let image = calling(direction, 0);
        let words = [attach("storage", &disk), image.name()];
        let warning = format!(
            "{NAME}: warning: device 'storage' is read-only, writes to it fail: '{}' cannot be opened for writing: \
             permission denied\n",
            disk.name()
        );
        // Root, who may write anything, takes a file at its word.
        let ran = run(&words);
        assert_eq!((heard(&ran), ran.stderr), (expected, warning.clone()));
        if anybody_can_run() {
            let Some(ran) = run_with_less(None, words) else { return };
            assert_eq!((heard(&ran), ran.stderr), (expected, warning));
        }
    }
    // Readers share it; a writer does not come between them.
    let reader = File::open(disk.path()).unwrap();
    reader.lock_shared().unwrap();
    let image = calling(READ, 0);
    let words = [attach("storage", &disk), image.name()];
    assert_eq!(heard(&run(&words)), 0);
    fs::set_permissions(disk.path(), Permissions::from_mode(0o644)).unwrap();
    assert!(line(&run(&words)).contains("is in use"));
    fs::set_permissions(disk.path(), Permissions::from_mode(0o000)).unwrap();
    let Some(ran) = run_with_less(None, &words) else { return };
    let refusal = format!("option '{}': '{}' cannot be opened: permission denied", words[0], disk.name());
    assert_eq!(line(&ran), refusal);
}

#[test]
fn lets_writes_to_a_full_disk_fail() {
    if !can_run() {
        return;
    }
    let image = calling(WRITE, 0);
    in_namespaces(move || {
        // Nothing of it is needed here.
        mount_memory(c"/sys", c"size=8k");
        File::create("/sys/disk").unwrap().set_len(1 << 20).unwrap();
        fs::write("/sys/rest", [0; 8192]).unwrap();
        let ran = run(["--block:storage=/sys/disk", &image.name()]);
        assert_eq!((heard(&ran), &ran.stderr[..]), (code_of(libc::ENOSPC), ""));
    });
}

#[test]
fn lets_writes_beyond_the_limit_on_files_fail() {
    if !can_run() {
        return;
    }
    let disk = disk(1 << 20);
    for (offset, expected) in [(0, 0), (1 << 19, code_of(libc::EFBIG))] {
        let image = calling(WRITE, offset);
        // The limit is in blocks of 512 or 1024 bytes, by the shell.
        let mut command = Command::new("sh");
        command.args(["-c", "ulimit -f 256 && exec \"$0\" \"$1\" \"$2\""]).arg(tender_path());
        let ran = output_of(command.args([attach("storage", &disk), image.name()]));
        assert_eq!(heard(&ran), expected, "no signal");
    }
}

#[test]
fn takes_block_devices_of_the_host_as_well() {
    if !can_run() || !HAS_LOOP_DEVICES {
        return;
    }
    let disk = disk(1 << 20);
    for (options, direction, expected, warned) in [
        (&["--find", "--show"][..], WRITE, 0, false),
        (&["--find", "--show", "--read-only"], READ, 0, true),
        (&["--find", "--show", "--read-only"], WRITE, code_of(libc::EPERM), true),
    ] {
        let set_up = Command::new("losetup").args(options).arg(disk.path()).output();
        let Some(output) = set_up.ok().filter(|output| output.status.success()) else {
            skip("no loop devices");
            return;
        };
        let device = String::from_utf8(output.stdout).unwrap().trim().to_owned();
        let image = calling(direction, (1 << 20) - 512);
        let ran = run([format!("--block:storage={device}"), image.name()]);
        let _ = Command::new("losetup").args(["--detach", &device]).output();
        let warning = ran.stderr.contains("is read-only, writes to it fail");
        assert_eq!((heard(&ran), warning), (expected, warned), "{options:?}");
    }
}

#[test]
fn refuses_files_that_are_not_whole_blocks() {
    let image = image(write_both_ends::code());
    for (size, option) in [
        (6144, "--block-sector-size:storage=4096"),
        (0, "--block-sector-size:storage=512"),
        (513, "--block-sector-size:storage=512"),
        (512, "--block-sector-size:storage=32768"),
    ] {
        let disk = disk(size);
        let ran = run_on(&disk, &image, &[option]);
        let block_size = option.rsplit('=').next().unwrap();
        assert_eq!(
            line(&ran),
            format!(
                "device 'storage' (BLOCK_BASIC): '{}': Backing storage size must be block aligned: {size} bytes are \
                 not one or more blocks of {block_size}",
                disk.name()
            )
        );
    }
}

#[test]
fn names_the_devices_that_are_still_missing() {
    let devices = [block("storage"), net("service"), block("spare")];
    let image = ImageFile::with_devices(print_manifest::code(), &devices);
    let disk = disk(512);
    let ran =
        run_on(&disk, &image, &["--net-mac:service=02:00:00:00:00:01", "--block-sector-size:spare=512"]);
    assert_eq!(ran.end, End::Exit(1));
    let lines: Vec<_> = ran.stderr.lines().collect();
    let [service, spare, end] = lines[..] else { panic!("{lines:?}") };
    assert!(service.ends_with("but not attached: give --net:service=IFACE"), "options that attach nothing");
    assert!(spare.ends_with("but not attached: give --block:spare=PATH"));
    assert!(end.ends_with("not all of its devices are attached"));
}
