//! Whatever the bytes, nothing panics, and a plan keeps its promises.

use proptest::prelude::*;
use solo5_abi::limits::MFT_MAX_SIZE;
use solo5_abi::memory::{LOAD_MIN, PAGE_SIZE};
use solo5_abi::notes::AbiTarget;
use solo5_elf::{Header, Plan, foreign_interpreter, read_abi, read_manifest};
use test_image::{Image, Program, R, W, X, block, field, net};

const MEMORY: u64 = 16 << 20;

fn good() -> Vec<u8> {
    Image::with_devices(AbiTarget::Spt, &[0x0F, 0x0B], &[net("service"), block("storage")])
        .and(Program::load(0x10_1000, R, b"constants"))
        .and(Program { mem_size: 0x3_0000, ..Program::load(0x10_2000, R | W, &[1; 6000]) })
        .and(Program::bss(0x13_2000, 0x1234))
        .build()
}

/// Does all a tender does, and checks what it relies on.
fn examine(file: &[u8], memory: u64) {
    let Ok(header) = Header::read(file) else {
        return;
    };
    if let Ok(abi) = read_abi(file, &header) {
        let _ = abi.expect(AbiTarget::Spt, 2).map_err(|mismatch| mismatch.to_string());
    }
    let mut buffer = [0; MFT_MAX_SIZE];
    if let Ok(manifest) = read_manifest(file, &header, &mut buffer) {
        assert!(manifest.devices().all(|device| (1..64).contains(&device.handle) && device.name.len() < 68));
    }
    let _ = foreign_interpreter(file, &header).map(|interpreter| interpreter.to_string());
    match Plan::new(file, &header, memory) {
        Ok(plan) => check(&plan, file, memory),
        Err(error) => assert!(!error.to_string().contains('\n')),
    }
}

fn check(plan: &Plan, file: &[u8], memory: u64) {
    assert!((LOAD_MIN..memory).contains(&plan.entry()));
    let mut previous_end = LOAD_MIN;
    let segments: Vec<_> = plan.segments(file).map(Result::unwrap).collect();
    for segment in &segments {
        assert!(segment.start >= previous_end && segment.end <= memory, "{segment:x?}");
        assert!(
            segment.start.is_multiple_of(PAGE_SIZE) && segment.end.is_multiple_of(PAGE_SIZE),
            "{segment:x?}"
        );
        assert!(segment.start <= segment.vaddr && segment.file_end() <= segment.end, "{segment:x?}");
        assert!(
            segment.file_size > 0 && segment.offset + segment.file_size <= file.len() as u64,
            "{segment:x?}"
        );
        assert!(!(segment.protection.write() && segment.protection.execute()), "{segment:x?}");
        previous_end = segment.end;
    }
    assert_eq!(plan.kernel_end(), segments.last().map_or(0, |segment| segment.end));
}

/// Values that sit on edges, for any field.
fn edge() -> impl Strategy<Value = u64> {
    prop_oneof![
        any::<u64>(),
        0..0x40_u64,
        (0..64_u32).prop_map(|bit| 1 << bit),
        (0..64_u32).prop_map(|bit| (1_u64 << bit).wrapping_sub(1)),
        (0..0x1200_u64).prop_map(|page| page * 0x1000),
        (0..0x40_u64).prop_map(|below| MEMORY.wrapping_sub(below)),
        (0..0x40_u64).prop_map(|below| u64::MAX - below),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4096, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn survives_random_bytes(file in prop::collection::vec(any::<u8>(), 0..512)) {
        examine(&file, MEMORY);
    }

    #[test]
    fn survives_random_bytes_behind_a_good_header(tail in prop::collection::vec(any::<u8>(), 0..1024), count in 1..18_u16) {
        let mut file = good()[..64].to_vec();
        file[56..58].copy_from_slice(&count.to_le_bytes());
        file.extend(tail);
        examine(&file, MEMORY);
    }

    #[test]
    fn survives_flipped_bits(flips in prop::collection::vec((any::<prop::sample::Index>(), 0..8_u32), 1..8)) {
        let mut file = good();
        let len = 64 + 56 * 9;
        for (at, bit) in flips {
            file[at.index(len)] ^= 1 << bit;
        }
        examine(&file, MEMORY);
    }

    #[test]
    fn survives_flipped_bits_in_notes(at in any::<prop::sample::Index>(), bit in 0..8_u32) {
        let mut file = good();
        let notes = file.len() - 0x200;
        let at = notes + at.index(0x200);
        file[at] ^= 1 << bit;
        examine(&file, MEMORY);
    }

    #[test]
    fn survives_truncation(len in any::<prop::sample::Index>()) {
        let file = good();
        examine(&file[..len.index(file.len())], MEMORY);
    }

    #[test]
    fn survives_any_value_in_any_field(
        edits in prop::collection::vec((0..9_usize, prop::sample::select(vec![8, 16, 32, 40, 48]), edge()), 1..4),
        entry in prop_oneof![Just(LOAD_MIN), edge()],
        memory in prop_oneof![Just(MEMORY), (1..64_u64).prop_map(|mib| mib << 20)],
    ) {
        let mut file = good();
        file[24..32].copy_from_slice(&entry.to_le_bytes());
        for (index, at, value) in edits {
            let at = field(index, at);
            file[at..at + 8].copy_from_slice(&value.to_le_bytes());
        }
        examine(&file, memory);
    }

    #[test]
    fn keeps_its_promises_for_segments_of_any_shape(
        shapes in prop::collection::vec((0..0x40_u64, 0..0x3000_usize, 0..0x8000_u64, 0..8_u32, 0..3_u32), 0..6),
    ) {
        let mut image = Image::new(AbiTarget::Spt, &[0x0F, 0x0B]);
        for (page, size, more, flags, shift) in shapes {
            let vaddr = 0x10_0000 + page * 0x800;
            let content = vec![1; size];
            image = image.and(Program {
                mem_size: size as u64 + more,
                align: 0x800 << shift,
                ..Program::load(vaddr, flags & if flags & X == 0 { R | W } else { R | X }, &content)
            });
        }
        examine(&image.build(), MEMORY);
    }
}

#[test]
fn the_image_that_is_mutated_is_good() {
    let file = good();
    let header = Header::read(&file[..]).unwrap();
    assert_eq!(Plan::new(&file[..], &header, MEMORY).unwrap().segments(&file[..]).count(), 3);
    assert_eq!(read_manifest(&file[..], &header, &mut [0; MFT_MAX_SIZE]).unwrap().devices().count(), 2);
}
