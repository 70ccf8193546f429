//! A guest that means harm: every hypercall and the ring, with arguments at random and at the edges, until
//! it is killed or its turns are over. The tender ends by itself, with a status it means and a line, and
//! a debug build of it finds no overflow.

use std::collections::BTreeSet;
use std::fs;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixDatagram;
use std::process::Stdio;

use solo5_abi::notes::AbiTarget;
use test_image::{Image, Program, R, W, block, net};

use crate::suite::support::{End, ImageFile, finished, guest, tender};
use crate::target::can_run;

/// Guests a run of the tests tries.
const SEEDS: u64 = 60;

// xorshift64* in rax, r8 is its state. A value is at random, or from a table of edges, or one of them plus
// a little. Each turn writes a record of such values and makes a hypercall, or puts it into the ring. So
// that a guest lives for a while, buffers are usually in order: `repair N, M` makes word N one, of M bytes
// at most. The number of turns is in the first word of the data, then the seed, then the table.
guest!(hostile:
    ".macro repair data, most" "mov qword ptr [0x180800 + 8 * \\data], 0x182000"
    "and qword ptr [0x180808 + 8 * \\data], \\most" ".endm"
    "mov r8, [0x110008]" "mov r9, [0x110000]" "mov r15, [0x10030]"
    "2: xor ebx, ebx" "3: call 7f" "mov [0x180800 + rbx * 8], rax" "inc ebx" "cmp ebx, 5" "jne 3b"
    // Handles are small three times in four.
    "call 8f" "test al, 3" "jz 4f" "shr eax, 2" "and eax, 3" "mov [0x180800], rax" "4:"
    // Which call; every sixteenth that would end the guest is made.
    "call 8f" "mov r12d, eax" "and r12d, 7" "add r12d, 0x501"
    "cmp r12d, 0x508" "jne 9f" "call 8f" "test al, 15" "jnz 10f" "9:"
    "call 8f" "test al, 31" "jz 14f"
    "cmp r12d, 0x502" "jne 15f" "repair 0, 0xFFF" "15:"
    "cmp r12d, 0x504" "je 16f" "cmp r12d, 0x505" "jne 17f" "16: repair 2, 0x3FF" "17:"
    "cmp r12d, 0x506" "jl 14f" "repair 1, 0x7FF" "14:"
    // A wait is at most some microseconds.
    "cmp r12d, 0x503" "jne 11f" "and qword ptr [0x180800], 0xFFF" "11:"
    // Frames go through the ring half of the time. There, operations go from 0 to 3, and the count of
    // submissions is wild once in a while.
    "cmp r12d, 0x506" "jl 5f" "cmp r12d, 0x507" "jg 5f" "test r15, r15" "jz 5f" "call 8f" "test al, 1" "jz 5f"
    "mov r10d, [r15]" "and r10d, 1023" "shl r10d, 5" "lea rdi, [r15 + r10 + 128]" "mov esi, 0x180800" "mov ecx, 32"
    "rep movsb" "shr eax, 1" "and eax, 3" "lea r11, [r15 + r10 + 128]" "mov ecx, [r11]" "mov [r11 + 4], ecx"
    "mov [r11], eax" "inc dword ptr [r15]"
    "call 8f" "and eax, 0xFFF" "jnz 6f" "call 7f" "mov [r15], eax" "6:"
    "lock or dword ptr [rsp], 0" "xor eax, eax" "mov edx, 0x600" "out dx, eax" "jmp 10f" "5:"
    // Where the record is: mostly where it was written, once in a while anywhere.
    "mov r13d, 0x180800" "call 8f" "test al, 127" "jnz 12f" "call 7f" "mov r13d, eax" "12:"
    "mov eax, r13d" "mov edx, r12d" "out dx, eax"
    "10: dec r9" "jnz 2b" "exit 99"
    // A value.
    "7: call 8f" "mov r14, rax" "call 8f" "test al, 3" "jz 13f"
    "and r14d, 31" "mov r14, [0x110010 + r14 * 8]" "test al, 4" "jz 13f"
    "shr eax, 4" "and eax, 7" "sub eax, 4" "movsxd rax, eax" "add r14, rax"
    "13: mov rax, r14" "ret"
    // A number at random.
    "8: mov rax, r8" "shr rax, 12" "xor r8, rax" "mov rax, r8" "shl rax, 25" "xor r8, rax" "mov rax, r8"
    "shr rax, 27" "xor r8, rax" "mov rax, 0x2545F4914F6CDD1D" "imul rax, r8" "shr rax, 16" "ret"
    ".purgem repair");

