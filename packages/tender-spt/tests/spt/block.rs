//! Block devices: real files under real guests, which make the system calls of the ABI by hand (ABI section 5.5).

use std::fs::{self, File};
use std::io::Read as _;
use std::os::unix::fs::{FileExt as _, PermissionsExt as _};
use std::process::{Command, Stdio};

use crate::support::{
    End, ImageFile, Ran, finished, guest, line, run, run_in_mounts, run_with_less, skip, tender,
};
use solo5_abi::notes::AbiTarget;
use solo5_abi::spt::syscall::{PREAD64, PWRITE64};
use test_image::{Image, Program, R, block, net};

const SIGSYS: i32 = 31;
const EBADF: i32 = 9;
const EFBIG: i32 = 27;
const ENOSPC: i32 = 28;

// Entry 1 of the manifest is at 0x11098: capacity at 0x110E0, block size at 0x110E8, descriptor at
// 0x110F0, attached at 0x110F8.

// Writes the last block and the first one, reads both back.
guest!(write_both_ends:
    "cmp byte ptr [0x110F8], 1" "fail_unless e, 1"
    "mov r12d, [0x110F0]" "movzx r13d, word ptr [0x110E8]" "mov r14, [0x110E0]" "sub r14, r13"
    "mov edi, 0x30000" "mov al, 0xA5" "mov ecx, r13d" "rep stosb" "mov dword ptr [0x30000], 0x7473616C"
    "mov eax, 18" "mov edi, r12d" "mov esi, 0x30000" "mov rdx, r13" "mov r10, r14" "syscall"
    "cmp rax, r13" "fail_unless e, 2"
    "mov eax, 17" "mov edi, r12d" "mov esi, 0x40000" "mov rdx, r13" "mov r10, r14" "syscall"
    "cmp rax, r13" "fail_unless e, 3"
    "mov esi, 0x30000" "mov edi, 0x40000" "mov ecx, r13d" "repe cmpsb" "fail_unless e, 4"
    "mov eax, 17" "mov edi, r12d" "mov esi, 0x40000" "mov rdx, r13" "xor r10d, r10d" "syscall"
    "cmp rax, r13" "fail_unless e, 5"
    "cmp dword ptr [0x40000], 0x74737266" "fail_unless e, 6"
    "mov dword ptr [0x40000], 0x30303030"
    "mov eax, 18" "mov edi, r12d" "mov esi, 0x40000" "mov rdx, r13" "xor r10d, r10d" "syscall"
    "cmp rax, r13" "fail_unless e, 7"
    "exit 0");
// Writes its offset, and a pattern, to every tenth block; then reads all of them back.
guest!(write_every_tenth:
    "mov r12d, [0x110F0]" "movzx r13d, word ptr [0x110E8]" "mov r14, [0x110E0]" "imul rbp, r13, 10"
    "mov edi, 0x30000" "mov al, 0x5A" "mov ecx, r13d" "rep stosb"
    "xor ebx, ebx"
    "2: mov [0x30000], rbx" "mov eax, 18" "mov edi, r12d" "mov esi, 0x30000" "mov rdx, r13" "mov r10, rbx" "syscall"
    "cmp rax, r13" "fail_unless e, 1"
    "add rbx, rbp" "cmp rbx, r14" "jb 2b"
    "xor ebx, ebx"
    "3: mov [0x30000], rbx" "mov eax, 17" "mov edi, r12d" "mov esi, 0x40000" "mov rdx, r13" "mov r10, rbx" "syscall"
    "cmp rax, r13" "fail_unless e, 2"
    "mov esi, 0x30000" "mov edi, 0x40000" "mov ecx, r13d" "repe cmpsb" "fail_unless e, 3"
    "add rbx, rbp" "cmp rbx, r14" "jb 3b"
    "exit 0");
// Makes the one call that the image's data segment describes: number, length, offset, and what is
// added to the descriptor. The status is the errno, 0 if all was transferred, 200 if less was.
guest!(one_call:
    "mov eax, [0x101000]" "mov edi, [0x110F0]" "add rdi, [0x101018]" "mov esi, 0x30000"
    "mov rdx, [0x101008]" "mov r10, [0x101010]" "syscall"
    "mov edi, 200" "test rax, rax" "js 2f" "cmp rax, [0x101008]" "jne 3f" "xor edi, edi" "jmp 3f"
    "2: neg rax" "mov edi, eax"
    "3: mov eax, 231" "syscall");
// Reads the first block of all 63 devices, whose first byte is the device's handle.
guest!(read_63_devices:
    "mov ebx, 0x11098" "mov r12d, 1"
    "2: cmp byte ptr [rbx + 96], 1" "fail_unless e, 1"
    "mov eax, 17" "mov edi, [rbx + 88]" "mov esi, 0x30000" "mov edx, 512" "xor r10d, r10d" "syscall"
    "cmp rax, 512" "fail_unless e, 2" "cmp [0x30000], r12b" "fail_unless e, 3"
    "mov eax, 18" "mov edi, [rbx + 88]" "mov esi, 0x30000" "mov edx, 512" "mov r10d, 512" "syscall"
    "cmp rax, 512" "fail_unless e, 4"
    "add rbx, 104" "inc r12d" "cmp r12d, 64" "jb 2b" "exit 0");
guest!(print_manifest: "print 0x11028, 320" "exit 0");
guest!(say_ready_and_wait:
    "print rip + 2f, 6" "mov eax, 281" "mov edi, [0x11020]" "mov esi, 0x30040" "mov edx, 1" "mov r10, -1" "syscall"
    "exit 0" "2: .ascii \"ready\\n\"");

/// A disk of so many bytes that begins with "frst".
fn disk(size: usize) -> ImageFile {
    let mut content = vec![0; size];
    if let Some(head) = content.get_mut(..4) {
        head.copy_from_slice(b"frst");
    }
    ImageFile::of(&content)
}

fn attach(name: &str, file: &ImageFile) -> String {
    format!("--block:{name}={}", file.path().display())
}

/// An image with one block device, `storage`.
fn image(code: &[u8]) -> ImageFile {
    ImageFile::of(&Image::with_devices(AbiTarget::Spt, code, &[block("storage")]).build())
}

/// An image that makes one call on it.
fn calling(number: u32, length: u64, offset: u64, other_fd: u64) -> ImageFile {
    let parameters = [u64::from(number), length, offset, other_fd].map(u64::to_le_bytes).concat();
    let image = Image::with_devices(AbiTarget::Spt, one_call::code(), &[block("storage")]);
    ImageFile::of(&image.and(Program::load(0x10_1000, R, &parameters)).build())
}

fn run_on(disk: &ImageFile, image: &ImageFile, more: &[&str]) -> Ran {
    let words = [attach("storage", disk)].into_iter().chain(more.iter().map(|&word| word.to_owned()));
    run(words.chain([image.path().display().to_string()]))
}