/// Values at which something may go wrong.
const EDGES: [u64; 32] = [
    0x18_1000,
    0x18_2000,
    0x19_0000,
    0x1A_0000,
    0x1F_FF00,
    0x18_1000,
    0x18_2000,
    0x19_0000,
    1,
    2,
    3,
    4,
    14,
    60,
    512,
    1514,
    0,
    1,
    2,
    512,
    1024,
    64,
    1,
    2,
    0x40_0000,
    0x10_0000,
    0x2_0000,
    0x1_0000,
    u64::MAX,
    1 << 63,
    0x1_0000_0001,
    0xFFFF_FFFF,
];

fn image(seed: u64) -> Image {
    let turns = 150_u64;
    let data: Vec<_> = [turns, seed].iter().chain(&EDGES).flat_map(|word| word.to_le_bytes()).collect();
    Image::with_devices(AbiTarget::Hvt, hostile::code(), &[net("service"), block("storage")])
        .and(Program::load(0x11_0000, R | W, &data))
}

#[test]
fn survives_guests_that_mean_harm() {
    if !can_run() {
        return;
    }
    let mut ends = [0; 3];
    let mut deaths = BTreeSet::new();
    for number in 1..=SEEDS {
        // Always the same seeds: a failure can be looked at again.
        let seed = number.wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let disk = ImageFile::of(&[0x5A; 4 * 512]);
        let file = ImageFile::of(&image(seed).build());
        let (host, device) = UnixDatagram::pair().unwrap();
        for len in [60, 1514, 14] {
            host.send(&vec![7; len]).unwrap();
        }
        let mut command = tender();
        command
            .arg("--mem=4")
            .arg("--net:service=@0")
            .arg(format!("--block:storage={}", disk.path().display()));
        let output =
            command.arg(file.path()).stdin(OwnedFd::from(device)).stdout(Stdio::null()).output().unwrap();
        let ran = finished(output);
        match ran.end {
            End::Exit(99) => ends[0] += 1,
            End::Exit(1) => {
                let lines: Vec<_> = ran.stderr.lines().collect();
                // Both threads may find something in the same moment.
                let told = lines.iter().all(|line| line.starts_with("solo5-hvt: guest killed: "));
                assert!(!lines.is_empty() && told, "seed {seed:#x}: {ran:?}");
                // Which call or the ring, and what was wrong, without the numbers.
                deaths.extend(lines.iter().filter_map(|line| line.split(": gpa=").next()).map(|line| {
                    line.chars().filter(|character| !character.is_ascii_digit()).collect::<String>()
                }));
                ends[1] += 1;
            }
            // It made up a status and halted.
            End::Exit(134) => panic!("seed {seed:#x}: {ran:?}"),
            End::Exit(_) => {
                assert_eq!(ran.stderr, "", "seed {seed:#x}");
                ends[2] += 1;
            }
            End::Signal(_) => panic!("seed {seed:#x}: {ran:?}"),
        }
        assert_eq!(fs::metadata(disk.path()).unwrap().len(), 4 * 512, "a disk never grows: seed {seed:#x}");
    }
    eprintln!("to the end, killed, halted: {ends:?}; deaths: {deaths:#?}");
    assert!(deaths.len() >= 10, "only {deaths:?}");
    assert!(ends.iter().all(|&count| count > 0), "not all ends were seen: {ends:?}");
}