#[test]
fn gives_the_guest_a_file_from_the_first_block_to_the_last() {
    let image = image(write_both_ends::code());
    for block_size in [512, 1024, 4096, 32768] {
        let disk = disk(4 << 20);
        let option = format!("--block-sector-size:storage={block_size}");
        let options: &[&str] = if block_size == 512 { &[] } else { &[&option] };
        let ran = run_on(&disk, &image, options);
        assert_eq!((ran.end, &ran.stderr[..]), (End::Exit(0), ""), "{block_size}");
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
    let image = image(write_every_tenth::code());
    for block_size in [512_usize, 4096] {
        let disk = disk(4 << 20);
        let ran = run_on(&disk, &image, &[&format!("--block-sector-size:storage={block_size}")]);
        assert_eq!((ran.end, &ran.stderr[..]), (End::Exit(0), ""), "{block_size}");
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
    let disk = disk(512);
    File::options().write(true).open(disk.path()).unwrap().set_len((5 << 30) + 512).unwrap();
    assert_eq!(run_on(&disk, &image(write_both_ends::code()), &[]).end, End::Exit(0));
    let mut last = [0; 4];
    File::open(disk.path()).unwrap().read_exact_at(&mut last, 5 << 30).unwrap();
    assert_eq!(&last, b"last");
}

#[test]
fn kills_a_guest_that_leaves_its_blocks() {
    const DISK: u64 = 8192;
    let disk = disk(DISK.try_into().unwrap());
    for number in [PREAD64, PWRITE64] {
        for (why, length, offset, other_fd, end) in [
            ("the first block", 512, 0, 0, End::Exit(0)),
            ("the last block", 512, DISK - 512, 0, End::Exit(0)),
            ("not aligned but inside: only the bindings mind", 512, 100, 0, End::Exit(0)),
            ("one past the end", 512, DISK, 0, End::Signal(SIGSYS)),
            ("not aligned, over the end", 512, DISK - 511, 0, End::Signal(SIGSYS)),
            ("far behind the end", 512, 1 << 40, 0, End::Signal(SIGSYS)),
            ("a negative offset", 512, (-512_i64).cast_unsigned(), 0, End::Signal(SIGSYS)),
            ("4 GiB and the first block", 512, 1 << 32, 0, End::Signal(SIGSYS)),
            ("nothing", 0, 0, 0, End::Signal(SIGSYS)),
            ("half a block", 256, 0, 0, End::Signal(SIGSYS)),
            ("two blocks", 1024, 0, 0, End::Signal(SIGSYS)),
            ("a block and 4 GiB", 1 << 32 | 512, 0, 0, End::Signal(SIGSYS)),
            ("another descriptor", 512, 0, 1, End::Signal(SIGSYS)),
            ("its descriptor and 4 GiB", 512, 0, 1 << 32, End::Signal(SIGSYS)),
        ] {
            let ran = run_on(&disk, &calling(number, length, offset, other_fd), &[]);
            assert_eq!((ran.end, &ran.stderr[..]), (end, ""), "call {number}: {why}");
            assert_eq!(fs::metadata(disk.path()).unwrap().len(), DISK, "call {number}: {why}");
        }
    }
    for number in [0, 1, 8, 72, 77] {
        let ran = run_on(&disk, &calling(number, 512, 0, 0), &[]);
        assert_eq!(ran.end, End::Signal(SIGSYS), "call {number} on a block device");
    }
}

#[test]
fn tells_the_guest_what_is_attached_whatever_the_image_says_itself() {
    let mut image = Image::with_devices(AbiTarget::Spt, print_manifest::code(), &[block("a"), block("b")]);
    // Stale properties and a stale descriptor in the image do not count.
    image.programs.last_mut().unwrap().content[32 + 104 + 72..][..24].fill(0xEE);
    let image = ImageFile::of(&image.build());
    let (a, b) = (disk(1024), disk(1 << 20));
    let words = [attach("b", &b), "--block-sector-size:b=4096".to_owned(), attach("a", &a)];
    let ran = run(words.into_iter().chain([image.path().display().to_string()]));
    assert_eq!((ran.end, &ran.stderr[..]), (End::Exit(0), ""));
    let entry = |handle: usize| &ran.stdout[8 + 104 * handle..][..104];
    assert!(entry(0)[72..].iter().all(|&byte| byte == 0));
    for (handle, name, capacity, block_size) in [(1, b'a', 1024_u64, 512_u16), (2, b'b', 1 << 20, 4096)] {
        let entry = entry(handle);
        assert_eq!(entry[..2], [name, 0]);
        assert_eq!(entry[72..80], capacity.to_le_bytes());
        assert_eq!(entry[80..82], block_size.to_le_bytes());
        assert_eq!((&entry[82..88], &entry[92..96], &entry[97..]), (&[0; 6][..], &[0; 4][..], &[0; 7][..]));
        assert!(i32::from_le_bytes(entry[88..92].try_into().unwrap()) > 2);
        assert_eq!(entry[96], 1);
    }
    assert_ne!(entry(1)[88..92], entry(2)[88..92]);
}

#[test]
fn gives_the_guest_63_devices() {
    let names: Vec<String> = (1..64).map(|handle| format!("disk{handle}")).collect();
    let devices: Vec<_> = names.iter().map(|name| block(name)).collect();
    let image =
        ImageFile::of(&Image::with_devices(AbiTarget::Spt, read_63_devices::code(), &devices).build());
    let disks: Vec<_> = (1..64).map(|handle| ImageFile::of(&[handle; 1024])).collect();
    let words: Vec<_> = names.iter().zip(&disks).map(|(name, disk)| attach(name, disk)).collect();
    let ran = run(words.iter().cloned().chain([image.path().display().to_string()]));
    assert_eq!((ran.end, &ran.stderr[..]), (End::Exit(0), ""));
    let without_last = run(words[..62].iter().cloned().chain([image.path().display().to_string()]));
    assert_eq!(without_last.end, End::Exit(1));
    assert!(
        without_last.stderr.starts_with("solo5-spt: device 'disk63' (BLOCK_BASIC) is declared"),
        "{without_last:?}"
    );
}

#[test]
fn refuses_a_disk_that_is_in_use_until_its_guest_has_ended() {
    let (disk, waiting) = (disk(4096), image(say_ready_and_wait::code()));
    let first = tender().arg(attach("storage", &disk)).arg(waiting.path()).stdout(Stdio::piped()).spawn();
    let mut first = first.unwrap();
    let mut ready = [0; 6];
    first.stdout.as_mut().unwrap().read_exact(&mut ready).unwrap();
    let image = image(write_both_ends::code());
    assert_eq!(
        line(&run_on(&disk, &image, &[])),
        format!(
            "device 'storage' (BLOCK_BASIC): '{}' is in use: another guest, or another device of this one, has locked it",
            disk.path().display()
        )
    );
    first.kill().unwrap();
    first.wait().unwrap();
    assert_eq!(run_on(&disk, &image, &[]).end, End::Exit(0));
}

#[test]
fn shares_a_disk_between_guests_that_all_say_so() {
    let (disk, waiting) = (disk(4096), image(say_ready_and_wait::code()));
    let shared = "--block-lock:storage=shared";
    let mut first = tender();
    first.args([&attach("storage", &disk), shared]).arg(waiting.path()).stdout(Stdio::piped());
    let mut first = first.spawn().unwrap();
    let mut ready = [0; 6];
    first.stdout.as_mut().unwrap().read_exact(&mut ready).unwrap();
    let image = image(write_both_ends::code());
    let ran = run_on(&disk, &image, &[shared]);
    assert_eq!((ran.end, &ran.stderr[..]), (End::Exit(0), ""));
    assert!(line(&run_on(&disk, &image, &[])).contains("is in use"), "who does not say so wants it alone");
    first.kill().unwrap();
    first.wait().unwrap();
}

#[test]
fn attaches_what_can_not_be_written_for_reading_and_lets_writes_fail() {
    let disk = disk(4096);
    fs::set_permissions(disk.path(), fs::Permissions::from_mode(0o444)).unwrap();
    for (number, end) in [(PREAD64, End::Exit(0)), (PWRITE64, End::Exit(EBADF))] {
        let image = calling(number, 512, 0, 0);
        let words = [attach("storage", &disk), image.path().display().to_string()];
        let warning = format!(
            "solo5-spt: warning: device 'storage' is read-only, writes to it fail: '{}' cannot be opened for writing: \
             permission denied\n",
            disk.path().display()
        );
        // Root, who may write anything, takes a file at its word.
        let ran = run(&words);
        assert_eq!((&ran.end, &ran.stderr), (&end, &warning));
        let Some(ran) = run_with_less(None, words) else { return };
        assert_eq!((ran.end, ran.stderr), (end, warning));
    }
    // Readers share it; a writer does not come between them.
    let reader = File::open(disk.path()).unwrap();
    reader.lock_shared().unwrap();
    let image = calling(PREAD64, 512, 0, 0);
    let words = [attach("storage", &disk), image.path().display().to_string()];
    let Some(ran) = run_with_less(None, &words) else { return };
    assert_eq!(ran.end, End::Exit(0));
    fs::set_permissions(disk.path(), fs::Permissions::from_mode(0o644)).unwrap();
    assert!(line(&run(&words)).contains("is in use"));
    fs::set_permissions(disk.path(), fs::Permissions::from_mode(0o000)).unwrap();
    let Some(ran) = run_with_less(None, &words) else { return };
    assert_eq!(
        line(&ran),
        format!("option '{}': '{}' cannot be opened: permission denied", words[0], disk.path().display())
    );
}

#[test]
fn lets_writes_to_a_full_disk_fail() {
    let image = calling(PWRITE64, 512, 0, 0);
    let script = "mount -t tmpfs -o size=8k none /mnt; truncate -s 1M /mnt/disk; head -c 8192 /dev/zero > /mnt/rest; \
                  exec \"$0\" --block:storage=/mnt/disk \"$1\"";
    let Some(ran) = run_in_mounts(script, [image.path()]) else { return };
    assert_eq!((ran.end, &ran.stderr[..]), (End::Exit(ENOSPC), ""));
}

#[test]
fn lets_writes_beyond_the_limit_on_files_fail() {
    let disk = disk(1 << 20);
    for (offset, end) in [(0, End::Exit(0)), (1 << 19, End::Exit(EFBIG))] {
        let image = calling(PWRITE64, 512, offset, 0);
        // The limit is in blocks of 512 or 1024 bytes, by the shell.
        let output = Command::new("sh")
            .args(["-c", "ulimit -f 256 && exec \"$0\" \"$1\" \"$2\"", env!("CARGO_BIN_EXE_solo5-spt")])
            .args([attach("storage", &disk), image.path().display().to_string()])
            .output();
        assert_eq!(finished(output.unwrap()).end, end, "no signal");
    }
}

#[test]
fn takes_block_devices_of_the_host_as_well() {
    let disk = disk(1 << 20);
    for (options, number, end, warned) in [
        (&["--find", "--show"][..], PWRITE64, End::Exit(0), false),
        (&["--find", "--show", "--read-only"], PREAD64, End::Exit(0), true),
        (&["--find", "--show", "--read-only"], PWRITE64, End::Exit(1), true),
    ] {
        let set_up = Command::new("losetup").args(options).arg(disk.path()).output();
        let Some(output) = set_up.ok().filter(|output| output.status.success()) else {
            skip("no loop devices");
            return;
        };
        let device = String::from_utf8(output.stdout).unwrap().trim().to_owned();
        let image = calling(number, 512, (1 << 20) - 512, 0);
        let ran = run([format!("--block:storage={device}"), image.path().display().to_string()]);
        let _ = Command::new("losetup").args(["--detach", &device]).output();
        assert_eq!(
            (ran.end, ran.stderr.contains("is read-only, writes to it fail")),
            (end, warned),
            "{options:?}"
        );
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
                disk.path().display()
            )
        );
    }
}

#[test]
fn names_the_devices_that_are_still_missing() {
    let devices = [block("storage"), net("service"), block("spare")];
    let image = ImageFile::of(&Image::with_devices(AbiTarget::Spt, print_manifest::code(), &devices).build());
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
